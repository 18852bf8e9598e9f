"""What came from outside, kept compressed by its digest before anybody parses it, with the manifest of every run.

A line in `batches.jsonl` for each raw answer or file, a file in `runs/` for each refresh from PubMed; lines are only ever
added. Never parses what it holds.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from ldn_evidence.errors import WorkspaceError
from ldn_evidence.model import BatchForm, SearchRun

_runs: TypeAdapter[SearchRun] = TypeAdapter(SearchRun)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Batch:
    """One raw answer or file: its SHA-256 digest, where it came from, when it was added (UTC, ISO 8601).

    `pmids` are those of the records in it, for efetch answers alone.
    """

    digest: str
    source: str
    added: str
    form: BatchForm = BatchForm.PUBMED_XML
    pmids: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """Its name: the same bytes may be a person's file and PubMed's answer."""
        return f"{self.form}:{self.digest}"


class Archive:
    """A folder of `<digest>.xml.gz`, `batches.jsonl` that lists them as they came, and `runs/`.

    With `until` (UTC, ISO 8601) it shows what was held at that moment, and is only read.
    """

    def __init__(self, folder: Path, until: str | None = None) -> None:
        self.folder = folder
        self.until = until
        self.manifest = folder / "batches.jsonl"
        self._listed: _Seen[_List] = _Seen()
        self._ran: _Seen[list[SearchRun]] = _Seen()

    # ----------------------------------------------------------------- batches

    def add(
        self, raw: bytes, source: str, form: BatchForm = BatchForm.PUBMED_XML, pmids: Collection[int] = ()
    ) -> Batch:
        """Keep one raw answer or file; the same bytes in the same form are kept once."""
        digest = self.keep(raw)
        if listed := self._list().batches.get((digest, form)):
            return listed
        batch = Batch(digest, source, _now(), form, tuple(sorted(pmids)))
        self._append(asdict(batch))
        return batch

    def keep(self, raw: bytes) -> str:
        """Keep the bytes and list nothing yet; gives their digest. Who finds nothing new in them may `forget` them."""
        digest = hashlib.sha256(raw).hexdigest()
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._bytes(digest) is None:
            _whole(self._path(digest), gzip.compress(raw, mtime=0))
        return digest

    def forget(self, digest: str) -> None:
        """Let go of bytes that were kept and never listed. What is listed stays."""
        if digest not in {known for known, _ in self._list().batches}:
            self._path(digest).unlink(missing_ok=True)

    def drop(self, batch: Batch, why: str) -> None:
        """Take a batch out of the list: its file is beyond repair, or a person's file was not wanted after all.

        Its line stays, and another says why.
        """
        self._append({"digest": batch.digest, "form": batch.form, "dropped": _now(), "why": why})
        self.forget(batch.digest)

    def batches(self) -> list[Batch]:
        """Every batch, oldest first."""
        return list(self._list().batches.values())

    @property
    def dropped_since(self) -> int:
        """How many batches were held at `until` and have been dropped after it: their bytes are gone."""
        return len(self._list().missed)

    def settled(self) -> list[Batch]:
        """What the database is built from: files that people brought, and answers of complete runs.

        Files come first, then answers in the order in which complete runs last relied on them; that run's name stands
        under `added`. Raises WorkspaceError where a run relies on an answer that the list does not know: something has been
        cut out of the list.
        """
        relied = {
            digest: (run.id, place)
            for run in self.runs()
            if run.complete
            for place, digest in enumerate(run.batches)
        }
        known = self._list()
        lost = [
            one for one in relied if (one, BatchForm.EFETCH) not in known.batches and one not in known.dropped
        ]
        if lost:
            raise WorkspaceError(
                f"{self.manifest}: does not list {len(lost)} answer(s) on which complete runs rely, such as {lost[0][:12]}. "
                f"Restore it from a copy; or move {self.folder} away and run: ldn-evidence refresh"
            )
        files = [one for one in self.batches() if not one.form.from_pubmed]
        answers = [one for one in self.batches() if one.form is BatchForm.EFETCH and one.digest in relied]
        answers.sort(key=lambda one: relied[one.digest])
        return files + [replace(one, added=relied[one.digest][0]) for one in answers]

    def unsettled(self) -> list[Batch]:
        """Records that were fetched by a refresh which did not end well."""
        settled = {one.key for one in self.settled()}
        return [one for one in self.batches() if one.form is BatchForm.EFETCH and one.key not in settled]

    def damaged(self, among: Iterable[Batch] | None = None) -> list[Batch]:
        """The batches, of all or of some, whose file is missing or does not fit its digest."""
        return [
            one for one in (self.batches() if among is None else among) if self._bytes(one.digest) is None
        ]

    def read(self, batches: Iterable[Batch] | None = None) -> Iterator[tuple[Batch, bytes]]:
        """Batches with their bytes, checked against their digests."""
        for batch in self.batches() if batches is None else batches:
            raw = self._bytes(batch.digest)
            if raw is None:
                mend = (
                    "Fetch its records again with: ldn-evidence refresh"
                    if batch.form.from_pubmed
                    else "Add that file again with: ldn-evidence import FILE"
                )
                raise WorkspaceError(
                    f"{self._path(batch.digest)}: is missing or damaged. It came from {batch.source}. {mend}"
                )
            yield batch, raw

    def _list(self) -> _List:
        if not self.manifest.exists():
            return _List({}, set(), set())
        return self._listed.of([self.manifest], self._read_list)

    def _read_list(self) -> _List:
        found = _List({}, set(), set())
        lines = self.manifest.read_text(encoding="utf-8", errors="replace").split("\n")
        # Only the last line can have been cut off while it was written; its refresh or import did not end.
        for number, line in enumerate(lines[:-1], start=1):
            try:
                said = json.loads(line)
                form = BatchForm(said.get("form", BatchForm.PUBMED_XML))
                if "dropped" in said:
                    held = found.batches.pop((said["digest"], form), None)
                    found.dropped.add(said["digest"])
                    if held and not self._then(said["dropped"]):
                        found.missed.add(held.key)
                else:
                    batch = Batch(**said | {"form": form, "pmids": tuple(said.get("pmids", ()))})
                    if self._then(batch.added):
                        found.batches[batch.digest, form] = batch
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                raise WorkspaceError(
                    f"{self.manifest}, line {number}: is damaged ({error}). Restore it from a copy; or move {self.folder} "
                    "away and run: ldn-evidence refresh"
                ) from error
        return found

    def _then(self, moment: str) -> bool:
        return self.until is None or datetime.fromisoformat(moment) <= datetime.fromisoformat(self.until)

    def _append(self, said: dict[str, object]) -> None:
        line = f"{json.dumps(said)}\n".encode()
        with self.manifest.open("ab+") as out:
            # A write that was cut off leaves a line without an end: it goes, or the next would be glued to it.
            size = out.seek(0, os.SEEK_END)
            if size:
                out.seek(size - 1)
                if out.read(1) != b"\n":
                    out.seek(0)
                    out.truncate(out.read().rfind(b"\n") + 1)
            out.write(line)
            out.flush()
            os.fsync(out.fileno())

    def _bytes(self, digest: str) -> bytes | None:
        try:
            raw = gzip.decompress(self._path(digest).read_bytes())
        except (OSError, EOFError, zlib.error):
            return None
        return raw if hashlib.sha256(raw).hexdigest() == digest else None

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.xml.gz"

    # ----------------------------------------------------------------- runs

    def note(self, run: SearchRun) -> Path:
        """Write a run's manifest, whole or not at all."""
        path = self.folder / "runs" / f"{run.id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        _whole(path, _runs.dump_json(run, indent=1) + b"\n")
        return path

    def runs(self) -> list[SearchRun]:
        """Every refresh from PubMed, oldest first."""
        paths = self._run_paths()
        return self._ran.of(paths, lambda: list(filter(self._ended, map(_read_run, paths)))) if paths else []

    def last(self) -> SearchRun | None:
        """The last run that was complete."""
        found = map(_read_run, reversed(self._run_paths()))
        return next((run for run in found if run.complete and self._ended(run)), None)

    def _ended(self, run: SearchRun) -> bool:
        return self._then(run.ended or run.started)

    def run_id(self, started: datetime) -> str:
        """A name for a run that begins now: the second, and a number where a run of that second, or of a clock ahead, is there."""
        name = f"{started:%Y%m%dT%H%M%SZ}"
        latest = max((path.stem for path in self._run_paths()), default="")
        if name > latest:
            return name
        second, _, number = latest.partition("-")
        return f"{second}-{int(number or 1) + 1:03}"

    def _run_paths(self) -> list[Path]:
        return sorted((self.folder / "runs").glob("*.json"), key=lambda path: path.stem)


@dataclass(frozen=True, slots=True)
class _List:
    batches: dict[tuple[str, BatchForm], Batch]
    dropped: set[str]
    missed: set[str]  # held at that moment and dropped since


class _Seen(Generic[_Value]):
    """What files said when they were last read; read again when one of them has changed."""

    def __init__(self) -> None:
        self._held: tuple[object, _Value] | None = None

    def of(self, paths: Sequence[Path], read: Callable[[], _Value]) -> _Value:
        now = [
            (path, found.st_mtime_ns, found.st_size) for path, found in ((one, one.stat()) for one in paths)
        ]
        if self._held is None or self._held[0] != now:
            self._held = now, read()
        return self._held[1]


def _read_run(path: Path) -> SearchRun:
    try:
        return _runs.validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise WorkspaceError(
            f"{path}: can't be read as the manifest of a run. Restore it from a copy, or move it away and "
            "run: ldn-evidence refresh"
        ) from error


def _whole(path: Path, content: bytes) -> None:
    """The whole file or none of it: a cut-off write must not be taken for a whole one."""
    part = path.with_suffix(".part")
    with part.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    os.replace(part, path)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
