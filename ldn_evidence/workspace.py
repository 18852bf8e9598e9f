"""Where things are on disk, and how they are opened: for the command line, notebooks and whatever comes later.

What ships (protocols, corpus, appraisals) is a read-only layer under what a user keeps in one workspace folder.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from ldn_evidence import appraisal, corpus, evidence, grading, protocol, refresh, tagging
from ldn_evidence.archive import Archive
from ldn_evidence.errors import InputError, WorkspaceError
from ldn_evidence.model import (
    SLUG,
    Appraisal,
    EvidenceProfile,
    Protocol,
    Report,
    SearchDate,
    Study,
    StudyDesign,
    nearest,
)
from ldn_evidence.store import Store
from ldn_evidence.textfiles import read_toml

if TYPE_CHECKING:
    import pandas as pd

MARKER = "ldn-evidence.toml"
MARKER_TEXT = """\
# This file marks a workspace of ldn-evidence: everything you own lies beside it.
#
#   ldn.db              the database; a product, `ldn-evidence refresh` rebuilds it
#   archive/            PubMed XML as it came, by digest
#   corpus/ldn.csv      studies of your own, over the bundled ones (the same study_key supersedes)
#   appraisals/ldn.csv  readings of your own (a row supersedes a bundled one by naming its row_id)
#   protocols/          protocols of your own
#   exports/            what `ldn-evidence export` writes

# The protocol that commands use when --protocol is not given.
protocol = "ldn"
"""
_PACKAGE = Path(__file__).parent


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    protocol: str = "ldn"


def bundled() -> Path:
    """The folder of what ships: inside the package in a wheel, at the top of a checkout otherwise."""
    inside = _PACKAGE / "data"
    return inside if inside.exists() else _PACKAGE.parent / "data"


def find(start: Path) -> Path:
    """The nearest folder from `start` upwards that holds the marker, else the user's data folder."""
    import platformdirs

    for folder in (start, *start.parents):
        if (folder / MARKER).is_file():
            return folder
    return Path(platformdirs.user_data_dir("ldn-evidence", appauthor=False))


def init(folder: Path) -> Path:
    """Make a workspace: the folder and its commented marker. An existing marker is left as it is."""
    marker = folder / MARKER
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file, not a folder. Choose another name.")
    if marker.exists():
        raise InputError(f"{marker}: already exists; the folder is a workspace. Nothing was changed.")
    _write(marker, MARKER_TEXT)
    return marker


class Workspace:
    """One folder and one protocol.

    >>> Workspace(Path("work")).claims()[["claim", "direction", "certainty"]]  # doctest: +SKIP
    """

    def __init__(self, root: Path | str | None = None, protocol: str | None = None) -> None:
        """Open `root`, or find one from the current folder. Nothing is written before `refresh`."""
        self.root = Path(root).expanduser().absolute() if root is not None else find(Path.cwd())
        if self.root.exists() and not self.root.is_dir():
            raise InputError(f"{self.root}: is a file, not a folder. Choose another with --workspace DIR.")
        marker = self.root / MARKER
        settings = read_toml(marker, _Settings) if marker.exists() else _Settings()
        self.name = _checked(settings.protocol if protocol is None else protocol)
        where = f" --workspace {shlex.quote(str(self.root))}" if root is not None else ""
        which = f" --protocol {self.name}" if self.name != settings.protocol else ""
        self._options = f"{where}{which}"

    # ----------------------------------------------------------------- where things are

    def command(self, words: str) -> str:
        """What to type to run a command on this workspace and protocol."""
        return f"ldn-evidence{self._options} {words}"

    @property
    def database(self) -> Path:
        """The database of the protocol."""
        return self.root / f"{self.name}.db"

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
        shipped, own = self._layers("corpus", f"{self.name}.toml")
        return corpus.load_search(own) or corpus.load_search(shipped)

    def reports(self) -> list[Report]:
        """Every corpus row, the workspace's over the bundled ones. Read from the files, not the database."""
        shipped, own = self._layers("corpus", f"{self.name}.csv")
        mine = corpus.load(own, tagging.stated_codes())
        corpus.check(own, mine, self.protocol)
        bundle = [
            one for one in corpus.load(shipped, tagging.stated_codes()) if corpus.fits(one, self.protocol)
        ]
        return corpus.layered(bundle, mine)

    def appraisals(self) -> list[Appraisal]:
        """The standing rows of all claims, the workspace's over the bundled ones."""
        return self._standing(self.studies())[0]

    def _standing(self, studies: Mapping[str, Study]) -> tuple[list[Appraisal], list[str]]:
        """The standing rows, and the bundled rows set aside: what ships can't be mended, only set aside."""
        shipped, own = self._layers("appraisals", f"{self.name}.csv")
        claims = {claim.slug for claim in self.protocol.claims}
        bundle = appraisal.load(shipped)
        fitting = [row for row in bundle if row.claim in claims and row.study_key in studies]
        kept = {row.row_id for row in fitting}
        aside = [row.row_id for row in bundle if row.row_id not in kept]
        return appraisal.current(
            [(shipped, fitting), (own, appraisal.load(own))], self.protocol, studies
        ), aside

    def warnings(self) -> list[str]:
        """What a reader of any output has to know: files changed since the last refresh, bundled rows set aside."""
        found = []
        if self._stale():
            found.append(f"the corpus has changed since the last refresh. Run: {self.command('refresh')}")
        shipped = corpus.load(self._layers("corpus", f"{self.name}.csv")[0], tagging.stated_codes())
        rows = [report.study_key for report in shipped if not corpus.fits(report, self.protocol)]
        for aside, words in ((rows, "corpus row(s)"), (self._standing(self.studies())[1], "reading(s)")):
            if aside:
                shown = ", ".join(aside[:3]) + (", ..." if len(aside) > 3 else "")
                found.append(
                    f"{len(aside)} bundled {words} set aside, not fitting protocol or corpus: {shown}"
                )
        return found

    def _stale(self) -> bool:
        held = sorted((report for study in self.studies().values() for report in study.reports), key=_by_key)
        return held != sorted(self.reports(), key=_by_key)

    def new_protocol(self, name: str) -> Path:
        """Write a commented protocol of that name, to be filled in. Never over an existing one."""
        path = self.root / "protocols" / f"{_checked(name)}.toml"
        if name in self.protocol_names():
            raise InputError(
                f'protocol "{name}" already exists. Choose another name; to change it, put your copy at {path}.'
            )
        _write(path, protocol.template(name))
        return path

    # ----------------------------------------------------------------- in

    def refresh(self, xml: Sequence[Path | str] = ()) -> refresh.Assembled:
        """Keep `xml`, then rebuild the database from the archive and the layers. Works offline.

        Everything people wrote is checked before the database is touched.
        """
        archive = Archive(self.root / "archive" / self.name)
        reports = self.reports()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            refresh.collect([Path(one) for one in xml], archive)
            assembled = refresh.assemble(reports, archive)
            self._standing(assembled.studies())
            with Store(self.database) as store:
                refresh.build(assembled, store)
        except OSError as error:
            raise _unwritable(self.root, error) from error
        self._forget()
        return assembled

    def _forget(self) -> None:
        """Let go of what was read, so that it is read again."""
        for held in ("_stored", "protocol", "_graded"):
            self.__dict__.pop(held, None)

    # ----------------------------------------------------------------- out

    @cached_property
    def _stored(self) -> tuple[dict[str, Study], dict[str, str]]:
        _ = self.protocol  # a protocol that does not exist is named before a database that does not
        if not self.database.exists():
            raise WorkspaceError(f"{self.database}: does not exist yet. Run: {self.command('refresh')}")
        with Store(self.database) as store:
            if not store.built:
                raise WorkspaceError(
                    f"{self.database}: is empty or of an older version. Run: {self.command('refresh')}"
                )
            studies = corpus.studies(store.reports(), store.records())
            return {study.key: study for study in studies}, store.meta()

    def studies(self) -> dict[str, Study]:
        """Every study by key, as the last refresh built them."""
        return self._stored[0]

    @property
    def corpus_digest(self) -> str:
        """The digest of every report and record in the database."""
        return self._stored[1].get("corpus_digest", "unknown")

    @property
    def profiles(self) -> dict[str, EvidenceProfile]:
        """Every claim's profile, graded from the database and the files as they are now."""
        written = self._written()
        held = self.__dict__.get("_graded")
        if held is None or held[0] != written:
            self._forget()
            graded = evidence.profiles(self.protocol, self.studies(), self.appraisals(), self.search)
            held = self.__dict__["_graded"] = (written, graded)
        return held[1]

    def _written(self) -> list[tuple[int, int]]:
        """Changes when any file that a grade rests on does."""
        names = (("protocols", ".toml"), ("corpus", ".toml"), ("appraisals", ".csv"))
        paths = [path for folder, ending in names for path in self._layers(folder, f"{self.name}{ending}")]
        found = [path.stat() for path in (*paths, self.database) if path.exists()]
        return [(one.st_mtime_ns, one.st_size) for one in found]

    def profile(self, slug: str) -> EvidenceProfile:
        """One claim's profile."""
        return self.profiles[self.protocol.claim(slug).slug]

    def claims(self) -> pd.DataFrame:
        """The claims table; columns are documented at `evidence.claims_table`."""
        return evidence.claims_table(self.protocol, self.profiles)

    def claims_document(self, generated: str) -> dict[str, Any]:
        """What `claims --json` prints."""
        return evidence.claims_document(
            self.protocol,
            self.profiles,
            generated=generated,
            corpus_digest=self.corpus_digest,
            search=self.search,
        )

    def profile_table(self, slug: str) -> pd.DataFrame:
        """One claim's studies: counted, reviews, left out; columns are documented at `evidence.profile_table`."""
        return evidence.profile_table(self.profile(slug))

    def profile_document(self, slug: str) -> dict[str, Any]:
        """What `claim SLUG --json` prints."""
        return evidence.profile_document(self.profile(slug), self.protocol, self.search)

    def studies_table(
        self,
        claim: str | None = None,
        condition: str | None = None,
        design: str | None = None,
        years: tuple[int | None, int | None] = (None, None),
    ) -> pd.DataFrame:
        """The studies that fit every filter given; columns are documented at `evidence.studies_table`."""
        keep: list[Callable[[Study], bool]] = []
        if design is not None and design not in set(StudyDesign):
            raise InputError(
                f'design "{design}" is not one we know. {nearest(design.lower(), list(StudyDesign))}'
            )
        if claim is not None:
            profile = self.profile(claim)
            named = {one.study.key for one in profile.counted} | {one.study_key for one in profile.left_out}
            keep.append(lambda study: study.key in named)
        if condition is not None:
            self._known(condition)
            keep.append(lambda study: study.condition == condition)
        if design is not None:
            keep.append(lambda study: study.tag.design == design)
        first, last = years
        if first is not None or last is not None:
            keep.append(lambda study: study.year is not None and (first or 0) <= study.year <= (last or 9999))
        found = [study for study in self.studies().values() if all(test(study) for test in keep)]
        return evidence.studies_table(found, self.appraisals(), claim)

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
            pmids = {str(report.pmid) for report in study.reports} | {
                str(record.pmid) for record in study.records
            }
            if name in keys or wanted in pmids:
                return study
        close = difflib.get_close_matches(name, list(self.studies()), n=1)
        mend = f'Did you mean "{close[0]}"?' if close else f"List the studies with: {self.command('studies')}"
        raise InputError(f'"{name}" is neither a study key nor a PMID of the corpus. {mend}')

    def study_document(self, name: str | int) -> dict[str, Any]:
        """What `show KEY --json` prints."""
        study = self.study(name)
        return evidence.study_document(
            study, [row for row in self.appraisals() if row.study_key == study.key]
        )

    def status(self) -> dict[str, Any]:
        """What the workspace holds, in numbers. `records` are citations: corpus rows and PubMed records, each once."""
        studies = self.studies()
        documents = sum(len(study.reports) for study in studies.values())
        alone = sum(len(study.records) for study in studies.values() if not study.reports)
        rules = grading.grade_rules()
        search = self.search
        return {
            "schema_version": evidence.SCHEMA_VERSION,
            "protocol": self.name,
            "workspace": str(self.root),
            "records": documents + alone,
            "pubmed_records": sum(len(study.records) for study in studies.values()),
            "studies": len(studies),
            "studies_that_can_count": sum(grading.listed_by(one, rules) is None for one in studies.values()),
            "appraisals": len(self.appraisals()),
            "claims": len(self.protocol.claims),
            "corpus_digest": self.corpus_digest,
            "last_search": {"source": search.source, "date": search.date} if search else None,
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
        text = evidence.csv_text(frame, evidence.provenance(self.name, self.corpus_digest, self.search))
        path = Path(out) if out is not None else self.exports / f"{self.name}-{table.replace(':', '-')}.csv"
        self._not_ones_own(path)
        _write(path, text, "--out PATH")
        return path

    def _not_ones_own(self, path: Path) -> None:
        """Refuse to write a table over what a reviewer wrote or a refresh built."""
        place = path.resolve()
        kept = [self.root.resolve() / name for name in ("appraisals", "corpus", "protocols", "archive")]
        if any(place.is_relative_to(folder) for folder in kept) or place.suffix in (".db", ".toml"):
            raise InputError(f"{path}: is where your own files lie. Choose another with --out PATH.")


def _by_key(report: Report) -> str:
    return report.study_key


def _checked(name: str) -> str:
    """A protocol's name is also a file name: nothing in it may lead out of the folder."""
    if not re.fullmatch(SLUG, name):
        raise InputError(
            f'protocol name "{name}": use lower-case letters, digits and single hyphens, such as my-drug.'
        )
    return name


def _write(path: Path, text: str, option: str = "--workspace DIR") -> None:
    """The whole file or none of it."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder. Name a file.")
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", newline="")
        os.replace(part, path)
    except OSError as error:
        raise _unwritable(path, error, option) from error


def _unwritable(path: Path, error: OSError, option: str = "--workspace DIR") -> WorkspaceError:
    return WorkspaceError(
        f"{path}: can't be written ({error.strerror or error}). Choose another place with {option}, "
        "or mend its permissions."
    )
