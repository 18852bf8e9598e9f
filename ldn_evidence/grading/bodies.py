"""Rows into bodies of evidence: what is never counted, which body a row belongs to, which way each body points."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ldn_evidence.grading.pooling import Interval, best_interval, own_interval
from ldn_evidence.grading.rules import GradeRules, Listed
from ldn_evidence.model import (
    Appraisal,
    Body,
    BodyOfEvidence,
    Claim,
    ClaimKind,
    Comparator,
    Direction,
    Directness,
    Expectation,
    Finding,
    Reading,
    Study,
    StudyDesign,
)

# A contrast with nothing, or with nobody knows what, compares nothing.
UNCONTROLLED = (Comparator.NONE, Comparator.UNCLEAR)


def listed_by(study: Study, rules: GradeRules, appraised: bool = False) -> Listed | None:
    """The rule by which a study is listed and never counted; None if it counts.

    A trial known from a registry alone counts once its result has been appraised; its row must state the trial's
    design. The main report decides: a retracted preprint or secondary paper does not retract its trial.
    """
    main = study.main
    facts = {
        "retracted": study.warning == "retracted",
        "excluded": study.excluded is not None,
        "verify": main is not None and main.verify,
        "borderline": main is not None and main.borderline,
        "registry only": main is not None and main.in_a_registry_only and not appraised,
        # A person's appraisal outranks a machine's reading of what a record is about.
        "off the subject": study.left_out is not None and not appraised,
        "not read": main is None and not appraised,
        "title alone": main is not None and main.known_by_title_alone,
        # The design decides where a body starts: a model's word is not enough for that, nor a type that the text contradicts.
        "design not confirmed": study.tag.source in rules.confirmed.not_by or study.tag.needs_review,
    }
    for rule in rules.listed:
        if (rule.when and facts[rule.when]) or study.tag.design in rule.designs:
            said = study.left_out if rule.when in ("excluded", "off the subject") else None
            return rule.model_copy(update={"reason": said}) if said else rule
    return None


def unjudged(claim: Claim, study: Study, rules: GradeRules) -> bool:
    """Whether a study without a row on a claim waits for one: nobody has read it, or it was described, may count, and measured the claim's outcome."""
    if not study.bears_on(claim):
        return False
    described = study.main is not None and claim.about(study.main.primary_outcome)
    return study.awaits or (described and listed_by(study, rules) is None)


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
            uncontrolled = row.comparator in UNCONTROLLED and rule.name is not Body.PRECLINICAL
            return Body.SINGLE_ARM if uncontrolled else rule.name
    raise LookupError(f"{study.key}: no body of evidence takes a {design}")


def _direction(claim: Claim, row: Appraisal, rules: GradeRules) -> tuple[Direction | None, str]:
    if row.finding is Finding.UNCLEAR:
        return None, ""
    if claim.kind in rules.informative.needs_comparison:
        if row.comparator in UNCONTROLLED:
            return None, f"a {claim.kind} claim needs a comparison, and this contrast has none"
        if row.comparator not in claim.comparator or row.comparison is Directness.INDIRECT:
            return None, f"compared with something else than the claim asks about ({_asked(claim)})"
    elif row.comparator not in (*UNCONTROLLED, *claim.comparator):
        return None, f"compared with something else than the claim asks about ({_asked(claim)})"
    if row.finding is Finding.MIXED:
        return Direction.MIXED, ""
    if row.finding is Finding.NO_DIFFERENCE:
        own = own_interval(claim, row)
        if own is not None and own.outside:
            return (
                Direction.MIXED,
                f"called no difference, though {own.words} lies wholly beyond the margin {own.margin_words}",
            )
        return Direction.NO_DIFFERENCE, ""
    wanted = Finding.INCREASE if claim.expects is Expectation.INCREASE else Finding.DECREASE
    if row.finding is wanted:
        return Direction.SUPPORTS, ""
    if claim.kind is ClaimKind.BENEFIT and row.comparator is Comparator.ACTIVE:
        return None, "worse than another active drug does not say that it has no effect"
    return Direction.AGAINST, ""


def _asked(claim: Claim) -> str:
    return claim.comparator_note or " or ".join(claim.comparator)


def informing(claim: Claim, readings: Sequence[Reading]) -> list[Reading]:
    """The rows that inform. For a benefit no difference from another active drug shows nothing either way: it informs only where nothing else does."""
    found = [one for one in readings if one.direction is not None]
    telling = [one for one in found if not _like_an_active_drug(claim, one)]
    return telling or found


def _like_an_active_drug(claim: Claim, one: Reading) -> bool:
    active = claim.kind is ClaimKind.BENEFIT and one.row.comparator is Comparator.ACTIVE
    return active and one.direction is Direction.NO_DIFFERENCE


def weigh(claim: Claim, name: Body, readings: Sequence[Reading], rules: GradeRules) -> BodyOfEvidence:
    """One body's direction, from its own rows alone. Counts are of informative rows, or of all if none informs."""
    telling = informing(claim, readings)
    direction, why = (
        verdict(claim, telling, best_interval(claim, telling, rules), rules)
        if telling
        else (Direction.INSUFFICIENT, "no row informs, so certainty is very low")
    )
    shown = telling or list(readings)
    people = [reading.participants for reading in shown if reading.participants is not None]
    review = next(
        (one.study.key for one in shown if one.study.tag.design is StudyDesign.SYSTEMATIC_REVIEW), None
    )
    return BodyOfEvidence(
        name=name,
        direction=direction,
        n_studies=None if review else len(shown),
        n_participants=sum(people) if people else None,
        informed=bool(telling),
        by_review=review,
        why=why,
    )


def verdict(
    claim: Claim, telling: Sequence[Reading], interval: Interval | None, rules: GradeRules
) -> tuple[Direction, str]:
    """Which way informative rows of one body point, and why. `interval`: the best one of them all."""
    directions = {reading.direction for reading in telling if reading.direction is not None}
    if claim.expects is Expectation.NO_MORE:
        harmless = at_least(
            telling, lambda one: one.direction in (Direction.NO_DIFFERENCE, Direction.SUPPORTS)
        )
        shown = [one for one in telling if one.direction is Direction.AGAINST and _harmful(claim, one)]
        if shown:
            harmful = ", ".join(sorted(one.study.key for one in shown))
            others = "the rows disagree: " if len(directions) > 1 else ""
            return (
                Direction.MIXED if len(directions) > 1 else Direction.AGAINST,
                f"{others}more harm than the margin allows was shown by {harmful}",
            )
        if harmless >= rules.direction.null_share:
            return _no_more(interval)
    else:
        trifling = _trifling(claim, telling, rules)
        if trifling and len(directions) == 1:
            return Direction.NO_DIFFERENCE, trifling
        nulls = at_least(telling, lambda one: bool(trifling) or one.direction is Direction.NO_DIFFERENCE)
        # Without a margin nothing can show that a difference does not matter: null rows then only disagree.
        speak = rules.direction.null_share if claim.smallest_important_difference else 1.0
        if nulls >= speak:
            return _null(claim, telling, interval, nulls)
    if len(directions) > 1:
        return Direction.MIXED, "the rows disagree"
    (direction,) = directions
    if interval is not None and interval.inside and direction is not Direction.MIXED:
        return Direction.NO_DIFFERENCE, _too_small(interval)
    return direction, "one row" if len(telling) == 1 else "the rows agree"


def _harmful(claim: Claim, one: Reading) -> bool:
    """Whether a row's own interval lies wholly beyond the harmful end of the margin."""
    own = own_interval(claim, one.row)
    return own is not None and own.low > own.margin[1]


def _trifling(claim: Claim, telling: Sequence[Reading], rules: GradeRules) -> str | None:
    """Why the differences shown are too small to matter, together; None where they are not, or parts went different ways."""
    differing = [one for one in telling if one.direction in (Direction.SUPPORTS, Direction.AGAINST)]
    if not differing or any(one.direction is Direction.MIXED for one in telling):
        return None
    shown = best_interval(claim, differing, rules)
    return _too_small(shown) if shown is not None and shown.inside else None


def _too_small(interval: Interval) -> str:
    return f"a difference was shown, but {interval.words} lies inside the margin {interval.margin_words}"


def _null(
    claim: Claim, telling: Sequence[Reading], interval: Interval | None, nulls: float
) -> tuple[Direction, str]:
    held = f"null results hold {nulls:.0%} of the participants"
    if claim.kind is ClaimKind.BENEFIT and all(one.row.comparator is Comparator.ACTIVE for one in telling):
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


def at_least(readings: Sequence[Reading], holds: Callable[[Reading], bool]) -> float:
    """The smallest share of participants for which something can hold, whatever the numbers that are not known; 0 where there is no row.

    A row for which it holds and whose number is not known may be empty; one for which it does not hold may be as large as all others.
    """
    chosen = [reading for reading in readings if holds(reading)]
    if chosen and len(chosen) == len(readings):
        return 1.0
    others = [reading.participants for reading in readings if not holds(reading)]
    if None in others:
        return 0.0
    held, rest = sum(one.participants or 0 for one in chosen), sum(number or 0 for number in others)
    return held / (held + rest) if held + rest else 0.0


def at_most(readings: Sequence[Reading], holds: Callable[[Reading], bool]) -> float:
    """The largest such share: what speaks against a body must not hide behind a number that nobody saw."""
    return 1 - at_least(readings, lambda one: not holds(one)) if readings else 0.0
