"""Intervals of single rows into the one that is held against the claim's margin. Statistics by statsmodels."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ldn_evidence.grading.rules import GradeRules
from ldn_evidence.model import RATIOS, Appraisal, Claim, ClaimKind, Comparator, Direction, Reading

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A 95 % interval in the measure's own units, where it comes from, and the claim's margin for it."""

    measure: str
    scale: str
    estimate: float
    low: float
    high: float
    margin: tuple[float, float]
    source: str
    i2: float | None = None
    prediction: tuple[float, float] | None = None
    note: str = ""

    @property
    def inside(self) -> bool:
        """Whether no difference that matters is compatible with it, on either side."""
        return self.margin[0] < self.low and self.high < self.margin[1]

    def beyond(self, margins: float) -> bool:
        """Whether it reaches so many margins to both sides of no effect; of a ratio, margins to that power."""
        if self.measure in RATIOS:
            return bool(self.low < self.margin[0] ** margins and self.high > self.margin[1] ** margins)
        return bool(self.low < margins * self.margin[0] and self.high > margins * self.margin[1])

    @property
    def no_effect(self) -> float:
        """The value that means no difference."""
        return 1.0 if self.measure in RATIOS else 0.0

    @property
    def words(self) -> str:
        """For example: the pooled interval -0.78 to 0.84 (MD, 0-10)."""
        unit = ", ".join(part for part in (self.measure, self.scale) if part)
        return f"{self.source} {self.low:.2f} to {self.high:.2f} ({unit})"

    @property
    def margin_words(self) -> str:
        """For example: -1 to 1."""
        return f"{self.margin[0]:g} to {self.margin[1]:g}"


def best_interval(claim: Claim, readings: Sequence[Reading], rules: GradeRules) -> Interval | None:
    """The pooled interval of the rows that can be pooled, else that of the largest row; None if it has none.

    A pool speaks only if it holds enough of the participants. Where rows are null, the largest null row is meant:
    a positive trial's interval is no proof of no difference.
    Rows are pooled where they share a measure and a scale for which the claim has a margin, and a kind of
    comparator. For a benefit, no row against an active drug enters: its interval is about another question.
    """
    usable = [
        one
        for one in readings
        if claim.kind is not ClaimKind.BENEFIT or one.row.comparator is not Comparator.ACTIVE
    ]
    groups: dict[tuple[str, str, Comparator], list[Reading]] = defaultdict(list)
    for one in usable:
        if own_interval(claim, one.row):
            groups[(one.row.measure or "", one.row.scale or "", one.row.comparator)].append(one)
    enough = rules.direction.pool_share * _people(usable)
    pools = [group for group in groups.values() if len(group) > 1 and _people(group) >= enough]
    if pools:
        return _pooled(claim, max(pools, key=_people), among=len(readings))
    if not usable:
        return None
    nulls = [one for one in usable if one.direction is Direction.NO_DIFFERENCE]
    largest = max(nulls or usable, key=lambda one: (one.participants or 0, one.row.row_id))
    found = own_interval(claim, largest.row)
    if found is None:
        # A trial of most of the people that shows a trifling difference still speaks beside a small null one without figures.
        most = max(usable, key=lambda one: (one.participants or 0, one.row.row_id))
        speaks = (most.participants or 0) >= enough > 0
        other = own_interval(claim, most.row) if speaks else None
        return other if other is not None and other.inside else None
    return found


def own_interval(claim: Claim, row: Appraisal) -> Interval | None:
    """A row's own interval with the claim's margin for it; None where there is one of the two only."""
    margin = claim.margin(row.measure, row.scale)
    if margin is None or row.interval is None:
        return None
    estimate, low, high = row.interval
    return Interval(
        measure=row.measure or "",
        scale=row.scale or "",
        estimate=estimate,
        low=low,
        high=high,
        margin=margin.bounds,
        source=f"the interval of {row.study_key}",
    )


def _people(group: Sequence[Reading]) -> int:
    return sum(one.participants or 0 for one in group)


def _pooled(claim: Claim, group: Sequence[Reading], among: int) -> Interval | None:
    # A second and a half to import: only where there is something to pool.
    import numpy as np
    from statsmodels.stats.meta_analysis import combine_effects

    first = own_interval(claim, group[0].row)
    intervals = [one.row.interval for one in group if one.row.interval]
    if first is None:
        return None
    inward, outward = (math.log, math.exp) if first.measure in RATIOS else (float, float)
    effects = np.array([inward(estimate) for estimate, _, _ in intervals])
    variances = np.array([((inward(high) - inward(low)) / (2 * Z95)) ** 2 for _, low, high in intervals])
    with np.errstate(divide="ignore"):  # identical estimates: statsmodels divides by their heterogeneity, 0
        result = combine_effects(effects, variances, method_re="iterated")  # Paule-Mandel
    low, high = result.conf_int(use_t=False)[1]
    knapp_low, knapp_high = result.conf_int(use_t=True)[3]
    note = f"{len(group)} of {among} results pooled, {_people(group)} participants, I2 {max(0.0, float(result.i2)):.0%}."
    if len(group) == 2:
        # One degree of freedom: the random-effects interval stands (docs/method.md, "Pooling").
        note += (
            f" With two, the Hartung-Knapp interval would run from {outward(knapp_low):.1f} to "
            f"{outward(knapp_high):.1f}: what is said here rests on the ordinary one."
        )
    elif len(group) < 10:
        low, high = min(low, knapp_low), max(high, knapp_high)
    return Interval(
        measure=first.measure,
        scale=first.scale,
        estimate=outward(result.mean_effect_re),
        low=outward(low),
        high=outward(high),
        margin=first.margin,
        i2=max(0.0, float(result.i2)) * 100,
        source=f"the pooled interval of {', '.join(sorted(one.study.key for one in group))}",
        note=note,
    )
