"""What a forest plot shows, as plain values: the rows that can be drawn, the words for the rest, the axis. Draws nothing."""

from __future__ import annotations

import math
import re
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ldn_evidence.errors import InputError
from ldn_evidence.model import (
    RATIOS,
    Appraisal,
    Claim,
    ClaimKind,
    Comparator,
    EvidenceProfile,
    Expectation,
    Pool,
    PublishedPool,
    Reading,
)

LABEL, REASON = 30, 142  # letters that fit into the first column, and into a line of the list below


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the picture. `weight` is per cent of the pool; None for a row that is not in it."""

    kind: str  # "study", "pool" or "review"
    label: str
    people: str
    estimate: float
    low: float
    high: float
    weight: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One line of text under the picture."""

    text: str
    heading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All of a forest plot. `axis` is its span, `margin` the band, `below` the lines of text under the picture."""

    title: tuple[str, ...]
    subtitle: tuple[str, ...]
    studies: tuple[Line, ...]
    pool: Line | None
    prediction: tuple[float, float] | None
    reviews: tuple[Line, ...]
    measure: str
    unit: str
    no_effect: float
    margin: tuple[float, float] | None
    axis: tuple[float, float]
    sides: tuple[str, str]
    below: tuple[Words, ...]


def shown(
    claim: Claim,
    profile: EvidenceProfile,
    found: Pool,
    published: Sequence[PublishedPool],
    drug: str,
    provenance: str,
) -> Shown:
    """What to draw of a claim. Raises InputError where no row and no review gives an interval."""
    drawable = [one for one in profile.counted if one.row.interval]
    measure, scale = _unit(claim, drawable, found, published)
    on_axis = [one for one in drawable if (one.row.measure or "", one.row.scale or "") == (measure, scale)]
    together = found.analysis
    weights = dict(zip(together.keys, together.weights, strict=True)) if together else {}
    labels = _labels(profile.counted)
    # A reading stands in the pool only where its row's figures are the pool's.
    studies = [_study(one, labels, weights.get(one.study.key)) for one in on_axis]
    studies.sort(key=lambda one: (one.weight is None, one.label.casefold()))
    pooled = None
    if together:
        people = [one.participants for one in on_axis if one.study.key in weights]
        pooled = Line(
            kind="pool",
            label=f"Pooled, {len(together.effects)} studies",
            people=str(sum(one or 0 for one in people)) if None not in people else "",
            estimate=together.estimate,
            low=together.low,
            high=together.high,
            weight=100,
        )
    reviews = [
        one for one in published if (one.measure, one.scale) == (measure, scale) and one.low is not None
    ]
    drawn_reviews = tuple(
        Line(
            kind="review",
            label=_cut(f"{_name(one.citation, one.key)} (review)"),
            people="",
            estimate=one.estimate,
            low=one.low or 0,
            high=one.high or 0,
        )
        for one in reviews
    )
    margin = claim.margin(measure, scale)
    bounds = margin.bounds if margin else None
    prediction = together.prediction if together else None
    ends = [
        end
        for one in (*studies, *([pooled] if pooled else []), *drawn_reviews)
        for end in (one.low, one.high)
    ]
    ends += bounds or ()
    unit = f"{_WORDS.get(measure, measure)}{', ' + scale if scale else ''}"
    certainty = str(profile.certainty)
    return Shown(
        title=tuple(textwrap.wrap(claim.question, 95)),
        subtitle=tuple(
            textwrap.wrap(f"{profile.statement} ({profile.direction}; certainty: {certainty})", 125)
        ),
        studies=tuple(studies),
        pool=pooled,
        prediction=prediction,
        reviews=drawn_reviews,
        measure=measure,
        unit=unit,
        no_effect=1.0 if measure in RATIOS else 0.0,
        margin=bounds,
        axis=_axis(ends, prediction, measure),
        sides=_sides(claim, drug, [one.row for one in on_axis]),
        below=tuple(_below(profile, on_axis, found, published, reviews, labels, bounds, provenance)),
    )


_WORDS = {
    "MD": "mean difference",
    "SMD": "standardised mean difference",
    "RR": "risk ratio",
    "OR": "odds ratio",
    "RD": "risk difference",
}


def _unit(
    claim: Claim, drawable: Sequence[Reading], found: Pool, published: Sequence[PublishedPool]
) -> tuple[str, str]:
    """The measure and scale of the axis: the pool's, else those of the row with the most people, else the newest review's."""
    if found.analysis:
        return found.analysis.measure, found.analysis.scale
    if drawable:
        first = max(
            drawable, key=lambda one: (one.direction is not None, one.participants or 0, one.study.key)
        )
        return first.row.measure or "", first.row.scale or ""
    with_interval = [one for one in published if one.low is not None]
    if with_interval:
        return with_interval[0].measure, with_interval[0].scale
    raise InputError(
        f"{claim.slug}: no study and no review gives an estimate with its interval, so there is nothing to draw. "
        "What there is stands in the claim's profile."
    )


def _study(one: Reading, labels: dict[str, str], weight: float | None) -> Line:
    estimate, low, high = one.row.interval or (0.0, 0.0, 0.0)
    people = "" if one.participants is None else str(one.participants)
    return Line(
        kind="study",
        label=labels[one.study.key],
        people=people,
        estimate=estimate,
        low=low,
        high=high,
        weight=weight,
    )


def _labels(readings: Sequence[Reading]) -> dict[str, str]:
    """A short name for each study, "Bruun 2024"; its key where two would have the same."""
    names = {one.study.key: _name(one.study.citation, one.study.key) for one in readings}
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {key: _cut(key if name in twice else name) for key, name in names.items()}


def _name(citation: str, key: str) -> str:
    """ "Bruun KD (2024). A trial. A journal." as "Bruun 2024"; the key where the citation names no author and year."""
    head, bracket, rest = citation.partition(" (")
    year = rest[:4]
    if not (bracket and head and year.isdecimal() and rest[4:5] == ")") or len(head) > 60:
        return key
    words = head.split()
    while len(words) > 1 and words[-1].isupper() and len(words[-1]) <= 4:  # initials
        words.pop()
    return f"{' '.join(words)} {year}"


def _cut(text: str) -> str:
    """A name short enough for its column. A Chinese letter takes two places."""
    places = 0
    for at, letter in enumerate(text):
        places += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if places > LABEL:
            return f"{text[: at - 1]}…"
    return text


def _axis(ends: Sequence[float], prediction: tuple[float, float] | None, measure: str) -> tuple[float, float]:
    """A span that holds every end with some air, and no effect.

    A prediction interval may widen it by half on either side: one of three studies would press all others together.
    """
    ratio = measure in RATIOS
    inward, outward = (math.log, math.exp) if ratio else (float, float)
    places = [inward(end) for end in (*ends, 1.0 if ratio else 0.0)]
    low, high = min(places), max(places)
    wide = high - low
    if prediction:
        low = max(min(low, inward(prediction[0])), low - wide / 2)
        high = min(max(high, inward(prediction[1])), high + wide / 2)
    air = 0.06 * (high - low)
    return outward(low - air), outward(high + air)


def _sides(claim: Claim, drug: str, rows: Sequence[Appraisal]) -> tuple[str, str]:
    """What lies to the left and to the right of no effect, in the words that the rows on the axis bear out."""
    drug = claim.subject or drug
    if claim.kind is not ClaimKind.BENEFIT or claim.expects is Expectation.NO_MORE:
        return f"less with {drug}", f"more with {drug}"
    if any("not shown" in (row.scale or "") for row in rows):  # nobody saw which way the scale runs
        return f"lower with {drug}", f"higher with {drug}"
    named = {
        (row.comparator_detail or "the other drug")
        if row.comparator is Comparator.ACTIVE
        else str(row.comparator)
        for row in rows
    }
    against = named.pop() if len(named) == 1 else "the comparator" if named else str(claim.comparator[0])
    sides = (f"favours {drug}", f"favours {_cut(against)}")
    return sides if claim.expects is Expectation.DECREASE else sides[::-1]


def _below(
    profile: EvidenceProfile,
    on_axis: Sequence[Reading],
    found: Pool,
    published: Sequence[PublishedPool],
    drawn_reviews: Sequence[PublishedPool],
    labels: dict[str, str],
    margin: tuple[float, float] | None,
    provenance: str,
) -> list[Words]:
    """The words under the picture: what the marks mean, how the pool was made, what is not in it and why, where it comes from."""
    pooled = found.analysis.keys if found.analysis else ()
    said = _wrapped(
        _marks(found, margin, bool(drawn_reviews), any(one.study.key not in pooled for one in on_axis))
    )
    outside = [one for one in profile.counted if one.study.key not in pooled]
    reasons = dict(found.refused)
    if outside:
        said.append(Words(text="Not pooled", heading=True))
        for one in sorted(outside, key=lambda one: labels[one.study.key].casefold()):
            said += _wrapped(f"{labels[one.study.key]}{_given(one, on_axis)}: {_why(profile, one, reasons)}")
    if published:
        said.append(Words(text="What reviews have pooled", heading=True))
        for each in published:
            where = "" if each in drawn_reviews else ", not on this axis"
            unit = unit_words(each.measure, each.scale)
            said += _wrapped(
                f"{_name(each.citation, each.key)}: {unit} {effect(each.estimate, each.low, each.high)}{where}"
            )
        said.append(Words(text="Why they and we can't give the same number", heading=True))
        for text, names in _reasons(published).items():
            whose = "All" if len(names) == len(published) > 1 else ", ".join(names)
            said += _wrapped(f"{whose}: {_named(text, profile.counted, labels)}")
    return [*said, Words(text=""), *_wrapped(provenance)]


def _marks(found: Pool, margin: tuple[float, float] | None, reviews: bool, others: bool) -> str:
    """What each mark of the picture means."""
    said = []
    one = found.analysis
    if one:
        said.append(
            f"Diamond: pooled ({one.method}), with its {one.interval} interval; I2 {one.i2:.0f} %, tau2 {one.tau2:.2g}."
        )
        said.append(
            f"Thin line: where one more study would be expected, {figures(*one.prediction)}."
            if one.prediction
            else "Two studies give no prediction interval."
        )
    if others:
        said.append("Open squares: not pooled." if one else "Open squares: single studies.")
    if reviews:
        said.append("Open diamonds: what reviews have pooled.")
    if margin:
        said.append(
            f"Grey band: differences too small to matter, {margin[0]:g} to {margin[1]:g}.".replace(" -", " −")
        )
    return " ".join(said)


def _reasons(published: Sequence[PublishedPool]) -> dict[str, list[str]]:
    """Each reason once, with the reviews of which it holds."""
    found: dict[str, list[str]] = {}
    for each in published:
        for text in each.why:
            found.setdefault(text, []).append(_name(each.citation, each.key))
    return found


def _named(text: str, counted: Sequence[Reading], labels: dict[str, str]) -> str:
    """A reason with the names that the picture gives the studies, for their keys."""
    for one in counted:
        label = labels[one.study.key]
        text = text.replace(f"{one.study.key} ({one.study.year})", label)
        text = re.sub(rf"\b{re.escape(one.study.key)}\b", label.replace("\\", r"\\"), text)
    return text


def _wrapped(text: str) -> list[Words]:
    return [Words(text=line) for line in textwrap.wrap(text, REASON, subsequent_indent="\u00a0" * 4)]


def _given(one: Reading, on_axis: Sequence[Reading]) -> str:
    """What a row that can't be drawn gives, in words."""
    if one in on_axis or not one.row.interval:
        return ""
    estimate, low, high = one.row.interval
    unit = unit_words(one.row.measure or "", one.row.scale or "")
    return f", {unit} {effect(estimate, low, high)}, not on this axis"


def _why(profile: EvidenceProfile, one: Reading, reasons: dict[str, str]) -> str:
    if profile.body is not None and one.body is not profile.body.name:
        return f"another body of evidence ({one.body})"
    if one.direction is None:
        return one.note or "its finding on this outcome is unclear"
    return reasons.get(one.study.key, "not among the rows that set the grade")


def unit_words(measure: str, scale: str) -> str:
    """ "SMD", "MD (scale: 0-10)"."""
    return f"{measure} (scale: {scale})" if scale else measure


def number(value: float, largest: float | None = None) -> str:
    """Two decimals, one from ten up and none from a hundred, with a true minus. `largest` decides for figures that stand together."""
    size = abs(value) if largest is None else largest
    places = 2 if size < 10 else 1 if size < 100 else 0
    text = f"{value:.{places}f}"
    return (text[1:] if float(text) == 0 and text.startswith("-") else text).replace("-", "−")


def figures(low: float, high: float) -> str:
    """An interval: "−0.78 to 0.84"."""
    largest = max(abs(low), abs(high))
    return f"{number(low, largest)} to {number(high, largest)}"


def effect(estimate: float, low: float | None, high: float | None) -> str:
    """An estimate with its interval, if there is one: "0.03 (−0.78 to 0.84)"."""
    if low is None or high is None:
        return number(estimate)
    largest = max(abs(low), abs(high))
    return f"{number(estimate, largest)} ({number(low, largest)} to {number(high, largest)})"
