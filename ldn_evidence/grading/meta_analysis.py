"""Effects of studies into one, by random effects. Takes `Effect`s of one measure; gives a `MetaAnalysis`. Knows no claim and no row.

The estimates, Hartung and Knapp's interval, Q and the interval of tau2 are PyMARE's, the small-study test is statsmodels'; both
are held to metafor's published results by tests/test_meta_analysis.py. What may be combined at all is decided in `grading.pooling`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ldn_evidence.model import RATIOS, Effect, LeftOneOut, MetaAnalysis, SmallStudyTest

Z95 = 1.959963984540054
# With two studies Hartung and Knapp's interval has one degree of freedom, and a prediction interval none (docs/method.md, "Pooling").
KNAPP_FROM = PREDICTION_FROM = 3
# Below ten the test finds nothing even where there is something (Sterne 2011, doi:10.1136/bmj.d4002).
SMALL_STUDY_FROM = 10
# How far an estimate may lie from the middle of its interval, in halves of the interval and beyond what rounding explains:
# farther, the interval was made another way (a bootstrap, another scale, a misprint), and its width is no standard error.
ASYMMETRY = 0.15
# PyMARE stops its search for tau2 earlier than that; two searches should agree in what is printed.
SEARCH = {"xtol": 1e-12, "ftol": 1e-16, "maxiter": 200}


def refusal(effect: Effect, measure: str) -> str | None:
    """Why an effect can't enter a pool, or None: figures that can't be, no width, an estimate far from the middle."""
    values = (effect.estimate, effect.low, effect.high)
    if not all(map(math.isfinite, values)):
        return "its figures are not numbers"
    if measure in RATIOS and min(values) <= 0:
        return f"a {measure} can't be 0 or negative"
    inward = _scales(measure)[0]
    estimate, low, high = map(inward, values)
    half = (high - low) / 2
    if half <= 0:
        return "its interval has no width"
    if not low <= estimate <= high:
        return "its interval does not hold its estimate"
    if abs(estimate - (low + high) / 2) > _rounding(values, measure) + ASYMMETRY * half:
        return (
            "its estimate lies far from the middle of its interval, so no standard error can be read from it"
        )
    return None


def combine(effects: Sequence[Effect], measure: str, scale: str = "", comparator: str = "") -> MetaAnalysis:
    """Two or more effects of one measure on one scale, combined; ratios on the logarithm.

    The order of `effects` changes nothing. Raises ValueError for fewer than two, for two of one study, and for an effect that
    `refusal` refuses.
    """
    ordered = sorted(effects, key=lambda one: one.key)
    if len(ordered) < 2:
        raise ValueError("one effect is no pool: combine needs two studies or more")
    if len({one.key for one in ordered}) < len(ordered):
        raise ValueError("a study is in the pool twice, and its people with it")
    for one in ordered:
        if reason := refusal(one, measure):
            raise ValueError(f"{one.key}: {reason}")
    outward = _scales(measure)[1]

    def back(ends: tuple[float, float]) -> tuple[float, float]:
        return outward(ends[0]), outward(ends[1])

    fit = _fit(ordered, measure)
    differ = _differences(fit)
    prediction = _prediction(fit)
    return MetaAnalysis(
        measure=measure,
        scale=scale,
        comparator=comparator,
        effects=tuple(ordered),
        weights=fit.weights,
        estimate=outward(fit.estimate),
        low=outward(fit.standing[0]),
        high=outward(fit.standing[1]),
        interval="ordinary random-effects" if fit.standing == fit.plain else "Hartung-Knapp",
        plain=back(fit.plain),
        knapp=back(fit.knapp) if fit.knapp else None,
        prediction=back(prediction) if prediction else None,
        tau2=fit.tau2,
        **differ,
        leave_one_out=tuple(_without(one, ordered, measure) for one in ordered),
        small_study=_small_study(ordered, measure) if len(ordered) >= SMALL_STUDY_FROM else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """A random-effects model on the scale on which it is pooled, and PyMARE's own account of it."""

    estimate: float
    error: float
    plain: tuple[float, float]
    knapp: tuple[float, float] | None
    tau2: float
    weights: tuple[float, ...]
    found: Any

    @property
    def standing(self) -> tuple[float, float]:
        """The interval that stands: from three studies up Hartung and Knapp's, unless it is narrower than the ordinary one."""
        if self.knapp is None or len(self.weights) < KNAPP_FROM:
            return self.plain
        return max(self.plain, self.knapp, key=lambda ends: ends[1] - ends[0])


def _fit(effects: Sequence[Effect], measure: str) -> _Fit:
    # Two seconds to import: only where there is something to pool.
    from pymare import Dataset
    from pymare.estimators import VarianceBasedLikelihoodEstimator, WeightedLeastSquares

    estimates, errors = _numbers(effects, measure)
    data = Dataset(y=estimates, v=errors**2)
    reml = VarianceBasedLikelihoodEstimator("REML", small_sample_correction="wald", **SEARCH)
    found = reml.fit_dataset(data).summary()
    tau2 = _one(found.tau2)
    adjusted = WeightedLeastSquares(tau2=tau2, small_sample_correction="knapp-hartung")
    plain = found.get_fe_stats()
    shares = 1 / (errors**2 + tau2)
    return _Fit(
        estimate=_one(plain["est"]),
        error=_one(plain["se"]),
        plain=(_one(plain["ci_l"]), _one(plain["ci_u"])),
        knapp=_ends(adjusted.fit_dataset(data).summary().get_fe_stats()),
        tau2=tau2,
        weights=tuple(float(one) for one in 100 * shares / shares.sum()),
        found=found,
    )


def _differences(fit: _Fit) -> dict[str, Any]:
    """How far the studies differ: Cochran's Q with its p, I2 by Q, and the Q-profile interval of tau2."""
    import numpy as np

    with np.errstate(divide="ignore"):  # identical effects: Q is 0, and PyMARE divides by it
        found = fit.found.get_heterogeneity_stats()
    return {
        "q": _one(found["Q"]),
        "q_p": _one(found["p(Q)"]),
        "i2": _one(found["I^2"]),
        "tau2_interval": _ends(fit.found.get_re_stats()),
    }


def _prediction(fit: _Fit) -> tuple[float, float] | None:
    """Where the effect of one more study would lie; None below three studies. No library here computes it."""
    from scipy.stats import t

    many = len(fit.weights)
    if many < PREDICTION_FROM:
        return None
    # k - 2 degrees of freedom: Higgins 2009, doi:10.1111/j.1467-985X.2008.00552.x
    reach = float(t.ppf(0.975, many - 2)) * math.sqrt(fit.tau2 + fit.error**2)
    return fit.estimate - reach, fit.estimate + reach


def _without(left: Effect, effects: Sequence[Effect], measure: str) -> LeftOneOut:
    rest = [one for one in effects if one is not left]
    if len(rest) == 1:
        (other,) = rest
        return LeftOneOut(key=left.key, estimate=other.estimate, low=other.low, high=other.high, tau2=None)
    fit, outward = _fit(rest, measure), _scales(measure)[1]
    low, high = fit.standing
    return LeftOneOut(
        key=left.key,
        estimate=outward(fit.estimate),
        low=outward(low),
        high=outward(high),
        tau2=fit.tau2,
    )


def _small_study(effects: Sequence[Effect], measure: str) -> SmallStudyTest | None:
    """Egger's test; None where all standard errors are alike, so that nothing can be regressed on them."""
    import numpy as np
    from statsmodels.regression.linear_model import WLS

    estimates, errors = _numbers(effects, measure)
    if np.ptp(errors) <= 1e-9 * errors.max():
        return None
    line = np.column_stack([np.ones_like(errors), errors])
    found = WLS(estimates, line, weights=1 / errors**2).fit()
    return SmallStudyTest(t=float(found.tvalues[1]), df=len(effects) - 2, p=float(found.pvalues[1]))


def _numbers(effects: Sequence[Effect], measure: str) -> tuple[Any, Any]:
    """Estimates and standard errors as arrays, on the scale on which they are pooled."""
    import numpy as np

    inward = _scales(measure)[0]
    estimates = np.array([inward(one.estimate) for one in effects])
    errors = np.array([(inward(one.high) - inward(one.low)) / (2 * Z95) for one in effects])
    return estimates, errors


def _scales(measure: str) -> tuple[Callable[[float], float], Callable[[float], float]]:
    return (math.log, math.exp) if measure in RATIOS else (float, float)


def _one(value: Any) -> float:
    return float(value.ravel()[0])


def _ends(found: Any) -> tuple[float, float] | None:
    low, high = _one(found["ci_l"]), _one(found["ci_u"])
    return None if math.isnan(low) or math.isnan(high) else (low, high)


def _rounding(values: Sequence[float], measure: str) -> float:
    """How far the middle of a printed interval may lie from its printed estimate through rounding alone."""
    places = max(-int(Decimal(repr(float(value))).as_tuple().exponent) for value in values)
    half = 0.5 * 10.0**-places
    estimate, low, high = (half / value if measure in RATIOS else half for value in values)
    return estimate + (low + high) / 2
