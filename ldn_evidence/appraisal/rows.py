"""Appraisal files into the rows that stand today, and the disputes that nobody has settled. Never edits a row, never derives a direction.

Rows are append-only, and the order of files and rows decides nothing: what a row says of others (`supersedes`, `adjudicates`), who wrote it
and when, decides. On one study and claim an adjudication that holds stands above persons, a person above `bundled`, `bundled` above
`machine`; of two of one rank the later.
"""

from __future__ import annotations

import datetime
import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, count
from pathlib import Path

from ldn_evidence.appraisal.risk import rob_without_confounding, wrong_risk
from ldn_evidence.errors import InputError
from ldn_evidence.model import (
    PARTS,
    UNCONFIRMED,
    Appraisal,
    Protocol,
    Study,
    StudyDesign,
    name_of,
    nearest,
    said,
)
from ldn_evidence.textfiles import read_rows

# What a grade may turn on: two persons who differ here are in dispute. Words that explain a row are not among it.
DECIDING = (
    "finding", "comparator", "measure", "scale", "estimate", "ci_low", "ci_high",
    "events_intervention", "n_intervention", "events_comparator", "n_comparator", "paired", "n_analysed",
    *PARTS, "risk_of_bias", "dose_response", "confounding", "funding", "conflicts", "review_of", "includes",
)  # fmt: skip
# Answers that say no more than an empty cell does.
_NOTHING = frozenset({"unclear", "not_applicable", "not stated"})
_MAY_BE_EMPTY = frozenset({"paired", "dose_response", "confounding", "funding", "conflicts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """Persons who differ on one study and claim, unsettled: their rows, oldest first, and the fields in which they differ.

    `stands`: the row that stands meanwhile. `lapsed`: adjudications that no longer hold, because a row that they settled has been superseded.
    """

    study_key: str
    claim: str
    rows: tuple[Appraisal, ...]
    fields: tuple[str, ...]
    stands: str
    lapsed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the rows of all files come to, by claim in the protocol's order and by study.

    `rows`: the one that stands on each study and claim. `latest`: the last word of everybody, `bundled` and `machine` among them, readings and
    adjudications apart. `readings`: what each person read for himself, for agreement: the last that they wrote before anybody
    else's row was there to be seen, or else their first.
    """

    rows: tuple[Appraisal, ...]
    disputes: tuple[Dispute, ...]
    latest: tuple[Appraisal, ...]
    readings: tuple[Appraisal, ...]

    def own(
        self, reviewer: str, study_key: str, claim: str, *, adjudication: bool = False
    ) -> Appraisal | None:
        """A reviewer's last word on a study and claim: the reading, or the adjudication."""
        wanted = (study_key, claim, name_of(reviewer), adjudication)
        return next((row for row in self.latest if _track(row) == wanted), None)

    def proposals(self, study_key: str, claim: str) -> tuple[Appraisal, ...]:
        """The rows that a person may be shown before writing one: `bundled`, then `machine`."""
        found = [row for row in self.latest if (row.study_key, row.claim) == (study_key, claim)]
        return tuple(sorted((row for row in found if not _is_person(row)), key=lambda row: -_rank(row)))


def load(path: Path) -> list[Appraisal]:
    """Read one appraisal file; an absent file holds no rows."""
    return read_rows(path, Appraisal) if path.exists() else []


def row_id(reviewer: str, claim: str, study_key: str, used: Collection[str] = ()) -> str:
    """The name of a new row, REVIEWER.CLAIM.STUDY, with a number where that is in use. At most 100 characters, plain ones."""
    parts = [_plain(reviewer), claim, _plain(study_key)]
    name = ".".join(parts)
    if len(name) > 90:
        name = f"{parts[0][:20]}.{claim[:40]}.{_digest(name)}"
    number = next(one for one in count(1) if (name if one == 1 else f"{name}.{one}") not in used)
    return name if number == 1 else f"{name}.{number}"


def _plain(words: str) -> str:
    """Letters, digits and hyphens; a name in another script is told by its digest."""
    letters = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    kept = re.sub(r"[^A-Za-z0-9_-]+", "-", letters).strip("-")
    whole = sum(letter.isalnum() for letter in kept) >= sum(one.isalnum() for one in words) // 2
    return kept if kept and whole else f"r{_digest(words)}"


def _digest(words: str) -> str:
    return hashlib.sha256(name_of(words).encode()).hexdigest()[:8]


def current(
    layers: Sequence[tuple[Path, Sequence[Appraisal]]], protocol: Protocol, studies: Mapping[str, Study]
) -> list[Appraisal]:
    """The rows that stand; see `standing`."""
    return list(standing(layers, protocol, studies).rows)


def standing(
    layers: Sequence[tuple[Path, Sequence[Appraisal]]], protocol: Protocol, studies: Mapping[str, Study]
) -> Standing:
    """What stands, and what is in dispute. `studies` are those that may be named, by key.

    Raises InputError, with file and row, for an unknown claim, study or row; numbers that can't be; a risk of bias that its own tool does
    not allow; a row that replaces or settles what it may not; two last words of one reviewer; and two last words of
    different persons that differ and bear the same time.
    """
    rows = _checked(layers, protocol, studies)
    places = {row_id: f"{path} ({row_id})" for row_id, (path, _) in rows.items()}
    held = {row_id: row for row_id, (_, row) in rows.items()}
    latest = _latest(held, places)
    for row in held.values():
        _check_adjudication(row, held, places[row.row_id])
    _check_settling(held, places)
    ids = {row.row_id for row in latest}
    holding = {row.row_id for row in latest if row.adjudicates and _holds(row, held, ids)}
    by_place: dict[tuple[str, str], list[Appraisal]] = {}
    for row in latest:
        by_place.setdefault((row.study_key, row.claim), []).append(row)
    stands, disputes = [], []
    for here in by_place.values():
        row, dispute = _decided(here, holding, places)
        stands.append(row)
        disputes += [dispute] if dispute else []
    order = {claim.slug: number for number, claim in enumerate(protocol.claims)}

    def place(row: Appraisal | Dispute) -> tuple[int, str]:
        return order[row.claim], row.study_key

    def alone(row: Appraisal) -> tuple[tuple[int, str], str, bool]:
        return place(row), name_of(row.reviewer), bool(row.adjudicates)

    return Standing(
        rows=tuple(sorted(stands, key=place)),
        disputes=tuple(sorted(disputes, key=place)),
        latest=tuple(sorted(latest, key=alone)),
        readings=tuple(sorted(_readings(held, latest), key=alone)),
    )


# --------------------------------------------------------------------------- what each row may say


def _checked(
    layers: Sequence[tuple[Path, Sequence[Appraisal]]], protocol: Protocol, studies: Mapping[str, Study]
) -> dict[str, tuple[Path, Appraisal]]:
    """Every row by its name, in the order of their dates, each true by itself."""
    rows: dict[str, tuple[Path, Appraisal]] = {}
    for path, appraisals in layers:
        for row in appraisals:
            if row.row_id in rows:
                raise InputError(
                    f'{path} ({row.row_id}): row_id "{row.row_id}" stands twice. Give the new row another row_id.'
                )
            rows[row.row_id] = (path, row)
    ordered = dict(sorted(rows.items(), key=lambda one: by_age(one[1][1])))
    for path, row in ordered.values():
        if wrong := _wrong(row, protocol, studies):
            raise InputError(f"{path} ({row.row_id}): {wrong}")
    return ordered


def _wrong(row: Appraisal, protocol: Protocol, studies: Mapping[str, Study]) -> str | None:
    slugs = [claim.slug for claim in protocol.claims]
    if row.claim not in slugs:
        return f'claim "{row.claim}" is not in the protocol. {nearest(row.claim, slugs)}'
    if row.study_key not in studies:
        return (
            f'study_key "{row.study_key}" is not a study of the corpus '
            "(a report is named by its study). Mend the key; or add the study to the corpus and refresh."
        )
    study = studies[row.study_key]
    took_part = study.main.n_participants if study.main else None
    if took_part is not None and (row.n_analysed or 0) > took_part:
        return f"n_analysed = {row.n_analysed} is more than the {took_part} participants of {study.key}. Check both."
    review = study.tag.design is StudyDesign.SYSTEMATIC_REVIEW
    if review != (row.review_of is not None):
        return (
            f'review_of belongs to rows on systematic reviews; "{row.study_key}" is a '
            f"{study.tag.design}. {'Add review_of.' if review else 'Empty it.'}"
        )
    if row.includes and not review:
        return f'includes belongs to rows on systematic reviews; "{row.study_key}" is a {study.tag.design}. Empty it.'
    for key in row.includes:
        if key not in studies:
            return f'includes: "{key}" is not a study of the corpus. {_near(key, studies)}'
        if key == row.study_key:
            return f'includes: "{key}" is the review itself. Take it out.'
    return wrong_risk(row)


def _near(key: str, studies: Mapping[str, Study]) -> str:
    mend = nearest(key, list(studies))
    return mend if mend.startswith("Did you mean") else "List the studies with: ldn-evidence studies."


# --------------------------------------------------------------------------- everybody's last word


def _track(row: Appraisal) -> tuple[str, str, str, bool]:
    """On what, by whom, and whether a reading or an adjudication: within that a row supersedes the one before."""
    return row.study_key, row.claim, name_of(row.reviewer), bool(row.adjudicates)


def _is_person(row: Appraisal) -> bool:
    return name_of(row.reviewer) not in UNCONFIRMED


def by_age(row: Appraisal) -> tuple[object, str]:
    """By what rows are put in order, oldest first."""
    return row.date, row.row_id


def _latest(rows: Mapping[str, Appraisal], places: Mapping[str, str]) -> list[Appraisal]:
    replaced: dict[tuple[str, str], str] = {}
    for row in rows.values():
        if row.supersedes is None:
            continue
        where, old = places[row.row_id], str(row.supersedes)
        if _no_longer_ships(old, rows):
            continue
        if old not in rows:
            raise InputError(
                f'{where}: supersedes "{old}", and no earlier row has that row_id. Mend the name.'
            )
        before = rows[old]
        if (before.study_key, before.claim) != (row.study_key, row.claim):
            raise InputError(
                f'{where}: supersedes "{old}", which is about {before.study_key} on {before.claim}. '
                "A row supersedes one on the same study and claim."
            )
        if _is_person(before) and _track(before) != _track(row):
            raise InputError(_not_yours(where, row, before))
        # Several persons may each replace a bundled row; one person replaces a row once.
        by = (old, name_of(row.reviewer))
        if by in replaced:
            raise InputError(
                f'{where}: "{old}" is already superseded by "{replaced[by]}". Supersede that row instead.'
            )
        replaced[by] = row.row_id
    _check_circles(rows, places)
    gone = {
        str(row.supersedes)
        for row in rows.values()
        if row.supersedes in rows and _is_person(row) == _is_person(rows[str(row.supersedes)])
    }
    last: dict[tuple[str, str, str, bool], Appraisal] = {}
    for row in rows.values():
        if row.row_id in gone:
            continue
        before = last.setdefault(_track(row), row)
        if before is not row:
            raise InputError(
                f'{places[row.row_id]}: "{row.study_key}" already has the row "{before.row_id}" by {before.reviewer} '
                f'on "{row.claim}". Add supersedes = {before.row_id} to the newer row.'
            )
    return list(last.values())


def _no_longer_ships(name: str, rows: Mapping[str, Appraisal]) -> bool:
    # A later version of the bundle may leave a row out, and a protocol of one's own may set it aside; a person's row over it stands all the same.
    return name.startswith("bundled.") and name not in rows


def _not_yours(where: str, row: Appraisal, before: Appraisal) -> str:
    if name_of(before.reviewer) == name_of(row.reviewer):
        return (
            f'{where}: supersedes "{before.row_id}": a reading and an adjudication stand beside each other, and neither '
            "replaces the other. Empty supersedes, or name a row of the same kind."
        )
    return (
        f'{where}: supersedes "{before.row_id}", a reading by {before.reviewer}. Nobody replaces another person\'s row: '
        "write your own, and settle what differs with adjudicate."
    )


def _check_circles(rows: Mapping[str, Appraisal], places: Mapping[str, str]) -> None:
    for row in rows.values():
        passed, here = {row.row_id}, row
        while here.supersedes in rows:
            if here.supersedes in passed:
                raise InputError(
                    f"{places[row.row_id]}: rows supersede each other in a circle. Mend supersedes."
                )
            here = rows[str(here.supersedes)]
            passed.add(here.row_id)


# --------------------------------------------------------------------------- adjudications


def _check_adjudication(row: Appraisal, rows: Mapping[str, Appraisal], where: str) -> None:
    if not row.adjudicates:
        return
    if not _is_person(row):
        raise InputError(
            f'{where}: adjudicates, and "{row.reviewer}" is no person. Empty it, or name who decided.'
        )
    names = set()
    for old in row.adjudicates:
        if old not in rows or old == row.row_id:
            raise InputError(f'{where}: adjudicates "{old}", which is no other row. Mend the name.')
        before = rows[old]
        if (before.study_key, before.claim) != (row.study_key, row.claim):
            raise InputError(
                f'{where}: adjudicates "{old}", which is about {before.study_key} on {before.claim}. '
                "Name rows on the same study and claim."
            )
        if not _is_person(before):
            raise InputError(
                f'{where}: adjudicates "{old}", a row by {before.reviewer}. A person\'s row outranks it as it is: supersede it.'
            )
        names.add(name_of(before.reviewer))
    if len(names) < 2 or len(names) < len(row.adjudicates):
        raise InputError(
            f"{where}: adjudicates must name rows of different reviewers, one of each, and at least two. Mend the list."
        )


def _holds(row: Appraisal, rows: Mapping[str, Appraisal], latest: set[str]) -> bool:
    """Whether every row that it settles is still its reviewer's last word; an adjudication among them must hold itself."""
    return all(
        old in latest and (not rows[old].adjudicates or _holds(rows[old], rows, latest))
        for old in row.adjudicates
    )


def _check_settling(rows: Mapping[str, Appraisal], places: Mapping[str, str]) -> None:
    """No adjudication settles itself by way of others. A row that settles only what has been looked at is looked at next."""
    left = {row.row_id for row in rows.values() if row.adjudicates}
    while left:
        done = {one for one in left if not left & set(rows[one].adjudicates)}
        if not done:
            raise InputError(
                f"{places[min(left)]}: adjudications settle each other in a circle. Mend adjudicates."
            )
        left -= done


# --------------------------------------------------------------------------- which one stands


def _rank(row: Appraisal) -> int:
    if row.adjudicates:
        return 3
    return {"machine": 0, "bundled": 1}.get(name_of(row.reviewer), 2)


def _decided(
    latest: Sequence[Appraisal], holding: set[str], places: Mapping[str, str]
) -> tuple[Appraisal, Dispute | None]:
    """Of everybody's last word on one study and claim: the row that stands, and the dispute if persons differ."""
    settled = {old for row in latest if row.row_id in holding for old in row.adjudicates}
    # Nobody is in dispute with themself: beside an adjudication of one's own, a reading of one's own is silent.
    judges = {name_of(row.reviewer) for row in latest if row.row_id in holding}
    settled |= {row.row_id for row in latest if not row.adjudicates and name_of(row.reviewer) in judges}
    lapsed = sorted(row.row_id for row in latest if row.adjudicates and row.row_id not in holding)
    able = [row for row in latest if row.row_id not in settled and row.row_id not in lapsed]
    persons = sorted((row for row in able if _is_person(row)), key=by_age)
    row = max(able, key=lambda one: (_rank(one), *by_age(one)))
    fields = differing_in(persons)
    if not fields:
        return row, None
    for other in persons:
        tied = _rank(other) == _rank(row) and other.date == row.date
        if other is not row and tied and differing(other, row):
            raise InputError(
                f'{places[row.row_id]}: differs from "{other.row_id}" by {other.reviewer} in {", ".join(differing(other, row))}, and both '
                f"are of {said(row.date)}, so neither is the later. Write a row that adjudicates both, or give the later its moment "
                "(such as 2026-11-22T09:30:00Z)."
            )
    dispute = Dispute(
        study_key=row.study_key,
        claim=row.claim,
        rows=tuple(persons),
        fields=fields,
        stands=row.row_id,
        lapsed=tuple(lapsed),
    )
    return row, dispute


def _readings(rows: Mapping[str, Appraisal], latest: Sequence[Appraisal]) -> list[Appraisal]:
    """What each person read for himself, on each study and claim.

    Whoever has a row may look at the others'. What is written from then on may follow them, and is no reading of one's own.
    """
    by_place: dict[tuple[str, str], list[list[tuple[datetime.datetime, Appraisal]]]] = {}
    for row in latest:
        if _is_person(row) and not row.adjudicates:
            by_place.setdefault((row.study_key, row.claim), []).append(_written(row, rows))
    found = []
    for people in by_place.values():
        for versions in people:
            seen = min((one[0][0] for one in people if one is not versions), default=None)
            alone = [row for at, row in versions if seen is None or at < seen]
            found.append(alone[-1] if alone else versions[0][1])
    return found


def _written(last: Appraisal, rows: Mapping[str, Appraisal]) -> list[tuple[datetime.datetime, Appraisal]]:
    """All that a person wrote on a study and claim up to their last word, oldest first, each with the moment from which it was there."""
    versions = [last]
    while (before := rows.get(versions[-1].supersedes or "")) and _track(before) == _track(last):
        versions.append(before)
    versions.reverse()
    # No row was there before the one that it supersedes, whatever date it was given.
    moments = accumulate((row.date for row in versions), max)
    return list(zip(moments, versions, strict=True))


def differing(one: Appraisal, other: Appraisal) -> tuple[str, ...]:
    """The fields that a grade may turn on in which two rows differ."""
    return tuple(name for name in DECIDING if _judged(one, name) != _judged(other, name))


def differing_in(rows: Sequence[Appraisal]) -> tuple[str, ...]:
    """The fields in which any two of several rows differ, in the order of `DECIDING`."""
    found = {name for one, other in combinations(rows, 2) for name in differing(one, other)}
    return tuple(name for name in DECIDING if name in found)


def _judged(row: Appraisal, name: str) -> object:
    """What a row says in a field, as far as a grade can tell."""
    value = getattr(row, name)
    if name == "risk_of_bias":
        return value, rob_without_confounding(row)
    if name in ("dose_directness", "route_directness"):
        return value or row.intervention  # not told apart from it
    if name in ("measure", "scale"):
        return value if row.estimate is not None else None
    if name == "includes":
        return frozenset(value)
    return None if name in _MAY_BE_EMPTY and value in _NOTHING else value
