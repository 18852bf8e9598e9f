"""Archive and layers into the database, offline: the same inputs give the same database, whether it takes in what
came last or everything afresh. Never asks a network, never grades.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ldn_evidence import corpus, history, imports, parse
from ldn_evidence.archive import Archive, Batch
from ldn_evidence.errors import DamagedStore, InputError
from ldn_evidence.model import BatchForm, Citation, MachineReading, Protocol, Record, Report, Study
from ldn_evidence.refresh.describing import Describer
from ldn_evidence.store import SCHEMA_VERSION, Store, Taken

# A packed file that a person brings may not fill the memory.
MOST_BYTES = 512 * 1024 * 1024
XML_FORMS = frozenset({BatchForm.EFETCH, BatchForm.PUBMED_XML})


# --------------------------------------------------------------------------- from a file


def bring(paths: Sequence[Path], source: str | None, archive: Archive) -> list[Batch]:
    """Keep files that a person brought, PubMed XML, nbib, RIS or lists of PMIDs: all, or none if one can't be read to its end."""
    read = [(path, *_read_file(path)) for path in paths]
    return [archive.add(raw, source or path.name, kind) for path, raw, kind in read]


def _read_file(path: Path) -> tuple[bytes, BatchForm]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: can't be read ({error.strerror}). Check its name and permissions."
        ) from error
    if raw.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(io.BytesIO(raw)) as packed:
                raw = packed.read(MOST_BYTES + 1)
            if len(raw) > MOST_BYTES:
                raise InputError(
                    f"{path}: unpacks to more than {MOST_BYTES >> 20} MiB. Bring it in smaller parts."
                )
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{path}: is not a whole gzip file ({error}). Download it again.") from error
    kind = imports.form(raw, str(path))
    if kind is BatchForm.PUBMED_XML:
        # To the end: a file that is cut off after its first record must not be kept either.
        found = list(parse.records(raw, str(path)))
        if not any(isinstance(one, Record) for one in found):
            raise InputError(
                f"{path}: holds no PubMed citation that can be read. Save the records in PubMed's XML form."
            )
    else:
        imports.citations(raw, kind, str(path), "")
    return raw, kind


def brought_by(batch: Batch, archive: Archive, studies: Mapping[str, Study]) -> tuple[list[Study], int]:
    """The studies to which the references or records of a person's file belong, and how many references it holds."""
    ((_, raw),) = archive.read([batch])
    if batch.form is BatchForm.PUBMED_XML:
        pmids = {one.pmid for one in parse.records(raw) if isinstance(one, Record)}
        return [one for one in studies.values() if pmids & {record.pmid for record in one.records}], len(
            pmids
        )
    keys = {one.key for one in imports.citations(raw, batch.form, batch.source, batch.digest)}
    return [one for one in studies.values() if keys & {citation.key for citation in one.citations}], len(keys)


# --------------------------------------------------------------------------- archive and layers into the database


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build left in the database: its studies, what could not be read, and whether anything had changed."""

    studies: Mapping[str, Study]
    problems: tuple[tuple[str | None, str], ...]
    changed: bool


def build(
    store: Store,
    archive: Archive,
    reports: Sequence[Report],
    protocol: Protocol,
    check: Callable[[Mapping[str, Study]], object],
    *,
    grouping: Mapping[str, str] | None = None,
    afresh: bool = False,
    tolerant: bool = False,
    encoder: bool = False,
) -> Built:
    """Take in what is not yet in the database, in one transaction; with `afresh`, everything in the place of what is there.

    With `encoder`, study types are read by the encoder too. A damaged file of the archive is an error; a `tolerant` build goes on without it, for a refresh that will mend it. `check` sees the studies before they are written for good; an error that it raises leaves the database as it was.
    """
    settled = archive.settled()
    last = archive.last()
    found_by = last.found_by() if last else {}
    reader = _reader(protocol, encoder)
    inputs = _inputs(reader, settled, reports, found_by, protocol)
    try:
        if not afresh and store.built and store.meta().get("inputs") == inputs:
            studies = held(store, protocol, grouping)
            check(studies)
            return Built(studies=studies, problems=tuple(store.problems()), changed=False)
        # Tags and records of another version's rules and reader can't stand beside ours.
        afresh = afresh or not store.built or store.meta().get("reader") != reader
    except DamagedStore:
        afresh = True
    with store.writing(afresh) as draft:
        if set(draft.taken()) - {one.key for one in settled}:
            draft.clear()
        taken = draft.taken()
        new = [one for one in settled if taken.get(one.key) != one.added]
        unread = archive.damaged(new) if tolerant else []
        new = [one for one in new if one not in unread]
        describer = Describer(protocol, encoder=encoder)
        for brought in _read(archive, new, describer):
            draft.take(brought)
        draft.lay(list(zip(reports, describer.reports(reports), strict=True)), found_by)
        studies = _studies(*draft.contents(), protocol, grouping)
        check(studies)
        # What could not be read is not taken in: the next build tries again.
        draft.note({"inputs": "" if unread else inputs, "reader": reader, "corpus_digest": draft.digest()})
        if encoder:
            draft.note({"encoder": "heard"})
    return Built(studies=studies, problems=tuple(store.problems()), changed=True)


def held(store: Store, protocol: Protocol, grouping: Mapping[str, str] | None = None) -> dict[str, Study]:
    """The studies that the database holds, by key. `grouping`: where reviewers put a document."""
    return _studies(*store.contents(), protocol, grouping)


def _studies(
    reports: Sequence[tuple[Report, MachineReading]],
    records: Sequence[tuple[Record, MachineReading]],
    citations: Sequence[tuple[Citation, MachineReading]],
    found_by: Mapping[int, Sequence[str]],
    protocol: Protocol,
    grouping: Mapping[str, str] | None = None,
) -> dict[str, Study]:
    conditions = [one.slug for one in protocol.conditions]
    return {
        one.key: one for one in corpus.studies(reports, records, citations, found_by, conditions, grouping)
    }


def _read(archive: Archive, batches: Sequence[Batch], describer: Describer) -> Iterator[Taken]:
    for batch, raw in archive.read(batches):
        records: list[Record] = []
        citations: list[Citation] = []
        problems: list[tuple[str | None, str]] = []
        try:
            if batch.form in XML_FORMS:
                for one in parse.records(raw, batch.source):
                    if isinstance(one, parse.Problem):
                        problems.append((one.pmid, one.reason))
                    else:
                        records.append(one)
            else:
                citations = imports.citations(raw, batch.form, batch.source, batch.digest)
        except InputError as error:
            problems.append((None, str(error)))
        yield Taken(
            key=batch.key,
            source=batch.source,
            added=batch.added,
            from_pubmed=batch.form.from_pubmed,
            records=list(zip(records, describer.records(records), strict=True)),
            citations=list(zip(citations, describer.citations(citations), strict=True)),
            problems=problems,
        )


def first_held(archive: Archive, pmids: Collection[int]) -> dict[tuple[int, str], str]:
    """When the archive first held each notice on these records: (PMID, the notice's key) -> UTC, ISO 8601.

    PubMed does not date its links; what was in no complete run yet does not count.
    """
    settled = {one.key for one in archive.settled()}
    found: dict[tuple[int, str], str] = {}
    for batch in archive.batches():
        if batch.key not in settled or batch.form not in XML_FORMS:
            continue
        if not pmids or (batch.pmids and not set(batch.pmids) & set(pmids)) or archive.damaged([batch]):
            continue
        ((_, raw),) = archive.read([batch])
        # An imported file may be large, and most hold none of them.
        if not any(str(pmid).encode() in raw for pmid in pmids):
            continue
        for one in parse.records(raw, batch.source):
            if isinstance(one, Record) and one.pmid in pmids:
                for notice in history.of_record(one):
                    found.setdefault((one.pmid, notice.key), batch.added)
    return found


# What decides how a document is read: these rooms of the package, their rules and weights.
_READERS = (
    "rules",
    "tagging",
    "reading",
    "query",
    "relevance.py",
    "parse.py",
    "corpus/numbers.py",
    "refresh/describing.py",
)


def _reader(protocol: Protocol, encoder: bool) -> str:
    """Changes when tables, the reading of records, rules or the protocol do: what was read before has to be read again."""
    hasher = hashlib.sha256(f"{SCHEMA_VERSION}:{version('ldn-evidence')}".encode())
    package = Path(__file__).parent.parent
    for room in _READERS:
        place = package / room
        files = sorted(place.rglob("*.*")) if place.is_dir() else [place]
        for file in files:
            if file.suffix in (".py", ".toml", ".json", ".npz"):
                hasher.update(file.relative_to(package).as_posix().encode() + file.read_bytes())
    if encoder:
        hasher.update(b"encoder" + (package / "tagging" / "encoder" / "model.onnx").read_bytes())
    hasher.update(protocol.model_dump_json().encode())
    return hasher.hexdigest()


def _inputs(
    reader: str,
    settled: Sequence[Batch],
    reports: Sequence[Report],
    found_by: Mapping[int, Sequence[str]],
    protocol: Protocol,
) -> str:
    """A digest of everything that goes into the database."""
    hasher = hashlib.sha256(reader.encode())
    for part in (
        sorted(f"{one.key} {one.added}" for one in settled),
        [
            report.model_dump_json(exclude_none=True)
            for report in sorted(reports, key=lambda one: one.study_key)
        ],
        [f"{pmid} {' '.join(slugs)}" for pmid, slugs in sorted(found_by.items())],
        [one.slug for one in protocol.conditions],
    ):
        hasher.update(("\n".join(part) + "\n\n").encode())
    return hasher.hexdigest()
