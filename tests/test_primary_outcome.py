"""The primary outcome in its own words, and any text read in bounded time. Every abstract here is invented."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldn_evidence.model import FactField, Passage
from ldn_evidence.reading.results import primary_outcome, result


@pytest.mark.parametrize(
    ("abstract", "value"),
    [
        ("METHODS: The primary outcome was pain intensity at week 12. Secondary outcomes were sleep and mood.", "pain intensity at week 12"),
        ("METHODS: The primary end point was progression-free survival, assessed by the investigator.", "progression-free survival"),
        ("METHODS: Our primary efficacy endpoint was the change in EDSS; secondary endpoints included fatigue.", "change in EDSS"),
        ("MAIN OUTCOME MEASURES: Quality of life on the MSQoL-54.", "Quality of life on the MSQoL-54"),
        ("METHODS: Clinical remission at week 8 was the primary outcome.", "Clinical remission at week 8"),
        ("METHODS: Co-primary outcomes were pain and physical function.", "pain and physical function"),
        ("METHODS: The primary outcome of the trial was daily pain (0-10).", "daily pain (0-10)"),
    ],
)  # fmt: skip
def test_the_primary_outcome_is_given_in_its_own_words(abstract, value):
    found = primary_outcome(Passage.of("A trial", abstract))
    assert (found.field, found.value, found.spans[0].words) == (FactField.PRIMARY_OUTCOME, value, value)


@pytest.mark.parametrize(
    "abstract",
    [
        "METHODS: Outcomes were pain and sleep.",
        "RESULTS: The primary end point was not met.",
        "BACKGROUND: Primary care sees many people in pain.",
        "",
    ],
)
def test_no_primary_outcome_is_made_up(abstract):
    assert primary_outcome(Passage.of("A trial", abstract)) is None


WORDS = st.sampled_from(
    [
        "the",
        "primary",
        "outcome",
        "was",
        "pain",
        "did",
        "not",
        "no",
        "nor",
        "neither",
        "improved",
        "(",
        ")",
        "[",
        ";",
        ",",
        ".",
        "p",
        "=",
        "0.05",
        "<",
        "95%",
        "CI",
        "0.4",
        "to",
        "1.2",
        "HR",
        "versus",
        "placebo",
        "RESULTS:",
        "CONCLUSION:",
        "bedre",
        "スコア",
        "боль",
        "\x00",
        "\x1b[31m",
        "non-inferior",
        "respectively",
        "survival",
        "and",
        "but",
        "(PFS)",
        "\n",
        "±",
        "·",
        "−",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.none() | st.text(max_size=200), st.none() | st.text() | st.lists(WORDS, max_size=150).map(" ".join))
def test_any_text_gets_an_answer_whose_spans_are_its_own(title, abstract):
    passage = Passage.of(title, abstract)
    reading, outcome = result(passage), primary_outcome(passage)
    spans = [one for one in (reading.sentence, reading.cue) if one] + list(outcome.spans if outcome else ())
    assert all(passage.text[one.start : one.end] == one.words for one in spans)


@pytest.mark.parametrize(
    "unit",
    [
        "1/2 ",
        "twelve-",
        "A1. ",
        "fell less ",
        "neither ",
        "with placebo ",
        "pain (",
        "p = ",
        "the primary outcome was ",
        "not ",
        "no a ",
        "higher in the ",
        "1 to ",
        "a, ",
    ],
)
def test_twenty_thousand_characters_are_read_in_bounded_time(unit):
    begun = time.perf_counter()
    result(Passage.of("A randomised trial", "RESULTS: " + unit * (20_000 // len(unit))))
    result(
        Passage.of(
            "A randomised trial", "RESULTS: " + ("Pain, " + unit * 40 + ". ") * (20_000 // (40 * len(unit)))
        )
    )
    assert time.perf_counter() - begun < 10
