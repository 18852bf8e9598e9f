"""What reviews have pooled for a claim, beside our own pool, and why the two can't be one number. Only facts of the rows; nothing guessed."""

from __future__ import annotations

from collections.abc import Sequence

from ldn_evidence.model import Body, Claim, Direction, LeftOut, MetaAnalysis, Pool, PublishedPool, Reading


def beside(
    claim: Claim, reviews: Sequence[Reading], counted: Sequence[Reading], found: Pool
) -> tuple[PublishedPool, ...]:
    """Each review's estimate for the claim with what sets it apart from `found`, newest first.

    `reviews` and `counted` are the profile's; reviews that give no estimate are left out.
    """
    rows = [one for one in reviews if one.row.claim == claim.slug and one.row.estimate is not None]
    rows.sort(key=lambda one: (-(one.study.year or 0), one.study.key))
    return tuple(_published(one, counted, found) for one in rows)


def compared(
    reviews: Sequence[Reading], counted: Sequence[Reading], left_out: Sequence[LeftOut], direction: Direction
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """For each review, by key: whether it points where our own reading does, which of the studies it pooled we hold, and what came after it."""
    reasons = {one.study_key: one.reason for one in left_out}
    here = {one.study.key for one in counted}
    found = []
    for review in reviews:
        words = []
        if review.direction is None:
            words.append("It does not inform the claim.")
        elif review.direction is direction:
            words.append("It points where our own reading does.")
        else:
            words.append(f"It points to: {review.direction}; our own reading to: {direction}.")
        pooled = review.row.includes
        if not pooled:
            words.append("Which of our studies it pooled is not recorded.")
        if held := [key for key in pooled if key in here]:
            words.append(f"Of the studies that it pooled, counted here: {', '.join(held)}.")
        if other := [
            f"{key} ({reasons.get(key, 'it has no row on this claim')})" for key in pooled if key not in here
        ]:
            words.append(f"Held and not counted: {', '.join(other)}.")
        year = review.study.year
        later = sorted(one.study.key for one in counted if year and (one.study.year or 0) > year)
        if later:
            words.append(f"Published after it: {', '.join(later)}.")
        found.append((review.study.key, tuple(words)))
    return tuple(found)


def _published(review: Reading, counted: Sequence[Reading], found: Pool) -> PublishedPool:
    row = review.row
    if row.estimate is None:
        raise ValueError(f"{review.study.key}: gives no estimate")
    return PublishedPool(
        key=review.study.key,
        citation=review.study.citation,
        year=review.study.year,
        measure=row.measure or "",
        scale=row.scale or "",
        estimate=row.estimate,
        low=row.ci_low,
        high=row.ci_high,
        why=(*_kind(review, found.analysis), *_trials(review, counted, found)),
    )


def _kind(review: Reading, ours: MetaAnalysis | None) -> list[str]:
    row, why = review.row, []
    if row.review_of is Body.SINGLE_ARM:
        why.append(
            "It pooled studies without a comparator: change over time, not the difference that a drug makes."
        )
    elif row.review_of is None:
        why.append("Which kind of studies it pooled is not recorded.")
    if ours is None:
        return [*why, "Nothing of ours can be pooled: there are not two comparable results with an interval."]
    if row.measure != ours.measure:
        said = f"It gives {_unit(row.measure, row.scale)}, ours is {ours.unit}"
        why.append(
            f"{said}: one can't be turned into the other without each trial's standard deviation."
            if {row.measure, ours.measure} == {"MD", "SMD"}
            else f"{said}."
        )
    elif (row.scale or "") != ours.scale:
        why.append(f'Its scale is "{row.scale or "not stated"}", ours is {ours.scale or "not stated"}.')
    if str(row.comparator) != ours.comparator:
        why.append(f"It compares with {row.comparator}, ours with {ours.comparator}.")
    return why


def _trials(review: Reading, counted: Sequence[Reading], found: Pool) -> list[str]:
    """What each holds that the other does not."""
    ours = found.analysis.keys if found.analysis else ()
    theirs = review.row.includes
    why = []
    if theirs:
        unseen = [key for key in theirs if key not in ours]
        alone = [key for key in ours if key not in theirs]
        if unseen:
            why.append(f"It pooled {_list(unseen)}, of which we hold no figures that could be pooled.")
        if alone:
            why.append(f"Ours holds {_list(alone)}, which it does not.")
        if not unseen and not alone:
            why.append(
                "It pooled the same studies as we do: a difference lies in the method or in the figures taken from them."
            )
        return why
    why.append("Which studies it pooled is not recorded here.")
    year = review.study.year
    later = [one for one in counted if one.study.key in ours and year and (one.study.year or 0) > year]
    if later:
        named = _list(
            [
                f"{one.study.key} ({one.study.year})"
                for one in sorted(later, key=lambda one: (one.study.year or 0, one.study.key))
            ]
        )
        why.append(f"Ours holds {named}, published after it.")
    missing = [key for key, reason in found.refused if reason == "no interval seen"]
    if missing:
        why.append(
            f"Of {_list(missing)} we have seen no interval; a review that had one holds more than we do."
        )
    return why


def _unit(measure: str | None, scale: str | None) -> str:
    return ", ".join(part for part in (measure, scale) if part)


def _list(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
