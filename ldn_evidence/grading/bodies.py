"""Rows into bodies of evidence: what is never counted, which body a row belongs to, which way each body points."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ldn_evidence.grading.pooling import Interval, best_interval
from ldn_evidence.grading.rules import GradeRules
from ldn_evidence.model import (
    Appraisal,
    Body,
    BodyOfEvidence,
    Claim,
    ClaimKind,
    Comparator,
    Direction,
    Expectation,
    Finding,
    Reading,
    Study,
    StudyDesign,
)


def why_listed(study: Study, rules: GradeRules, appraised: bool = False) -> str | None:
    """Why a study is listed and never counted; None if it counts. A registry entry counts once appraised."""
    main = study.main
    facts = {
        "retracted": any(record.retracted for record in study.records)
        or any(report.correction_status == "retracted" for report in study.reports),
        "verify": main is not None and main.verify,
        "borderline": main is not None and main.borderline,
        "registry only": main is not None and main.form == "registry record" and not appraised,
        "title alone": main is not None and main.known_by_title_alone,
    }
    for rule in rules.listed:
        if (rule.when and facts[rule.when]) or study.tag.design in rule.designs:
            return rule.reason
    return None


def place(claim: Claim, study: Study, row: Appraisal, rules: GradeRules) -> Reading:
    """A row in its body, with the direction towards the claim; None where the row does not inform."""
    direction, note = _direction(claim, row, rules)
    return Reading(study=study, row=row, body=_body(study, row, rules), direction=direction, note=note)


def _body(study: Study, row: Appraisal, rules: GradeRules) -> Body:
    design = study.tag.design
    if design is StudyDesign.SYSTEMATIC_REVIEW and row.review_of is not None:
        return row.review_of
    for rule in rules.bodies:
        if design in rule.designs:
            uncontrolled = (
                row.comparator in (Comparator.NONE, Comparator.UNCLEAR) and rule.name is not Body.PRECLINICAL
            )
            return Body.SINGLE_ARM if uncontrolled else rule.name
    raise LookupError(f"{study.key}: no body of evidence takes a {design}")


def _direction(claim: Claim, row: Appraisal, rules: GradeRules) -> tuple[Direction | None, str]:
    if row.finding is Finding.UNCLEAR:
        return None, ""
    if claim.kind in rules.informative.needs_comparison and row.comparator is Comparator.NONE:
        return None, f"a {claim.kind} claim needs a comparison, and this contrast has none"
    if claim.kind is ClaimKind.DOSING and row.comparator not in rules.informative.dosing_comparators:
        return None, "a dosing claim needs an arm at another dose"
    if row.finding is Finding.MIXED:
        return Direction.MIXED, ""
    if row.finding is Finding.NO_DIFFERENCE:
        return Direction.NO_DIFFERENCE, ""
    wanted = Finding.INCREASE if claim.expects is Expectation.INCREASE else Finding.DECREASE
    if row.finding is wanted:
        return Direction.SUPPORTS, ""
    if claim.kind is ClaimKind.BENEFIT and row.comparator is Comparator.ACTIVE:
        return None, "worse than another active drug does not say that it has no effect"
    return Direction.AGAINST, ""


def weigh(claim: Claim, name: Body, readings: Sequence[Reading], rules: GradeRules) -> BodyOfEvidence:
    """One body's direction, from its own rows alone. Counts are of informative rows, or of all if none informs."""
    informing = [reading for reading in readings if reading.direction is not None]
    direction, why = (
        verdict(claim, informing, best_interval(claim, informing), rules)
        if informing
        else (Direction.INSUFFICIENT, "no row informs")
    )
    shown = informing or list(readings)
    known = [reading.row.n_analysed for reading in shown if reading.row.n_analysed is not None]
    review = next(
        (one.study.key for one in shown if one.study.tag.design is StudyDesign.SYSTEMATIC_REVIEW), None
    )
    return BodyOfEvidence(
        name=name,
        direction=direction,
        n_studies=None if review else len(shown),
        n_participants=(sum(known) if known else None) if review or name is Body.PRECLINICAL else sum(known),
        by_review=review,
        why=why,
    )


def verdict(
    claim: Claim, informing: Sequence[Reading], interval: Interval | None, rules: GradeRules
) -> tuple[Direction, str]:
    """Which way informative rows of one body point, and why."""
    directions = {reading.direction for reading in informing}
    nulls = share(informing, lambda one: one.direction is Direction.NO_DIFFERENCE)
    if claim.expects is Expectation.NO_MORE and directions <= {Direction.NO_DIFFERENCE, Direction.SUPPORTS}:
        return _no_more(interval)
    if nulls is not None and nulls >= rules.direction.null_share:
        return _null(claim, informing, interval, nulls)
    if len(directions) == 1:
        return Direction(next(iter(directions)) or Direction.MIXED), "the rows agree"
    return Direction.MIXED, "the rows disagree"


def _null(
    claim: Claim, informing: Sequence[Reading], interval: Interval | None, nulls: float
) -> tuple[Direction, str]:
    held = f"null results hold {nulls:.0%} of the participants"
    if claim.kind is ClaimKind.BENEFIT and all(one.row.comparator is Comparator.ACTIVE for one in informing):
        return (
            Direction.INSUFFICIENT,
            f"{held}, but only against an active drug, which shows no effect either way",
        )
    if interval is None:
        return Direction.INSUFFICIENT, f"{held}, but no interval can be held against the margin"
    if interval.inside:
        return (
            Direction.NO_DIFFERENCE,
            f"{held}, and {interval.words} lies inside the margin {interval.margin_words}",
        )
    return (
        Direction.INSUFFICIENT,
        f"{held}, but {interval.words} reaches beyond the margin {interval.margin_words}",
    )


def _no_more(interval: Interval | None) -> tuple[Direction, str]:
    if interval is None:
        return Direction.INSUFFICIENT, "no interval whose harmful side can be held against the margin"
    if interval.high < interval.margin[1]:
        return Direction.SUPPORTS, f"the harmful side of {interval.words} stays inside {interval.margin[1]:g}"
    return (
        Direction.INSUFFICIENT,
        f"the harmful side of {interval.words} reaches beyond {interval.margin[1]:g}",
    )


def share(readings: Sequence[Reading], holds: Callable[[Reading], bool]) -> float | None:
    """The share of participants in rows for which something holds; None where that can't be known.

    Where some row's number is unknown, the answer is still known if all rows or no rows qualify.
    """
    chosen = [reading for reading in readings if holds(reading)]
    if not chosen or len(chosen) == len(readings):
        return float(bool(chosen))
    if any(reading.row.n_analysed is None for reading in readings):
        return None
    total = sum(reading.row.n_analysed or 0 for reading in readings)
    return sum(reading.row.n_analysed or 0 for reading in chosen) / total if total else None
