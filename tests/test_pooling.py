"""Which rows are combined, which are refused and why, and what reviews have published beside them."""

from __future__ import annotations

from readings import NULL, claim, graded, interval, row, study

from ldn_evidence.grading import beside, grade_rules, pool
from ldn_evidence.grading.bodies import place
from ldn_evidence.grading.pooling import best_interval
from ldn_evidence.model import Appraisal, Claim, Finding, Pool, Reading, Study

RULES = grade_rules()


def readings(rows: list[Appraisal], asked: Claim, studies: dict[str, Study] | None = None) -> list[Reading]:
    held = studies or {}
    return [place(asked, held.get(one.study_key) or study(one.study_key), one, RULES) for one in rows]


def pooled(rows: list[Appraisal], studies: dict[str, Study] | None = None, **changes: object) -> Pool:
    asked = claim(**changes)
    return pool(asked, readings(rows, asked, studies), RULES)


A = row("a", NULL, 100, **interval(-0.34, -0.95, 0.27))
B = row("b", NULL, 100, **interval(0.49, -0.32, 1.30))
C = row("c", NULL, 100, **interval(0.1, -0.6, 0.8))


def test_two_comparable_results_are_pooled():
    found = pooled([B, A])
    assert found.analysis is not None
    assert found.refused == ()
    assert found.analysis.keys == ("a", "b")
    assert (
        round(found.analysis.estimate, 2),
        round(found.analysis.low, 2),
        round(found.analysis.high, 2),
    ) == (0.03, -0.78, 0.84)


def test_one_result_with_an_interval_is_no_pool():
    found = pooled([A, row("d", NULL, 50)])
    assert found == Pool(
        refused=(
            ("a", "no second result of the same kind (MD, 0-10, against placebo)"),
            ("d", "no interval seen"),
        )
    )


def test_what_another_scale_measure_or_comparator_gives_is_never_mixed_in():
    others = [
        row("scale", NULL, 10, **interval(1, -9, 11, scale="0-100")),
        row("smd", NULL, 10, **interval(0.1, -0.4, 0.6, "SMD", "")),
        row("untreated", NULL, 10, comparator="untreated", **interval(0, -1, 1)),
    ]
    found = pooled([A, B, *others], comparator=["placebo", "untreated"])
    assert found.analysis is not None
    assert found.analysis.keys == ("a", "b")
    ours = "than those pooled (MD, 0-10, against placebo)"
    assert found.refused == (
        ("scale", f"of another kind (MD, 0-100, against placebo) {ours}"),
        ("smd", f"of another kind (SMD, against placebo) {ours}"),
        ("untreated", f"of another kind (MD, 0-10, against untreated) {ours}"),
    )


def test_a_mean_difference_on_no_named_scale_is_not_pooled():
    nameless = [row(key, NULL, 100, **interval(0.1, -0.4, 0.6, scale="")) for key in "ab"]
    found = pooled(nameless)
    assert found == Pool(
        refused=tuple((key, "a mean difference on a scale that is not named") for key in "ab")
    )


def test_a_crossover_trial_is_pooled_only_with_an_interval_within_persons():
    reason = "a crossover trial, and its interval is not known to come from an analysis within persons"
    trials = {"a": study("a", crossover="y")}
    assert pooled([A, B, C], trials).refused == (("a", reason),)
    assert pooled([A.model_copy(update={"paired": "n"}), B, C], trials).refused == (("a", reason),)
    found = pooled([A.model_copy(update={"paired": "y"}), B, C], trials)
    assert found.analysis is not None
    assert found.analysis.keys == ("a", "b", "c")


def test_two_arms_of_one_trial_never_count_their_control_arm_twice():
    arms = [A, A.model_copy(update={"row_id": "second-arm"})]
    reason = "2 rows of one study: its people, or a control arm that they share, would count twice"
    found = pooled([*arms, B, C])
    assert found.analysis is not None
    assert found.analysis.keys == ("b", "c")
    assert found.refused == (("a", reason), ("a", reason))


def test_changes_and_final_values_are_one_mean_difference_but_two_standardised_ones():
    final = [one.model_copy(update={"outcome_measured": "pain at 12 weeks"}) for one in (A, B)]
    change = C.model_copy(update={"outcome_measured": "change in pain"})
    found = pooled([*final, change])
    assert found.analysis is not None
    assert found.analysis.keys == ("a", "b", "c")
    standardised = [one.model_copy(update={"measure": "SMD", "scale": None}) for one in (*final, change)]
    found = pooled(standardised)
    assert found.analysis is not None
    assert found.analysis.keys == ("a", "b")
    assert found.refused == (
        ("c", "of another kind (SMD, of changes, against placebo) than those pooled (SMD, against placebo)"),
    )


def test_an_interval_that_lies_lopsided_about_its_estimate_is_refused():
    odd = row("odd", NULL, 100, **interval(0.9, -1, 1))
    found = pooled([A, B, odd])
    assert found.refused == (
        (
            "odd",
            "its estimate lies far from the middle of its interval, so no standard error can be read from it",
        ),
    )


def test_against_an_active_drug_a_benefit_is_another_question():
    rows = [A, B, row("c", NULL, 100, comparator="active", **interval(0, -1, 1))]
    assert pooled(rows, comparator=["placebo", "active"]).refused == (
        ("c", "compared with an active drug, which is about another question"),
    )


def test_a_pool_of_few_is_not_made():
    found = pooled([A, B, row("large", NULL, 900)])
    few = "could be pooled, but the pool would hold only 200 of 1100 participants"
    assert found == Pool(refused=(("a", few), ("b", few), ("large", "no interval seen")))


def test_ratios_are_pooled_on_the_logarithm():
    rows = [
        row(key, NULL, 100, **interval(value, value / 2, value * 2, "RR", ""))
        for key, value in (("a", 0.5), ("b", 2.0))
    ]
    found = pooled(rows)
    assert found.analysis is not None
    assert round(found.analysis.estimate, 6) == 1


def test_a_footnote_says_how_much_is_pooled_on_what_the_verdict_rests_and_what_it_turns_on():
    asked = claim()
    rows = [A.model_copy(update={"follow_up": "12 weeks"}), B]
    found = best_interval(asked, readings(rows, asked), RULES)
    assert found is not None
    assert found.note == (
        "2 of 2 results pooled, 200 participants, I2 61%, tau2 0.21 (random effects, REML). With two, the Hartung-Knapp interval would run from "
        "-5.2 to 5.3: what is said here rests on the ordinary one, and no prediction interval can be given. Against the margin the verdict would "
        "change without a. Small studies are not tested for telling another story: 2 results, and the test needs 10. Time to the measurement: a 12 weeks, b not seen."
    )


def test_with_three_the_footnote_predicts_one_more_study():
    asked = claim()
    found = best_interval(asked, readings([A, B, C], asked), RULES)
    assert found is not None
    assert found.pool is not None
    assert found.note.startswith("3 of 3 results pooled, 300 participants, I2 25%")
    assert (
        "The Hartung-Knapp interval stands; one more study would be expected between -4.03 and 4.08."
        in found.note
    )
    assert (found.low, found.high) == found.pool.knapp


def test_with_ten_the_footnote_tests_the_small_studies():
    asked = claim()
    rows = [
        row(f"s{at}", NULL, 100, **interval(0.1 * at, 0.1 * at - 0.3 - 0.1 * at, 0.1 * at + 0.3 + 0.1 * at))
        for at in range(10)
    ]
    found = best_interval(asked, readings(rows, asked), RULES)
    assert found is not None
    assert "Egger's test for small studies: p = " in found.note


# --------------------------------------------------------------------------- beside what reviews have published


def reviewed(**changes: object) -> tuple[tuple[str, ...], ...]:
    """Why each review differs from the pool of a and b."""
    facts = {"review_of": "randomised", **interval(-0.5, -1, 0, "SMD", ""), **changes}
    studies = [
        study("a", year=2020),
        study("b", year=2026),
        study("d"),
        study("review", "meta_analysis", year=2024),
    ]
    facts = {"finding": Finding.DECREASE, **facts}
    rows = [A, B, row("d", NULL, 100), row("review", facts.pop("finding"), **facts)]
    profile = graded(rows, studies)
    asked = claim()
    found = pool(asked, [one for one in profile.counted if one.direction], RULES)
    return tuple(one.why for one in beside(asked, profile.reviews, profile.counted, found))


def test_a_review_in_another_measure_is_shown_with_what_keeps_the_two_apart():
    assert reviewed() == (
        (
            "It gives SMD, ours is MD, 0-10: one can't be turned into the other without each trial's standard deviation.",
            "Which studies it pooled is not recorded here.",
            "Ours holds b (2026), published after it.",
            "Of d we have seen no interval; a review that had one holds more than we do.",
        ),
    )


def test_a_review_whose_studies_are_recorded_is_compared_study_by_study():
    same = {"finding": NULL, **interval(0.03, -0.78, 0.84)}
    assert reviewed(**same, includes=["a", "d"]) == (
        (
            "It pooled d, of which we hold no figures that could be pooled.",
            "Ours holds b, which it does not.",
        ),
    )
    assert reviewed(**same, includes=["a", "b"]) == (
        (
            "It pooled the same studies as we do: a difference lies in the method or in the figures taken from them.",
        ),
    )


def test_a_review_of_uncontrolled_studies_or_on_another_scale_says_so():
    assert reviewed(review_of="single-arm")[0][0] == (
        "It pooled studies without a comparator: change over time, not the difference that a drug makes."
    )
    assert reviewed(**interval(-5, -10, 0, scale="0-100"))[0][0] == 'Its scale is "0-100", ours is 0-10.'
    assert reviewed(measure=None, estimate=None, ci_low=None, ci_high=None) == ()


# --------------------------------------------------------------------------- for real


def test_of_the_bundled_rows_only_the_two_trials_of_pain_in_fibromyalgia_can_be_pooled(workspace):
    made = {}
    for slug, profile in workspace.profiles.items():
        informing = [
            one for one in profile.counted if profile.body and one.body is profile.body.name and one.direction
        ]
        found = pool(workspace.protocol.claim(slug), informing, RULES).analysis
        if found:
            made[slug] = (
                found.keys,
                round(found.estimate, 2),
                round(found.low, 2),
                round(found.high, 2),
                round(found.i2),
            )
    assert made == {"fibromyalgia-pain": (("bruun2024", "innova2026"), 0.03, -0.78, 0.84, 61)}


def test_mood_is_not_pooled_across_scales(workspace):
    profile = workspace.profile("mood")
    informing = [
        one for one in profile.counted if profile.body and one.body is profile.body.name and one.direction
    ]
    found = pool(workspace.protocol.claim("mood"), informing, RULES)
    assert found.analysis is None
    assert dict(found.refused) == {
        "cree2010": "no interval seen",
        "mischoulon2017": "no second result of the same kind (MD, HAM-D-17, against placebo)",
        "moloney2026": "no interval seen",
        "younger2013": "no interval seen",
    }
