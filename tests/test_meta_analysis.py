"""Pooling, held to published results, to a second library, and to what must be true of every pool.

Where a number comes from is said beside it. "metafor": the results printed in the documentation and the tests of the R package
metafor (github.com/wviechtb/metafor), or pinned from it in PyMARE's own tests (pymare/tests/data/metafor_reference.json).
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published import (
    EQUAL_K5,
    EXPECTATIONS,
    EXTREME_K10,
    KACKER,
    UNEQUAL_K5,
    bcg,
    effects,
    magnesium,
)
from statsmodels.stats.meta_analysis import combine_effects

from ldn_evidence.grading.meta_analysis import combine, refusal
from ldn_evidence.model import Effect

# --------------------------------------------------------------------------- published results


def test_the_bcg_trials_come_out_as_metafor_prints_them():
    found = combine(effects(bcg(), "RR"), "RR")
    # metafor, reference page of rma.uni: estimate, interval, tau2, Q; tests/testthat/test_misc_influence.r gives tau2 and Q in full
    assert [round(math.log(one), 4) for one in (found.estimate, *found.plain)] == [-0.7145, -1.0669, -0.3622]
    assert found.tau2 == pytest.approx(0.313243325980895, abs=1e-6)
    assert found.q == pytest.approx(152.233008082373, abs=1e-9)
    # metafor, reference page of confint.rma: the Q-profile interval of tau2
    assert found.tau2_interval == pytest.approx((0.1197, 1.1115), abs=5e-5)
    # metafor, reference page of predict.rma: the risk ratio with its interval
    assert [round(one, 2) for one in (found.estimate, *found.plain)] == [0.49, 0.34, 0.70]
    # I2 by Q, as Stata's metan and metafor's DerSimonian-Laird have it (test_misc_metan_vs_rma.uni_with_dat.bcg.r); by tau2 it is 92.22
    assert round(found.i2, 4) == 92.1173


def test_the_bcg_trials_without_one_come_out_as_metafor_prints_them():
    # metafor, reference page of leave1out: estimate, interval, tau2 without the first, the fourth and the last trial
    published = {
        "s01": (-0.7071, -1.0794, -0.3348, 0.3362),
        "s04": (-0.6284, -0.9746, -0.2822, 0.2628),
        "s13": (-0.7775, -1.1412, -0.4139, 0.3037),
    }
    held = {one.key: one for one in effects(bcg(), "RR")}
    for key, (estimate, low, high, tau2) in published.items():
        rest = combine([one for other, one in held.items() if other != key], "RR")
        assert [round(math.log(one), 4) for one in (rest.estimate, *rest.plain)] == [estimate, low, high]
        (left,) = [one for one in combine(list(held.values()), "RR").leave_one_out if one.key == key]
        assert round(math.log(left.estimate), 4) == estimate
        assert round(left.tau2 or 0, 4) == tau2
        assert (left.low, left.high) == pytest.approx((rest.low, rest.high))


@pytest.mark.parametrize(
    ("design", "tau2", "estimate", "plain", "knapp", "spread", "q_p"),
    # metafor 4.6.0, REML with test "z" and "knha", and confint, as PyMARE pins them
    [
        (EQUAL_K5, 1.0830683217408152, 0.6049786977020822, (-0.6569780515851135, 1.8669354469892778), (-1.1658946839315667, 2.3758520793357314), (0, 15.56206397072197), 0.07802941929824463),
        (UNEQUAL_K5, 3.0539045155524738, 0.18480405951699172, (-1.5559187708216364, 1.92552688985562), (-2.702614410226331, 3.0722225292603142), (0.37437910706976263, 62.64881870915339), 0.00043261444283937314),
        (EXTREME_K10, 0.8224002783454577, 0.6868897020739435, (0.011078554483622383, 1.3627008496642645), (-0.054899656296211186, 1.4286790604440982), (0.27621241313967376, 4.068378738504434), 4.8272097789668306e-108),
    ],
)  # fmt: skip
def test_reml_and_hartung_knapp_agree_with_metafor(design, tau2, estimate, plain, knapp, spread, q_p):
    found = combine(effects(design), "MD")
    assert found.tau2 == pytest.approx(tau2, rel=1e-4)
    assert found.estimate == pytest.approx(estimate, rel=1e-4)
    assert found.plain == pytest.approx(plain, abs=1e-4)
    assert found.knapp == pytest.approx(knapp, abs=1e-4)
    assert found.tau2_interval == pytest.approx(spread, rel=1e-8)
    assert found.q_p == pytest.approx(q_p, rel=1e-6)
    assert (found.low, found.high, found.interval) == (*found.knapp, "Hartung-Knapp")


def test_the_expectancy_studies_and_their_prediction_interval():
    found = combine(effects(EXPECTATIONS, "SMD"), "SMD")
    # metafor, tests/testthat/test_analysis_example_raudenbush2009.r, after Raudenbush 2009, table 16.2
    assert round(found.estimate, 4) == 0.0837
    assert round(found.tau2, 4) == 0.0188
    # there the prediction interval is taken from the normal distribution: -0.2036 to 0.3711. Ours has 17 degrees of freedom.
    low, high = found.prediction or (0, 0)
    wider = 2.1098155778331806 / 1.959963984540054  # t with 17 degrees of freedom against z, at 97.5 %
    middle, reach = (-0.2036 + 0.3711) / 2, (0.3711 + 0.2036) / 2 * wider
    assert (low, high) == pytest.approx((middle - reach, middle + reach), abs=2e-4)


def test_the_magnesium_trials_show_their_small_studies():
    found = combine(effects(magnesium(), "OR"), "OR")
    # metafor, reference page of regtest: REML, then the classical test
    assert [round(math.log(one), 4) for one in (found.estimate, *found.plain)] == [-0.8745, -1.2822, -0.4669]
    assert round(found.tau2, 4) == 0.1911
    assert round(found.q, 4) == 20.9184
    assert found.small_study is not None
    assert (round(found.small_study.t, 4), found.small_study.df, round(found.small_study.p, 4)) == (
        -3.1783,
        13,
        0.0073,
    )


# --------------------------------------------------------------------------- a second library


@pytest.mark.parametrize("design", [EQUAL_K5, UNEQUAL_K5, EXTREME_K10, KACKER, tuple(bcg())])
def test_statsmodels_gives_the_same_intervals_at_the_same_heterogeneity(design):
    """statsmodels has no REML, but given weights 1/(v + tau2) its fixed-effect part is the same model."""
    found = combine(effects(design), "MD")
    y, v = np.array(design).T
    other = combine_effects(y, v + found.tau2)
    assert found.estimate == pytest.approx(other.mean_effect_fe)
    assert found.plain == pytest.approx(other.conf_int(use_t=False)[0])
    assert found.knapp == pytest.approx(other.conf_int(use_t=True)[2])
    assert found.weights == pytest.approx(100 * other.weights_rel_fe)
    plain = combine_effects(y, v)
    assert found.q == pytest.approx(plain.q)
    assert found.i2 == pytest.approx(max(0.0, 100 * (plain.q - len(y) + 1) / plain.q))


def test_paule_mandel_and_reml_agree_closely_on_the_newtonian_constant():
    y, v = np.array(KACKER).T
    other = combine_effects(y, v, method_re="pm", atol=1e-7)
    found = combine(effects(KACKER), "MD")
    # metafor's Paule-Mandel, in statsmodels' tests (results_meta.exk1_metafor): 62.4076, 61.7451 to 63.0701, tau2 0.7054
    assert (round(other.mean_effect_re, 4), round(other.tau2, 4)) == (62.4076, 0.7054)
    assert found.estimate == pytest.approx(other.mean_effect_re, abs=0.05)


@settings(max_examples=25, deadline=None)
@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(0.01, 1), st.floats(0.01, 1))
def test_for_two_studies_reml_and_paule_mandel_are_the_same(one, other, first, second):
    found = combine(effects([(one, first), (other, second)]), "MD")
    # with two, both set the squared difference equal to what is expected of it
    assert found.tau2 == pytest.approx(max(0.0, ((one - other) ** 2 - first - second) / 2), abs=2e-4)


# --------------------------------------------------------------------------- how many studies what needs


def test_with_two_studies_the_ordinary_interval_stands_and_nothing_is_predicted():
    found = combine(effects([(-0.34, 0.09), (0.49, 0.16)]), "MD")
    assert (found.low, found.high) == found.plain
    assert found.interval == "ordinary random-effects"
    assert found.prediction is None
    assert found.knapp is not None
    assert found.knapp[1] - found.knapp[0] > 3 * (found.high - found.low)


def test_without_one_of_two_the_other_stands_alone():
    one, other = effects([(-0.34, 0.09), (0.49, 0.16)])
    left = combine([one, other], "MD").leave_one_out
    assert [(each.key, each.estimate, each.low, each.high, each.tau2) for each in left] == [
        (one.key, other.estimate, other.low, other.high, None),
        (other.key, one.estimate, one.low, one.high, None),
    ]


def test_the_hartung_knapp_interval_never_narrows_the_ordinary_one():
    found = combine(effects([(0.50, 0.1), (0.51, 0.1), (0.49, 0.1)]), "MD")
    assert found.knapp is not None
    assert found.knapp[1] - found.knapp[0] < found.plain[1] - found.plain[0]
    assert (found.low, found.high, found.interval) == (*found.plain, "ordinary random-effects")


def test_the_small_study_test_needs_ten_and_standard_errors_that_differ():
    ten = [(0.1 * (at % 3), 0.1 + 0.01 * at) for at in range(10)]
    assert combine(effects(ten), "MD").small_study is not None
    assert combine(effects(ten[:9]), "MD").small_study is None
    assert combine(effects([(value, 0.1) for value, _ in ten]), "MD").small_study is None


def test_one_study_or_a_study_twice_is_no_pool():
    (one,) = effects([(0.1, 0.1)])
    with pytest.raises(ValueError, match="needs two studies"):
        combine([one], "MD")
    with pytest.raises(ValueError, match="twice"):
        combine([one, one], "MD")


# --------------------------------------------------------------------------- what may enter


@pytest.mark.parametrize(
    ("values", "measure", "reason"),
    [
        ((0.1, 0.1, 0.1), "MD", "its interval has no width"),
        ((0.5, 0.1, 0.4), "MD", "its interval does not hold its estimate"),
        ((1.0, 0.0, 2.0), "RR", "a RR can't be 0 or negative"),
        ((math.nan, 0.0, 2.0), "MD", "its figures are not numbers"),
        ((0.9, -1.0, 1.0), "MD", "its estimate lies far from the middle of its interval, so no standard error can be read from it"),
        ((1.5, 1.0, 2.0), "RR", None),  # 1.41 would be the middle: one decimal explains it
        ((1.50, 1.01, 2.02), "RR", None),
        ((-1.0, -12.2, 10.2), "MD", None),
        ((0.96, 0.74, 1.24), "RR", None),
    ],
)  # fmt: skip
def test_an_effect_enters_only_with_an_interval_from_which_a_standard_error_can_be_read(
    values, measure, reason
):
    estimate, low, high = values
    effect = Effect(key="a", estimate=estimate, low=low, high=high)
    assert refusal(effect, measure) == reason
    if reason:
        with pytest.raises(ValueError, match="a: "):
            combine([effect, Effect(key="b", estimate=1, low=0.5, high=2)], measure)


# --------------------------------------------------------------------------- true of every pool

numbers = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.01, 4)), min_size=2, max_size=12)


@settings(max_examples=25, deadline=None)
@given(numbers, st.randoms(use_true_random=False))
def test_the_order_of_studies_changes_nothing(drawn, random):
    given_order = effects(drawn)
    shuffled = given_order.copy()
    random.shuffle(shuffled)
    assert combine(given_order, "MD") == combine(shuffled, "MD")


@settings(max_examples=25, deadline=None)
@given(numbers)
def test_every_pool_lies_within_its_studies_and_every_share_is_one(drawn):
    found = combine(effects(drawn), "MD")
    values = [value for value, _ in drawn]
    assert min(values) - 1e-9 <= found.estimate <= max(values) + 1e-9
    assert found.low <= found.plain[0] <= found.estimate <= found.plain[1] <= found.high
    assert 0 <= found.i2 < 100
    assert found.tau2 >= 0
    assert sum(found.weights) == pytest.approx(100)
    if found.prediction:
        assert found.prediction[0] <= found.plain[0]
        assert found.plain[1] <= found.prediction[1]


@settings(max_examples=25, deadline=None)
@given(numbers, st.floats(-10, 10), st.floats(0.1, 10))
def test_moving_or_stretching_every_study_moves_or_stretches_the_pool(drawn, by, times):
    found = combine(effects(drawn), "MD")
    moved = combine(effects([(times * value + by, times**2 * variance) for value, variance in drawn]), "MD")
    assert moved.estimate == pytest.approx(times * found.estimate + by, abs=2e-3 * times)
    assert moved.low == pytest.approx(times * found.low + by, abs=2e-3 * times)
    assert moved.i2 == pytest.approx(found.i2, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(st.floats(-5, 5), st.floats(0.01, 4), st.integers(2, 12))
def test_studies_that_agree_completely_show_no_heterogeneity(value, variance, many):
    found = combine(effects([(value, variance)] * many), "MD")
    assert found.tau2 == pytest.approx(0, abs=1e-6)
    assert found.i2 == pytest.approx(0, abs=1e-6)
    assert found.estimate == pytest.approx(value)
    assert (found.low, found.high) == found.plain


@settings(max_examples=25, deadline=None)
@given(numbers)
def test_a_ratio_is_pooled_on_its_logarithm(drawn):
    logs, ratios = combine(effects(drawn), "MD"), combine(effects(drawn, "RR"), "RR")
    assert math.log(ratios.estimate) == pytest.approx(logs.estimate, abs=1e-4)
    assert ratios.tau2 == pytest.approx(logs.tau2, abs=1e-3)
