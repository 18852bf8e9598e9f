"""The five GRADE domains, each a stated rule over the rows that inform, each printing its inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ldn_evidence.grading.bodies import at_least, at_most
from ldn_evidence.grading.pooling import Interval
from ldn_evidence.grading.rules import GradeRules
from ldn_evidence.model import (
    PARTS,
    RATIOS,
    Appraisal,
    Body,
    Claim,
    ClaimKind,
    Concern,
    Direction,
    Directness,
    Domain,
    DomainRating,
    Expectation,
    FundingSource,
    Reading,
    RiskOfBias,
    StudyDesign,
)

Apart = Callable[[Appraisal], RiskOfBias]


@dataclass(frozen=True, slots=True)
class Unpublished:
    """Trials of the condition that were planned or registered and of which no result was seen; `overdue`: for years, by the last search."""

    all: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()


def rate(
    claim: Claim,
    readings: Sequence[Reading],
    direction: Direction,
    interval: Interval | None,
    unpublished: Unpublished,
    rules: GradeRules,
    apart: Apart,
    others: Sequence[Reading] = (),
) -> dict[Domain, DomainRating]:
    """Every domain of one body, in GRADE's order.

    `apart`: a row's risk of bias apart from confounding and selection. `others`: where a review is the body, the reviews that could be it too.
    """
    return {
        Domain.RISK_OF_BIAS: _risk_of_bias(readings, rules, apart),
        Domain.INCONSISTENCY: _inconsistency(claim, readings, interval, others, rules),
        Domain.INDIRECTNESS: _indirectness(readings, rules),
        Domain.IMPRECISION: _imprecision(claim, readings, direction, interval, rules),
        Domain.PUBLICATION_BIAS: _publication_bias(claim, readings, direction, unpublished, rules),
    }


def _bias(reading: Reading, apart: Apart) -> RiskOfBias:
    """The risk of bias that a result brings into its body: the reviewer's, or, where a body starts low, without what its start pays for."""
    return reading.row.risk_of_bias if reading.body is Body.RANDOMISED else apart(reading.row)


def _risk_of_bias(readings: Sequence[Reading], rules: GradeRules, apart: Apart) -> DomainRating:
    rule = rules.risk_of_bias
    counts = Counter(str(_bias(one, apart)) for one in readings)
    names: dict[str, list[str]] = {}
    for one in readings:
        names.setdefault(str(_bias(one, apart)), []).append(one.study.key)
    inputs: dict[str, object] = {
        "results": dict(sorted(counts.items())),
        "studies": dict(sorted(names.items())),
    }
    low = at_least(readings, lambda one: _bias(one, apart) is RiskOfBias.LOW)
    high = at_most(readings, lambda one: _bias(one, apart) is RiskOfBias.HIGH)
    if low >= rule.low_share:
        return DomainRating(rating=Concern.NONE, inputs=inputs, reason=f"results at low risk hold {low:.0%}")
    if high > rule.high_share:
        return DomainRating(
            rating=Concern.VERY_SERIOUS, inputs=inputs, reason=f"results at high risk hold {high:.0%}"
        )
    unassessed = counts[str(RiskOfBias.UNASSESSED)]
    reason = f"results at low risk hold only {low:.0%} of the people"
    if unassessed == len(readings):
        reason = f"nobody has assessed any of {len(readings)} results"
    elif unassessed:
        reason += f"; nobody has assessed {unassessed} of {len(readings)} results"
    return DomainRating(rating=Concern.SERIOUS, inputs=inputs, reason=reason)


def _inconsistency(
    claim: Claim,
    readings: Sequence[Reading],
    interval: Interval | None,
    others: Sequence[Reading],
    rules: GradeRules,
) -> DomainRating:
    counts = Counter(str(_towards(claim, one.direction)) for one in readings if one.direction)
    inputs: dict[str, object] = {"directions": dict(sorted(counts.items()))}
    i2 = interval.i2 if interval else None
    if i2 is not None:
        inputs["I2 %"] = round(i2)
    against = sorted(one.study.key for one in others if one.direction is not readings[0].direction)
    if against:
        inputs["reviews that point elsewhere"] = against
        reason = f"another review that could answer points elsewhere: {', '.join(against)}"
        return DomainRating(rating=Concern.SERIOUS, inputs=inputs, reason=reason)
    if _by_review(readings):
        reason = "one pooled result; how far its trials differ is not stated in what was read"
        return DomainRating(rating=Concern.NONE, inputs=inputs, reason=reason)
    if sum(counts.values()) < 2:
        reason = "one result" if counts else "no result informs"
        return DomainRating(rating=Concern.NONE, inputs=inputs, reason=f"{reason}: nothing to disagree with")
    if {str(Direction.SUPPORTS), str(Direction.AGAINST)} <= set(counts):
        return DomainRating(
            rating=Concern.VERY_SERIOUS, inputs=inputs, reason="results point in opposite directions"
        )
    if len(counts) > 1:
        return DomainRating(
            rating=Concern.SERIOUS, inputs=inputs, reason="results point in different directions"
        )
    if i2 is not None and i2 > rules.inconsistency.i2:
        return DomainRating(rating=Concern.SERIOUS, inputs=inputs, reason=f"I2 is {i2:.0f} %")
    if interval is not None and interval.pool is not None and interval.pool.prediction is not None:
        low, high = interval.pool.prediction
        inputs["prediction interval"] = [round(low, 3), round(high, 3)]
        # A next trial may find what the trials together rule out: another side of a margin, or no effect.
        for bound in (interval.margin[0], interval.no_effect, interval.margin[1]):
            if low <= bound <= high and not interval.low <= bound <= interval.high:
                reason = f"a next trial may find {low:.2f} to {high:.2f}, which reaches {bound:g}; the trials together rule that out"
                return DomainRating(rating=Concern.SERIOUS, inputs=inputs, reason=reason)
    return DomainRating(rating=Concern.NONE, inputs=inputs, reason="results point the same way")


def _towards(claim: Claim, direction: Direction) -> Direction:
    """Where a row points; of "no more than the comparator" no difference is what the claim says."""
    null = claim.expects is Expectation.NO_MORE and direction is Direction.NO_DIFFERENCE
    return Direction.SUPPORTS if null else direction


def _indirectness(readings: Sequence[Reading], rules: GradeRules) -> DomainRating:
    far = Counter(name for one in readings for name in PARTS if getattr(one.row, name) is Directness.INDIRECT)
    partly = Counter(
        name for one in readings for name in PARTS if getattr(one.row, name) is Directness.PARTLY
    )
    unclear = Counter(
        name for one in readings for name in PARTS if getattr(one.row, name) is Directness.UNCLEAR
    )
    counted = (("indirect", far), ("partly", partly), ("unclear", unclear))
    inputs: dict[str, object] = {
        word: {part_words(name): number for name, number in sorted(count.items())}
        for word, count in counted
        if count
    }
    one_step = at_most(readings, lambda one: _distance(one) >= 1)
    two_steps = at_most(readings, lambda one: _distance(one) >= 2)
    words = ", ".join(part_words(name) for name in sorted(far)) or "several parts in part"
    if two_steps >= rules.indirectness.share:
        rating, reason = (
            Concern.VERY_SERIOUS,
            f"results holding {two_steps:.0%} are indirect twice over: {words}",
        )
    elif one_step >= rules.indirectness.share:
        rating, reason = Concern.SERIOUS, f"results holding {one_step:.0%} are indirect: {words}"
    elif one_step:
        rating, reason = Concern.NONE, f"indirect results hold only {one_step:.0%}: {words}"
    else:
        rating, reason = Concern.NONE, "population, intervention, comparator and outcome are the claim's"
    return DomainRating(rating=rating, inputs=inputs, reason=reason)


def part_words(name: str) -> str:
    """A part's column as it prints: dose, follow-up."""
    return name.removesuffix("_directness").replace("_", "-")


def _distance(reading: Reading) -> int:
    """How many steps a result is from the claim: one for each indirect part, one for two parts that are partly so."""
    row = reading.row
    parts = [getattr(row, name) for name in PARTS]
    return (
        parts.count(Directness.INDIRECT)
        + (parts.count(Directness.PARTLY) + parts.count(Directness.UNCLEAR)) // 2
    )


def _imprecision(
    claim: Claim,
    readings: Sequence[Reading],
    direction: Direction,
    interval: Interval | None,
    rules: GradeRules,
) -> DomainRating:
    numbers = [one.participants for one in readings]
    people = None if not numbers or None in numbers else sum(number or 0 for number in numbers)
    inputs: dict[str, object] = {"participants": people}
    if interval is not None:
        inputs |= {
            "interval": [round(interval.low, 3), round(interval.high, 3)],
            "margin": [round(bound, 3) for bound in interval.margin],
            "measure": ", ".join(part for part in (interval.measure, interval.scale) if part),
            "from": interval.source,
        }
        rating, reason = _by_interval(claim, interval, direction, people, rules)
        if rating is not None:
            return DomainRating(rating=rating, inputs=inputs, reason=reason)
    if interval is not None and interval.measure in RATIOS:
        inputs["events"] = _events(readings)
        rating, reason = _by_size(_events(readings), "event", rules)
    else:
        rating, reason = _by_size(people, "participant", rules)
    if interval is None:
        reason += "; no interval that can be held against a margin"
        # What can't tell for want of an interval is not precise, however many took part.
        if direction in (Direction.INSUFFICIENT, Direction.MIXED) and rating is Concern.NONE:
            rating = Concern.SERIOUS
    return DomainRating(rating=rating, inputs=inputs, reason=reason)


def _by_interval(
    claim: Claim, interval: Interval, direction: Direction, people: int | None, rules: GradeRules
) -> tuple[Concern | None, str]:
    """What the interval alone decides; None where the amount of information decides."""
    low, high = interval.margin
    crossed = (interval.low < low) + (interval.high > high)
    if direction is Direction.NO_DIFFERENCE:
        inside = f"{interval.words} lies inside the margin {interval.margin_words}"
        if people is None or people <= rules.imprecision.few:
            size = "an unknown number of" if people is None else f"no more than {rules.imprecision.few}"
            return Concern.SERIOUS, f"{inside}, but rests on {size} participants"
        return Concern.NONE, inside
    if direction in (Direction.INSUFFICIENT, Direction.MIXED) and crossed:
        if interval.beyond(rules.imprecision.extreme):
            far = f"reaches {rules.imprecision.extreme:g} margins to both sides ({interval.margin_words})"
            return Concern.EXTREMELY_SERIOUS, f"{interval.words} {far}"
        rating = Concern.VERY_SERIOUS if crossed == 2 else Concern.SERIOUS
        return (
            rating,
            f"{interval.words} crosses {'both ends' if crossed == 2 else 'one end'} of {interval.margin_words}",
        )
    includes_none = interval.low <= interval.no_effect <= interval.high
    # "No more than the comparator" is supported by an interval around no effect: there its size decides.
    if (
        direction in (Direction.SUPPORTS, Direction.AGAINST)
        and includes_none
        and claim.expects is not Expectation.NO_MORE
    ):
        rating = Concern.VERY_SERIOUS if crossed == 2 else Concern.SERIOUS
        return rating, f"{interval.words} includes no effect"
    return None, ""


def _by_size(size: int | None, unit: str, rules: GradeRules) -> tuple[Concern, str]:
    rule = rules.imprecision
    if size is None:
        return Concern.SERIOUS, f"the number of {unit}s is not known"
    words = f"{size} {unit}{'' if size == 1 else 's'}"
    if size <= rule.few:
        return Concern.VERY_SERIOUS, f"{words}, no more than {rule.few}"
    if size <= rule.enough:
        return Concern.SERIOUS, f"{words}, no more than {rule.enough}"
    return Concern.NONE, f"{words}, more than {rule.enough}"


def _events(readings: Sequence[Reading]) -> int | None:
    counts = [(one.row.events_intervention, one.row.events_comparator) for one in readings]
    if not counts or any(count is None for pair in counts for count in pair):
        return None
    return sum(count or 0 for pair in counts for count in pair)


def _publication_bias(
    claim: Claim,
    readings: Sequence[Reading],
    direction: Direction,
    unpublished: Unpublished,
    rules: GradeRules,
) -> DomainRating:
    """Suspected of what supports, whoever stands beside it: a null result published does not clear the small positive ones."""
    rule = rules.publication_bias
    positive = [one for one in readings if one.direction is Direction.SUPPORTS]
    inputs: dict[str, object] = {
        "positive": len(positive),
        "of": len(readings),
        "largest positive": max(
            (one.participants for one in positive if one.participants is not None), default=None
        ),
    }
    paid = Counter(str(one.row.funding) for one in positive if one.row.funding)
    if paid:
        inputs["funding of the positive"] = dict(sorted(paid.items()))
    if unpublished.all:
        inputs["planned or registered, no result seen"] = sorted(unpublished.all)
    if unpublished.overdue:
        inputs["of these overdue"] = sorted(unpublished.overdue)
    if _by_review(readings):
        return DomainRating(rating=Concern.NONE, inputs=inputs, reason="not judged for a review")
    if claim.kind is ClaimKind.HARM:
        return DomainRating(rating=Concern.NONE, inputs=inputs, reason="not judged for harms in this version")
    if not positive or direction not in (Direction.SUPPORTS, Direction.MIXED):
        return DomainRating(rating=Concern.NONE, inputs=inputs, reason="nothing that supports decides here")
    reasons = []
    sizes = [one.participants for one in positive if one.participants is not None]
    if sizes and max(sizes) <= rule.small:  # a number that nobody saw clears nothing
        reasons.append(f"only small studies support (none known above {rule.small} participants)")
    if len(unpublished.overdue) >= rule.overdue_share * len(positive):
        reasons.append(
            f"no result seen of {len(unpublished.overdue)} trial(s) planned or registered {rule.overdue_years} years or more ago"
        )
    if all(one.row.funding is FundingSource.INDUSTRY for one in positive):
        reasons.append("industry paid for every study that supports")
    if reasons:
        return DomainRating(rating=Concern.SERIOUS, inputs=inputs, reason="; ".join(reasons))
    return DomainRating(rating=Concern.NONE, inputs=inputs, reason="not suspected from the studies counted")


def _by_review(readings: Sequence[Reading]) -> bool:
    return any(one.study.tag.design is StudyDesign.SYSTEMATIC_REVIEW for one in readings)
