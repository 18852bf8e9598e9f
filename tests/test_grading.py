"""How rows become a direction and a certainty: one sentence about the world each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readings import NULL, claim, graded, interval, outcome, row, study

from ldn_evidence.grading import grade_rules, listed_by
from ldn_evidence.model import (
    Appraisal,
    Body,
    Certainty,
    Comparator,
    Direction,
    Directness,
    Expectation,
    Finding,
)

# --------------------------------------------------------------------------- direction


def test_large_agreeing_trials_at_low_risk_of_bias_are_of_high_certainty():
    rows = [row("a", Finding.DECREASE), row("b", Finding.DECREASE)]
    assert outcome(graded(rows)) == (Direction.SUPPORTS, Certainty.HIGH)


@pytest.mark.parametrize(
    ("expects", "finding", "direction"),
    [
        (Expectation.DECREASE, Finding.DECREASE, Direction.SUPPORTS),
        (Expectation.DECREASE, Finding.INCREASE, Direction.AGAINST),
        (Expectation.INCREASE, Finding.INCREASE, Direction.SUPPORTS),
        (Expectation.INCREASE, Finding.DECREASE, Direction.AGAINST),
        (Expectation.INCREASE, Finding.MIXED, Direction.MIXED),
        (Expectation.NO_MORE, Finding.INCREASE, Direction.AGAINST),
    ],
)
def test_direction_follows_from_the_finding_and_what_the_claim_expects(expects, finding, direction):
    assert graded([row("a", finding)], expects=expects).direction is direction


def test_null_rows_with_two_thirds_of_the_people_and_an_interval_inside_the_margin_are_no_difference():
    rows = [row("old", Finding.DECREASE, 30), row("new", NULL, 300, **interval(0.1, -0.4, 0.6))]
    assert graded(rows).direction is Direction.NO_DIFFERENCE


def test_null_rows_whose_interval_reaches_beyond_the_margin_are_insufficient():
    rows = [row("a", NULL, 300, **interval(-0.4, -1.2, 0.4))]
    assert graded(rows).direction is Direction.INSUFFICIENT


def test_a_null_result_without_an_interval_stays_null_but_shows_no_equivalence():
    profile = graded([row("a", NULL, 300), row("b", Finding.DECREASE, 30)])
    assert profile.direction is Direction.INSUFFICIENT
    assert [one.direction for one in profile.counted] == [Direction.NO_DIFFERENCE, Direction.SUPPORTS]


def test_an_interval_on_a_scale_without_a_margin_shows_no_equivalence():
    assert (
        graded([row("a", NULL, 300, **interval(0, -0.1, 0.1, scale="0-3"))]).direction
        is Direction.INSUFFICIENT
    )


def test_rows_that_disagree_are_mixed():
    assert graded([row("a", NULL, 100), row("b", Finding.DECREASE, 100)]).direction is Direction.MIXED


def test_with_an_unknown_number_of_people_disagreeing_rows_are_mixed():
    rows = [row("a", NULL, 1000, **interval(0, -0.1, 0.1)), row("b", Finding.DECREASE, None)]
    assert graded(rows).direction is Direction.MIXED


def test_no_difference_from_an_active_drug_is_neither_an_effect_nor_no_effect():
    rows = [row("a", NULL, 500, comparator="active", **interval(0, -0.1, 0.1))]
    assert graded(rows, comparator=["placebo", "active"]).direction is Direction.INSUFFICIENT


def test_worse_than_an_active_drug_does_not_inform_a_benefit():
    profile = graded([row("a", Finding.INCREASE, comparator="active")], comparator=["placebo", "active"])
    assert (profile.direction, profile.counted[0].direction) == (Direction.INSUFFICIENT, None)


def test_a_difference_too_small_to_matter_is_no_difference_however_significant():
    rows = [row("a", Finding.DECREASE, 5000, **interval(-0.3, -0.5, -0.1))]
    assert outcome(graded(rows)) == (Direction.NO_DIFFERENCE, Certainty.HIGH)


def test_a_comparison_that_the_claim_does_not_ask_about_does_not_inform():
    profile = graded([row("a", Finding.DECREASE, comparator="active")], comparator=["placebo"])
    assert (profile.direction, profile.counted[0].direction) == (Direction.INSUFFICIENT, None)


def test_where_the_number_analysed_was_not_seen_the_number_enrolled_stands_in_and_is_named():
    rows = [row("old", Finding.DECREASE, 30), row("new", NULL, None, **interval(0.1, -0.4, 0.6))]
    profile = graded(rows, [study("old"), study("new", n_participants=300)])
    assert (profile.direction, profile.n_participants) == (Direction.NO_DIFFERENCE, 330)
    assert any("new (300)" in note for note in profile.footnotes)


def test_a_margin_is_taken_from_its_own_scale():
    margins = [
        {"measure": "RD", "scale": "a", "value": 5, "reference": "a test"},
        {"measure": "RD", "scale": "b", "value": 1, "reference": "a test"},
        {"measure": "SMD", "value": 0.5, "reference": "a test"},
    ]
    asked = claim(smallest_important_difference=margins)
    assert [asked.margin("RD", scale) and asked.margin("RD", scale).value for scale in ("a", "b", "c")] == [
        5,
        1,
        None,
    ]
    assert asked.margin("SMD", "any").value == 0.5


def test_two_of_three_equal_trials_are_two_thirds():
    rows = [row("a", NULL, 100, **interval(0, -0.5, 0.5)), row("b", NULL, 100, **interval(0, -0.5, 0.5))]
    assert graded([*rows, row("c", Finding.DECREASE, 100)]).direction is Direction.NO_DIFFERENCE


def test_a_pool_of_few_does_not_speak_for_many():
    small = [row(key, NULL, 20, **interval(0, -0.5, 0.5)) for key in "ab"]
    assert graded([*small, row("c", NULL, 1000)]).direction is Direction.INSUFFICIENT


def test_the_interval_of_a_positive_trial_proves_no_null_result():
    rows = [row(key, NULL, 30) for key in "abc"]
    positive = row("d", Finding.DECREASE, 40, **interval(-0.5, -0.9, -0.1))
    assert graded([*rows, positive]).direction is Direction.INSUFFICIENT


def test_without_a_margin_null_results_only_disagree():
    claim_without = {
        "kind": "mechanism",
        "smallest_important_difference": [],
        "no_important_difference_because": "none",
    }
    rows = [row("a", NULL, 90), row("b", Finding.DECREASE, 10)]
    assert graded(rows, **claim_without).direction is Direction.MIXED
    assert graded(rows[:1], **claim_without).direction is Direction.INSUFFICIENT


def test_a_sentence_says_when_most_were_other_people():
    assert "other people" in graded([row("a", Finding.DECREASE, population="indirect")]).statement
    assert "other people" not in graded([row("a", Finding.DECREASE)]).statement


# --------------------------------------------------------------------------- bodies


def test_the_best_informative_body_decides_and_no_votes_are_summed_across_bodies():
    studies = [study("trial"), *(study(f"cohort{i}", "cohort") for i in range(9))]
    rows = [row("trial", Finding.INCREASE), *(row(f"cohort{i}", Finding.DECREASE) for i in range(9))]
    profile = graded(rows, studies)
    assert (profile.direction, profile.body.name) == (Direction.AGAINST, Body.RANDOMISED)
    assert [body.direction for body in profile.bodies] == [Direction.AGAINST, Direction.SUPPORTS]


def test_an_unclear_trial_leaves_the_word_to_the_next_body():
    profile = graded(
        [row("trial", Finding.UNCLEAR), row("c", Finding.DECREASE)], [study("trial"), study("c", "cohort")]
    )
    assert (profile.direction, profile.body.name) == (Direction.SUPPORTS, Body.NON_RANDOMISED)
    assert (profile.n_studies, profile.n_rcts) == (2, 1)


def test_a_contrast_without_a_comparator_is_single_arm_even_inside_a_trial():
    profile = graded([row("trial", Finding.DECREASE, comparator="none")])
    assert (profile.body.name, profile.certainty) == (Body.SINGLE_ARM, Certainty.VERY_LOW)


def test_only_unclear_rows_are_insufficient_and_very_low():
    assert outcome(graded([row("a", Finding.UNCLEAR)])) == (Direction.INSUFFICIENT, Certainty.VERY_LOW)


def test_no_row_is_no_evidence_and_says_what_was_searched():
    profile = graded([], [study("trial")])
    assert outcome(profile) == (Direction.INSUFFICIENT, Certainty.NO_EVIDENCE)
    assert profile.ocebm_level is None
    assert "a test, 2026-11" in profile.statement
    assert profile.left_out[0].reason.startswith("no outcome seen that answers this claim")


@pytest.mark.parametrize("kind", ["harm", "dosing"])
def test_an_uncontrolled_study_never_shows_more_than_the_comparator(kind):
    for comparator in ("none", "unclear"):
        alone = graded([row("a", Finding.INCREASE, comparator=comparator)], kind=kind, expects="increase")
        assert outcome(alone) == (Direction.INSUFFICIENT, Certainty.VERY_LOW)
    profile = graded([row("a", Finding.INCREASE, comparison="indirect")], kind=kind, expects="increase")
    assert outcome(profile) == (Direction.INSUFFICIENT, Certainty.VERY_LOW)


def test_a_dosing_claim_needs_an_arm_at_another_dose():
    for comparator, direction in (("placebo", Direction.INSUFFICIENT), ("other dose", Direction.SUPPORTS)):
        rows = [row("a", Finding.DECREASE, comparator=comparator)]
        assert graded(rows, kind="dosing", comparator=["other dose"]).direction is direction


def test_animals_and_cells_alone_are_very_low_level_5_and_no_people():
    profile = graded(
        [row("mice", Finding.DECREASE, None)], [study("mice", "animal", human="n")], kind="mechanism"
    )
    assert (*outcome(profile), profile.ocebm_level) == (Direction.SUPPORTS, Certainty.VERY_LOW, 5)
    assert (profile.n_studies, profile.n_participants, profile.n_rcts) == (0, 0, 0)
    assert profile.statement.endswith("(animals only); the little evidence there is points that way.")
    rows = [row("mice", Finding.DECREASE, None), row("cells", Finding.DECREASE, None)]
    held = [study("mice", "animal", human="n"), study("cells", "in_vitro", human="n")]
    assert "(animals and cells only)" in graded(rows, held, kind="mechanism").statement
    assert "(cells only)" in graded(rows[1:], held[1:], kind="mechanism").statement


# --------------------------------------------------------------------------- harms: no more than the comparator


@pytest.mark.parametrize(
    ("low", "high", "direction"),
    [(0.7, 1.2, Direction.SUPPORTS), (0.7, 1.3, Direction.INSUFFICIENT), (0.4, 1.2, Direction.SUPPORTS)],
)
def test_no_more_than_placebo_needs_the_harmful_side_inside_the_margin(low, high, direction):
    rows = [row("a", NULL, 5000, **interval(0.9, low, high, "RR", ""))]
    assert graded(rows, kind="harm", expects="no more than comparator").direction is direction


def test_one_harmful_result_among_many_null_ones_never_reads_as_little_or_no_difference():
    rows = [row("a", NULL, 900, **interval(1, 0.9, 1.1, "RR", "")), row("b", Finding.INCREASE, 100)]
    profile = graded(rows, kind="harm", expects="no more than comparator")
    assert profile.direction is Direction.SUPPORTS


def test_slightly_more_harm_inside_the_margin_is_no_difference_and_no_support():
    rows = [row("a", Finding.INCREASE, 5000, **interval(1.1, 1.02, 1.2, "RR", ""))]
    profile = graded(rows, kind="harm", expects="no more than comparator")
    assert profile.direction is Direction.NO_DIFFERENCE


def test_fewer_harms_without_an_interval_do_not_show_no_more():
    profile = graded([row("a", Finding.DECREASE)], kind="harm", expects="no more than comparator")
    assert profile.direction is Direction.INSUFFICIENT


# --------------------------------------------------------------------------- what never counts


@pytest.mark.parametrize(
    ("design", "changes"),
    [
        ("rct", {"verify": "y"}),
        ("rct", {"borderline": "y"}),
        ("rct", {"doi": None}),
        ("rct", {"correction_status": "retracted"}),
        ("registry_record", {"form": "registry record"}),
        ("protocol", {}),
        ("narrative_review", {}),
    ],
)
def test_what_is_only_listed_is_named_and_never_counted(design, changes):
    listed = study("a", design, **changes)
    profile = graded([row("a", Finding.DECREASE)], [listed])
    assert profile.certainty is Certainty.NO_EVIDENCE
    assert profile.left_out[0].reason == listed_by(listed, grade_rules(), appraised=True).reason


def test_a_registry_trial_counts_once_somebody_has_appraised_its_result():
    registered = study("a", form="registry record")
    assert listed_by(registered, grade_rules()) is not None
    assert listed_by(registered, grade_rules(), appraised=True) is None


def test_a_review_speaks_only_where_no_counted_study_has_a_row():
    review = study("review", "meta_analysis")
    reviewed = row("review", Finding.DECREASE, None, review_of="randomised")
    alone = graded([reviewed], [review])
    assert (alone.direction, alone.body.by_review, alone.ocebm_level) == (Direction.SUPPORTS, "review", 1)
    assert alone.n_studies == 0
    beside = graded([reviewed, row("trial", Finding.UNCLEAR)], [review, study("trial")])
    assert (beside.direction, beside.body.by_review) == (Direction.INSUFFICIENT, None)
    assert [one.study.key for one in beside.reviews] == ["review"]


@pytest.mark.parametrize(
    ("body", "level"), [("non-randomised comparative", 3), ("single-arm", 4), ("preclinical", 5)]
)
def test_a_review_of_other_studies_has_their_level(body, level):
    rows = [row("review", Finding.DECREASE, None, review_of=body)]
    assert graded(rows, [study("review", "meta_analysis")]).ocebm_level == level


def test_a_borderline_review_never_speaks():
    review = study("review", "meta_analysis", borderline="y")
    profile = graded([row("review", Finding.DECREASE, review_of="randomised")], [review])
    assert profile.certainty is Certainty.NO_EVIDENCE


# --------------------------------------------------------------------------- provisional


def test_a_grade_is_provisional_until_a_named_person_has_confirmed_every_counted_row():
    assert graded([row("a", Finding.DECREASE)]).provisional is False
    assert graded([row("a", Finding.DECREASE), row("b", NULL, reviewer="bundled")]).provisional is True
    assert graded([row("a", Finding.DECREASE, reviewer="Machine")]).provisional is True
    assert graded([], [study("a")]).provisional is True


# --------------------------------------------------------------------------- invariants

findings = st.sampled_from(Finding)
rows_of_trials = st.lists(
    st.tuples(
        findings, st.none() | st.integers(1, 1000), st.sampled_from(Comparator), st.sampled_from(Directness)
    ),
    min_size=1,
    max_size=6,
)


def as_rows(drawn: list[tuple[Finding, int | None, Comparator, Directness]]) -> list[Appraisal]:
    return [
        row(f"s{i}", finding, n, comparator=comparator, population=directness)
        for i, (finding, n, comparator, directness) in enumerate(drawn)
    ]


@given(rows_of_trials, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(drawn, random):
    rows = as_rows(drawn)
    shuffled = rows.copy()
    random.shuffle(shuffled)
    assert graded(rows) == graded(shuffled)


@given(rows_of_trials)
def test_a_worse_risk_of_bias_never_raises_certainty(drawn):
    ladder = list(Certainty)
    better = as_rows(drawn)
    worse = [one.model_copy(update={"risk_of_bias": "high"}) for one in better]
    assert ladder.index(graded(better).certainty) <= ladder.index(graded(worse).certainty)


@given(rows_of_trials)
def test_every_counted_row_keeps_its_place_and_every_sentence_is_whole(drawn):
    profile = graded(as_rows(drawn))
    assert len(profile.counted) == len(drawn)
    assert sum(body.n_studies for body in profile.bodies) <= len(drawn)
    assert "{" not in profile.statement
    assert profile.statement.endswith(".")
