"""The sentence that tells a trial's main result, and what it says. Every abstract here is invented."""

from __future__ import annotations

import pytest

from ldn_evidence.model import Passage
from ldn_evidence.reading.results import result
from ldn_evidence.reading.results.deciding import (
    ACTIVE,
    ANOTHER,
    BY_AIM,
    CONCLUSION_ALONE,
    EQUIVALENCE,
    GUARDED,
    IN_CONCLUSION,
    ONE_GROUP,
    POSITIVE_OVER_NULL,
    UNNAMED,
)

METHODS = "Adults were randomised to low-dose naltrexone 4.5 mg or placebo for 12 weeks."


def trial(primary: str, results: str, conclusions: str = "", methods: str = METHODS) -> Passage:
    """A structured abstract around what a test is about."""
    named = f" The primary outcome was {primary}." if primary else ""
    ending = f" CONCLUSIONS: {conclusions}" if conclusions else ""
    return Passage.of(
        "A trial", f"BACKGROUND: Little is known. METHODS: {methods}{named} RESULTS: {results}{ending}"
    )


def direction(passage: Passage) -> str:
    """The word that a table prints."""
    return str(result(passage).direction)


FAVOURS = [
    ("pain intensity", "Pain scores were lower with naltrexone than with placebo (mean difference -1.1, 95% CI -1.8 to -0.4)."),
    ("average daily pain on a 0-10 scale", "Naltrexone led to a greater reduction in daily pain than placebo (P = 0.02)."),
    ("pain relief at 8 weeks", "Pain relief was greater in the naltrexone group than in the placebo group (p<0.001)."),
    ("fatigue severity", "Forty people were randomised. Fatigue decreased more with naltrexone than with placebo (p = 0.01). Sleep did not differ."),
    ("clinical remission at week 12", "Remission was reached by 11 of 20 people on naltrexone and by 4 of 20 on placebo (odds ratio 4.9, 95% CI 1.2 to 19.9), and more patients responded."),
    ("time to relapse", "Time to relapse was longer with naltrexone (hazard ratio 0.61, 95% CI 0.42 to 0.88)."),
    ("mental health-related quality of life", "Mental health-related quality of life improved significantly with naltrexone compared with placebo (P=0.04)."),
    ("the proportion with a 30% drop in pain", "The primary end point was met: 54% of the naltrexone group and 31% of the placebo group had a 30% drop in pain (p=0.03)."),
    ("symptom severity", "Symptom severity fell by 22% with naltrexone and by 9% with placebo (p = 0.03), which favoured naltrexone."),
    ("number of flares", "There were fewer flares under naltrexone than under placebo (rate ratio 0.55; 95% CI 0.33-0.92)."),
    ("mortality at 90 days", "Death from any cause was reduced by naltrexone (relative risk 0.70, 95% CI 0.52 to 0.94)."),
    ("spasticity", "Spasticity was significantly higher in the placebo group than in the naltrexone group (p=0.008)."),
    ("a 70-point fall in the CDAI", "A decline of 70 CDAI points was seen in 71% of people on naltrexone compared with 33% of those on placebo (P = 0.02)."),
    ("symptom severity", "Naltrexone reduced symptom severity by a quarter, significantly more than placebo did (a tenth; p=0.03)."),
    ("pain intensity", "A significant between-group difference in favour of naltrexone was found for pain intensity (-0.9; 95% CI -1.5 to -0.3)."),
    ("the proportion of days with headache", "The proportion of days with headache was halved with naltrexone compared with placebo (p=0.004)."),
    ("relapse within a year", "Relapse occurred in 12% of the naltrexone group and 31% of the placebo group (p=0.01)."),
    ("relapse within a year", "Relapse occurred in 31% of the placebo group and 12% of the naltrexone group (p=0.01)."),
    ("daily pain", "At week 12, pain was 4.1 (SD 2.0) with naltrexone and 5.3 (SD 2.2) with placebo (p = 0.02)."),
    ("pain", "Significantly fewer participants in the naltrexone group reported pain (p=0.02)."),
    ("pain threshold", "Pressure pain thresholds were higher with naltrexone than with placebo (p=0.03)."),
    ("an important change in pain", "More people on naltrexone (53%) than on placebo (29%) achieved an important change in pain (OR 2.7, P = .03)."),
    ("response at 8 weeks", "Response was seen in 44% and 21% in the naltrexone and the placebo group, respectively (p=0.03)."),
    ("response at 8 weeks", "Response rates in the placebo and naltrexone groups were 21% and 44%, respectively (p=0.03)."),
    ("body fat", "Compared with placebo, body fat was lower with naltrexone (-2.4 kg, 95% CI -4.1 to -0.7)."),
    ("flares", "Flares occurred in fewer people (odds ratio 0.41, 95% CI 0.20 to 0.84)."),
    ("deterioration", "Deterioration occurred in 30% with placebo and 14% with naltrexone (relative risk 0.47, 95% CI 0.26 to 0.85)."),
    ("wound dehiscence", "Naltrexone significantly reduced wound dehiscence compared with placebo (6% v 15%; RR 0.40, 95% CI 0.21-0.77)."),
]  # fmt: skip

NO_DIFFERENCE = [
    ("pain intensity", "Pain intensity did not differ between groups (mean difference -0.2, 95% CI -0.8 to 0.4; p=0.5)."),
    ("pain intensity", "Pain intensity was 5.1 with naltrexone and 5.3 with placebo (P = .44)."),
    ("pain", "Naltrexone was not associated with lower pain than placebo."),
    ("pain", "Naltrexone failed to reduce pain more than placebo did."),
    ("fatigue", "Neither naltrexone nor placebo improved fatigue."),
    ("quality of life", "There was no statistically significant difference in quality of life between naltrexone and placebo."),
    ("quality of life", "Quality of life was numerically better with naltrexone, but this was not significant (p=0.15)."),
    ("clinical remission", "Remission rates were similar in both groups (25% v 22%)."),
    ("clinical remission", "Remission occurred in 30% and 26% (risk ratio 1.15, 95% CI 0.61 to 2.17)."),
    ("disability at one year", "The trial was stopped early for futility after the second interim analysis."),
    ("itch severity", "Naltrexone relieved itch no more than placebo."),
    ("itch severity", "The primary end point was not met. In a subgroup with severe itch, itch fell more with naltrexone (p=0.03)."),
    ("serious adverse events", "Serious adverse events were no more frequent with naltrexone than with placebo (4% v 5%; p=0.8)."),
    ("relapses", "Naltrexone was ineffective in preventing relapses."),
    ("sleep quality", "No improvement in sleep quality was seen with naltrexone as compared with placebo."),
    ("sleep quality", "Sleep quality improved by 2.1 points with naltrexone and 1.8 points with placebo (difference 0.3, 95% CI -0.6 to 1.2)."),
    ("the physical component of quality of life", "Quality of life was 41.2 points with naltrexone and 40.8 with placebo (P>0.05)."),
    ("endoscopic remission", "Endoscopic remission was achieved in 6 of 18 people on naltrexone and 1 of 16 on placebo (P = .09)."),
    ("average pain", "Mean pain decreased in both groups, without a difference between them (p = 0.39)."),
    ("neuropathic pain", "Naltrexone did not separate from placebo on neuropathic pain."),
    ("pain intensity", "The between-group difference in pain intensity was -0.5 (95% CI -1.2 to 0.2)."),
    ("pain intensity", "Changes in pain intensity were comparable between naltrexone and placebo."),
    ("adverse events", "The rate of adverse events was similar with naltrexone and placebo."),
    ("fatigue", "Fatigue improved slightly with naltrexone; however, the difference from placebo was not statistically significant."),
    ("disease activity (DAS28)", "DAS28 fell by 1.1 with naltrexone and by 1.0 with placebo (mean difference 0.1, 95% CI -0.3 to 0.5)."),
    ("pain", "Pain scores did not improve significantly in the naltrexone group relative to the placebo group."),
    ("pain", "Naltrexone and placebo were equally effective for pain."),
    ("pain", "Pain was unaffected by naltrexone."),
    ("clinical response", "The clinical response rate was 45% with naltrexone versus 42% with placebo, a non-significant difference."),
    ("spasticity", "The groups were alike (log-rank P = .6). There were no differences between groups in any of the primary or secondary outcomes."),
]  # fmt: skip

AGAINST = [
    ("pain", "Pain was significantly worse with naltrexone than with placebo (p = 0.01)."),
    ("pain intensity", "Naltrexone increased pain compared with placebo (p=0.003)."),
    ("quality of life", "Quality of life was lower with naltrexone than with placebo (P = .02)."),
    ("relapse", "Relapses were more frequent with naltrexone (hazard ratio 1.9, 95% CI 1.2 to 3.0)."),
    ("overall survival", "Overall survival was shorter with naltrexone than with placebo (p = 0.01)."),
    ("pain intensity", "Pain intensity rose under naltrexone and fell under placebo (p = 0.02)."),
    ("adverse events", "Adverse events were more common with naltrexone than with placebo (62% v 30%, p=0.001)."),
    ("relapse within a year", "Relapse occurred in 31% of the naltrexone group and 12% of the placebo group (p=0.01)."),
    ("survival", "Mortality was higher with naltrexone than with placebo (risk ratio 1.6, 95% CI 1.1 to 2.3)."),
]  # fmt: skip


@pytest.mark.parametrize(("primary", "told"), FAVOURS)
def test_a_better_primary_outcome_favours_the_treatment(primary, told):
    assert direction(trial(primary, told)) == "favours"


@pytest.mark.parametrize(("primary", "told"), NO_DIFFERENCE)
def test_a_difference_that_is_denied_or_not_significant_is_no_difference(primary, told):
    assert direction(trial(primary, told)) == "no difference"


@pytest.mark.parametrize(("primary", "told"), AGAINST)
def test_a_worse_primary_outcome_is_against_the_treatment(primary, told):
    assert direction(trial(primary, told)) == "against"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Treatment met its primary endpoint.", "favours"),
        ("The response rate was 41%, which exceeded the prespecified threshold of 30%.", "favours"),
        ("The response rate did not exceed the prespecified threshold of 30%.", "no difference"),
        ("Naltrexone did not improve the primary outcome.", "no difference"),
        ("The study did not meet its primary end point.", "no difference"),
        ("The trial was stopped early because of overwhelming efficacy.", "favours"),
        ("The study was negative for its primary endpoint, which was not reached.", "no difference"),
    ],
)
def test_a_declared_verdict_decides(told, expected):
    assert direction(trial("", told)) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Naltrexone was not superior to placebo.", "no difference"),
        ("Naltrexone was no better than placebo.", "no difference"),
        ("Naltrexone did not alter wellness, nor did it change mood.", "no difference"),
        ("There was no evidence that naltrexone reduces pain.", "no difference"),
        ("Naltrexone was superior to placebo.", "favours"),
        ("Compared with placebo, naltrexone not only lowered pain but also improved sleep.", "favours"),
        ("Naltrexone was less effective than placebo.", "against"),
        ("Naltrexone may improve pain, and larger trials are warranted.", "unclear"),
        ("Naltrexone was well tolerated.", "unclear"),
        ("Larger trials should test whether naltrexone reduces pain.", "unclear"),
        ("Naltrexone is a promising and inexpensive option.", "unclear"),
    ],
)
def test_a_conclusion_alone_is_read_with_its_negations_and_its_hedges(told, expected):
    assert direction(trial("", "Thirty-one people completed the trial.", told)) == expected


def test_an_aim_is_not_a_result():
    passage = Passage.of(
        "Naltrexone and fatigue",
        "We tested whether naltrexone improves fatigue. Sixty people were randomised to naltrexone or placebo. The primary "
        "outcome was reduction in fatigue severity. All completed the trial. More studies are needed.",
    )
    assert direction(passage) == "unclear"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Physical quality of life was not changed by naltrexone.", "no difference"),
        (
            "Naltrexone improved mood (P = .02) and sleep (P = .03).",
            "favours",
        ),
        ("Pain was significantly worse under naltrexone than under placebo.", "against"),
        ("Sixty people began and fifty finished.", "unclear"),
    ],
)
def test_without_headings_and_without_a_named_outcome_the_sentence_that_compares_is_read(told, expected):
    passage = Passage.of(
        "Naltrexone in multiple sclerosis",
        f"We carried out a double-masked crossover trial of naltrexone and placebo. {told} Larger studies are needed.",
    )
    assert direction(passage) == expected


def test_being_like_an_active_comparator_is_unclear_where_nobody_says_what_was_asked():
    methods = "Fifty adults were randomised to naltrexone or gabapentin, compared with each other."
    reading = result(
        trial("", "Mood was similar in both groups (p=0.8).", "Both are effective.", methods=methods)
    )
    assert (str(reading.direction), reading.warnings) == ("unclear", (UNNAMED, ACTIVE))


def test_a_test_for_equivalence_is_not_a_test_for_a_difference():
    methods = "Fifty adults were randomised to naltrexone or gabapentin."
    reading = result(trial("pain", "Pain was equivalent (test for equivalence, P = .01).", methods=methods))
    assert (str(reading.direction), reading.warnings) == ("favours", (EQUIVALENCE,))


def test_a_result_that_speaks_against_a_treatment_its_conclusion_praises_is_unclear():
    passage = trial("pain", "Pain was higher with naltrexone than with placebo.", "Naltrexone relieved pain.")
    assert direction(passage) == "unclear"


def test_an_aim_to_show_non_inferiority_does_not_show_it():
    passage = Passage.of(
        "Naltrexone or amitriptyline",
        "We asked whether naltrexone is noninferior to amitriptyline. Sixty people were randomised. Pain was 4.1 and 4.0. "
        "Costs will differ.",
    )
    assert direction(passage) == "unclear"


def test_where_the_primary_outcome_is_not_told_of_the_result_of_another_does_not_stand_in():
    assert direction(trial("pain", "Sleep did not differ between groups (p=0.6).")) == "unclear"


def test_without_a_named_outcome_a_null_result_under_a_positive_conclusion_is_unclear():
    passage = trial("", "Pain did not differ between groups (p=0.3).", "Naltrexone improved sleep.")
    assert direction(passage) == "unclear"


def test_the_sentence_and_the_words_that_decided_are_shown():
    passage = trial(
        "pain intensity",
        "Sixty people took part. Pain intensity did not differ between groups (p=0.4). Mood improved (p=0.01).",
        "Naltrexone did not relieve pain.",
    )
    reading = result(passage)
    assert (str(reading.direction), reading.sentence.words, reading.cue.words, reading.warnings) == (
        "no difference",
        "Pain intensity did not differ between groups (p=0.4).",
        "did not differ",
        (),
    )
    assert passage.text[reading.cue.start : reading.cue.end] == reading.cue.words


def test_the_primary_outcome_decides_and_not_the_outcome_that_is_told_first():
    passage = trial(
        "fatigue",
        "Pain fell significantly with naltrexone compared with placebo (p=0.001). Fatigue was similar in the two groups (p=0.7).",
    )
    assert direction(passage) == "no difference"


def test_each_outcome_has_its_own_p_value():
    passage = trial(
        "mood",
        "Pain was lower (p=0.01), mood was no better (p=0.6), and sleep improved (p=0.02) with naltrexone.",
    )
    assert direction(passage) == "no difference"


def test_an_abbreviated_outcome_is_known_again():
    passage = trial(
        "the Fibromyalgia Impact Questionnaire (FIQ) total score",
        "Sixty people took part. The FIQ improved more with naltrexone than with placebo (p = 0.03).",
    )
    assert direction(passage) == "favours"


def test_two_primary_outcomes_that_disagree_are_mixed():
    passage = trial(
        "pain and fatigue",
        "Pain was significantly lower with naltrexone than with placebo (p=0.01). Fatigue did not differ (p=0.5).",
    )
    assert direction(passage) == "mixed"


def test_a_conclusion_that_says_both_is_mixed():
    passage = trial(
        "",
        "Forty people completed the trial.",
        "Compared with placebo, naltrexone improved pain but had no effect on fatigue.",
    )
    assert direction(passage) == "mixed"


def test_a_positive_conclusion_over_a_null_primary_outcome_is_flagged_and_does_not_decide():
    passage = trial(
        "pain intensity",
        "Pain intensity did not differ between naltrexone and placebo (p=0.3). Memory complaints were fewer (p=0.04).",
        "Low-dose naltrexone improved symptoms of fibromyalgia and should be offered.",
    )
    reading = result(passage)
    assert (str(reading.direction), reading.warnings) == ("no difference", (POSITIVE_OVER_NULL,))


def test_a_guarded_conclusion_over_a_positive_primary_outcome_is_flagged():
    passage = trial(
        "pain intensity",
        "Pain intensity was lower with naltrexone than with placebo (p=0.04).",
        "Naltrexone had no clinically relevant effect on pain intensity.",
    )
    reading = result(passage)
    assert (str(reading.direction), reading.warnings) == ("favours", (GUARDED,))


def test_no_difference_from_an_active_comparator_is_not_support():
    methods = "Adults with neuropathic pain were randomised to naltrexone 4 mg or amitriptyline, compared with each other."
    reading = result(
        trial("pain intensity", "Pain fell to a similar degree with both drugs (p=0.8).", methods=methods)
    )
    assert (str(reading.direction), reading.warnings) == ("no difference", (ACTIVE,))


def test_no_difference_from_placebo_carries_no_warning_about_comparators():
    assert result(trial("pain", "Pain did not differ from placebo (p=0.8).")).warnings == ()


@pytest.mark.parametrize(
    "told",
    [
        "Naltrexone was noninferior to amitriptyline (difference 0.1, 95% CI -0.4 to 0.6).",
        "Non-inferiority was demonstrated (P = 0.003 for noninferiority).",
        "The difference in pain met the criterion for non-inferiority.",
    ],
)
def test_non_inferiority_that_was_shown_is_favourable_and_still_not_support(told):
    methods = "Adults were randomised to naltrexone or amitriptyline in a non-inferiority trial."
    reading = result(trial("pain", told, methods=methods))
    assert (str(reading.direction), reading.warnings) == ("favours", (EQUIVALENCE,))


@pytest.mark.parametrize(
    "told",
    [
        "Non-inferiority was not shown.",
        "Naltrexone did not meet the criterion for noninferiority.",
        "Pain was 4.1 and 4.6 (difference 0.5; P value for noninferiority = .09).",
        "The upper limit exceeded the non-inferiority margin.",
    ],
)
def test_non_inferiority_that_was_not_shown_is_no_difference(told):
    methods = "Adults were randomised to naltrexone or amitriptyline in a non-inferiority trial."
    assert direction(trial("pain", told, methods=methods)) == "no difference"


def test_a_difference_in_a_non_inferiority_trial_says_nothing_without_the_margin():
    methods = "In this noninferiority trial adults were randomised to naltrexone or amitriptyline."
    assert (
        direction(
            trial(
                "",
                "Pain relief was higher after amitriptyline than after naltrexone (p=0.01).",
                methods=methods,
            )
        )
        == "unclear"
    )


@pytest.mark.parametrize(
    "abstract",
    [
        "We will randomise 120 adults with fibromyalgia to naltrexone or placebo. Naltrexone improved pain in a pilot trial.",
        "This is the protocol of a randomised trial. Pain will be measured weekly. Earlier, naltrexone was superior to placebo.",
        "Participants will be recruited in three clinics. The trial will determine whether naltrexone reduces pain.",
    ],
)
def test_a_protocol_tells_no_result(abstract):
    assert direction(Passage.of("Naltrexone for pain", abstract)) == "unclear"


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        (
            "Low-dose naltrexone: a review",
            "This review describes how naltrexone may act. It appears to be a promising and effective option.",
        ),
        (
            "Naltrexone in one patient",
            "We report a case of Crohn's disease. Symptoms improved with low-dose naltrexone.",
        ),
        (
            "Naltrexone and microglia",
            "In vitro, naltrexone may be beneficial through microglia. Clinical studies are warranted.",
        ),
        ("Naltrexone", "Naltrexone is an opioid antagonist that improves well-being."),
        (
            "Naltrexone versus placebo for pain",
            "A double-blind randomised trial was carried out in two clinics.",
        ),
        ("Naltrexone versus placebo for pain", ""),
        ("Naltrexone for pain", "Sixty people were randomised. The drug was well tolerated and feasible."),
    ],
)
def test_a_text_without_a_comparison_is_unclear(title, abstract):
    assert direction(Passage.of(title, abstract)) == "unclear"


def test_a_difference_of_which_nobody_says_whom_it_favours_is_unclear():
    assert (
        direction(trial("joint counts", "Joint counts were 4 and 9 in the two groups (p=0.01).")) == "unclear"
    )


def test_harms_are_not_the_main_result():
    passage = trial(
        "pain",
        "Vivid dreams were significantly more common with naltrexone (p=0.001). Adverse events were similar otherwise. "
        "Pain was lower with naltrexone than with placebo (p=0.03).",
    )
    assert direction(passage) == "favours"


def test_likeness_before_treatment_is_not_the_main_result():
    passage = trial(
        "",
        "Baseline age and pain did not differ. At baseline, pain was similar (p=0.7). "
        "After twelve weeks pain was lower with naltrexone than with placebo (p=0.01).",
    )
    assert direction(passage) == "favours"


def test_what_would_have_counted_as_success_is_not_success():
    methods = "Adults were randomised to naltrexone or amitriptyline."
    told = "Non-inferiority was shown if the upper limit was below 1. All completed the trial."
    assert direction(trial("pain", told, methods=methods)) == "unclear"


def test_a_hedge_among_results_is_no_result():
    assert direction(trial("pain", "Naltrexone might reduce pain.")) == "unclear"


def test_a_decimal_comma_is_read():
    assert (
        direction(trial("pain", "Pain was 4,1 with naltrexone and 4,3 with placebo (p = 0,69)."))
        == "no difference"
    )


def test_more_of_something_unknown_accuses_nobody_without_a_figure():
    assert (
        direction(trial("pain", "Increases in reported pain were larger with naltrexone than with placebo."))
        == "unclear"
    )


def test_what_a_treatment_was_associated_with_is_its_result():
    told = "Naltrexone was not associated with longer remission than placebo. Among smokers it was associated with longer remission (p=0.03)."
    assert direction(trial("duration of remission", told)) == "no difference"


def test_a_subgroup_is_not_the_main_result():
    passage = trial(
        "pain",
        "In the subgroup with high ESR pain was lower with naltrexone (p=0.01). Overall, pain did not differ (p=0.6).",
    )
    assert direction(passage) == "no difference"


def test_a_conclusion_decides_where_no_result_is_told_and_says_so():
    passage = trial("pain", "Thirty-one people completed the trial.", "Naltrexone was superior to placebo.")
    reading = result(passage)
    assert (str(reading.direction), reading.warnings) == ("favours", (CONCLUSION_ALONE,))


def test_the_first_comparison_is_read_where_no_primary_outcome_is_named_and_says_so():
    reading = result(
        trial("", "Pain was lower with naltrexone than with placebo (p=0.02). Mood was unchanged.")
    )
    assert (str(reading.direction), reading.warnings) == ("favours", (UNNAMED,))


def test_a_change_in_one_group_is_not_a_comparison():
    methods = "Twelve adults with fibromyalgia took naltrexone 4.5 mg for 12 weeks."
    reading = result(
        trial("pain intensity", "Pain intensity decreased from baseline (p=0.01).", methods=methods)
    )
    assert (str(reading.direction), reading.warnings) == ("favours", (ONE_GROUP,))


def test_an_abstract_without_headings_is_read():
    passage = Passage.of(
        "Low-dose naltrexone in Crohn's disease",
        "Forty adults were randomised to naltrexone or placebo for 12 weeks. The primary outcome was the proportion in "
        "clinical remission. At week 12, remission was more frequent with naltrexone than with placebo (p=0.009). "
        "Naltrexone was well tolerated.",
    )
    assert direction(passage) == "favours"


def untitled(text: str, title: str = "Naltrexone in chronic pain") -> Passage:
    """An abstract without headings."""
    return Passage.of(title, text)


@pytest.mark.parametrize(
    "ending",
    [
        "This trial is registered as ISRCTN00000000.",
        "Acme Pharmaceuticals.",
        "(Funded by the Little Foundation; ClinicalTrials.gov number, NCT00000000.)",
        "Larger studies are needed.",
    ],
)
def test_without_headings_the_conclusion_is_the_last_sentence_that_concludes(ending):
    reading = result(
        untitled(
            "Sixty adults were randomised to naltrexone or placebo. The primary outcome was grip. Fifty-one finished the "
            f"trial. In conclusion, naltrexone did not improve grip. {ending}"
        )
    )
    assert str(reading.direction) == "no difference"


def test_a_count_that_opens_with_overall_is_no_conclusion():
    passage = untitled(
        "Adults were randomised to naltrexone or placebo. The primary outcome was fatigue. Overall, fatigue was lower with "
        "naltrexone (3.1 v 4.4, p=0.01). The drug was well tolerated."
    )
    assert result(passage).cue.words == "lower"


def test_harms_that_the_title_names_are_the_result_and_not_an_aside():
    told = "Forty people were randomised to naltrexone or placebo. Fewer toxic reactions of any kind occurred with naltrexone: toxicity was lower (p=0.01)."
    named = untitled(f"{told} More trials are needed.", "Naltrexone to prevent toxicity of radiotherapy")
    other = untitled(f"{told} More trials are needed.")
    assert (direction(named), direction(other)) == ("favours", "unclear")


def test_toxicity_that_trails_behind_a_conclusion_does_not_hide_it():
    passage = trial("", "Thirty people finished.", "Naltrexone improved remission with acceptable toxicity.")
    assert direction(passage) == "favours"


@pytest.mark.parametrize(
    "told",
    [
        "Naltrexone did not increase the risk of bleeding.",
        "Naltrexone caused no compromise of sleep.",
        "Pain improved in both groups.",
    ],
)
def test_no_harm_and_change_in_both_groups_are_no_results(told):
    assert direction(trial("", "Thirty people finished.", told)) == "unclear"


def test_people_who_did_not_develop_a_complaint_are_not_a_denied_difference():
    passage = trial(
        "neuropathy", "Twenty people on naltrexone did not develop neuropathy, and 11 on placebo."
    )
    assert direction(passage) != "no difference"


def test_without_a_named_outcome_the_result_of_what_the_aim_asks_for_is_read():
    reading = result(
        untitled(
            "We studied the effect of naltrexone on itch. Forty adults were randomised to naltrexone or placebo. Duration of "
            "visits did not differ (p=0.7). Itch was lower with naltrexone (p=0.01). Naltrexone reduces itch."
        )
    )
    assert (str(reading.direction), reading.warnings) == ("favours", (BY_AIM,))


def test_an_aim_whose_result_its_conclusion_contradicts_is_unclear():
    passage = untitled(
        "We studied the effect of naltrexone on itch. Forty adults were randomised to naltrexone or placebo. Itch did not "
        "differ (p=0.7). Naltrexone improved skin health."
    )
    assert direction(passage) == "unclear"


def test_being_equivalent_is_what_a_trial_of_a_biosimilar_sets_out_to_show():
    methods = "Adults were randomised to a biosimilar of the drug or to the reference drug."
    reading = result(trial("pain", "Pain was equivalent with both (4.0 v 4.1).", methods=methods))
    assert (str(reading.direction), reading.warnings) == ("favours", (EQUIVALENCE,))


def test_a_p_value_below_the_level_that_the_trial_set_itself_is_not_called_null():
    methods = "Adults were randomised to naltrexone or placebo. The one-sided significance level was 0.10."
    assert direction(trial("pain", "Pain was 4.0 and 4.9 (P = .07).", methods=methods)) == "unclear"


def test_groups_alike_in_age_are_no_result():
    passage = untitled(
        "Forty adults were randomised to naltrexone or placebo. There were no differences in age or weight between the groups. "
        "Pain was lower with naltrexone (p=0.01). Naltrexone relieved pain."
    )
    assert direction(passage) == "favours"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Pain dropped less with naltrexone than with placebo (p=0.01).", "against"),
        ("Pain dropped less with placebo than with naltrexone (p=0.01).", "favours"),
        ("The fall in pain: reduction in pain was larger under placebo (p=0.01).", "against"),
        ("Improvement in pain was smaller in the naltrexone group (p=0.01).", "against"),
        ("Improvement in pain was smaller in the placebo group (p=0.01).", "favours"),
        ("Naltrexone had a smaller effect on pain than placebo (p=0.03).", "against"),
        ("Pain improved to a lesser extent with naltrexone than with placebo (p=0.03).", "against"),
        ("Less pain relief was felt under naltrexone than under placebo (p=0.03).", "against"),
        ("In the placebo group pain was higher (p=0.02).", "favours"),
        ("People taking placebo had significantly lower pain (p=0.02).", "against"),
        ("Placebo relieved pain better than naltrexone did (p=0.01).", "against"),
        ("Pain improved more in controls (p=0.01).", "against"),
        ("Pain fell by 1 point with naltrexone and by 2 points with placebo (p=0.01).", "against"),
        ("Pain fell by 1 point with placebo and by 2 points with naltrexone (p=0.01).", "favours"),
        ("Pain changed by -2.0 points with naltrexone and by -0.5 points with placebo (p=0.01).", "favours"),
        ("Pain fell from 6 to 5 with naltrexone and from 6 to 3 with placebo (p=0.01).", "against"),
        ("Pain fell from 6 to 3 with naltrexone and from 6 to 5 with placebo (p=0.01).", "favours"),
        ("Compared with naltrexone, placebo reduced pain more (p=0.01).", "against"),
        ("Pain relief was inferior with naltrexone (p=0.01).", "against"),
        ("Naltrexone slowed the worsening of pain (p=0.01).", "favours"),
    ],
)  # fmt: skip
def test_what_happened_less_or_with_the_control_is_not_read_the_wrong_way_round(told, expected):
    assert direction(trial("pain", told)) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Significantly more people under placebo than under naltrexone had half as much relief again.", "against"),
        ("Fewer people on naltrexone than on placebo improved (p=0.03).", "against"),
        ("Fewer people on naltrexone than on placebo deteriorated (p=0.03).", "favours"),
        ("Joints deteriorated significantly less often with naltrexone than with placebo.", "favours"),
        ("Fewer people on naltrexone took rescue and grip improved with naltrexone (p=0.03).", "favours"),
        ("Placebo was superior to naltrexone (p=0.01).", "against"),
        ("Placebo was less effective than naltrexone.", "favours"),
        ("Naltrexone was neither inferior nor superior to placebo.", "no difference"),
        ("Naltrexone was not inferior to, and not superior to, placebo.", "no difference"),
        ("Naltrexone was non-inferior to placebo.", "no difference"),
    ],
)  # fmt: skip
def test_the_side_that_fared_better_is_told_by_the_whole_clause(told, expected):
    assert direction(trial("", told)) == expected


def test_a_change_in_each_group_alone_is_no_comparison():
    told = "Pain fell in the placebo group (p=0.01) and in the naltrexone group (p=0.02)."
    assert direction(trial("pain", told)) == "unclear"


@pytest.mark.parametrize(
    "told",
    [
        "All nine people improved.",
        "Improvement was noted in 61.0 % and 40.0 %.",
        "The investigators were pleased with the improvement.",
        "The findings are read as favouring naltrexone.",
        "The panel does not recommend naltrexone for pain.",
        "Neither the age of the participants nor the dose is told.",
        "This paper is a summary, and no evidence by itself.",
        "That the two groups do not differ does not prove that either treatment works.",
        "It does not tell what naltrexone does for pain.",
        "The drug was given in less than a quarter of the usual dose for pain.",
        "Nobody was allocated by chance.",
        "Six letters could not be found again.",
    ],
)
def test_remarks_opinions_and_bare_negations_are_no_results(told):
    assert direction(untitled(f"Adults took naltrexone or placebo. Weeks went by. {told}")) == "unclear"


def test_an_untested_change_in_one_group_is_unclear():
    methods = "Ten adults took naltrexone without a control group. Scores were compared with baseline."
    reading = result(trial("", "Pain improved.", methods=methods))
    assert (str(reading.direction), reading.rule, reading.warnings) == (
        "unclear",
        "nothing-tested",
        (UNNAMED, ONE_GROUP),
    )


def test_no_change_in_one_group_is_no_likeness_to_an_active_comparator():
    methods = "Ten adults took naltrexone; there was no control group. Pain was compared with baseline."
    reading = result(trial("pain", "Pain did not change (p=0.4).", methods=methods))
    assert (str(reading.direction), reading.warnings) == ("no difference", (ONE_GROUP,))


@pytest.mark.parametrize(
    "methods",
    [
        "Adults were randomised to naltrexone against an opioid analgesic.",
        "Adults on naltrexone were compared with an NSAID.",
        "Twenty adults took naltrexone alone; twenty took interferon beta.",
        "Adults were randomised to naltrexone or oral pregabalin, observation being blind.",
    ],
)
def test_likeness_to_a_drug_that_works_bears_a_warning(methods):
    told = "Pain fell with no difference between the two groups (p=0.7)."
    assert result(trial("pain", told, methods=methods)).warnings == (ACTIVE,)


def test_a_drug_on_top_of_which_a_dummy_was_compared_is_no_comparator():
    methods = (
        "Adults on gabapentin were randomised to naltrexone or placebo; before, they had received an opioid."
    )
    assert result(trial("pain", "Pain did not differ (p=0.7).", methods=methods)).warnings == ()


def test_parts_of_one_outcome_that_go_different_ways_are_mixed():
    told = "Mental quality of life rose with naltrexone (p = 0.03). Physical quality of life was no different from placebo."
    assert direction(trial("quality of life", told)) == "mixed"
    assert direction(trial("mental quality of life", told)) == "favours"


@pytest.mark.parametrize(
    "told",
    [
        "Pain was lower with naltrexone by 0.2 points (-0.5 to 0.9). There was no clear difference.",
        "Pain was less with naltrexone by 0.5 points (95 % CI -0.6 to 1.6), that is, no clear difference.",
        "Pain changed by -1.1 points (95 % CI -1.6 to -0.6) with naltrexone and by -0.9 (-1.4 to -0.4) with placebo. "
        "The difference was -0.2 points (-0.9 to 0.5).",
    ],
)
def test_the_interval_of_the_difference_decides_and_not_that_of_one_arm(told):
    reading = result(trial("pain", told, "No clear difference was seen."))
    assert (str(reading.direction), reading.warnings) == ("no difference", ())


def test_an_interval_beside_by_is_that_of_a_difference():
    assert (
        direction(trial("pain", "Pain was less on naltrexone by 1.4 points (95% CI 0.3 to 2.5)."))
        == "favours"
    )


def test_no_warning_of_a_missing_result_where_the_last_sentence_is_the_result():
    told = "Adults took naltrexone or placebo by lot. The primary outcome was pain. Sixty finished. Pain did not differ (p=0.6)."
    reading = result(untitled(told))
    assert (str(reading.direction), reading.warnings) == ("no difference", ())


def test_the_primary_outcome_told_of_in_the_conclusion_alone_is_said_to_be():
    reading = result(trial("pain", "Thirty-one people finished.", "Naltrexone did not reduce pain."))
    assert (str(reading.direction), reading.warnings) == ("no difference", (IN_CONCLUSION,))


def test_another_result_with_which_the_conclusion_agrees_is_said_to_be_another():
    reading = result(
        trial(
            "grip", "Sleep did not differ between groups (p=0.6).", "Naltrexone was not superior to placebo."
        )
    )
    assert (str(reading.direction), reading.warnings) == ("no difference", (ANOTHER,))


def test_a_conclusion_of_no_difference_does_not_overrule_a_difference_whose_direction_is_open():
    told = "The difference in tablets dispensed was 12.0 (p=0.003)."
    assert direction(trial("", told, "No effect of naltrexone was seen.")) == "unclear"


def test_what_non_inferiority_is_not_is_said_plainly():
    assert "not superiority" in EQUIVALENCE
