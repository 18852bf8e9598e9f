"""Labels and readings of the same abstracts into figures: how often right, how sure, and how far the figures themselves can be off.

Takes sequences of equal length, one member an abstract; gives documents of plain numbers, ready for JSON. Every interval is a 95 %
percentile bootstrap over abstracts: the file is drawn anew, with replacement, `RESAMPLES` times, always in the same way.
Never reads a file or an abstract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 2026
LEVEL = 0.95
# Equal-width bins of the probability; a bin holds its lower edge, the last one its upper edge too.
BINS = 10
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
# So many draws are held at once: a file of any length fits in memory.
_AT_ONCE = 2_000_000

Array = NDArray[np.float64]
Draws = NDArray[np.int64]  # (resamples, n): which abstracts each resample holds
Statistics = Callable[[Draws], Mapping[str, Array]]  # each value (resamples, ...)


def study_types(
    true: Sequence[str],
    predicted: Sequence[str],
    probabilities: Sequence[float | None],
    kinds: Sequence[str],
) -> dict[str, Any]:
    """How well one of several kinds was read from each abstract.

    `probabilities` are those of the predicted kind, from 0 to 1; None where the reader gave none. A kind that no label names
    has no precision, recall or F1 here and is left out of `macro_f1`; it stands in `absent`, and reading it is an error like any other.
    A kind that was never read has precision 0. `ece` is None if there is no probability at all.
    Raises ValueError for a kind not in `kinds`, a probability outside 0 to 1, lengths that differ, and for no abstract.

    >>> found = study_types(["a", "a", "b"], ["a", "b", "b"], [0.9, 0.6, 0.8], ["a", "b", "c"])
    >>> found["classes"]["a"], found["absent"]
    ({'precision': 1.0, 'recall': 0.5, 'f1': 0.6666666666666666, 'n': 2}, ['c'])
    """
    place = {kind: number for number, kind in enumerate(kinds)}
    unknown = (set(true) | set(predicted)) - set(place)
    if unknown:
        raise ValueError(f"not one of the kinds: {', '.join(sorted(unknown))}")
    if not len(true) == len(predicted) == len(probabilities) or not true:
        raise ValueError("labels, readings and probabilities must be as many, and at least one")
    given = np.array([np.nan if one is None else one for one in probabilities])
    if ((given < 0) | (given > 1)).any():
        raise ValueError("a probability lies between 0 and 1")
    labels, readings = (np.array([place[one] for one in names]) for names in (true, predicted))
    calibrated = ~np.isnan(given)

    def statistics(draws: Draws) -> Mapping[str, Array]:
        return {
            **_by_class(_confusion(labels, readings, len(kinds), draws)),
            **_calibration(labels == readings, given, draws),
            **_coverage(labels == readings, given, draws),
        }

    point, intervals = _measured(len(true), statistics)
    there = [kind for kind in kinds if kind in set(true)]
    counts = _confusion(labels, readings, len(kinds), _all(len(true)))[0]
    reliability = _reliability(labels == readings, given)
    return {
        "n": len(true),
        "accuracy": float(point["accuracy"]),
        "macro_f1": float(point["macro_f1"]),
        "ece": _plain(point["ece"]),
        "classes": {
            kind: {
                **{name: _plain(point[name][place[kind]]) or 0.0 for name in ("precision", "recall", "f1")},
                "n": int(counts[place[kind]].sum()),
            }
            for kind in there
        },
        "absent": [kind for kind in kinds if kind not in there],
        "intervals": {
            **{name: _plain(intervals[name]) for name in ("accuracy", "macro_f1", "ece")},
            "classes": {
                kind: {
                    name: _plain(intervals[name][..., place[kind]]) for name in ("precision", "recall", "f1")
                }
                for kind in there
            },
        },
        "confusion": {"kinds": list(kinds), "true_by_predicted": counts.astype(int).tolist()},
        "with_probability": int(calibrated.sum()),
        "reliability": reliability,
        "coverage": [
            {
                "p": least,
                "n": int((given >= least).sum()),
                "coverage": _plain(point["coverage"][at]),
                "accuracy": _plain(point["accuracy_at"][at]),
                "coverage_interval": _plain(intervals["coverage"][..., at]),
                "accuracy_interval": _plain(intervals["accuracy_at"][..., at]),
            }
            for at, least in enumerate(THRESHOLDS)
        ],
        "bootstrap": BOOTSTRAP,
    }


def difference(
    true: Sequence[str], first: Sequence[str], second: Sequence[str], kinds: Sequence[str]
) -> dict[str, tuple[float, float, float]]:
    """How much better the second reader of the same abstracts is: accuracy and macro-F1, each with its interval.

    Paired: every resample draws the same abstracts for both. Lengths as in `study_types`.

    >>> difference(["a", "b"], ["a", "a"], ["a", "b"], ["a", "b"])["accuracy"][0]
    0.5
    """
    place = {kind: number for number, kind in enumerate(kinds)}
    labels, before, after = (np.array([place[one] for one in names]) for names in (true, first, second))

    def statistics(draws: Draws) -> Mapping[str, Array]:
        old, new = (
            _by_class(_confusion(labels, readings, len(kinds), draws)) for readings in (before, after)
        )
        return {name: new[name] - old[name] for name in ("accuracy", "macro_f1")}

    point, intervals = _measured(len(true), statistics)
    return {name: (float(point[name]), *map(float, intervals[name])) for name in point}  # type: ignore[misc]


def answers(answered: Sequence[bool], right: Sequence[bool], name: str) -> dict[str, Any]:
    """How often a reader that may keep silent answers, and under `name` how often its answers are right.

    The latter is None if it never answered. Raises ValueError for a right answer that was not given, and for no abstract.

    >>> found = answers([True, True, False, True], [True, False, False, True], "exact_of_answered")
    >>> found["answered"], found["exact_of_answered"], found["counts"]
    (0.75, 0.6666666666666666, {'answered': 3, 'right': 2})
    """
    given, good = np.array(answered, dtype=bool), np.array(right, dtype=bool)
    if given.shape != good.shape or not given.size or (good & ~given).any():
        raise ValueError("answered and right must be as many, at least one, and what is right was answered")

    def statistics(draws: Draws) -> Mapping[str, Array]:
        spoken, hits = given[draws].sum(axis=1), good[draws].sum(axis=1)
        return {"answered": spoken / given.size, name: _ratio(hits, spoken)}

    point, intervals = _measured(given.size, statistics)
    return {
        "n": int(given.size),
        **{called: _plain(value) for called, value in point.items()},
        "counts": {"answered": int(given.sum()), "right": int(good.sum())},
        "intervals": {called: _plain(value) for called, value in intervals.items()},
        "bootstrap": BOOTSTRAP,
    }


BOOTSTRAP = {"method": "percentile, over abstracts", "level": LEVEL, "resamples": RESAMPLES, "seed": SEED}


def _measured(n: int, statistics: Statistics) -> tuple[dict[str, Array], dict[str, Array]]:
    """Every statistic of the file itself, and its interval: low and high along the first axis."""
    point = {name: value[0] for name, value in statistics(_all(n)).items()}
    chance = np.random.default_rng(SEED)
    size = max(1, min(RESAMPLES, _AT_ONCE // n))
    drawn = [
        statistics(chance.integers(n, size=(min(size, RESAMPLES - done), n)))
        for done in range(0, RESAMPLES, size)
    ]
    return point, {name: _interval(np.concatenate([one[name] for one in drawn])) for name in point}


def _all(n: int) -> Draws:
    """The file as it is, as if it were one resample."""
    return np.arange(n)[None]


def _interval(values: Array) -> Array:
    """The middle `LEVEL` of the resamples in which a statistic is defined; NaN where it is in none."""
    defined = ~np.isnan(values).all(axis=0)
    # Where a statistic is never defined, a 0 stands in so that numpy does not warn, and goes again.
    kept = np.where(defined, values, 0.0)
    found = np.nanquantile(kept, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), axis=0)
    return np.asarray(np.where(defined, found, np.nan))


def _confusion(labels: Draws, readings: Draws, kinds: int, draws: Draws) -> Array:
    """(resamples, true, predicted): how many abstracts."""
    cells = kinds * kinds
    return _tally((labels * kinds + readings)[draws], cells).reshape(-1, kinds, kinds)


def _by_class(confusion: Array) -> Mapping[str, Array]:
    hits = np.diagonal(confusion, axis1=1, axis2=2)
    true, predicted = confusion.sum(axis=2), confusion.sum(axis=1)
    f1 = np.where(true > 0, _ratio(2 * hits, true + predicted), np.nan)
    return {
        "precision": _ratio(hits, predicted),
        "recall": _ratio(hits, true),
        "f1": f1,
        "macro_f1": np.nanmean(f1, axis=1),
        "accuracy": hits.sum(axis=1) / true.sum(axis=1),
    }


def _calibration(right: NDArray[np.bool_], given: Array, draws: Draws) -> Mapping[str, Array]:
    """The expected calibration error: |share right - mean probability| of every bin, weighted by its abstracts."""
    # The bin beyond the last takes those without a probability, and is cut off.
    bins = _bins(given)
    weights = np.where(np.isnan(given), 0.0, given) - right
    gaps = np.abs(_tally(bins[draws], BINS + 1, weights[draws])[:, :BINS]).sum(axis=1)
    return {"ece": _ratio(gaps, (bins[draws] < BINS).sum(axis=1))}


def _coverage(right: NDArray[np.bool_], given: Array, draws: Draws) -> Mapping[str, Array]:
    at = [given >= least for least in THRESHOLDS]
    sure = np.stack([one[draws].sum(axis=1) for one in at], axis=1)
    hits = np.stack([(one & right)[draws].sum(axis=1) for one in at], axis=1)
    return {"coverage": sure / given.size, "accuracy_at": _ratio(hits, sure)}


def _reliability(right: NDArray[np.bool_], given: Array) -> list[dict[str, Any]]:
    bins = _bins(given)
    return [
        {
            "from": one / BINS,
            "to": (one + 1) / BINS,
            "n": int((bins == one).sum()),
            "mean_probability": float(given[bins == one].mean()) if (bins == one).any() else None,
            "accuracy": float(right[bins == one].mean()) if (bins == one).any() else None,
        }
        for one in range(BINS)
    ]


def _bins(given: Array) -> Draws:
    # 1.0 belongs to the last bin; NaN has no bin and gets the number after the last.
    return np.where(np.isnan(given), BINS, np.minimum(np.nan_to_num(given) * BINS, BINS - 1)).astype(np.int64)


def _tally(codes: Draws, size: int, weights: Array | None = None) -> Array:
    """(resamples, n) codes below `size` as (resamples, size) counts, or sums of `weights`."""
    own = (codes + np.arange(len(codes))[:, None] * size).ravel()
    flat = None if weights is None else weights.ravel()
    return np.bincount(own, flat, minlength=len(codes) * size).reshape(-1, size).astype(np.float64)


def _ratio(above: Array | Draws, below: Array | Draws) -> Array:
    """NaN where there is nothing to divide by."""
    found = np.full(above.shape, np.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found


def _plain(value: Array) -> Any:
    """A number or a pair for JSON; None for what is not defined."""
    if np.ndim(value):
        return None if np.isnan(value).any() else [float(one) for one in value]
    return None if np.isnan(value) else float(value)
