"""What came from outside, kept compressed by its digest before anybody parses it, with the manifest of every run.

Append-only: a line in `batches.jsonl` for each raw answer or file, a file in `runs/` for each refresh from PubMed.
Never parses what it holds.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ldn_evidence.errors import WorkspaceError
from ldn_evidence.model import BatchForm, SearchRun

_runs: TypeAdapter[SearchRun] = TypeAdapter(SearchRun)


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


class Archive:
    """A folder of `<digest>.xml.gz`, `batches.jsonl` that lists them as they came, and `runs/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = folder / "batches.jsonl"
        self._read_at: tuple[int, int] | None = None
        self._listed: dict[str, Batch] = {}

    # ----------------------------------------------------------------- batches

    def add(
        self, raw: bytes, source: str, form: BatchForm = BatchForm.PUBMED_XML, pmids: Collection[int] = ()
    ) -> Batch:
        """Keep one raw answer or file; the same bytes are kept once."""
        digest = self.keep(raw)
        if listed := self._lines().get(digest):
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
        if digest not in self._lines():
            self._path(digest).unlink(missing_ok=True)

    def drop(self, batch: Batch, why: str) -> None:
        """Take a batch whose file is beyond repair out of the list. Its line stays, and another says why."""
        self._append({"digest": batch.digest, "dropped": _now(), "why": why})
        self._path(batch.digest).unlink(missing_ok=True)

    def batches(self) -> list[Batch]:
        """Every batch, oldest first. A line that was cut off is no batch: its refresh can be run again."""
        return list(self._lines().values())

    def settled(self) -> list[Batch]:
        """What the database is built from: files that people brought, and answers of complete runs."""
        complete = {digest for run in self.runs() if run.complete for digest in run.batches}
        return [one for one in self.batches() if not one.form.from_pubmed or one.digest in complete]

    def unsettled(self) -> list[Batch]:
        """Records that were fetched by a refresh which did not end well."""
        settled = {one.digest for one in self.settled()}
        return [one for one in self.batches() if one.form is BatchForm.EFETCH and one.digest not in settled]

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

    def _lines(self) -> dict[str, Batch]:
        if not self.manifest.exists():
            return {}
        found = self.manifest.stat()
        now = (found.st_mtime_ns, found.st_size)
        if now != self._read_at:
            self._listed = {}
            lines = self.manifest.read_text(encoding="utf-8", errors="replace").split("\n")
            for line in lines:
                if line.strip() and not _cut(line):
                    self._take(line)
            self._read_at = now
        return self._listed

    def _take(self, line: str) -> None:
        try:
            said = json.loads(line)
            if "dropped" in said:
                self._listed.pop(said["digest"], None)
                return
            said |= {
                "form": BatchForm(said.get("form", BatchForm.PUBMED_XML)),
                "pmids": tuple(said.get("pmids", ())),
            }
            batch = Batch(**said)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise WorkspaceError(
                f"{self.manifest}: has a damaged line ({error}). Restore it from a copy."
            ) from error
        self._listed[batch.digest] = batch

    def _append(self, said: dict[str, object]) -> None:
        # A write that was cut off leaves a line without an end: the next one must not be glued to it.
        cut = self.manifest.exists() and not self.manifest.read_bytes().endswith(b"\n")
        with self.manifest.open("a", encoding="utf-8") as out:
            out.write(f"{chr(10) if cut else ''}{json.dumps(said)}\n")
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
        found = []
        for path in sorted((self.folder / "runs").glob("*.json"), key=lambda one: one.stem):
            try:
                found.append(_runs.validate_json(path.read_bytes()))
            except (ValidationError, OSError) as error:
                raise WorkspaceError(
                    f"{path}: can't be read as the manifest of a run. Restore it from a copy, or move it away and "
                    "run: ldn-evidence refresh"
                ) from error
        return found

    def last(self) -> SearchRun | None:
        """The last run that was complete."""
        return next((run for run in reversed(self.runs()) if run.complete), None)

    def run_id(self, started: datetime) -> str:
        """A name for a run that begins now: the second, and a number where that is taken."""
        name = f"{started:%Y%m%dT%H%M%SZ}"
        taken = {path.stem for path in (self.folder / "runs").glob(f"{name}*.json")}
        return next(one for one in (name, *(f"{name}-{n:03}" for n in range(2, 1000))) if one not in taken)


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


def _cut(line: str) -> bool:
    return line.startswith("{") and not line.endswith("}")
