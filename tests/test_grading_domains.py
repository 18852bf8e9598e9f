"""What each GRADE domain costs, and how intervals are pooled: one sentence about the world each."""

from __future__ import annotations

import math

import pytest
from readings import NULL, graded, interval, row

from ldn_evidence.model import (
    Concern,
    Direction,
    Domain,
    EvidenceProfile,
    Finding,
)

# --------------------------------------------------------------------------- domains


def rating(profile: EvidenceProfile, domain: Domain) -> Concern:
    return profile.domains[domain].rating


def test_risk_of_bias_that_nobody_assessed_is_a_stated_downgrade():
    profile = graded([row("a", Finding.DECREASE, risk_of_bias="unassessed")])
    assert rating(profile, Domain.RISK_OF_BIAS) is Concern.SERIOUS
    assert "nobody has assessed" in profile.domains[Domain.RISK_OF_BIAS].reason


def test_results_at_high_risk_of_bias_cost_two_levels():
    assert (
        rating(graded([row("a", Finding.DECREASE, risk_of_bias="high")]), Domain.RISK_OF_BIAS)
        is Concern.VERY_SERIOUS
    )


def test_results_on_opposite_sides_are_very_inconsistent():
    profile = graded([row("a", Finding.DECREASE), row("b", Finding.INCREASE)])
    assert (profile.direction, rating(profile, Domain.INCONSISTENCY)) == (
        Direction.MIXED,
        Concern.VERY_SERIOUS,
    )


@pytest.mark.parametrize(
    ("parts", "concern"),
    [
        ({"population": "indirect"}, Concern.SERIOUS),
        ({"population": "indirect", "outcome": "indirect"}, Concern.VERY_SERIOUS),
        ({"population": "partly"}, Concern.NONE),
        ({"population": "partly", "outcome": "unclear"}, Concern.SERIOUS),
    ],
)
def test_each_indirect_part_is_a_step_away(parts, concern):
    assert rating(graded([row("a", Finding.DECREASE, **parts)]), Domain.INDIRECTNESS) is concern


@pytest.mark.parametrize(
    ("n", "concern"),
    [
        (100, Concern.VERY_SERIOUS),
        (101, Concern.SERIOUS),
        (400, Concern.SERIOUS),
        (401, Concern.NONE),
        (None, Concern.SERIOUS),
    ],
)
def test_without_an_interval_imprecision_goes_by_participants(n, concern):
    assert rating(graded([row("a", Finding.DECREASE, n)]), Domain.IMPRECISION) is concern


def test_an_interval_that_includes_no_effect_is_imprecise_however_many_people():
    profile = graded([row("a", Finding.DECREASE, 5000, **interval(-0.5, -1.1, 0.1))])
    assert rating(profile, Domain.IMPRECISION) is Concern.SERIOUS


def test_only_small_positive_studies_raise_a_suspicion_of_publication_bias():
    assert rating(graded([row("a", Finding.DECREASE, None)]), Domain.PUBLICATION_BIAS) is Concern.NONE
    small = [row("a", Finding.DECREASE, 100), row("b", Finding.DECREASE, 40)]
    assert rating(graded(small), Domain.PUBLICATION_BIAS) is Concern.SERIOUS
    # A null result that was published does not clear them.
    assert rating(graded([*small, row("c", NULL, 20)]), Domain.PUBLICATION_BIAS) is Concern.SERIOUS
    assert rating(graded([*small, row("c", Finding.DECREASE, 101)]), Domain.PUBLICATION_BIAS) is Concern.NONE


# --------------------------------------------------------------------------- pooling


def test_two_trials_are_pooled_by_random_effects():
    """Inverse-variance weights with Paule-Mandel tau2, worked out here by hand for two studies."""
    rows = [
        row("a", NULL, 99, **interval(-0.34, -0.95, 0.27)),
        row("b", NULL, 98, **interval(0.49, -0.32, 1.30)),
    ]
    inputs = graded(rows).domains[Domain.IMPRECISION].inputs
    variances = [((0.27 + 0.95) / 3.92) ** 2, ((1.30 + 0.32) / 3.92) ** 2]
    tau2 = max(0.0, ((0.49 + 0.34) ** 2 - sum(variances)) / 2)
    weights = [1 / (v + tau2) for v in variances]
    mean = (-0.34 * weights[0] + 0.49 * weights[1]) / sum(weights)
    half = 1.96 / math.sqrt(sum(weights))
    assert inputs["interval"] == pytest.approx([mean - half, mean + half], abs=2e-3)


def test_ratios_are_pooled_on_the_log_scale():
    rows = [row(key, NULL, 300, **interval(1, 0.5, 2, "RR", "")) for key in "ab"]
    low, high = graded(rows, kind="harm").domains[Domain.IMPRECISION].inputs["interval"]
    assert low * high == pytest.approx(1, abs=2e-3)
