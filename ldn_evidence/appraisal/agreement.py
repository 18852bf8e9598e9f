"""How far reviewers agree, field by field: the share that agrees, Cohen's kappa, Krippendorff's alpha, with intervals; and where they differ.

Takes what each person read for himself; returns tables. A figure that can't be computed is empty, with why. Never settles anything.

Cohen 1960, doi:10.1177/001316446002000104; weights: Cohen 1968, doi:10.1037/h0026256; alpha: Krippendorff 2011, "Computing Krippendorff's
Alpha-Reliability"; intervals: percentile bootstrap over studies, seeded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ldn_evidence.appraisal.forms import form_rules
from ldn_evidence.appraisal.risk import tool_named
from ldn_evidence.appraisal.rows import DECIDING, Dispute
from ldn_evidence.model import PARTS, Appraisal, RobTool, name_of

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

PERCENT = "percent agreement"
KAPPA = "Cohen's kappa"
LINEAR = "Cohen's kappa, linear weights"
QUADRATIC = "Cohen's kappa, quadratic weights"
ALPHA = "Krippendorff's alpha"
ORDINAL = "Krippendorff's alpha, ordinal"
COLUMNS = ["field", "reviewers", "statistic", "value", "low", "high", "n", "why_not"]
# Fields whose words can be told apart by chance; of figures only whether they are the same is asked.
WORDS = (
    "finding", "comparator", "measure", "paired", *PARTS, "risk_of_bias", "dose_response", "confounding", "funding", "conflicts", "review_of",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of agreement from `n` units, with its 95 % interval; None where it can't be computed, and why."""

    statistic: str
    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    why_not: str | None = None


def figures(
    units: Sequence[Sequence[str | None]], scale: Sequence[str] = (), *, pairwise: bool = True
) -> tuple[Figure, ...]:
    """Every figure of agreement on one field. `units`: one a study, an answer per reviewer, None where there is none.

    `scale`: the ordered words, for the weighted figures; other words are left out of these. Kappa is for two reviewers (`pairwise`); alpha for any number.
    """
    told = [one for one in units if sum(answer is not None for answer in one) > 1]
    words = sorted({answer for one in told for answer in one if answer is not None})
    found = []
    if pairwise:
        found.append(_figure(PERCENT, told, words, _percent, fewest=1))
        found.append(_figure(KAPPA, told, words, _kappa(_nominal(len(words)))))
    if scale:
        placed = [[answer if answer in scale else None for answer in one] for one in told]
        kept = [one for one in placed if sum(answer is not None for answer in one) > 1]
        if pairwise:
            found.append(_figure(LINEAR, kept, scale, _kappa(_distance(len(scale)))))
            found.append(_figure(QUADRATIC, kept, scale, _kappa(_distance(len(scale)) ** 2)))
        found.append(_figure(ORDINAL, kept, scale, _alpha_ordinal))
    found.append(_figure(ALPHA, told, words, _alpha_nominal))
    return tuple(found)


Statistic = Callable[[Floats], Floats]


def _figure(
    name: str,
    units: Sequence[Sequence[str | None]],
    words: Sequence[str],
    statistic: Statistic,
    fewest: int | None = None,
) -> Figure:
    """`statistic` takes tables of shape (..., words, words) and gives a figure each, nan where there is none."""
    rules = form_rules().agreement
    least = rules.fewest if fewest is None else fewest
    n = len(units)
    if n < least:
        return Figure(
            name, n, why_not=f"too few studies read by both: at least {least} are needed ({rules.why})"
        )
    tables = _tables(units, words, pairs=name in (PERCENT, KAPPA, LINEAR, QUADRATIC))
    value = float(statistic(tables.sum(axis=0)))
    if np.isnan(value):
        return Figure(name, n, why_not="everybody gave the same answer throughout: nothing varies")
    drawn = np.random.default_rng(rules.seed).multinomial(n, np.full(n, 1 / n), size=rules.resamples)
    spread = statistic(np.tensordot(drawn.astype(float), tables, axes=1))
    spread = spread[~np.isnan(spread)]
    if n < rules.fewest:
        return Figure(
            name, n, value, why_not=f"no interval from so few studies: at least {rules.fewest} are needed"
        )
    low, high = (float(one) for one in np.quantile(spread, (0.025, 0.975)))
    why = None
    if low == high:
        seen = "disagreement" if value > 0 else "agreement"
        why = f"no {seen} was seen, so an interval can't say how much there might be"
        return Figure(name, n, value, why_not=why)
    return Figure(name, n, value, min(low, value), max(high, value))


def _tables(units: Sequence[Sequence[str | None]], words: Sequence[str], *, pairs: bool) -> Floats:
    """For each unit the pairs of answers in it, as a table of words by words.

    With `pairs` the first reviewer's words are rows and the second's columns; else each answer is paired with every other of its unit,
    both ways, weighted by 1 / (answers - 1), as Krippendorff's coincidences are.
    """
    at = {word: place for place, word in enumerate(words)}
    tables = np.zeros((len(units), len(words), len(words)))
    for unit, answers in enumerate(units):
        given = [at[one] for one in answers if one is not None]
        if pairs:
            tables[unit, given[0], given[1]] = 1
            continue
        for first, second in combinations(given, 2):
            tables[unit, first, second] += 1 / (len(given) - 1)
            tables[unit, second, first] += 1 / (len(given) - 1)
    return tables


def _percent(tables: Floats) -> Floats:
    return _share(np.trace(tables, axis1=-2, axis2=-1), tables.sum(axis=(-2, -1)))


def _kappa(weights: Floats) -> Statistic:
    """Cohen's kappa by weights of disagreement: observed over expected."""

    def kappa(tables: Floats) -> Floats:
        n = tables.sum(axis=(-2, -1))
        rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
        expected = np.einsum("...i,ij,...j->...", rows, weights, columns)
        return 1 - _share((tables * weights).sum(axis=(-2, -1)) * n, expected)

    return kappa


def _alpha_nominal(tables: Floats) -> Floats:
    size = tables.shape[-1]
    return _alpha(tables, np.broadcast_to(_nominal(size), tables.shape))


def _alpha_ordinal(tables: Floats) -> Floats:
    """How far two words lie apart is how many answers lie between them."""
    counts = tables.sum(axis=-1)
    upto = np.cumsum(counts, axis=-1) - counts / 2
    return _alpha(tables, (upto[..., :, None] - upto[..., None, :]) ** 2)


def _alpha(tables: Floats, distance: Floats) -> Floats:
    counts = tables.sum(axis=-1)
    expected = np.einsum("...i,...ij,...j->...", counts, distance, counts)
    observed = (tables * distance).sum(axis=(-2, -1))
    return 1 - _share((counts.sum(axis=-1) - 1) * observed, expected)


def _share(part: Floats, whole: Floats) -> Floats:
    """part / whole, nan where the whole is nothing."""
    whole = np.asarray(whole, dtype=float)
    none = whole <= 1e-12
    return np.where(none, np.nan, np.asarray(part, dtype=float) / np.where(none, 1.0, whole))


@cache
def _nominal(size: int) -> Floats:
    return 1.0 - np.eye(size)


@cache
def _distance(size: int) -> Floats:
    places = np.arange(float(size))
    return np.abs(places[:, None] - places[None, :])


# --------------------------------------------------------------------------- tables


def agreement_table(readings: Iterable[Appraisal]) -> pd.DataFrame:
    """A row for each field, pair of reviewers and figure, where both have read at least one study.

    `readings`: what each person read for himself. `reviewers`: "a, b", or "all" where there are more than two (alpha alone). `value` with `low` and `high`,
    its 95 % interval; empty where it can't be computed, and `why_not` says why. `n`: studies that enter the figure. Shares and coefficients, no percentages.
    """
    import pandas as pd

    by_place: dict[tuple[str, str], dict[str, Appraisal]] = {}
    names: dict[str, str] = {}
    for row in readings:
        names.setdefault(name_of(row.reviewer), row.reviewer)
        by_place.setdefault((row.claim, row.study_key), {})[name_of(row.reviewer)] = row
    places = [by_place[key] for key in sorted(by_place)]
    groups = list(combinations(sorted(names), 2))
    rows: list[dict[str, Any]] = []
    for group in (*groups, *([tuple(sorted(names))] if len(names) > 2 else [])):
        both = [one for one in places if sum(name in one for name in group) > 1]
        pair = len(group) == 2
        for field, scale, units in _fields(both, group) if both else ():
            words = ", ".join(names[name] for name in group) if pair else "all"
            found = figures(units, scale, pairwise=pair)
            if field not in WORDS and not field.startswith("rob_domains"):
                found = tuple(one for one in found if one.statistic == PERCENT)
            for one in found:
                cells = {
                    name: getattr(one, name) for name in ("statistic", "value", "low", "high", "n", "why_not")
                }
                rows.append({"field": field, "reviewers": words, **cells})
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"value": "Float64", "low": "Float64", "high": "Float64", "n": "Int64"})


def _fields(
    places: Sequence[Mapping[str, Appraisal]], group: Sequence[str]
) -> Iterable[tuple[str, tuple[str, ...], list[list[str | None]]]]:
    """Each field with its ordered words and the units: studies that two of the group have read and on which one says something."""
    scales = form_rules().agreement.scales
    for field in DECIDING:
        scale = (
            scales.risk_of_bias if field == "risk_of_bias" else scales.directness if field in PARTS else ()
        )
        units = [[_word(one.get(name), field) for name in group] for one in places]
        # What neither answered is no agreement: nobody was asked, or nothing was to be seen.
        told = [one for one in units if any(answer not in (None, "") for answer in one)]
        if told:
            yield field, scale, told
    used = {row.rob_tool for one in places for row in one.values()}
    for tool in (one for one in RobTool if one in used):
        for number, domain in enumerate(tool_named(tool).domain):
            units = [
                [
                    str(row.rob_domains[number])
                    if (row := one.get(name)) and row.rob_tool is tool and row.rob_domains
                    else None
                    for name in group
                ]
                for one in places
            ]
            told = [one for one in units if sum(answer is not None for answer in one) > 1]
            if told:
                yield f"rob_domains, {tool}: {domain.name}", (), told


def _word(row: Appraisal | None, field: str) -> str | None:
    """An answer as a word; "" for an empty cell, None where the reviewer has no row."""
    if row is None:
        return None
    value = getattr(row, field)
    if isinstance(value, tuple):
        return "; ".join(sorted(value))
    return "" if value is None else str(value)


def dispute_table(disputes: Iterable[Dispute]) -> pd.DataFrame:
    """What is to be adjudicated: a row for each field and reviewer, by claim and study.

    `stands`: whether that reviewer's row is the one that stands meanwhile. `lapsed`: adjudications that no longer hold.
    """
    import pandas as pd

    rows = [
        {
            "claim": one.claim,
            "study": one.study_key,
            "field": field,
            "reviewer": row.reviewer,
            "value": _word(row, field) or None,
            "row_id": row.row_id,
            "stands": row.row_id == one.stands,
            "lapsed": "; ".join(one.lapsed) or None,
        }
        for one in disputes
        for field in one.fields
        for row in one.rows
    ]
    columns = ["claim", "study", "field", "reviewer", "value", "row_id", "stands", "lapsed"]
    return pd.DataFrame(rows, columns=columns)
