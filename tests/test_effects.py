"""Effect estimates, their intervals and p values, as abstracts print them."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldn_evidence.model import FactField, Passage
from ldn_evidence.reading.effects import effect_rules, effects


def figures(words: str) -> list[tuple[str | None, float | None, float | None, float | None, str | None]]:
    """Measure, estimate, interval and p value of each effect that is read in one sentence."""
    return [
        (one.unit, one.number, one.low, one.high, one.p)
        for one in effects(Passage.of(None, words))
        if one.field is FactField.EFFECT
    ]


@pytest.mark.parametrize(
    ("words", "effect"),
    [
        ("MD -1.2 (95% CI -2.0 to -0.4)", ("MD", -1.2, -2.0, -0.4, None)),
        ("a hazard ratio 0.66 (95% CI, 0.41-1.07; P=.08)", ("HR", 0.66, 0.41, 1.07, "=.08")),
        ("HR=0.66, 95 % CI=0.46-0.92, p = 0.01", ("HR", 0.66, 0.46, 0.92, "=0.01")),
        ("hazard ratio [HR], 0.66; 95 percent CI, 0.50 to 0.87; one-sided P < .001", ("HR", 0.66, 0.5, 0.87, "<.001")),
        ("The odds ratio for remission was 2.3 [95% CI: 1.1; 4.8].", ("OR", 2.3, 1.1, 4.8, None)),
        ("aOR 2.4 (1.8–3.4)", ("OR", 2.4, 1.8, 3.4, None)),
        ("risk ratio (RR) 1.4 (95% confidence interval [CI] 1.1 to 1.9)", ("RR", 1.4, 1.1, 1.9, None)),
        ("rate ratio 1,2 (95% CI 1,1-1,4)", ("RR", 1.2, 1.1, 1.4, None)),
        ("risk difference 12% (95% CI 3% to 21%)", ("RD", 12.0, 3.0, 21.0, None)),
        ("the difference in response rates was 14% (95% CI 2 to 26)", ("RD", 14.0, 2.0, 26.0, None)),
        ("a difference in bone density of 2.1% (95% CI 0.4 to 3.8)", ("MD", 2.1, 0.4, 3.8, None)),
        ("a difference of −0.34 points (−0.95 to 0.27)", ("MD", -0.34, -0.95, 0.27, None)),
        ("the between-group difference at 12 weeks was −0·34 (95% CI −0·95 to 0·27; p=0·27)", ("MD", -0.34, -0.95, 0.27, "=0.27")),
        ("the mean difference was -0.5 kg/m2 (95% CI -0.9 to -0.1)", ("MD", -0.5, -0.9, -0.1, None)),
        ("standardised mean difference −0.5 (−0.8–−0.2)", ("SMD", -0.5, -0.8, -0.2, None)),
        ("mean difference -0.4 (-1.5 to 0.7)", ("MD", -0.4, -1.5, 0.7, None)),
        ("mean difference 0.5, (−0.6 to 1.6)", ("MD", 0.5, -0.6, 1.6, None)),
        ("a mean difference of -0.4 points (-1.5 to 0.7 points)", ("MD", -0.4, -1.5, 0.7, None)),
        ("the mean difference (95% CI) was -0.4 (-1.5 to 0.7)", ("MD", -0.4, -1.5, 0.7, None)),
        ("Cohen's d = 0.45, p < .001", ("SMD", 0.45, None, None, "<.001")),
        ("Hedges' g 0.3 (95% CI -0.1, 0.7)", ("SMD", 0.3, -0.1, 0.7, None)),
    ],
)  # fmt: skip
def test_an_effect_is_read_with_its_measure_interval_and_p_value(words, effect):
    assert figures(words) == [effect]


def test_an_effect_is_one_span_of_the_words_as_printed():
    words = "Pain fell (mean difference −0·34 [95% CI −0·95 to 0·27]) in both."
    (read,) = effects(Passage.of("A title", words))
    assert read.value == "mean difference −0·34 [95% CI −0·95 to 0·27]"
    assert [(span.start, span.words) for span in read.spans] == [(len("A title\nPain fell ("), read.value)]
    assert read.rule == "effects: mean-difference"


def test_an_interval_that_does_not_hold_its_estimate_leaves_words_and_no_figures():
    (read,) = effects(Passage.of(None, "hazard ratio 0.66 (95% CI 0.7 to 0.9)"))
    assert (read.value, read.number, read.low, read.high, read.unit) == (
        "hazard ratio 0.66 (95% CI 0.7 to 0.9)", None, None, None, None,
    )  # fmt: skip
    assert read.rule.endswith("interval-without-its-estimate")


def test_an_interval_of_90_per_cent_is_not_given_as_one_of_95():
    assert figures("The hazard ratio was 0.8 (90% CI 0.6 to 1.1).") == [("HR", 0.8, None, None, None)]


def test_a_dash_before_a_ratio_is_no_minus():
    assert figures("hazard ratio - 0.8 (95% CI - 0.6 to 1.1)") == [("HR", 0.8, 0.6, 1.1, None)]


@pytest.mark.parametrize(
    "words",
    [
        "The RR was 35% in both arms.",
        "HR was 72 bpm after 4.5 mg.",
        "HR-positive disease in 12 women",
        "OR and HR were 0.8 and 0.7 (95% CI 0.6-0.9)",
        "ORs ranged from 0.3 to 0.8.",
        "There was a difference in 25 women (p = 0.02).",
        "differences at 2 years (73% and 70%)",
        "We assumed a hazard ratio of 0.6 and 80% power.",
        "pain intensity 5.1 (95% CI 4.2 to 6.0)",
    ],
)
def test_no_effect_is_read_where_no_measure_stands_with_its_figure(words):
    assert figures(words) == []


def test_a_lone_p_value_is_told_with_its_clause():
    abstract = (
        "Sleep was better with the drug (P value of 0.03). Mood did not change (p = .6 for interaction)."
    )
    read = effects(Passage.of(None, abstract))
    assert [(one.field, one.p, one.value, one.spans[0].words) for one in read] == [
        (FactField.P_VALUE, "=0.03", "Sleep was better with the drug (P value of 0.03)", "P value of 0.03"),
        (FactField.P_VALUE, "=.6", "Mood did not change (p = .6", "p = .6"),
    ]


def test_the_clause_of_a_p_value_is_short_and_no_bracket_is_cut():
    abstract = (
        "Pain fell in both arms, but sleep was better with the drug (4 nights; 2 nights; p = 0.04), and nobody "
        "fell ill. "
        + "Of the many outcomes that were asked for in the long questionnaire of the second visit, "
        "which took an hour and was filled in at home, none changed (p = 0.4)."
    )
    values = [one.value for one in effects(Passage.of(None, abstract))]
    assert values == [
        "but sleep was better with the drug (4 nights; 2 nights; p = 0.04)",
        "for in the long questionnaire of the second visit, which took an hour and was filled in at home, none changed (p = 0.4)",
    ]


def test_the_p_value_of_an_effect_is_not_told_twice():
    read = effects(Passage.of(None, "odds ratio 2.3 (95% CI 1.1 to 4.8; P = .02)"))
    assert [one.field for one in read] == [FactField.EFFECT]


def test_what_is_no_probability_is_no_p_value():
    assert effects(Passage.of(None, "P = 1.5 and group P 12 and substance P of 0.5 ng")) == ()


def test_every_measure_has_a_reason_and_a_pattern_that_compiles():
    assert all(one.reason and re.compile(one.pattern) for one in effect_rules().measure)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.none(), st.text(max_size=100)),
    st.text(alphabet="HRmdOR difen(95%CI,;-–−.·0123456789pP<=to\n", max_size=600),
)
def test_any_text_gets_an_answer_that_points_into_it_and_whose_interval_holds_it(title, abstract):
    passage = Passage.of(title, abstract)
    for one in effects(passage):
        assert all(passage.text[span.start : span.end] == span.words for span in one.spans)
        if one.low is not None:
            assert one.low <= one.number <= one.high


@pytest.mark.parametrize(
    "text",
    ["OR " * 16_000, "9" * 50_000, "difference 1 (" * 3_500, "95% CI " * 7_000, "hazard ratio 1 week " * 2_500, "p for " * 8_000, "患者 HR−" * 8_000],
    ids=["names", "one number", "brackets", "intervals", "times", "p", "mixed"],
)  # fmt: skip
def test_hostile_text_is_read_in_bounded_time(text):
    before = time.process_time()
    effects(Passage.of(None, text))
    assert time.process_time() - before < 2
