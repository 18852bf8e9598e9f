"""`history.jsonl`: read whole, and added to, a line a build. What stands in it is never changed."""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ldn_evidence.errors import WorkspaceError
from ldn_evidence.history.entries import SCHEMA_VERSION, Entry

_entries: TypeAdapter[Entry] = TypeAdapter(Entry)


def load(path: Path) -> list[Entry]:
    """Every entry of every protocol, oldest first. A last line without its end is left out: see `torn`.

    Raises WorkspaceError for any other line that can't be read.
    """
    if not path.exists():
        return []
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise _unreadable(path, error) from error
    return [_read(path, number, line) for number, line in enumerate(lines[:-1], start=1)]


def torn(path: Path) -> bool:
    """Whether the last line was cut off while it was written. That build did not end; the next writes the line again."""
    if not path.exists() or not path.stat().st_size:
        return False
    try:
        with path.open("rb") as lines:
            lines.seek(-1, os.SEEK_END)
            return lines.read(1) != b"\n"
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(f"{path}: can't be read ({error.strerror}). Check its name and permissions.")


def _checked(entry: Entry) -> Entry:
    """The entry, or a ValueError for one whose moment is none, or that rests a claim on a row that it does not hold."""
    moment = datetime.datetime.fromisoformat(entry.at)
    # Moments are compared as they are written: another zone, or another way to write it, would be another day.
    if moment.utcoffset() != datetime.timedelta(0) or moment.isoformat() != entry.at:
        raise ValueError("at")
    named = (name for one in entry.claims.values() for name in (*one.counted, *one.beside, *one.left_out))
    if any(name not in entry.rows for name in named):
        raise ValueError("rows")
    return entry


def _read(path: Path, number: int, line: bytes) -> Entry:
    try:
        version = json.loads(line)["schema_version"]
        if type(version) is not int or version < 1:
            raise ValueError("schema_version")
        if version > SCHEMA_VERSION:
            raise WorkspaceError(
                f"{path}, line {number}: was written by a newer ldn-evidence. Update ldn-evidence."
            )
        return _checked(_entries.validate_json(line))
    except (ValueError, TypeError, KeyError, RecursionError, ValidationError) as error:
        raise WorkspaceError(
            f"{path}, line {number}: is damaged. Restore it from a copy; or move the file away, and the next build begins another."
        ) from error


def append(path: Path, entry: Entry) -> None:
    """Add one entry at the end, for good before this returns. A line that was cut off goes first, or ours would run into it."""
    line = json.dumps(asdict(entry), separators=(",", ":"), sort_keys=True).encode() + b"\n"
    cut_off = torn(path)
    with path.open("ab+") as out:
        if cut_off:
            out.seek(0)
            out.truncate(out.read().rfind(b"\n") + 1)
        out.write(line)
        out.flush()
        os.fsync(out.fileno())
