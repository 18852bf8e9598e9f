"""Which rows of persons a grade rests on, and since when a corpus row has said what it says of a study. Never opens a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ldn_evidence import history
from ldn_evidence.appraisal import UNCONFIRMED, Dispute
from ldn_evidence.model import Appraisal, EvidenceProfile, Report, SearchDate, Study
from ldn_evidence.workspace import then


def confirmed(
    graded: Mapping[str, EvidenceProfile], rows: Iterable[Appraisal], studies: Mapping[str, Study]
) -> list[Appraisal]:
    """The rows by named persons on which claims rest, or rested until the study was retracted."""
    resting = {one.row.row_id for profile in graded.values() for one in profile.counted}
    resting |= {
        one.row.row_id
        for profile in graded.values()
        for one in profile.reviews
        if profile.body is not None and profile.body.by_review == one.study.key
    }
    return [
        row
        for row in rows
        if row.reviewer.casefold() not in UNCONFIRMED
        and (row.row_id in resting or studies[row.study_key].warning == "retracted")
    ]


def stated(shipped: Iterable[Report], own: Iterable[Report]) -> dict[str, tuple[str | None, str | None]]:
    """What the bundled row and the workspace's own say was said of each study, by key."""
    bundled = {one.study_key: one.correction_status for one in shipped}
    mine = {one.study_key: one.correction_status for one in own}
    return {key: (bundled.get(key), mine.get(key, bundled.get(key))) for key in {*bundled, *mine}}


def since(
    key: str,
    notices: Sequence[history.Notice],
    said: Mapping[str, tuple[str | None, str | None]],
    bundled: SearchDate | None,
    entries: Callable[[], Sequence[history.Entry]],
    now: str | None,
) -> dict[tuple[int | None, str], str | None]:
    """Since when a study's corpus row has borne its notice: the bundle's own date, or, of a row of one's own, at the latest by the history."""
    found: dict[tuple[int | None, str], str | None] = {}
    for one in notices:
        if one.record is None:
            shipped, standing = said.get(one.report or key, (None, None))
            if bundled is not None and shipped == standing:
                found[None, one.name] = f"{then.first_day(bundled.date)}T00:00:00+00:00"
            else:
                found[None, one.name] = history.first_noted(entries(), key, one.name, now)
    return found


def disputed(disputes: Iterable[Dispute]) -> dict[str, tuple[str, ...]]:
    """Why a claim is open because persons differ, by slug."""
    found: dict[str, tuple[str, ...]] = {}
    for one in disputes:
        people = ", ".join(f"{row.reviewer} ({row.finding})" for row in one.rows)
        lapsed = f" An earlier adjudication has lapsed ({', '.join(one.lapsed)})." if one.lapsed else ""
        words = f"Reviewers differ on {one.study_key} in {', '.join(one.fields)}: {people}; {one.stands} stands until somebody adjudicates.{lapsed}"
        found[one.claim] = (*found.get(one.claim, ()), words)
    return found


def together(*found: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Why claims are open, from several sides, by slug."""
    slugs = dict.fromkeys(slug for one in found for slug in one)
    return {slug: tuple(words for one in found for words in one.get(slug, ())) for slug in slugs}
