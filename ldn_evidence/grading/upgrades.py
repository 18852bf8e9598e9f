"""The three reasons for which GRADE raises certainty, each a stated rule over the rows that inform, each printing its inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ldn_evidence.grading.bodies import at_least
from ldn_evidence.grading.pooling import Interval
from ldn_evidence.grading.rules import GradeRules
from ldn_evidence.model import (
    RATIOS,
    BodyOfEvidence,
    Concern,
    Confounding,
    Direction,
    Domain,
    DomainRating,
    Reading,
    Rise,
    Upgrade,
)


def raise_(
    body: BodyOfEvidence,
    readings: Sequence[Reading],
    interval: Interval | None,
    domains: Mapping[Domain, DomainRating],
    rules: GradeRules,
) -> dict[Upgrade, DomainRating]:
    """Every reason to raise one body, in GRADE's order. Nothing is raised where anything was lowered, nor a body that starts high."""
    found = {
        Upgrade.LARGE_EFFECT: _large_effect(readings, interval, rules),
        Upgrade.DOSE_RESPONSE: _dose_response(readings, rules),
        Upgrade.CONFOUNDING: _confounding(readings, rules),
    }
    why_not = _why_not(body, domains, rules)
    if why_not is None:
        return found
    return {
        name: DomainRating(
            rating=Rise.NONE,
            inputs=one.inputs,
            reason=f"{one.reason}; {why_not}" if one.rating is not Rise.NONE else one.reason,
        )
        for name, one in found.items()
    }


def _why_not(body: BodyOfEvidence, domains: Mapping[Domain, DomainRating], rules: GradeRules) -> str | None:
    if body.name not in rules.upgrades.bodies:
        return f"not raised: a {body.name} body is not"
    if body.by_review:
        return "not raised: only a review speaks"
    if body.direction not in (Direction.SUPPORTS, Direction.AGAINST):
        return "not raised: the results show no one direction"
    lowered = [str(name) for name, one in domains.items() if one.rating is not Concern.NONE]
    return f"not raised where something was lowered ({', '.join(lowered)})" if lowered else None


def _large_effect(readings: Sequence[Reading], interval: Interval | None, rules: GradeRules) -> DomainRating:
    rule = rules.upgrades
    if interval is None or interval.measure not in RATIOS:
        return DomainRating(rating=Rise.NONE, inputs={}, reason="no ratio with an interval was seen")
    behind = len(interval.pool.effects) if interval.pool else 1
    if behind < len(readings):
        reason = f"the ratio is of {behind} of {len(readings)} results"
        return DomainRating(rating=Rise.NONE, inputs={}, reason=reason)
    if interval.measure == "OR" and not all(_rare(one, rule.rare) for one in readings):
        # With common events an odds ratio is farther from 1 than the risk ratio that GRADE's bounds are for.
        reason = (
            f"an odds ratio, and the event is not known to be rarer than {rule.rare:.0%} with the comparator"
        )
        return DomainRating(rating=Rise.NONE, inputs={}, reason=reason)
    inputs: dict[str, object] = {
        "measure": interval.measure,
        "estimate": round(interval.estimate, 3),
        "interval": [round(interval.low, 3), round(interval.high, 3)],
    }
    # A halving is as large as a doubling.
    size = max(interval.estimate, 1 / interval.estimate)
    nearer = interval.low if interval.estimate >= 1 else 1 / interval.high
    words = f"{interval.measure} {interval.estimate:.2f} ({interval.low:.2f} to {interval.high:.2f})"
    if size >= rule.very_large and nearer >= rule.large:
        return DomainRating(rating=Rise.TWO, inputs=inputs, reason=f"{words} is a very large effect")
    if size >= rule.large and nearer > 1:
        return DomainRating(rating=Rise.ONE, inputs=inputs, reason=f"{words} is a large effect")
    return DomainRating(rating=Rise.NONE, inputs=inputs, reason=f"{words} is no large effect")


def _rare(one: Reading, most: float) -> bool:
    row = one.row
    known = row.events_comparator is not None and row.n_comparator
    return bool(known and (row.events_comparator or 0) / (row.n_comparator or 1) <= most)


def _dose_response(readings: Sequence[Reading], rules: GradeRules) -> DomainRating:
    counts = Counter(one.row.dose_response for one in readings if one.row.dose_response)
    inputs: dict[str, object] = {"larger dose, larger effect": dict(sorted(counts.items()))} if counts else {}
    share = at_least(readings, lambda one: one.row.dose_response == "y")
    if share >= rules.upgrades.share:
        return DomainRating(
            rating=Rise.ONE,
            inputs=inputs,
            reason=f"a larger dose had a larger effect in results that hold {share:.0%}",
        )
    reason = (
        "no reviewer saw a larger effect of a larger dose"
        if not counts["y"]
        else f"results with a dose-response hold only {share:.0%}"
    )
    return DomainRating(rating=Rise.NONE, inputs=inputs, reason=reason)


def _confounding(readings: Sequence[Reading], rules: GradeRules) -> DomainRating:
    counts = Counter(str(one.row.confounding) for one in readings if one.row.confounding)
    inputs: dict[str, object] = {"confounding left over": dict(sorted(counts.items()))} if counts else {}
    share = at_least(readings, lambda one: one.row.confounding is Confounding.WOULD_REDUCE)
    against = counts[str(Confounding.WOULD_INCREASE)]
    if share >= rules.upgrades.share and not against:
        return DomainRating(
            rating=Rise.ONE,
            inputs=inputs,
            reason=f"what was not adjusted for would only have made the effect smaller, in results that hold {share:.0%}",
        )
    reason = (
        "no reviewer says which way confounding left over would work"
        if not counts
        else "confounding left over does not speak for the effect"
    )
    return DomainRating(rating=Rise.NONE, inputs=inputs, reason=reason)
