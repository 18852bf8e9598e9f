"""How a refresh or an import ended: what a caller prints. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from ldn_evidence.model import SearchRun
from ldn_evidence.refresh.building import Built


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """How a refresh ended well: with a complete run, or on the first day without PubMed. `before` is the run before."""

    built: Built
    run: SearchRun | None = None
    before: SearchRun | None = None
    unreachable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtFile:
    """What an imported file held: references, studies that were new with it, and keys of studies that were known.

    `before`: the same file had been taken in already, under the `source` given here.
    """

    name: str
    source: str
    references: int
    new: int
    known: tuple[str, ...]
    before: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What an import left in the database, and what each file held."""

    built: Built
    files: tuple[BroughtFile, ...]
