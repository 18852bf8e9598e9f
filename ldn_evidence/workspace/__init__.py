"""Where things are on disk, and how they are opened: for the command line, notebooks and whatever comes later.

What ships (protocols, corpus, appraisals) is a read-only layer under what a user keeps in one workspace folder.
"""

from __future__ import annotations

import datetime
import difflib
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from ldn_evidence import (
    appraisal,
    corpus,
    corrections,
    evidence,
    explaining,
    grading,
    history,
    judging,
    ledger,
    pictures,
    protocol,
    tagging,
)
from ldn_evidence.archive import Archive
from ldn_evidence.errors import EvidenceError, InputError, NotReached, WorkspaceError
from ldn_evidence.model import (
    Appraisal,
    Correction,
    EvidenceProfile,
    Judgement,
    Protocol,
    Report,
    SearchDate,
    SearchRun,
    Study,
    StudyDesign,
    nearest,
    said,
)
from ldn_evidence.refresh import Progress, Silent, building
from ldn_evidence.refresh.building import Built
from ldn_evidence.store import Store
from ldn_evidence.textfiles import read_toml
from ldn_evidence.workspace import noting, then
from ldn_evidence.workspace.appraising import Appraising
from ldn_evidence.workspace.folders import MARKER, alone, bundled, checked, find, init, unwritable, write
from ldn_evidence.workspace.outcomes import Brought, BroughtFile, Refreshed

__all__ = ["Refreshed", "Workspace", "bundled", "find", "init"]

if TYPE_CHECKING:
    import pandas as pd

    from ldn_evidence.entrez import Entrez


# Seconds in which PubMed must answer at all: on a first run a newcomer waits, later a slow line deserves patience.
FIRST_PATIENCE, LATER_PATIENCE = 2.5, 20.0


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    protocol: str = "ldn"


class Workspace(Appraising):
    """One folder and one protocol; with `as_of`, what it held at the end of that day (UTC), graded by today's rules.

    >>> Workspace(Path("work")).claims()[["claim", "direction", "certainty"]]  # doctest: +SKIP
    """

    def __init__(
        self,
        root: Path | str | None = None,
        protocol: str | None = None,
        as_of: datetime.date | None = None,
        machine_read: bool = False,
    ) -> None:
        """Open `root`, or find one from the current folder. Nothing is written before `refresh`, and with `as_of` or `machine_read` never.

        `machine_read`: grade with what a machine read where nobody has judged a study; every such claim is provisional.
        """
        try:
            self.root = Path(root).expanduser().absolute() if root is not None else find(Path.cwd())
        except RuntimeError as error:  # ~nobody
            raise InputError(f"{root}: there is no such home folder. Write the folder in full.") from error
        if self.root.exists() and not self.root.is_dir():
            raise InputError(f"{self.root}: is a file, not a folder. Choose another with --workspace DIR.")
        marker = self.root / MARKER
        settings = read_toml(marker, _Settings) if marker.exists() else _Settings()
        self.name = checked(settings.protocol if protocol is None else protocol)
        where = f" --workspace {shlex.quote(str(self.root))}" if root is not None else ""
        which = f" --protocol {self.name}" if self.name != settings.protocol else ""
        self._options = f"{where}{which}"
        self.as_of = then.checked(as_of, _now().date()) if as_of is not None else None
        self._aside = TemporaryDirectory(prefix="ldn-evidence-") if self.as_of else None
        self.machine_read = machine_read
        # What the last build, import or correction of this object changed, claim by claim.
        self.changes: tuple[history.Move, ...] = ()

    # ----------------------------------------------------------------- where things are

    def command(self, words: str) -> str:
        """What to type to run a command on this workspace and protocol."""
        return f"ldn-evidence{self._options} {words}"

    @property
    def database(self) -> Path:
        """The database of the protocol; of an earlier day one that is built aside and goes with this object."""
        if self._aside is not None:
            return Path(self._aside.name) / f"{self.name}.db"
        return self.root / f"{self.name}.db"

    def store(self) -> Store:
        """The database, closed; use it in a `with`."""
        return Store(self.database, self.command("rebuild"))

    @property
    def exports(self) -> Path:
        """Where exports go by default."""
        return self.root / "exports"

    def _layers(self, *parts: str) -> tuple[Path, Path]:
        return bundled().joinpath(*parts), self.root.joinpath(*parts)

    def protocol_names(self) -> list[str]:
        """Every protocol that can be named, bundled or own."""
        return sorted({path.stem for folder in self._layers("protocols") for path in folder.glob("*.toml")})

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
        rows = self._standing(self.studies())[0]
        return [*rows, *self.machine_rows()] if self.machine_read else rows

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

    @property
    def corrections_file(self) -> Path:
        """Where reviewers' corrections stand, those of every protocol."""
        return self.root / "corrections.csv"

    def corrections(self) -> list[Correction]:
        """Every row on this protocol, in the order of their writing; the last on a subject and field stands."""
        rows = [row for row in corrections.load(self.corrections_file) if row.protocol == self.name]
        return rows if self.as_of is None else then.rows(rows, self.as_of)

    def correct(
        self, subject: str, field: str, value: str, *, reason: str, reviewer: str, date: datetime.date
    ) -> Correction:
        """Add a reviewer's word to `corrections.csv`, over the machine's. What a field takes: see `Correction`.

        Raises InputError for a subject, field or value that is not known, and where an appraisal would no longer fit.
        """
        self._now_only("correct")
        subject = f"pmid:{subject}" if subject.isdecimal() else subject
        # One file for all protocols: no protocol can have this name.
        with alone(self.root, self.name, Silent()), alone(self.root, self.corrections_file.name, Silent()):
            row = corrections.written(
                subject=subject,
                field=field,
                value=value,
                reason=reason,
                reviewer=reviewer,
                date=date,
                protocol=self.name,
            )
            rows = self.corrections()
            self._forget()
            corrections.check(row, self.studies(), self.protocol, rows)
            with self.store() as store:
                self._standing(self._corrected(store, [*rows, row]))
            self._noted("files")  # what was changed by hand before is no part of what this row moves
            corrections.append(self.corrections_file, row)
            self._forget()
            self._noted("correct")
        return row

    @property
    def judgements_file(self) -> Path:
        """Where reviewers' judgements on GRADE domains stand, those of every protocol."""
        return self.root / "judgements.csv"

    def judgements(self) -> list[Judgement]:
        """The judgements that stand on this protocol's claims."""
        rows = [row for row in judging.load(self.judgements_file) if row.protocol == self.name]
        rows = rows if self.as_of is None else then.rows(rows, self.as_of)
        return judging.standing(self.judgements_file, rows, self.protocol)

    def judge(
        self, claim: str, domain: str, rating: str, *, reason: str, reviewer: str, at: datetime.datetime
    ) -> Judgement:
        """Add a reviewer's rating of one GRADE domain to `judgements.csv`, over the rule's. `at`: now, in UTC.

        Raises InputError for a claim, domain or rating that is not known, and where nobody says why.
        """
        self._now_only("judge")
        with alone(self.root, self.name, Silent()), alone(self.root, self.judgements_file.name, Silent()):
            row = judging.written(
                claim=self.protocol.claim(claim).slug,
                domain=domain,
                rating=rating,
                reason=reason,
                reviewer=reviewer,
                date=said(at),
                protocol=self.name,
            )
            judging.check(row, self.judgements(), self.protocol)
            held = [one for one in judging.load(self.judgements_file) if one.protocol == self.name]
            judging.standing(self.judgements_file, [*held, row], self.protocol)
            self._noted("files")
            judging.append(self.judgements_file, row)
            self._forget()
            self._noted("judge")
        return row

    def _corrected(self, store: Store, rows: Sequence[Correction]) -> dict[str, Study]:
        """The studies of the database, grouped and described as reviewers said."""
        held = building.held(store, self.protocol, corrections.grouping(rows))
        return corrections.corrected(held, rows)

    def warnings(self) -> list[str]:
        """What a reader of any output has to know: files changed since the last refresh, bundled rows set aside, an earlier day."""
        found = self._as_of_notes()
        if history.torn(self.history_file):
            found.append(
                f"{self.history_file}: its last line was cut off while it was written; the next build writes it again"
            )
        if self._stale():
            found.append(f"the corpus has changed since the last refresh. Run: {self.command('refresh')}")
        shipped = corpus.load(self._layers("corpus", f"{self.name}.csv")[0], tagging.stated_codes())
        rows = [report.study_key for report in shipped if not corpus.fits(report, self.protocol)]
        for aside, words in (
            (rows, "bundled corpus row(s)"),
            (self._standing(self.studies())[1], "reading(s)"),
            (corrections.aside(self.corrections(), self.studies(), self.protocol), "correction(s)"),
        ):
            if aside:
                shown = ", ".join(aside[:3]) + (", ..." if len(aside) > 3 else "")
                found.append(f"{len(aside)} {words} set aside, not fitting protocol or corpus: {shown}")
        return found

    def _stale(self) -> bool:
        held = sorted((report for study in self.studies().values() for report in study.reports), key=_by_key)
        return held != sorted(self.reports(), key=_by_key)

    def new_protocol(self, name: str) -> Path:
        """Write a commented protocol of that name, to be filled in. Never over an existing one."""
        self._now_only("protocol new")
        path = self.root / "protocols" / f"{checked(name)}.toml"
        if name in self.protocol_names():
            raise InputError(
                f'protocol "{name}" already exists. Choose another name; to change it, put your copy at {path}.'
            )
        write(path, protocol.template(name))
        return path

    # ----------------------------------------------------------------- in

    @cached_property
    def archive(self) -> Archive:
        """What came from outside, raw, and the manifest of every run."""
        return Archive(self.root / "archive" / self.name, then.end(self.as_of) if self.as_of else None)

    def build(self, *, afresh: bool = False) -> Built:
        """Bring the database up to archive and layers, offline; `afresh` builds all of it anew.

        Everything people wrote is checked before the database changes.
        """
        self._now_only("build")
        with alone(self.root, self.name, Silent()):
            built = self._build(afresh)
            self._noted("rebuild" if afresh else "build")
            return built

    def bring(self, paths: Sequence[Path | str], source: str | None = None) -> Brought:
        """Keep files from other searches, all or none of them, and build. `source` says where they come from.

        PubMed XML, nbib, RIS or lists of PMIDs. What was found before is linked to it, not dropped.
        """
        self._now_only("import")
        with alone(self.root, self.name, Silent()):
            known = self.archive.batches()
            batches = building.bring([Path(one) for one in paths], source, self.archive)
            try:
                built = self._build()
            except EvidenceError:
                for batch in batches:
                    if batch not in known:
                        self.archive.drop(batch, "the database could not be built with it")
                raise
            self._noted("import")
        files = []
        for path, batch in zip(paths, batches, strict=True):
            studies, references = building.brought_by(batch, self.archive, built.studies)
            new = sum(1 for one in studies if one.unread and batch not in known)
            files.append(
                BroughtFile(
                    name=str(path),
                    source=batch.source,
                    references=references,
                    new=new,
                    known=tuple(one.key for one in studies if not one.unread),
                    before=batch in known,
                )
            )
        return Brought(built=built, files=tuple(files))

    def refresh(
        self,
        service: Entrez,
        progress: Progress | None = None,
        *,
        full: bool = False,
        accept_missing: bool = False,
    ) -> Refreshed:
        """Search PubMed, fetch what is new or revised, and build.

        The first time, with PubMed out of reach, what ships is built and `unreachable` says why; later that is an
        error (NotReached) and nothing changes. Every other way in which PubMed can fail is an EntrezError; what was
        fetched until then is kept, and the next refresh goes on from it.
        """
        from ldn_evidence.refresh import collecting  # the network's libraries take a while to import

        self._now_only("refresh")
        progress = progress or Silent()
        with alone(self.root, self.name, progress):
            collecting.check_queries(self.protocol)
            first = not self._is_built() and not self.archive.runs()
            built = self._build() if first else None
            try:
                pubmed_build = service.greet(FIRST_PATIENCE if first else LATER_PATIENCE)
            except NotReached as error:
                if built is not None:
                    self._noted("build")
                    return Refreshed(built=built, unreachable=str(error))
                whose = "" if service.is_ncbi else f" at {service.url}"
                raise NotReached(
                    f"PubMed is out of reach{whose} ({error}). Nothing was changed. Run it again later, or build from what is "
                    f"kept with: {self.command('refresh --offline')}"
                ) from error
            built = built or self._build(tolerant=True)
            held = collecting.held_before(built.studies.values())
            before = self.archive.last()
            run = collecting.collect(
                self.protocol,
                service,
                self.archive,
                held,
                progress,
                pubmed_build=pubmed_build,
                full=full,
                accept_missing=accept_missing,
            )
            done = Refreshed(built=self._build(), run=run, before=before)
            self._noted("refresh")
            return done

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

    # ----------------------------------------------------------------- out

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

    @property
    def corpus_digest(self) -> str:
        """The digest of every report and record in the database."""
        return self._stored[1].get("corpus_digest", "unknown")

    def provenance(self) -> str:
        """One line that says where a table comes from."""
        try:
            digest = self.corpus_digest
        except EvidenceError:
            digest = "not built"
        then_ = f"as of {self.as_of}, with today's rules; " if self.as_of else ""
        return f"{then_}{evidence.provenance(self.name, digest, self.search)}"

    @property
    def profiles(self) -> dict[str, EvidenceProfile]:
        """Every claim's profile, graded from the database and the files as they are now."""
        written = self._written()
        held = self.__dict__.get("_graded")
        if held is None or held[0] != written:
            self._forget()
            held = self.__dict__["_graded"] = (written, self._grade())
        return held[1]

    def _grade(self, now: str | None = None) -> dict[str, EvidenceProfile]:
        """Every claim's profile. `now`: the moment from which a new word of a corpus row re-opens a claim."""
        standing, rows = self.standing(), self.appraisals()
        inputs = (self.protocol, self.studies(), rows, self.search, self.judgements())
        differing = noting.disputed(standing.disputes)
        graded = evidence.profiles(*inputs, differing)
        resting = noting.confirmed(graded, rows, self.studies())
        reopened = history.reopened(resting, self._notices(resting, now), appraisal.UNCONFIRMED)
        if not reopened:
            return graded
        slugs = {*differing, *reopened}
        return evidence.profiles(
            *inputs, {slug: (*differing.get(slug, ()), *reopened.get(slug, ())) for slug in slugs}
        )

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

    def profile(self, slug: str) -> EvidenceProfile:
        """One claim's profile."""
        return self.profiles[self.protocol.claim(slug).slug]

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
        best = profile.body.name if profile.body else None
        informing = [one for one in profile.counted if one.body is best and one.direction is not None]
        found = grading.pool(claim, informing, grading.grade_rules())
        published = grading.beside(claim, profile.reviews, profile.counted, found)
        drug = self.protocol.intervention.short
        return pictures.forest(claim, profile, found, published, drug=drug, provenance=self.provenance())

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
        return explaining.explain(self.study(name), name, self.protocol)

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

    # ----------------------------------------------------------------- what each build concluded, and an earlier day

    @property
    def history_file(self) -> Path:
        """Where every build notes what it concluded and from what, those of every protocol; only ever added to."""
        return self.root / "history.jsonl"

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
            moment = (at or _now()).isoformat(timespec="seconds")
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

    def _now_only(self, what: str) -> None:
        """Refuse to write where an earlier day is looked at, or a machine's rows are."""
        if self.machine_read:
            raise InputError(f"--include-machine-read: only reads, and {what} writes. Leave it out.")
        if self.as_of is not None:
            raise InputError(
                f"--as-of {self.as_of}: only looks at what was held then, and {what} writes. Leave --as-of out."
            )

    # ----------------------------------------------------------------- what was searched

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

    def awaiting(self) -> dict[str, list[str]]:
        """For each claim the keys of studies that a search found for it and that nobody has read."""
        return ledger.awaiting(self.protocol, self.studies().values(), self.appraisals())

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


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _by_key(report: Report) -> str:
    return report.study_key
