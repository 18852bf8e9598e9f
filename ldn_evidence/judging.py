"""Reviewers' judgements on GRADE domains into what stands. Never edits a row, never rates a domain itself.

Rows are append-only: a person's last row on a claim and domain is their word, and `as computed` takes it back. Where persons' words differ
the latest stands, and that they differ is an open question of the claim.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from ldn_evidence import textfiles
from ldn_evidence.errors import InputError
from ldn_evidence.model import AS_COMPUTED, Domain, Judgement, Protocol, Upgrade, name_of, nearest, said
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

    Raises InputError for an unknown claim; where two rows of one person on one claim and domain differ and bear the same time;
    and where the latest words of two persons do.
    """
    slugs = [claim.slug for claim in protocol.claims]
    unknown = next((row for row in rows if row.claim not in slugs), None)
    if unknown is not None:
        raise InputError(
            f'{path}: claim "{unknown.claim}" is not in the protocol. {nearest(unknown.claim, slugs)}'
        )
    at_once: dict[tuple[object, datetime.datetime], Judgement] = {}
    for row in sorted(rows, key=_age):
        other = at_once.setdefault((_who(row), row.date), row)
        if other.rating != row.rating:
            raise _tied(path, other, row)
    found = []
    for words in _words(rows, protocol).values():
        for other in words[:-1]:
            if other.date == words[-1].date and other.rating != words[-1].rating:
                raise _tied(path, other, words[-1])
        found.append(words[-1])
    return found


def disputes(rows: Sequence[Judgement], protocol: Protocol) -> dict[str, tuple[str, ...]]:
    """Why a claim is open because persons judge one of its domains differently, by slug: a sentence for each domain, with everybody's reason."""
    found: dict[str, tuple[str, ...]] = {}
    for (slug, domain), words in _words(rows, protocol).items():
        if len({one.rating for one in words}) < 2:
            continue
        people = "; ".join(f"{one.reviewer} ({one.rating}, {said(one.date)}: {one.reason})" for one in words)
        sentence = (
            f"Reviewers judge {domain} differently: {people}. {words[-1].reviewer}'s word stands, being the latest, until one of them "
            "judges as the other does or takes theirs back."
        )
        found[slug] = (*found.get(slug, ()), sentence)
    return found


def _words(
    rows: Sequence[Judgement], protocol: Protocol
) -> dict[tuple[str, Domain | Upgrade], list[Judgement]]:
    """What each person says of a claim and domain, the latest last; who took a judgement back says nothing. In the order of claims and domains."""
    last = {_who(row): row for row in sorted(rows, key=_age)}
    by_place: dict[tuple[str, Domain | Upgrade], list[Judgement]] = {}
    for row in sorted(last.values(), key=_age):
        if row.rating != AS_COMPUTED:
            by_place.setdefault((row.claim, row.domain), []).append(row)
    order = [(claim.slug, name) for claim in protocol.claims for name in (*Domain, *Upgrade)]
    return {place: by_place[place] for place in order if place in by_place}


def _who(row: Judgement) -> tuple[str, Domain | Upgrade, str]:
    """On what, and by whom: within that a row replaces the one before."""
    return row.claim, row.domain, name_of(row.reviewer)


def _age(row: Judgement) -> tuple[datetime.datetime, str, str, str]:
    return row.date, row.rating, row.reviewer, row.reason


def _tied(path: Path, one: Judgement, other: Judgement) -> InputError:
    return InputError(
        f'{path}: {one.claim}, {one.domain}: "{one.rating}" ({one.reviewer}) and "{other.rating}" ({other.reviewer}) '
        "were written at the same time. Give one of them a later time, such as 2026-11-22T09:30:00Z."
    )


def check(row: Judgement, rows: Sequence[Judgement], protocol: Protocol) -> None:
    """Refuse a row on a claim that is not there, one that would not be its reviewer's last word, and one that takes back what they never said.

    `rows`: those of the file on this protocol.
    """
    protocol.claim(row.claim)
    own = sorted((one for one in rows if _who(one) == _who(row)), key=_age)
    if own and own[-1].date > row.date:
        raise InputError(
            f"{row.domain} of {row.claim}: {own[-1].reviewer}'s row of {said(own[-1].date)} is later than this one of {said(row.date)} and would "
            "stand over it. Judge again after that time; or mend that row's date, if it is wrong."
        )
    if row.rating == AS_COMPUTED and (not own or own[-1].rating == AS_COMPUTED):
        raise InputError(
            f"{row.domain} of {row.claim} has no judgement by {row.reviewer} that could be taken back. Each takes back only their own."
        )
