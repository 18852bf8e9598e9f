"""The one path in: PubMed XML into the archive, archive and corpus rows into the database. Never grades.

`collect` keeps what comes from outside; `assemble` and `build` work offline from what is kept, and give the same
database for the same inputs.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from ldn_evidence import corpus, parse, tagging
from ldn_evidence.archive import Archive, Batch
from ldn_evidence.errors import InputError
from ldn_evidence.model import PartialDate, Record, Report, Study, Tag
from ldn_evidence.store import Store

_record_json: TypeAdapter[Record] = TypeAdapter(Record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """Everything that goes into the database, tagged. `problems` name the citations that could not be read."""

    reports: tuple[tuple[Report, Tag], ...]
    records: tuple[tuple[str, Record, Tag], ...]
    problems: tuple[parse.Problem, ...]
    digest: str

    def studies(self) -> dict[str, Study]:
        """The studies that these reports and records form, by key."""
        found = corpus.studies(self.reports, [(record, tag) for _, record, tag in self.records])
        return {study.key: study for study in found}


def collect(paths: Sequence[Path], archive: Archive) -> list[Batch]:
    """Keep PubMed XML files that a person has downloaded: all of them, or none if one is not whole PubMed XML."""
    read = [(path, _read(path)) for path in paths]
    return [archive.add(raw, path.name) for path, raw in read]


def _read(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: can't be read ({error.strerror}). Check its name and permissions."
        ) from error
    if path.suffix == ".gz":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{path}: is not a whole gzip file ({error}). Download it again.") from error
    # To the end: a file that is cut off after its first record must not be kept either.
    found = list(parse.records(raw, str(path)))
    if not any(isinstance(one, Record) for one in found):
        raise InputError(
            f"{path}: holds no PubMed citation that can be read. Save the records in PubMed's XML form."
        )
    return raw


def assemble(reports: Sequence[Report], archive: Archive) -> Assembled:
    """Tag every report and every archived record, the newest copy of each. Writes nothing."""
    tagged = tuple(
        (
            report,
            tagging.tag(
                stated_code=report.stated_design,
                controlled=report.controlled,
                publication_types=report.publication_types,
            ),
        )
        for report in reports
    )
    newest: dict[int, tuple[str, Record]] = {}
    problems: list[parse.Problem] = []
    for batch, raw in archive.read():
        try:
            for found in parse.records(raw, batch.source):
                if isinstance(found, parse.Problem):
                    problems.append(found)
                # Batches come oldest first: a later one wins unless it holds an earlier version or revision.
                elif found.pmid not in newest or _age(found) >= _age(newest[found.pmid][1]):
                    newest[found.pmid] = (batch.digest, found)
        except InputError as error:
            problems.append(parse.Problem(None, str(error)))
    records = tuple(
        (digest, record, tagging.tag(publication_types=[term.name for term in record.publication_types]))
        for digest, record in (newest[pmid] for pmid in sorted(newest))
    )
    digest = _digest(reports, [record for _, record, _ in records])
    return Assembled(reports=tagged, records=records, problems=tuple(problems), digest=digest)


def build(assembled: Assembled, store: Store) -> None:
    """Put it into the database, in one transaction, in the place of what was there."""
    store.replace(assembled.reports, assembled.records, {"corpus_digest": assembled.digest})


def _age(record: Record) -> tuple[int, int, int, int]:
    """Orders copies of one record: by version, then by the day PubMed last revised it."""
    revised = record.revised or PartialDate()
    return record.version, revised.year or 0, revised.month or 0, revised.day or 0


def _digest(reports: Sequence[Report], records: Sequence[Record]) -> str:
    """SHA-256 over every report and record, whatever machine or order they came from."""
    hasher = hashlib.sha256()
    for report in sorted(reports, key=lambda one: one.study_key):
        hasher.update(report.model_dump_json(exclude_none=True).encode() + b"\n")
    for record in records:
        hasher.update(_record_json.dump_json(record) + b"\n")
    return f"sha256:{hasher.hexdigest()}"
