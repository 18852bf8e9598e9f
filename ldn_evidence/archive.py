"""Raw PubMed XML, kept compressed by its digest before anybody parses it. Append-only; never parses what it holds."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ldn_evidence.errors import WorkspaceError


@dataclass(frozen=True, slots=True)
class Batch:
    """One raw answer: its SHA-256 digest, where it came from, when it was added (UTC, ISO 8601)."""

    digest: str
    source: str
    added: str


class Archive:
    """A folder of `<digest>.xml.gz` and `batches.jsonl`, which lists them in the order they were added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = folder / "batches.jsonl"

    def add(self, raw: bytes, source: str) -> Batch:
        """Keep one raw answer; the same bytes are kept once."""
        digest = hashlib.sha256(raw).hexdigest()
        self.folder.mkdir(parents=True, exist_ok=True)
        listed = next((batch for batch in self.batches() if batch.digest == digest), None)
        if listed is None or self._bytes(listed) is None:
            # A cut-off write must not be taken for a whole file.
            part = self._path(digest).with_suffix(".part")
            part.write_bytes(gzip.compress(raw, mtime=0))
            os.replace(part, self._path(digest))
        if listed is not None:
            return listed
        batch = Batch(digest, source, datetime.now(UTC).isoformat(timespec="seconds"))
        # A write that was cut off leaves a line without an end: the next one must not be glued to it.
        cut = self.manifest.exists() and not self.manifest.read_bytes().endswith(b"\n")
        line = json.dumps({"digest": digest, "source": source, "added": batch.added})
        with self.manifest.open("a", encoding="utf-8") as out:
            out.write(f"{chr(10) if cut else ''}{line}\n")
        return batch

    def batches(self) -> list[Batch]:
        """Every batch, oldest first. A line that was cut off is no batch: its refresh can be run again."""
        if not self.manifest.exists():
            return []
        lines = self.manifest.read_text(encoding="utf-8", errors="replace").split("\n")
        return [self._batch(line) for line in lines if line.strip() and not _cut(line)]

    def _batch(self, line: str) -> Batch:
        try:
            return Batch(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise WorkspaceError(
                f"{self.manifest}: has a damaged line ({error}). Restore it from a copy."
            ) from error

    def read(self) -> Iterator[tuple[Batch, bytes]]:
        """Every batch with its bytes, checked against its digest."""
        for batch in self.batches():
            raw = self._bytes(batch)
            if raw is None:
                raise WorkspaceError(
                    f"{self._path(batch.digest)}: is missing or damaged. It came from {batch.source}: add that file "
                    "again with --xml, or restore it from a copy."
                )
            yield batch, raw

    def _bytes(self, batch: Batch) -> bytes | None:
        try:
            raw = gzip.decompress(self._path(batch.digest).read_bytes())
        except (OSError, EOFError, zlib.error):
            return None
        return raw if hashlib.sha256(raw).hexdigest() == batch.digest else None

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.xml.gz"


def _cut(line: str) -> bool:
    return line.startswith("{") and not line.endswith("}")
