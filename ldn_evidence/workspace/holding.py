"""What people wrote and what the last build left, read from files and database: the values that everything else is worked out from."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ldn_evidence import (
    appraisal,
    corpus,
    corrections,
    evidence,
    history,
    judging,
    ledger,
    proposing,
    protocol,
    tagging,
)
from ldn_evidence.appraisal import Standing
from ldn_evidence.archive import Archive
from ldn_evidence.errors import InputError, WorkspaceError
from ldn_evidence.model import (
    Appraisal,
    Correction,
    Judgement,
    Protocol,
    Report,
    SearchDate,
    Study,
    name_of,
)
from ldn_evidence.refresh import building
from ldn_evidence.refresh.building import Built
from ldn_evidence.store import Store
from ldn_evidence.workspace import then
from ldn_evidence.workspace.folders import unwritable

if TYPE_CHECKING:
    pass


from ldn_evidence.workspace.places import Places, now


class Holding(Places):
    """What a workspace holds, on the day for which it is opened."""

    # ----------------------------------------------------------------- what people wrote

    @cached_property
    def protocol(self) -> Protocol:
        """The protocol; the workspace's own file of that name stands over the bundled one."""
        shipped, own = self._layers("protocols", f"{self.name}.toml")
        if own.exists() or shipped.exists():
            return protocol.load(own if own.exists() else shipped)
        raise InputError(
            f'protocol "{self.name}" does not exist. Use one of: {", ".join(self.protocol_names())}; '
            f"or write {own} (ldn-evidence protocol new {self.name})."
        )

    @property
    def search(self) -> SearchDate | None:
        """Where the corpus comes from and when it was searched; None if nothing has been searched."""
        shipped, own = self._searches()
        last = self.archive.last()
        if last is not None:
            where = "PubMed through E-utilities" if last.of_ncbi else f"NOT PubMed but {last.service}"
            source = f"{where}, {len(last.searches)} queries, run {last.id}"
            return SearchDate(source=source, date=last.started[:10])
        return own or shipped

    def _searches(self) -> tuple[SearchDate | None, SearchDate | None]:
        """Where the bundled corpus and the workspace's own come from; None for one that was not there."""
        found = [corpus.load_search(path) for path in self._layers("corpus", f"{self.name}.toml")]
        shipped, own = (one if self.as_of is None or then.there(one, self.as_of) else None for one in found)
        return shipped, own

    def reports(self) -> list[Report]:
        """Every corpus row, the workspace's over the bundled ones. Read from the files, not the database."""
        shipped, own = self._layers("corpus", f"{self.name}.csv")
        mine = corpus.load(own, tagging.stated_codes())
        corpus.check(own, mine, self.protocol)
        bundle = [
            one for one in corpus.load(shipped, tagging.stated_codes()) if corpus.fits(one, self.protocol)
        ]
        if self.as_of is not None and self._searches()[0] is None:
            bundle = []
            keys = {one.study_key for one in mine}
            mine = [one for one in mine if one.report_of is None or one.report_of in keys]
        return corpus.layered(bundle, mine)

    def appraisals(self) -> list[Appraisal]:
        """The standing rows of all claims, the workspace's over the bundled ones; with `machine_read` a machine's beside them."""
        rows = self.standing().rows
        if self.machine_read:
            return [*rows, *self.machine_rows()]
        # In a file or not, what a machine read is a proposal.
        return [row for row in rows if name_of(row.reviewer) != proposing.MACHINE]

    def machine_rows(self) -> list[Appraisal]:
        """A machine's rows on the claims where a study may count and nobody has a row on it; for a grade that asks for them."""
        taken = {(row.claim, row.study_key) for row in self.standing().rows}
        found = [
            proposing.machine_row(study, claim, self.protocol)
            for claim in self.protocol.claims
            if claim.outcome_words
            for study in self.studies().values()
            if (claim.slug, study.key) not in taken
        ]
        return [row for row in found if row is not None]

    def standing(self) -> Standing:
        """What all rows come to: those that stand, disputes, everybody's last word."""
        return self._appraised(self.studies())[0]

    def _standing(self, studies: Mapping[str, Study]) -> tuple[list[Appraisal], list[str]]:
        """The standing rows, and the names of rows set aside; see `_appraised`."""
        found, aside = self._appraised(studies)
        return list(found.rows), aside

    def _appraised(
        self, studies: Mapping[str, Study], more: Sequence[Appraisal] = ()
    ) -> tuple[appraisal.Standing, list[str]]:
        """What all rows come to, and the rows set aside: of the bundle, and of what a search brought and has changed since.

        `more`: rows that are about to be written.
        """
        shipped, own = self._layers("appraisals", f"{self.name}.csv")
        claims = {claim.slug for claim in self.protocol.claims}
        bundle, own_rows = self._loaded(shipped, own)
        for row in (*own_rows, *more):
            then.not_to_come(own, row.row_id, row.date, now())
        fitting = [row for row in bundle if row.claim in claims and row.study_key in studies]
        kept = {row.row_id for row in fitting}
        aside = [row.row_id for row in bundle if row.row_id not in kept]
        mine, changed = appraisal.resolved([*own_rows, *more], studies)
        if self.as_of is not None:  # what it is about may have come later
            changed += [row for row in mine if row.study_key not in studies]
            mine = [row for row in mine if row.study_key in studies]
        aside += [row.row_id for row in changed]
        return appraisal.standing([(shipped, fitting), (own, mine)], self.protocol, studies), aside

    def _loaded(self, shipped: Path, own: Path) -> tuple[list[Appraisal], list[Appraisal]]:
        """The rows of both files, or those that were there on the day."""
        bundle, mine = appraisal.load(shipped), appraisal.load(own)
        if self.as_of is None:
            return bundle, mine
        kept = {row.row_id for row in then.appraisals([*bundle, *mine], self.as_of)}
        return [row for row in bundle if row.row_id in kept], [row for row in mine if row.row_id in kept]

    def corrections(self) -> list[Correction]:
        """Every row on this protocol, as they stand in the file."""
        rows = [row for row in corrections.load(self.corrections_file) if row.protocol == self.name]
        for row in rows:
            then.not_to_come(self.corrections_file, f"{row.subject}, {row.field}", row.date, now())
        return rows if self.as_of is None else then.rows(rows, self.as_of)

    def judgements(self) -> list[Judgement]:
        """The judgements that stand on this protocol's claims."""
        return judging.standing(self.judgements_file, self._judged(), self.protocol)

    def _judged(self) -> list[Judgement]:
        """Every row of a judgement on this protocol, as they stand in the file."""
        rows = [row for row in judging.load(self.judgements_file) if row.protocol == self.name]
        for row in rows:
            then.not_to_come(self.judgements_file, f"{row.claim}, {row.domain}", row.date, now())
        return rows if self.as_of is None else then.rows(rows, self.as_of)

    # ----------------------------------------------------------------- what the last build left

    @cached_property
    def _stored(self) -> tuple[dict[str, Study], dict[str, str]]:
        _ = self.protocol  # a protocol that does not exist is named before a database that does not
        if self.as_of is not None and not self.database.exists():
            self._as_of_anything()
            self._build()
        if not self.database.exists():
            raise WorkspaceError(f"{self.database}: does not exist yet. Run: {self.command('refresh')}")
        with self.store() as store:
            if not store.built:
                raise WorkspaceError(
                    f"{self.database}: is empty or of an older version. Run: {self.command('refresh')}"
                )
            return self._corrected(store, self.corrections()), store.meta()

    def studies(self) -> dict[str, Study]:
        """Every study by key, as the last refresh built them."""
        return self._stored[0]

    def study(self, name: str | int) -> Study:
        """A study by its key, a report's key or a PMID."""
        name = str(name).strip()
        wanted = name.lower().removeprefix("pmid:")
        for study in self.studies().values():
            keys = {study.key, *(report.study_key for report in study.reports)}
            pmids = {one.pmid for one in study.reports} | {one.pmid for one in study.records}
            pmids |= {one.pmid for one in study.citations}
            if name in keys or (wanted.isdecimal() and int(wanted) in pmids):
                return study
        close = difflib.get_close_matches(name, list(self.studies()), n=1)
        mend = f'Did you mean "{close[0]}"?' if close else f"List the studies with: {self.command('studies')}"
        raise InputError(f'"{name}" is neither a study key nor a PMID of the corpus. {mend}')

    def awaiting(self) -> dict[str, list[str]]:
        """For each claim the keys of studies that a search found for it and that nobody has read."""
        return ledger.awaiting(self.protocol, self.studies().values(), self.appraisals())

    @property
    def corpus_digest(self) -> str:
        """The digest of every report and record in the database."""
        return self._stored[1].get("corpus_digest", "unknown")

    @property
    def read_with_encoder(self) -> bool:
        """Whether the encoder was heard when the database was built; `encoder` is what the next build will do."""
        return "encoder" in self._stored[1]

    def _corrected(self, store: Store, rows: Sequence[Correction]) -> dict[str, Study]:
        """The studies of the database, grouped and described as reviewers said."""
        held = building.held(store, self.protocol, corrections.grouping(rows))
        return corrections.corrected(held, rows)

    def _build(self, afresh: bool = False, tolerant: bool = False) -> Built:
        reports = self.reports()
        rows = self.corrections()
        try:
            self.database.parent.mkdir(parents=True, exist_ok=True)
            with self.store() as store:
                built = building.build(
                    store,
                    self.archive,
                    reports,
                    self.protocol,
                    lambda studies: self._standing(corrections.corrected(studies, rows)),
                    grouping=corrections.grouping(rows),
                    afresh=afresh,
                    tolerant=tolerant,
                    encoder=self.encoder,
                )
        except OSError as error:
            raise unwritable(self.root, error) from error
        self._forget()
        return built

    def _is_built(self) -> bool:
        if not self.database.exists():
            return False
        with self.store() as store:
            return store.built

    def _forget(self) -> None:
        """Let go of what was read, so that it is read again."""
        for held in ("_stored", "protocol", "_graded"):
            self.__dict__.pop(held, None)

    # ----------------------------------------------------------------- an earlier day, and what a reader has to know

    def warnings(self) -> list[str]:
        """What a reader of any output has to know: files changed since the last refresh, bundled rows set aside, an earlier day."""
        found = self._as_of_notes()
        if history.torn(self.history_file):
            found.append(
                f"{self.history_file}: its last line was cut off while it was written; the next build writes it again"
            )
        try:
            if self._stale():
                found.append(f"the corpus has changed since the last refresh. Run: {self.command('refresh')}")
        except InputError as error:  # it stops the next build; what was built before can still be read
            found.append(
                f"the corpus can't be read as it is now; shown is what the last refresh built. {error}"
            )
        if self.encoder is not self.read_with_encoder:
            switched = "on" if self.encoder else "off"
            found.append(
                f"the encoder was switched {switched} since the last refresh. Run: {self.command('refresh')}"
            )
        shipped = corpus.load(self._layers("corpus", f"{self.name}.csv")[0], tagging.stated_codes())
        rows = [report.study_key for report in shipped if not corpus.fits(report, self.protocol)]
        mine = self._loaded(*self._layers("appraisals", f"{self.name}.csv"))[1]
        retracted = appraisal.on_retracted(mine, self.studies())
        found += [
            f"reading {row_id} set aside: it was made on {name}, which was RETRACTED and is a report of {key} now. Read {key} without it "
            f"and appraise that: {self.command(f'appraise {key}')}"
            for row_id, (name, key) in retracted.items()
        ]
        for aside, words in (
            (rows, "bundled corpus row(s)"),
            ([one for one in self._standing(self.studies())[1] if one not in retracted], "reading(s)"),
            (corrections.aside(self.corrections(), self.studies(), self.protocol), "correction(s)"),
        ):
            if aside:
                shown = ", ".join(aside[:3]) + (", ..." if len(aside) > 3 else "")
                found.append(f"{len(aside)} {words} set aside, not fitting protocol or corpus: {shown}")
        return found

    def _stale(self) -> bool:
        held = sorted((report for study in self.studies().values() for report in study.reports), key=_by_key)
        return held != sorted(self.reports(), key=_by_key)

    def dated(self, document: dict[str, Any]) -> dict[str, Any]:
        """A document with the day for which it speaks, where that is not today."""
        if self.machine_read:
            document = document | {"include_machine_read": evidence.MACHINE_READ}
        if self.as_of is None:
            return document
        return document | {"as_of": {"date": self.as_of.isoformat(), "notes": self._as_of_notes()}}

    def _as_of_notes(self) -> list[str]:
        if self.as_of is None:
            return []
        shipped, own = self._layers("corpus", f"{self.name}.toml")
        return then.notes(
            self.as_of,
            bundled=corpus.load_search(shipped),
            undated=len(corpus.load(own.with_suffix(".csv"), tagging.stated_codes())),
            dropped=self.archive.dropped_since,
        )

    def _as_of_anything(self) -> None:
        """Refuse a day before anything was held."""
        assert self.as_of is not None
        always = Archive(self.archive.folder)
        paths = self._layers("corpus", f"{self.name}.toml")
        dates = [then.first_day(one.date) for one in map(corpus.load_search, paths) if one]
        moments = [one.added for one in always.batches()] + [run.started for run in always.runs()]
        dates += [datetime.date.fromisoformat(one[:10]) for one in moments]
        for path in self._layers("appraisals", f"{self.name}.csv"):
            dates += [row.date.date() for row in appraisal.load(path)]
        dates += [row.date for row in corrections.load(self.corrections_file) if row.protocol == self.name]
        then.anything(self.as_of, dates)


def _by_key(report: Report) -> str:
    return report.study_key
