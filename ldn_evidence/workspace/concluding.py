"""What is concluded from what a workspace holds: every claim's profile, and the history of what each build concluded."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ldn_evidence import (
    appraisal,
    corpus,
    evidence,
    history,
    judging,
    tagging,
)
from ldn_evidence.model import (
    Appraisal,
    EvidenceProfile,
)
from ldn_evidence.refresh import Silent, building
from ldn_evidence.workspace import noting, then
from ldn_evidence.workspace.folders import alone

if TYPE_CHECKING:
    import pandas as pd


from ldn_evidence.workspace.holding import Holding
from ldn_evidence.workspace.places import now


class Concluding(Holding):
    """The grades, and what moved them."""

    # ----------------------------------------------------------------- grades

    @property
    def profiles(self) -> dict[str, EvidenceProfile]:
        """Every claim's profile, graded from the database and the files as they are now."""
        written = self._written()
        held = self.__dict__.get("_graded")
        if held is None or held[0] != written:
            self._forget()
            held = self.__dict__["_graded"] = (written, self._grade())
        return held[1]

    def profile(self, slug: str) -> EvidenceProfile:
        """One claim's profile."""
        return self.profiles[self.protocol.claim(slug).slug]

    def _grade(self, now: str | None = None) -> dict[str, EvidenceProfile]:
        """Every claim's profile. `now`: the moment from which a new word of a corpus row re-opens a claim."""
        standing, rows = self.standing(), self.appraisals()
        inputs = (self.protocol, self.studies(), rows, self.search, self.judgements())
        judged = judging.disputes(self._judged(), self.protocol)
        differing = noting.together(noting.disputed(standing.disputes), judged)
        graded = evidence.profiles(*inputs, differing)
        resting = noting.confirmed(graded, rows, self.studies())
        reopened = history.reopened(resting, self._notices(resting, now), appraisal.UNCONFIRMED)
        if not reopened:
            return graded
        return evidence.profiles(*inputs, noting.together(differing, reopened))

    def _notices(self, rows: Sequence[Appraisal], now: str | None) -> dict[str, tuple[history.Notice, ...]]:
        """What was said of the studies of some rows after they appeared, and since when it is held here."""
        found = {key: history.notices(self.studies()[key]) for key in {row.study_key for row in rows}}
        if not any(found.values()):  # rows that can't be read are a build's business
            return {}
        pmids = {one.record for some in found.values() for one in some if one.record}
        held = building.first_held(self.archive, pmids) if pmids else {}
        shipped, own = self._layers("corpus", f"{self.name}.csv")
        stated = noting.stated(
            corpus.load(shipped, tagging.stated_codes()), corpus.load(own, tagging.stated_codes())
        )
        return {
            key: history.dated(
                some, held | noting.since(key, some, stated, self._searches()[0], self.entries, now)
            )
            for key, some in found.items()
            if some
        }

    def _written(self) -> list[tuple[int, int]]:
        """Changes when any file that a grade rests on does."""
        names = (("protocols", ".toml"), ("corpus", ".toml"), ("appraisals", ".csv"))
        paths = [path for folder, ending in names for path in self._layers(folder, f"{self.name}{ending}")]
        places = (
            *paths,
            self.corrections_file,
            self.judgements_file,
            self.history_file,
            self.database,
            self.archive.folder / "runs",
        )
        found = [path.stat() for path in places if path.exists()]
        return [(one.st_mtime_ns, one.st_size) for one in found]

    # ----------------------------------------------------------------- history

    def entries(self) -> list[history.Entry]:
        """What the builds of this protocol concluded, oldest first."""
        found = [one for one in history.load(self.history_file) if one.protocol == self.name]
        return [one for one in found if self.as_of is None or one.at <= then.end(self.as_of)]

    def moves(self, slug: str | None = None, everything: bool = False) -> list[history.Move]:
        """What moved the grade of one claim, or of all, oldest first; with `everything`, also what changed only its wording."""
        entries = self.entries()
        slugs = (
            [claim.slug for claim in self.protocol.claims]
            if slug is None
            else [self.protocol.claim(slug).slug]
        )
        return [move for one in slugs for move in history.moves(entries, one, everything)]

    def history(self, slug: str | None = None, everything: bool = False) -> pd.DataFrame:
        """The same as a table; columns are documented at `history.moves_table`."""
        return history.moves_table(self.moves(slug, everything))

    def _noted(self, what: str, at: datetime.datetime | None = None) -> None:
        """Add what is concluded now to the history, if anything differs from the entry before; `changes` then tells it by claim.

        Whatever writes into the workspace ends with this, under its lock. `what`: the command; `at`: the moment, UTC, or now.
        """
        with alone(self.root, self.history_file.name, Silent()):
            moment = (at or now()).isoformat(timespec="seconds")
            entries = self.entries()
            before = entries[-1] if entries else None
            graded = self._grade(moment)
            run = self.archive.last()
            made = history.entry(
                what=what,
                at=moment,
                protocol=self.protocol,
                profiles=graded,
                documents={
                    slug: evidence.profile_document(one, self.protocol, self.search)
                    for slug, one in graded.items()
                },
                studies=self.studies(),
                appraisals=self.appraisals(),
                corrections=self.corrections(),
                corpus=self.corpus_digest,
                search=self.search,
                run=run.id if run else None,
                before=before,
            )
            self.changes = history.changes(before, made)
            if before is None or not history.same(before, made):
                history.append(self.history_file, made)
