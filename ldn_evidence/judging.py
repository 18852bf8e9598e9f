"""Reviewers' judgements on GRADE domains into what stands. Never edits a row, never rates a domain itself.

Rows are append-only: of two on one claim and domain the later stands, and `as computed` takes a judgement back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ldn_evidence import textfiles
from ldn_evidence.errors import InputError
from ldn_evidence.model import AS_COMPUTED, Domain, Judgement, Protocol, Upgrade, nearest
from ldn_evidence.textfiles import append_row, read_rows


def load(path: Path) -> list[Judgement]:
    """Read one file of judgements; an absent or empty one holds no rows."""
    return read_rows(path, Judgement) if path.exists() and path.stat().st_size else []


def written(**cells: object) -> Judgement:
    """A row as a reviewer gives it, checked like one that is read from the file."""
    domains = [*Domain, *Upgrade]
    if cells.get("domain") not in domains:
        raise InputError(
            f'judgement of {cells.get("claim")}: domain "{cells.get("domain")}" is not one of GRADE\'s. '
            f"{nearest(str(cells.get('domain')), domains)}"
        )
    return textfiles.written(Judgement, f"judgement of {cells.get('claim')}", cells)


def append(path: Path, row: Judgement) -> None:
    """Add one row at the end, with a header if the file is new. What stands in the file is never touched."""
    append_row(path, row)


def standing(path: Path, rows: Sequence[Judgement], protocol: Protocol) -> list[Judgement]:
    """The judgements that stand, in the protocol's order of claims and GRADE's of domains.

    Raises InputError for an unknown claim, and where two rows of one moment on one claim and domain differ.
    """
    slugs = [claim.slug for claim in protocol.claims]
    last: dict[tuple[str, Domain | Upgrade], Judgement] = {}
    for row in sorted(rows, key=lambda one: (one.date, one.rating, one.reviewer, one.reason)):
        if row.claim not in slugs:
            raise InputError(
                f'{path}: claim "{row.claim}" is not in the protocol. {nearest(row.claim, slugs)}'
            )
        before = last.get((row.claim, row.domain))
        if before is not None and before.date == row.date and before.rating != row.rating:
            raise InputError(
                f'{path}: {row.claim}, {row.domain}: "{before.rating}" ({before.reviewer}) and "{row.rating}" ({row.reviewer}) '
                "were written at the same time. Give one of them a later time, such as 2026-11-22T09:30:00Z."
            )
        last[row.claim, row.domain] = row
    order = [(slug, name) for slug in slugs for name in (*Domain, *Upgrade)]
    return [last[key] for key in order if key in last and last[key].rating != AS_COMPUTED]


def check(row: Judgement, standing: Sequence[Judgement], protocol: Protocol) -> None:
    """Refuse a row on a claim that is not there, or that takes back what nobody said."""
    protocol.claim(row.claim)
    said = any((one.claim, one.domain) == (row.claim, row.domain) for one in standing)
    if row.rating == AS_COMPUTED and not said:
        raise InputError(f"{row.domain} of {row.claim} has no judgement that could be taken back.")
