"""What must not be possible: ways in which evidence could be made to say more than it does. One sentence about the world each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readings import NULL, claim, graded, interval, row, study

from ldn_evidence.grading import grade_rules
from ldn_evidence.model import (
    AS_COMPUTED,
    Appraisal,
    Certainty,
    Comparator,
    Concern,
    Direction,
    Directness,
    Domain,
    EvidenceProfile,
    Finding,
    Judgement,
    Rise,
    RiskOfBias,
    Upgrade,
)

LADDER = [Certainty.NO_EVIDENCE, Certainty.VERY_LOW, Certainty.LOW, Certainty.MODERATE, Certainty.HIGH]
# How far an answer leans to what the claim says.
SUPPORT = {Direction.SUPPORTS: 2, Direction.MIXED: 1}


def support(profile: EvidenceProfile) -> int:
    return SUPPORT.get(profile.direction, 0)


# --------------------------------------------------------------------------- one input changes and the rating moves

GOOD = row("a", Finding.DECREASE, 600, **interval(-2, -3, -1.2))


@pytest.mark.parametrize(
    ("domain", "changes"),
    [
        (Domain.RISK_OF_BIAS, {"risk_of_bias": RiskOfBias.HIGH}),
        (Domain.INDIRECTNESS, {"population": Directness.INDIRECT}),
        (Domain.INDIRECTNESS, {"dose_directness": Directness.INDIRECT}),
        (Domain.INDIRECTNESS, {"route_directness": Directness.INDIRECT}),
        (Domain.INDIRECTNESS, {"follow_up_directness": Directness.INDIRECT}),
        (Domain.INDIRECTNESS, {"comparison": Directness.INDIRECT}),
        (Domain.INDIRECTNESS, {"outcome": Directness.INDIRECT}),
        (Domain.IMPRECISION, {"n_analysed": 90, "estimate": None, "ci_low": None, "ci_high": None}),
        (Domain.PUBLICATION_BIAS, {"n_analysed": 90}),
        (Domain.PUBLICATION_BIAS, {"funding": "industry"}),
    ],
)
def test_one_changed_input_moves_one_domain(domain, changes):
    before = graded([GOOD])
    after = graded([Appraisal.model_validate(GOOD.model_dump() | changes)])
    assert {one.rating for one in before.domains.values()} == {Concern.NONE}
    assert after.domains[domain].rating is not Concern.NONE
    assert after.domains[domain].inputs != before.domains[domain].inputs
    assert LADDER.index(after.certainty) < LADDER.index(before.certainty)


def test_results_that_differ_move_inconsistency():
    after = graded([GOOD, row("b", NULL, 500)])
    assert after.domains[Domain.INCONSISTENCY].rating is Concern.SERIOUS


def test_an_interval_of_two_margins_to_both_sides_costs_three_levels():
    def imprecision(low: float, high: float) -> Concern:
        return graded([row("a", NULL, 500, **interval(0, low, high))]).domains[Domain.IMPRECISION].rating

    assert imprecision(-1.5, 1.5) is Concern.VERY_SERIOUS
    assert imprecision(-2.1, 2.1) is Concern.EXTREMELY_SERIOUS
    ratio = {"kind": "harm", "expects": "increase"}
    wide = graded([row("a", NULL, 500, **interval(1, 0.6, 1.7, "RR", ""))], **ratio)
    assert wide.domains[Domain.IMPRECISION].rating is Concern.EXTREMELY_SERIOUS


def test_trials_registered_long_ago_without_a_result_raise_a_suspicion_of_what_supports():
    old = study("planned", "protocol", year=2020)
    held = [study("a"), old]
    assert graded([GOOD], held).domains[Domain.PUBLICATION_BIAS].rating is Concern.SERIOUS
    recent = [study("a"), study("planned", "protocol", year=2025)]
    assert graded([GOOD], recent).domains[Domain.PUBLICATION_BIAS].rating is Concern.NONE


# --------------------------------------------------------------------------- null and contrary evidence

trial = st.builds(
    lambda finding, n, comparator, given, spread: (finding, n, comparator, given, spread),
    st.sampled_from([Finding.DECREASE, Finding.INCREASE, Finding.NO_DIFFERENCE, Finding.MIXED]),
    st.none() | st.integers(1, 1000),
    st.sampled_from([Comparator.PLACEBO, Comparator.NONE]),
    st.none() | st.floats(-3, 3).map(lambda value: round(value, 1)),
    st.floats(0.1, 3).map(lambda value: round(value, 1)),
)


def as_row(key: str, drawn: tuple[Finding, int | None, Comparator, float | None, float]) -> Appraisal:
    finding, n, comparator, estimate, spread = drawn
    # Figures stand in the outcome's own direction.
    turned = {Finding.DECREASE: -1, Finding.INCREASE: 1}.get(finding)
    if estimate is not None and turned:
        estimate = turned * abs(estimate)
    figures = {} if estimate is None else interval(estimate, estimate - spread, estimate + spread)
    return row(key, finding, n, comparator=comparator, **figures)


@given(
    st.lists(trial, min_size=1, max_size=4), st.none() | st.integers(1, 2000), st.none() | st.floats(0.1, 3)
)
def test_a_null_result_never_makes_an_answer_lean_more_to_the_claim(drawn, n, spread):
    rows = [as_row(f"s{i}", one) for i, one in enumerate(drawn)]
    figures = {} if spread is None else interval(0, -spread, spread)
    before, after = graded(rows), graded([*rows, row("null", NULL, n, **figures)])
    assert after.direction is not Direction.SUPPORTS or before.direction is Direction.SUPPORTS
    # Beside results that are against the claim, a null one makes them mixed: then the sentence says that none supports.
    assert support(after) <= support(before) or "No study supports" in after.statement
    if after.direction is Direction.SUPPORTS:
        assert LADDER.index(after.certainty) <= LADDER.index(before.certainty)
        for domain in (Domain.IMPRECISION, Domain.PUBLICATION_BIAS):
            steps = grade_rules().steps
            assert steps[after.domains[domain].rating] >= steps[before.domains[domain].rating]


def test_mixed_results_of_which_none_supports_say_so():
    profile = graded([row("a", Finding.INCREASE, 100), row("b", NULL, 100)])
    assert profile.direction is Direction.MIXED
    assert profile.statement.startswith("No study supports")
    assert profile.pointing == {"no difference": ("b",), "against": ("a",)}


def test_a_trifling_difference_and_a_small_null_trial_show_no_difference():
    rows = [row("large", Finding.DECREASE, 5000, **interval(-0.3, -0.5, -0.1)), row("small", NULL, 10)]
    assert graded(rows).direction is Direction.NO_DIFFERENCE


# --------------------------------------------------------------------------- retracted


@given(st.lists(trial, min_size=1, max_size=4))
def test_with_a_retracted_study_the_grade_is_the_one_without_it_and_the_claim_says_so(drawn):
    rows = [as_row(f"s{i}", one) for i, one in enumerate(drawn)]
    held = [study(one.study_key) for one in rows]
    withdrawn = study("gone", correction_status="retracted")
    before = graded(rows, held)
    after = graded([*rows, row("gone", Finding.DECREASE, 900)], [*held, withdrawn])
    assert replace(after, left_out=before.left_out, footnotes=before.footnotes) == before
    assert [one.study_key for one in after.left_out] == ["gone"]
    assert "Retracted, and so not counted: gone." in after.footnotes


# --------------------------------------------------------------------------- what raises

COHORT = [study("c", "cohort")]


def comparative(**changes: object) -> EvidenceProfile:
    figures = interval(3, 2.2, 4, "RR", "")
    cells = {
        "events_intervention": 300,
        "n_intervention": 1000,
        "events_comparator": 110,
        "n_comparator": 1000,
    }
    facts = {**figures, **cells, **changes}
    return graded([row("c", Finding.INCREASE, 2000, **facts)], COHORT, kind="harm", expects="increase")


def test_a_large_effect_raises_comparative_evidence_that_nothing_lowered():
    assert (comparative().certainty, comparative().upgrades[Upgrade.LARGE_EFFECT].rating) == (
        Certainty.MODERATE,
        Rise.ONE,
    )
    very = comparative(estimate=6, ci_low=2.5, ci_high=9)
    assert (very.certainty, very.ocebm_level) == (Certainty.HIGH, 2)
    small = comparative(estimate=1.5, ci_low=1.3, ci_high=1.9)
    assert (small.certainty, small.ocebm_level) == (Certainty.LOW, 3)


def test_nothing_is_raised_where_anything_was_lowered():
    profile = comparative(risk_of_bias="high")
    assert profile.upgrades[Upgrade.LARGE_EFFECT].rating is Rise.NONE
    assert "lowered (risk of bias)" in profile.upgrades[Upgrade.LARGE_EFFECT].reason


def test_randomised_evidence_and_series_without_a_comparator_are_not_raised():
    figures = interval(6, 3, 9, "RR", "")
    trial = graded([row("a", Finding.INCREASE, 2000, **figures)], kind="harm", expects="increase")
    series = graded(
        [row("c", Finding.DECREASE, 2000, comparator="none", **interval(0.2, 0.1, 0.3, "RR", ""))], COHORT
    )
    assert {one.rating for profile in (trial, series) for one in profile.upgrades.values()} == {Rise.NONE}


@pytest.mark.parametrize(
    ("cells", "upgrade"),
    [
        ({"dose_response": "y"}, Upgrade.DOSE_RESPONSE),
        ({"confounding": "would reduce it"}, Upgrade.CONFOUNDING),
    ],
)
def test_a_reviewers_word_on_dose_response_or_confounding_raises(cells, upgrade):
    plain = comparative(estimate=1.5, ci_low=1.3, ci_high=1.9)
    raised = comparative(estimate=1.5, ci_low=1.3, ci_high=1.9, **cells)
    assert (plain.certainty, raised.certainty) == (Certainty.LOW, Certainty.MODERATE)
    assert raised.upgrades[upgrade].rating is Rise.ONE


# --------------------------------------------------------------------------- one route for non-randomised evidence


def test_confounding_is_not_charged_twice_where_a_body_starts_low():
    domains = "serious; moderate; low; low; low; low; low"
    cells = {"rob_tool": "ROBINS-I", "rob_domains": domains, "risk_of_bias": "high"}
    assert comparative(**cells).domains[Domain.RISK_OF_BIAS].rating is Concern.NONE
    elsewhere = cells | {"rob_domains": "low; low; low; low; serious; low; low"}
    assert comparative(**elsewhere).domains[Domain.RISK_OF_BIAS].rating is Concern.VERY_SERIOUS
    # A trial has paid for nothing.
    trial = graded([row("a", Finding.DECREASE, 500, **cells)])
    assert trial.domains[Domain.RISK_OF_BIAS].rating is Concern.VERY_SERIOUS


# --------------------------------------------------------------------------- every override leaves its trace


def judged(rating: str, domain: Domain | Upgrade = Domain.RISK_OF_BIAS) -> Judgement:
    return Judgement(
        claim="pain", domain=domain, rating=rating, reason="A reason.", reviewer="jd", date="2026-11-22"
    )


def test_a_judgement_stands_over_the_rule_and_what_the_rule_said_stays_beside_it():
    rows = [row("a", Finding.DECREASE, 600, **interval(-2, -3, -1.2), risk_of_bias="high")]
    before, after = graded(rows), graded(rows, judgements=[judged("no concern")])
    rating = after.domains[Domain.RISK_OF_BIAS]
    assert (before.certainty, after.certainty) == (Certainty.LOW, Certainty.HIGH)
    assert (rating.by, rating.rule, rating.rule_reason) == (
        "jd",
        Concern.VERY_SERIOUS,
        "results at high risk hold 100%",
    )
    assert rating.inputs == before.domains[Domain.RISK_OF_BIAS].inputs
    assert after.judgements == (judged("no concern"),)
    assert any("by jd: A reason. The rule says: very serious" in note for note in after.footnotes)


@given(st.lists(trial, min_size=1, max_size=3), st.sampled_from([*Domain, *Upgrade]), st.data())
def test_no_judgement_is_silent_and_none_leaves_the_ladder(drawn, domain, data):
    rows = [as_row(f"s{i}", one) for i, one in enumerate(drawn)]
    rises = Rise if domain is Upgrade.LARGE_EFFECT else [Rise.NONE, Rise.ONE]
    word = data.draw(st.sampled_from([*(Concern if isinstance(domain, Domain) else rises)]))
    profile = graded(rows, judgements=[judged(word, domain)])
    assert profile.certainty in LADDER[1:]
    assert {**profile.domains, **profile.upgrades}[domain].by == "jd"
    assert any("by jd" in note for note in profile.footnotes)


def test_a_judgement_on_a_claim_without_evidence_makes_none():
    profile = graded([], [study("a")], judgements=[judged("no concern")])
    assert (profile.certainty, profile.judgements) == (Certainty.NO_EVIDENCE, ())


def test_a_judgement_needs_a_word_of_its_domain():
    for domain, word in ((Domain.IMPRECISION, "raised by one"), (Upgrade.LARGE_EFFECT, "serious")):
        with pytest.raises(ValueError, match="is not a rating of that domain"):
            judged(word, domain)
    assert judged(AS_COMPUTED).rating == AS_COMPUTED


# --------------------------------------------------------------------------- what a reader is told


def test_an_open_question_keeps_a_confirmed_claim_provisional_and_is_printed():
    rows = [row("a", Finding.DECREASE)]
    assert (graded(rows).provisional, graded(rows).confirmed_by) == (False, ("A Person",))
    asked = graded(rows, open_questions=["Two reviewers differ on a."])
    assert (asked.provisional, asked.confirmed_by) == (True, ())
    assert asked.footnotes[0] == "Two reviewers differ on a."


def test_a_harm_is_told_with_its_event_rates():
    assert (
        "Event rates in c: 300 of 1000 (30%) on the drug, 110 of 1000 (11%) on placebo."
        in comparative().footnotes
    )


def test_what_would_change_a_grade_names_each_reason_and_how_far_it_reaches():
    profile = graded([row("a", Finding.DECREASE, 90, risk_of_bias="unassessed")])
    assert profile.certainty is Certainty.VERY_LOW
    assert profile.would_change == (
        "Risk of bias: results at low risk that hold two thirds of the people (now: a unassessed). This alone would leave it very low.",
        "Imprecision: more people, or an interval that decides (90 participants, no more than 100; no interval that can be held "
        "against a margin). With this alone certainty would be low.",
        "Publication bias: larger studies, and results of the trials that were registered (only small studies support (none known above "
        "100 participants)). This alone would leave it very low.",
    )
    assert graded([GOOD]).would_change == ()


def test_every_gap_has_a_sentence_without_holes():
    margins = {
        "smallest_important_difference": [],
        "no_important_difference_because": "none",
        "kind": "mechanism",
    }
    gaps = [
        graded([], [study("a")]),
        graded([row("a", Finding.UNCLEAR)]),
        graded([row("a", NULL, comparator="active")], comparator=["placebo", "active"]),
        graded([row("a", NULL)]),
        graded([row("a", NULL, **interval(0, -2, 2))]),
        graded([row("a", NULL)], **margins),
        graded([row("r", Finding.DECREASE, None, review_of="randomised")], [study("r", "meta_analysis")]),
    ]
    firsts = [one.would_change[0] for one in gaps]
    assert len(set(firsts)) == len(gaps)
    assert not any("{" in words for one in gaps for words in one.would_change)
    assert claim().outcome in firsts[0]


# --------------------------------------------------------------------------- figures and findings


@pytest.mark.parametrize(("measure", "scale"), [("MD", "0-10"), ("SMD", ""), ("RD", "")])
def test_a_finding_that_its_own_figures_contradict_is_refused(measure, scale):
    for finding, sign in ((Finding.DECREASE, 1), (Finding.INCREASE, -1)):
        with pytest.raises(ValueError, match="outcome's own direction"):
            row("a", finding, **interval(2 * sign, 2 * sign - 1, 2 * sign + 1, measure, scale))


def test_no_difference_with_an_interval_wholly_beyond_the_margin_is_mixed():
    profile = graded([row("a", NULL, 500, **interval(-3, -4, -2))])
    assert profile.direction is Direction.MIXED
    assert "wholly beyond the margin" in profile.counted[0].note


def test_an_unknown_number_of_people_clears_nothing():
    bad = [
        row("a", Finding.DECREASE, 5000, risk_of_bias="high", population="indirect"),
        row("b", Finding.DECREASE, 10),
        row("c", Finding.DECREASE, 10),
    ]
    unknown = row("d", Finding.DECREASE, None)
    before, after = graded(bad), graded([*bad, unknown])
    for domain in (Domain.RISK_OF_BIAS, Domain.INDIRECTNESS):
        assert (
            grade_rules().steps[after.domains[domain].rating]
            >= grade_rules().steps[before.domains[domain].rating]
        )
    assert "other people" in after.statement
    small = [row(f"s{i}", Finding.DECREASE, 30) for i in range(4)]
    assert graded([*small, unknown]).domains[Domain.PUBLICATION_BIAS].rating is Concern.SERIOUS


def test_one_interval_does_not_speak_for_a_body_of_which_it_holds_a_third():
    rows = [row("a", Finding.DECREASE, 500, **interval(-0.5, -0.7, -0.3))]
    rows += [row(key, Finding.DECREASE, 450, **interval(-2, -2.5, -1.5, "SMD", "")) for key in "bc"]
    assert graded(rows).direction is Direction.SUPPORTS


def test_twelve_people_show_no_high_certainty_of_no_difference():
    for n in (12, None):
        profile = graded([row("a", NULL, n, **interval(0, -0.5, 0.5))])
        assert (profile.direction, profile.certainty) == (Direction.NO_DIFFERENCE, Certainty.MODERATE)


def test_a_result_that_cannot_tell_is_never_of_high_certainty():
    assert graded([row("a", NULL, 900)]).certainty is Certainty.MODERATE
    assert graded([row("a", Finding.MIXED, 900)]).certainty is Certainty.MODERATE


def test_a_prediction_interval_that_reaches_no_effect_is_inconsistent():
    """The trials together rule out no effect and agree well enough (I2); a next one may find it all the same."""
    shifts = (-4.2, -2, -1.9, -2.9)
    rows = [
        row(key, Finding.DECREASE, 200, **interval(shift, shift - 1.4, shift + 1.4))
        for key, shift in zip("abcd", shifts, strict=True)
    ]
    profile = graded(rows)
    found, rating = profile.pool.analysis, profile.domains[Domain.INCONSISTENCY]
    assert found.i2 < grade_rules().inconsistency.i2
    assert found.high < -1 < found.prediction[1]
    assert rating.rating is Concern.SERIOUS
    assert rating.reason.startswith("a next trial may find")


# --------------------------------------------------------------------------- harms


def test_shown_harm_is_not_outvoted():
    facts = {"kind": "harm", "expects": "no more than comparator"}
    many = row("many", NULL, 700, **interval(1, 0.9, 1.1, "RR", ""))
    harm = row("harm", Finding.INCREASE, 340, **interval(4, 2.5, 6.4, "RR", ""))
    profile = graded([many, harm], **facts)
    assert profile.direction is Direction.MIXED
    assert profile.domains[Domain.INCONSISTENCY].rating is Concern.VERY_SERIOUS
    assert "No study supports" not in profile.statement  # the null one says what the claim says
    assert graded([harm], **facts).direction is Direction.AGAINST


def test_no_difference_in_a_harm_says_compared_with_what():
    rows = [row("a", NULL, 5000, **interval(1, 0.95, 1.05, "RR", ""))]
    profile = graded(rows, kind="harm", expects="decrease", comparator_note="an opioid")
    assert profile.statement == "Drug makes little or no difference to pain compared with an opioid."


def test_an_odds_ratio_raises_only_where_the_event_is_known_to_be_rare():
    figures = interval(3, 2.2, 4, "OR", "")
    margin = {"smallest_important_difference": [{"measure": "OR", "value": 1.25, "reference": "a test"}]}

    def raised(events: int) -> Rise:
        cells = {
            "events_comparator": events,
            "n_comparator": 1000,
            "events_intervention": 350,
            "n_intervention": 1000,
        }
        rows = [row("c", Finding.INCREASE, 2000, **figures, **cells)]
        profile = graded(rows, COHORT, kind="harm", expects="increase", **margin)
        return profile.upgrades[Upgrade.LARGE_EFFECT].rating

    assert (raised(100), raised(101)) == (Rise.ONE, Rise.NONE)


def test_the_ratio_of_one_study_among_several_raises_nothing():
    studies = [study("c", "cohort"), study("d", "cohort")]
    rows = [row("c", Finding.INCREASE, 800, **interval(6, 3, 9, "RR", "")), row("d", Finding.INCREASE, 790)]
    profile = graded(rows, studies, kind="harm", expects="increase")
    assert profile.upgrades[Upgrade.LARGE_EFFECT].rating is Rise.NONE


# --------------------------------------------------------------------------- active drugs, reviews, judgements


def test_no_difference_from_an_active_drug_outvotes_nothing():
    rows = [row("active", NULL, 1000, comparator="active"), row("placebo", Finding.DECREASE, 450)]
    profile = graded(rows, comparator=["placebo", "active"])
    assert (profile.direction, profile.body.n_studies, profile.n_studies) == (Direction.SUPPORTS, 1, 2)


def test_a_review_that_pooled_a_retracted_study_sets_no_grade():
    review, gone = study("r", "meta_analysis"), study("gone", correction_status="retracted")
    rows = [row("r", Finding.DECREASE, 600, review_of="randomised", includes="gone")]
    profile = graded([*rows, row("gone", Finding.DECREASE)], [review, gone])
    assert profile.certainty is Certainty.NO_EVIDENCE


def test_reviews_that_point_elsewhere_lower_the_one_that_speaks():
    held = [study("new", "meta_analysis", year=2026), study("old", "meta_analysis", year=2025)]
    rows = [row("new", Finding.DECREASE, 600, review_of="randomised")]
    rows += [row("old", NULL, 5000, review_of="randomised", **interval(0, -0.2, 0.2))]
    profile = graded(rows, held)
    assert profile.body.by_review == "new"
    assert profile.domains[Domain.INCONSISTENCY].rating is Concern.SERIOUS


def test_no_judgement_raises_a_case_report():
    case = [study("c", "case_report")]
    rows = [row("c", Finding.DECREASE, 5, comparator="none")]
    words = [judged("raised by two", Upgrade.LARGE_EFFECT), judged("raised by one", Upgrade.CONFOUNDING)]
    profile = graded(rows, case, judgements=words)
    assert (profile.certainty, profile.ocebm_level) == (Certainty.VERY_LOW, 4)
    assert "without effect" in profile.upgrades[Upgrade.LARGE_EFFECT].reason
    with pytest.raises(ValueError, match="is not a rating of that domain"):
        judged("raised by two", Upgrade.DOSE_RESPONSE)


def test_what_was_said_of_a_counted_study_since_is_said_here():
    concern = graded([row("a", Finding.DECREASE)], [study("a", correction_status="expression of concern")])
    assert "An editor has expressed concern about a." in concern.footnotes
    corrected = graded([row("a", Finding.DECREASE)], [study("a", correction_status="corrected")])
    assert "A correction of a has been published." in corrected.footnotes
