"""Which rows of a body can be combined and why the others can't, and the interval that is held against the claim's margin.

Takes readings of one body; the statistics are `meta_analysis`'s. Rows are combined where they share a measure, a scale and a kind of
comparator (docs/method.md, "Pooling").
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ldn_evidence.grading.meta_analysis import SMALL_STUDY_FROM, combine, refusal
from ldn_evidence.grading.rules import GradeRules
from ldn_evidence.model import (
    RATIOS,
    Appraisal,
    Claim,
    ClaimKind,
    Comparator,
    Direction,
    Effect,
    MetaAnalysis,
    Pool,
    Reading,
    StudyDesign,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A 95 % interval in the measure's own units, where it comes from, and the claim's margin for it.

    `pool` is what it was pooled from; None where it is one study's own.
    """

    measure: str
    scale: str
    estimate: float
    low: float
    high: float
    margin: tuple[float, float]
    source: str
    i2: float | None = None
    note: str = ""
    pool: MetaAnalysis | None = None

    @property
    def inside(self) -> bool:
        """Whether no difference that matters is compatible with it, on either side."""
        return self.margin[0] < self.low and self.high < self.margin[1]

    @property
    def outside(self) -> bool:
        """Whether every value that is compatible with it is a difference that matters, to one side."""
        return self.low > self.margin[1] or self.high < self.margin[0]

    def beyond(self, margins: float) -> bool:
        """Whether it reaches so many margins to both sides of no effect; of a ratio, margins to that power."""
        least, most = self.margin
        if self.measure in RATIOS:
            return bool(self.low < least**margins and self.high > most**margins)
        return self.low < margins * least and self.high > margins * most

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
    """The pooled interval of the rows that can be pooled, else that of one row; None if neither speaks for the body.

    A pool speaks only where the claim has a margin for it, a single row only where it holds as many of the people as a pool has to. Where
    rows are null and nothing is pooled, the largest null row is meant: a positive trial's interval is no proof of no difference.
    """
    found = pool(claim, readings, rules)
    margin = claim.margin(found.analysis.measure, found.analysis.scale) if found.analysis else None
    if found.analysis is not None and margin is not None:
        together = found.analysis
        return Interval(
            measure=together.measure,
            scale=together.scale,
            estimate=together.estimate,
            low=together.low,
            high=together.high,
            margin=margin.bounds,
            i2=together.i2,
            source=f"the pooled interval of {', '.join(together.keys)}",
            note=" ".join(sentences(found, len(readings), _people(_pooled(found, readings)), margin.bounds)),
            pool=together,
        )
    usable = [one for one in readings if not _another_question(claim, one)]
    if not usable:
        return None
    nulls = [one for one in usable if one.direction is Direction.NO_DIFFERENCE]
    largest = max(nulls or usable, key=lambda one: (one.participants or 0, one.row.row_id))
    own = own_interval(claim, largest.row) if _speaks(largest, usable, rules) else None
    if own is None:
        # A trial of most of the people that shows a trifling difference still speaks beside a small null one without figures.
        most = max(usable, key=lambda one: (one.participants or 0, one.row.row_id))
        other = own_interval(claim, most.row) if _speaks(most, usable, rules) else None
        return other if other is not None and other.inside else None
    return own


def _speaks(one: Reading, among: Sequence[Reading], rules: GradeRules) -> bool:
    """Whether one row holds enough of the people; where any number is not known only a lone row does."""
    if len(among) == 1:
        return True
    if any(other.participants is None for other in among):
        return False
    return (one.participants or 0) >= max(1, rules.direction.pool_share * _people(among))


def pool(claim: Claim, readings: Sequence[Reading], rules: GradeRules) -> Pool:
    """The rows of one body that can be combined, combined; every other row with the reason why it is not among them.

    Of several groups that could be combined it is one with a margin, then the one with the most people. It has to hold
    `pool_share` of the participants, or nothing is combined.
    """
    ordered = sorted(readings, key=lambda one: (one.study.key, one.row.row_id))
    rows = Counter(one.study.key for one in ordered)
    refused: list[tuple[str, str]] = []
    groups: dict[tuple[str, str, Comparator, bool], list[Reading]] = defaultdict(list)
    for one in ordered:
        reason = _refusal(claim, one, rows[one.study.key])
        if reason:
            refused.append((one.study.key, reason))
        else:
            groups[_alike(one)].append(one)

    def weight(group: list[Reading]) -> tuple[bool, int, int]:
        return _has_margin(claim, group[0]), _people(group), len(group)

    best = max((group for group in groups.values() if len(group) > 1), key=weight, default=[])
    asked = _people([one for one in ordered if not _another_question(claim, one)])
    if best and _people(best) < rules.direction.pool_share * asked:
        few = f"could be pooled, but the pool would hold only {_people(best)} of {asked} participants"
        refused += [(one.study.key, few) for one in best]
        return Pool(refused=tuple(sorted(refused + _others(groups.values(), best))))
    refused += _others(groups.values(), best)
    if not best:
        return Pool(refused=tuple(sorted(refused)))
    first = best[0].row
    analysis = combine(
        [_effect(one) for one in best], first.measure or "", first.scale or "", str(first.comparator)
    )
    return Pool(analysis=analysis, refused=tuple(sorted(refused)), notes=_notes(best))


def sentences(
    found: Pool, among: int, people: int, margin: tuple[float, float] | None = None
) -> tuple[str, ...]:
    """What a footnote says of a pool: how much is in it, on which interval the verdict rests, and what it turns on."""
    one = found.analysis
    if one is None:
        return ()
    said = [
        f"{len(one.effects)} of {among} results pooled, {people} participants, I2 {one.i2:.0f}%, tau2 {one.tau2:.2g} ({one.method})."
    ]
    if one.prediction is None:
        knapp = (
            f" would run from {one.knapp[0]:.1f} to {one.knapp[1]:.1f}" if one.knapp else " is not defined"
        )
        said.append(
            f"With two, the Hartung-Knapp interval{knapp}: what is said here rests on the ordinary one, and no prediction interval can be given."
        )
    else:
        said.append(
            f"The {one.interval} interval stands; one more study would be expected between {one.prediction[0]:.2f} and {one.prediction[1]:.2f}."
        )
    turning = turns_on(one, margin) if margin else ()
    if turning:
        every = len(turning) == len(one.effects)
        which = "whichever of them is left out" if every else f"without {' or without '.join(turning)}"
        said.append(f"Against the margin the verdict would change {which}.")
    if len(one.effects) < SMALL_STUDY_FROM:
        said.append(
            f"Small studies are not tested for telling another story: {len(one.effects)} results, and the test needs {SMALL_STUDY_FROM}."
        )
    elif one.small_study:
        said.append(f"Egger's test for small studies: p = {one.small_study.p:.2g}.")
    return (*said, *found.notes)


def turns_on(one: MetaAnalysis, margin: tuple[float, float]) -> tuple[str, ...]:
    """The studies without which the interval would lie elsewhere against the margin: inside, over one end, over both, beyond."""
    stands = _standing(one.low, one.high, margin)
    return tuple(left.key for left in one.leave_one_out if _standing(left.low, left.high, margin) != stands)


def _standing(low: float, high: float, margin: tuple[float, float]) -> tuple[bool, bool, bool]:
    return low > margin[0], high < margin[1], low >= margin[1] or high <= margin[0]


def _refusal(claim: Claim, reading: Reading, rows: int) -> str | None:
    """Why a row can't enter any pool."""
    row = reading.row
    if _another_question(claim, reading):
        return "compared with an active drug, which is about another question"
    if reading.study.tag.design is StudyDesign.SYSTEMATIC_REVIEW:
        return "a review's pooled result, not a study's own"
    if rows > 1:
        return f"{rows} rows of one study: its people, or a control arm that they share, would count twice"
    if row.interval is None:
        return "no interval seen"
    if row.measure == "MD" and not row.scale:
        return "a mean difference on a scale that is not named"
    if crossover(reading) and row.paired != "y":
        return "a crossover trial, and its interval is not known to come from an analysis within persons"
    return refusal(_effect(reading), row.measure or "")


def crossover(reading: Reading) -> bool:
    """Whether each participant had both treatments, as the corpus row says or a machine read."""
    return bool(reading.study.tag.crossover) or any(one.crossover == "y" for one in reading.study.reports)


def _alike(reading: Reading) -> tuple[str, str, Comparator, bool]:
    """What results have to share. Differences of changes and of final values are one measure; standardised ones are not,
    since a change and a final value vary by other amounts."""
    row = reading.row
    changed = row.measure == "SMD" and "change" in row.outcome_measured.casefold()
    return row.measure or "", row.scale or "", row.comparator, changed


def _others(groups: Iterable[list[Reading]], best: Sequence[Reading]) -> list[tuple[str, str]]:
    """The rows that could have been combined with something, but not with these."""
    found = []
    for group in groups:
        if group is best:
            continue
        for one in group:
            if not best:
                found.append((one.study.key, f"no second result of the same kind ({_words(one)})"))
            else:
                found.append(
                    (one.study.key, f"of another kind ({_words(one)}) than those pooled ({_words(best[0])})")
                )
    return found


def _words(reading: Reading) -> str:
    measure, scale, comparator, changed = _alike(reading)
    unit = ", ".join(part for part in (measure, scale, "of changes" if changed else "") if part)
    return f"{unit}, against {comparator}"


def _notes(group: Sequence[Reading]) -> tuple[str, ...]:
    followed = [one.row.follow_up for one in group]
    if len(set(followed)) < 2:
        return ()
    times = ", ".join(f"{one.study.key} {one.row.follow_up or 'not seen'}" for one in group)
    return (f"Time to the measurement: {times}.",)


def _another_question(claim: Claim, reading: Reading) -> bool:
    return claim.kind is ClaimKind.BENEFIT and reading.row.comparator is Comparator.ACTIVE


def _has_margin(claim: Claim, reading: Reading) -> bool:
    return claim.margin(reading.row.measure, reading.row.scale) is not None


def _effect(reading: Reading) -> Effect:
    estimate, low, high = reading.row.interval or (0.0, 0.0, 0.0)
    return Effect(key=reading.study.key, estimate=estimate, low=low, high=high)


def own_interval(claim: Claim, row: Appraisal) -> Interval | None:
    """A row's own interval with the claim's margin for it; None where there is one of the two only."""
    margin, interval = claim.margin(row.measure, row.scale), row.interval
    if margin is None or interval is None:
        return None
    estimate, low, high = interval
    return Interval(
        measure=row.measure or "",
        scale=row.scale or "",
        estimate=estimate,
        low=low,
        high=high,
        margin=margin.bounds,
        source=f"the interval of {row.study_key}",
    )


def _pooled(found: Pool, readings: Sequence[Reading]) -> list[Reading]:
    keys = found.analysis.keys if found.analysis else ()
    return [one for one in readings if one.study.key in keys]


def _people(group: Sequence[Reading]) -> int:
    return sum(one.participants or 0 for one in group)
