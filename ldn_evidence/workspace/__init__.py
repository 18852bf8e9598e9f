"""One folder and one protocol, opened for the command line, notebooks and whatever comes later: all that can be asked of it.

A chain of rooms, each resting on the one before: `places` (files), `holding` (what is there), `concluding` (grades and history), `writing` (what
changes it), `appraising` (reviewers); this one gives tables and documents. What ships (protocols, corpus, appraisals) is a read-only layer under what a
user keeps in one workspace folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ldn_evidence import evidence, explaining, grading, history, ledger, pictures
from ldn_evidence.errors import EvidenceError, InputError
from ldn_evidence.model import SearchRun, Study, StudyDesign, nearest
from ldn_evidence.workspace.appraising import Appraising
from ldn_evidence.workspace.folders import bundled, find, init, write
from ldn_evidence.workspace.outcomes import Refreshed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Refreshed", "Workspace", "bundled", "find", "init"]


class Workspace(Appraising):
    """One folder and one protocol; with `as_of`, what it held at the end of that day (UTC), graded by today's rules.

    >>> Workspace(Path("work")).claims()[["claim", "direction", "certainty"]]  # doctest: +SKIP
    """

    # ----------------------------------------------------------------- claims

    def claims(self) -> pd.DataFrame:
        """The claims table; columns are documented at `evidence.claims_table`."""
        return evidence.claims_table(self.protocol, self.profiles)

    def claims_document(self, generated: str) -> dict[str, Any]:
        """What `claims --json` prints."""
        found = evidence.claims_document(
            self.protocol,
            self.profiles,
            generated=generated,
            corpus_digest=self.corpus_digest,
            search=self.search,
        )
        return self.dated(found)

    def profile_table(self, slug: str) -> pd.DataFrame:
        """One claim's studies: counted, reviews, left out; columns are documented at `evidence.profile_table`."""
        return evidence.profile_table(self.profile(slug))

    def profile_document(self, slug: str) -> dict[str, Any]:
        """What `claim SLUG --json` prints."""
        return self.dated(evidence.profile_document(self.profile(slug), self.protocol, self.search))

    def forest(self, slug: str) -> Any:
        """One claim's forest plot, an altair chart: each study's effect, the pool, the margin, what reviews have published.

        Raises InputError where no row and no review has an interval, and where the pictures are not installed.
        """
        claim, profile = self.protocol.claim(slug), self.profile(slug)
        drug, source = self.protocol.intervention.short, self.provenance()
        return pictures.forest(claim, profile, profile.pool, profile.published, drug=drug, provenance=source)

    # ----------------------------------------------------------------- studies

    def studies_table(
        self,
        claim: str | None = None,
        condition: str | None = None,
        design: str | None = None,
        years: tuple[int | None, int | None] = (None, None),
        unread: bool = False,
    ) -> pd.DataFrame:
        """The studies that fit every filter given; `unread`: those that a search brought and nobody has described; columns are documented at `evidence.studies_table`."""
        wanted = self._wanted(condition, design, years)
        named = None
        if claim is not None:
            profile = self.profile(claim)
            named = {one.study.key for one in profile.counted} | {one.study_key for one in profile.left_out}
        found = [
            one
            for one in self.studies().values()
            if wanted(one) and (named is None or one.key in named) and (one.awaits or not unread)
        ]
        return evidence.studies_table(found, self.appraisals(), claim)

    def find(
        self,
        words: str,
        condition: str | None = None,
        design: str | None = None,
        years: tuple[int | None, int | None] = (None, None),
    ) -> pd.DataFrame:
        """The studies whose titles or abstracts hold every word, best first; columns are documented at `ledger.found_table`.

        "Quoted words" stand together, and a word may end in *.
        """
        if not re.search(r"\w", words):
            raise InputError(
                f'search "{words}": holds no word. Write the words that a title or an abstract should hold.'
            )
        for pattern, mend in (
            (r"\[\w[\w/:~ ]*\]", "belongs into a PubMed query; write the words alone"),
            (r"\bOR\b|\bNOT\b", "is not understood; search once for each"),
        ):
            if odd := re.search(pattern, words):
                raise InputError(f'search: "{odd[0]}" {mend}. All words must be there.')
        if words.count('"') % 2:
            raise InputError("search: a quotation mark stands alone. Close it, or leave it out.")
        words = re.sub(r"\bAND\b", " ", words)
        wanted = self._wanted(condition, design, years)
        studies = {key: one for key, one in self.studies().items() if wanted(one)}
        with self.store() as store:
            return ledger.found_table(store.find(words), studies)

    def _wanted(
        self, condition: str | None, design: str | None, years: tuple[int | None, int | None]
    ) -> Callable[[Study], bool]:
        """A test for the studies that fit every filter given."""
        if design is not None and design not in set(StudyDesign):
            raise InputError(
                f'design "{design}" is not one we know. {nearest(design.lower(), list(StudyDesign))}'
            )
        if condition is not None:
            self._known(condition)
        first, last = years

        def fits(study: Study) -> bool:
            in_time = (first is None and last is None) or (
                study.year is not None and (first or 0) <= study.year <= (last or 9999)
            )
            return (
                in_time
                and (design is None or study.tag.design == design)
                and (condition is None or condition in study.conditions)
            )

        return fits

    def _known(self, condition: str) -> None:
        found = {study.condition for study in self.studies().values()}
        known = sorted(found | {one.slug for one in self.protocol.conditions})
        if condition not in known:
            raise InputError(f'condition "{condition}" is not one of the corpus. {nearest(condition, known)}')

    def study_document(self, name: str | int) -> dict[str, Any]:
        """What `show KEY --json` prints."""
        study = self.study(name)
        rows = [row for row in self.appraisals() if row.study_key == study.key]
        return self.dated(evidence.study_document(study, rows))

    def tags_table(
        self, *, needs_review: bool = False, left_out: bool = False, design: str | None = None
    ) -> pd.DataFrame:
        """What the machine made of every study, and why; columns are documented at `explaining.tags_table`."""
        wanted = self._wanted(None, design, (None, None))
        found = [
            one
            for one in self.studies().values()
            if wanted(one) and (one.doubts or not needs_review) and (one.left_out or not left_out)
        ]
        return explaining.tags_table(found, self.protocol)

    def explain(self, name: str | int) -> explaining.Explanation:
        """What the machine read in a study's title and abstract, with the words that decided."""
        return explaining.explain(self.study(name), name, self.protocol, encoder=self.read_with_encoder)

    # ----------------------------------------------------------------- searches

    def runs(self) -> list[SearchRun]:
        """Every refresh from PubMed, oldest first."""
        return self.archive.runs()

    def run(self, name: str) -> SearchRun:
        """A run by its name or the beginning of it; `last` is the last complete one."""
        runs = self.runs()
        if not runs:
            raise InputError(f"{self.root}: PubMed has not been searched yet. Run: {self.command('refresh')}")
        name = name.strip() or "an empty name"
        fitting = [one for one in runs if one.id == name] or [one for one in runs if one.id.startswith(name)]
        if name == "last":
            fitting = [one for one in runs if one.complete][-1:]
        if len(fitting) == 1:
            return fitting[0]
        what = "is not a run" if not fitting else "fits more than one run"
        raise InputError(f'"{name}" {what}. Name one of those that {self.command("runs")} lists, or last.')

    def difference(self, first: str, second: str) -> pd.DataFrame:
        """What changed from one run to another; columns are documented at `ledger.difference_table`."""
        old, new = self.run(first), self.run(second)
        runs = self.runs()
        at = [one.id for one in runs]
        if at.index(old.id) > at.index(new.id):
            raise InputError(
                f"diff {first} {second}: the first is the later one. Name the earlier run first."
            )
        between = runs[at.index(old.id) + 1 : at.index(new.id) + 1]
        return ledger.difference_table(old, new, [one for one in between if one.complete])

    def queries(self) -> pd.DataFrame:
        """Every query with what PRISMA-S asks for; columns are documented at `ledger.queries_table`."""
        return ledger.queries_table(self.protocol, self.archive.last())

    def refresh_document(self, done: Refreshed) -> dict[str, Any]:
        """What `refresh --json` prints: the run, what now awaits appraisal, and known studies that no query found."""
        head: dict[str, Any] = {
            "schema_version": ledger.SCHEMA_VERSION,
            "protocol": self.name,
            "run": None,
            "unreachable": done.unreachable,
        }
        if done.run is not None:
            reports = self.reports()
            head |= ledger.run_document(done.run, done.before)
            head["recall"] = {
                "known": ledger.known(reports, done.run),
                "missed": ledger.missed(reports, done.run),
            }
        return head | {
            "awaiting": self.awaiting(),
            "not_read": [{"pmid": pmid, "reason": reason} for pmid, reason in done.built.problems],
            "changed_claims": history.moves_document(self.changes),
            "corpus_digest": self.corpus_digest,
        }

    # ----------------------------------------------------------------- the whole

    def status(self) -> dict[str, Any]:
        """What the workspace holds, in numbers. `records` are citations: corpus rows and PubMed records, each once."""
        studies = self.studies()
        documents = sum(len(study.reports) for study in studies.values())
        alone = sum(len(study.records or study.citations) for study in studies.values() if not study.reports)
        # A record that was joined to a row's study and is described by no row is a citation beside the rows.
        alone += sum(len(study.beside_rows) for study in studies.values())
        rules = grading.grade_rules()
        search = self.search
        return {
            "schema_version": evidence.SCHEMA_VERSION,
            "protocol": self.name,
            "workspace": str(self.root),
            "records": documents + alone,
            "reports": documents,
            "pubmed_records": sum(len(study.records) for study in studies.values()),
            "references": sum(len(study.citations) for study in studies.values()),
            "studies": len(studies),
            "studies_that_can_count": sum(grading.listed_by(one, rules) is None for one in studies.values()),
            "left_out": sum(one.left_out is not None for one in studies.values()),
            "need_review": sum(bool(one.doubts) for one in studies.values()),
            "appraisals": len(self.appraisals()),
            "corrections": len(self.corrections()),
            "judgements": len(self.judgements()),
            "claims": len(self.protocol.claims),
            "corpus_digest": self.corpus_digest,
            "last_search": {"source": search.source, "date": search.date} if search else None,
        }

    def provenance(self) -> str:
        """One line that says where a table comes from."""
        try:
            digest = self.corpus_digest
        except EvidenceError:
            digest = "not built"
        then_ = f"as of {self.as_of}, with today's rules; " if self.as_of else ""
        return f"{then_}{evidence.provenance(self.name, digest, self.search)}"

    def export(self, table: str, out: Path | str | None = None) -> Path:
        """Write a table as CSV and say where. `table` is claims, studies or profile:SLUG."""
        if table == "claims":
            frame = self.claims()
        elif table == "studies":
            frame = self.studies_table()
        elif table.startswith("profile:"):
            frame = self.profile_table(table.removeprefix("profile:"))
        else:
            raise InputError(
                f'export "{table}": there is no such table. Use claims, studies or profile:SLUG.'
            )
        text = evidence.csv_text(frame, self.provenance())
        day = f"-as-of-{self.as_of}" if self.as_of else ""
        path = (
            Path(out) if out is not None else self.exports / f"{self.name}-{table.replace(':', '-')}{day}.csv"
        )
        self._not_ones_own(path)
        write(path, text, "--out PATH")
        return path

    def _not_ones_own(self, path: Path) -> None:
        """Refuse to write a table over what a reviewer wrote or a refresh built."""
        place = path.resolve()
        kept = [self.root.resolve() / name for name in ("appraisals", "corpus", "protocols", "archive")]
        files = (self.corrections_file, self.judgements_file, self.history_file)
        kept += [one.resolve() for one in files]
        if any(place.is_relative_to(one) for one in kept) or place.suffix in (".db", ".toml"):
            raise InputError(f"{path}: is where your own files lie. Choose another with --out PATH.")
