"""How many people a trial randomised and analysed, and numbers in words and digits."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldn_evidence.model import FactField, Passage
from ldn_evidence.reading.numbers import marked, number, numbers
from ldn_evidence.reading.participants import participant_rules, participants, shipped_weights, total


def counts(abstract: str, title: str | None = None) -> dict[FactField, int]:
    """What is read in an abstract, by field."""
    return {one.field: int(one.number) for one in participants(Passage.of(title, abstract)) if one.number}


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("13 388", 13388), ("13\u2009388", 13388), ("2,565", 2565), ("1,204.5", 1204.5), ("0·34", 0.34), (".08", 0.08),
        ("0,05", 0.05), ("−1·5", -1.5), ("-0.4", -0.4), ("+2", 2), ("1.5 million", 1_500_000), ("Forty-nine", 49),
        ("One hundred and ninety-four", 194), ("Hundred eighty-three", 183), ("Three-thousand two-hundred sixty-one", 3261),
        ("fifteen hundred", 1500), ("two million", 2_000_000), ("zero", 0),
    ],
)  # fmt: skip
def test_a_number_is_read_in_words_and_in_digits(words, value):
    assert number(words) == value


@pytest.mark.parametrize("words", ["", "-", "women", "one two", "12 to 14", "T1", "30 women", "1.2.3"])
def test_what_is_not_one_number_has_no_value(words):
    assert number(words) is None


def test_every_number_has_its_place():
    text = "Of twenty-four women (B12 low in 3), 1,204 samples and 0·5 mg."
    assert [(one.value, text[one.start : one.end]) for one in numbers(text)] == [
        (24, "twenty-four"), (3, "3"), (1204, "1,204"), (0.5, "0·5"),
    ]  # fmt: skip


def test_words_that_make_no_single_number_are_several():
    assert [one.value for one in numbers("twenty and five, four ninety, one or two hundred")] == [
        20, 5, 4, 90, 1, 200,
    ]  # fmt: skip


def test_an_age_range_does_not_run_into_the_number_behind_it():
    assert [one.value for one in numbers("aged 18-65 120 women")] == [18, 65, 120]


def test_marked_totals_are_whole_numbers_however_they_are_printed():
    assert marked("Forty-nine | 13 388 | 61) | One hundred fifty patients") == {49, 13388, 61, 150}
    assert marked("") == frozenset()


def test_the_number_after_randomly_assigned_is_the_number_randomised():
    read = participants(
        Passage.of(
            "Naltrexone in a rash",
            "We randomly assigned 64 adults to naltrexone (n = 32) or placebo (n = 32).",
        )
    )
    assert [(one.field, one.number, one.unit, one.spans[0].words) for one in read] == [
        (FactField.ENROLLED, 64.0, "people", "64")
    ]
    assert total(read) == 64


@pytest.mark.parametrize(
    ("abstract", "people"),
    [
        ("99 were randomised.", 99),
        ("We report three patients with an itch who took the drug.", 3),
        ("Two cases of a rash that cleared under naltrexone are described.", 2),
        ("Of 158 women screened, 99 were randomised.", 99),
    ],
)
def test_words_that_are_plain_enough_are_believed_of_few_people_or_of_no_noun(abstract, people):
    assert counts(abstract) == {FactField.ENROLLED: people}


def test_who_was_randomised_and_who_was_analysed_are_two_facts():
    abstract = (
        "Between May 2011 and June 2013, 90 women were randomised and 81 were included in the analysis."
    )
    assert counts(abstract) == {FactField.ENROLLED: 90, FactField.ANALYSED: 81}


def test_people_of_whom_only_completion_is_told_were_analysed():
    assert counts("Ten women with fibromyalgia completed a single-blind pilot of naltrexone 4.5 mg.") == {
        FactField.ANALYSED: 10
    }


def test_a_number_in_words_that_opens_the_results_is_read():
    assert counts(
        "Results: Forty-two patients with lupus were enrolled and received the cream or its vehicle."
    ) == {FactField.ENROLLED: 42}


def test_those_randomised_come_before_those_who_were_screened():
    abstract = (
        "A total of 310 patients were screened and 120 patients were randomised to naltrexone or placebo."
    )
    assert counts(abstract)[FactField.ENROLLED] == 120
    assert counts("Results: 95 subjects were screened, and 80 were randomised.")[FactField.ENROLLED] == 80
    assert counts("We screened 158 women and randomly allocated 99 to the drug or to placebo.") == {
        FactField.ENROLLED: 99
    }


def test_arms_are_summed_where_no_total_is_given():
    read = participants(
        Passage.of(
            None, "Participants were randomised to naltrexone (n = 21) or to placebo (n = 19) for 12 weeks."
        )
    )
    assert [(one.number, one.value, one.rule, [span.words for span in one.spans]) for one in read] == [
        (40.0, "40 (21 + 19)", "participants: arms summed", ["21", "19"])
    ]


@pytest.mark.parametrize(
    ("abstract", "people"),
    [
        ("Twenty-one women were randomly assigned to naltrexone and 19 to placebo.", "40 (21 + 19)"),
        ("We randomised 30 men to the cream, 31 men to the tablet, and 29 to no treatment.", "90 (30 + 31 + 29)"),
        ("Women were randomised to drug (4.5 mg; 45 patients), low dose (1 mg; 44 patients) or placebo (43 patients).", "132 (45 + 44 + 43)"),
        ("Of 40 women, 21 were randomised to naltrexone and 19 to placebo.", "40"),
        ("Forty women were randomised, 21 to naltrexone and 19 to placebo.", "40"),
        ("Women (n = 40) were randomised to naltrexone (n = 21) or placebo (n = 19).", "40"),
    ],
)  # fmt: skip
def test_the_number_of_one_arm_is_never_taken_for_all(abstract, people):
    found = {one.field: one.value for one in participants(Passage.of(None, abstract))}
    assert found == {FactField.ENROLLED: people}


@pytest.mark.parametrize(
    "abstract",
    [
        "",
        "We review what is known of the drug.",
        "Mean age was 54 years; pain fell by 32% after 12 weeks of 4.5 mg (P = 0.03).",
        "From 1998 to 2004 the drug was sold in 14 countries.",
        "Eight trials at 35 centres and 60 mice were considered.",
    ],
)
def test_nothing_is_answered_where_no_number_counts_participants(abstract):
    assert participants(Passage.of("Naltrexone 4.5 mg", abstract)) == ()


def test_total_of_nothing_is_none():
    assert total(()) is None


def test_every_cue_of_the_rules_has_a_reason_and_a_pattern_that_compiles():
    rules = participant_rules()
    ids = [one.id for one in (*rules.never, *rules.cue, *rules.plain)]
    assert len(ids) == len(set(ids))
    assert all(one.reason and re.compile(one.pattern) for one in (*rules.never, *rules.cue, *rules.plain))


def test_a_cue_needs_only_one_that_is_read_before_it():
    beside = [one for one in participant_rules().cue if one.side != "sentence"]
    ids = [one.id for one in beside]
    assert [one.id for one in beside if one.needs and one.needs not in ids[: ids.index(one.id)]] == []


def test_weights_belong_to_cues_that_exist():
    named = {one.id for one in participant_rules().cue}
    placed = {
        "adds-up", "one-of-a-sum", "beside-another-n", "first-people", "largest-people", "smaller-half", "told-again", "in-words", "under-ten",
        "under-twenty", "over-ten-thousand", "late", "early", "in-title", "in-background", "in-methods", "in-results",
        "in-conclusions",
    }  # fmt: skip
    assert set(shipped_weights().weights) <= named | placed


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.none(), st.text(max_size=200)), st.one_of(st.none(), st.text(max_size=2000)))
def test_any_text_gets_an_answer_that_points_into_it(title, abstract):
    passage = Passage.of(title, abstract)
    read = participants(passage)
    assert len({one.field for one in read}) == len(read) <= 2
    assert all(passage.text[span.start : span.end] == span.words for one in read for span in one.spans)


@pytest.mark.parametrize(
    "text",
    ["1 " * 25_000, "9" * 50_000, "one hundred and " * 3_100, "12 women, " * 5_000, "n = 3 (" * 7_000, "und 20 Männer à 患者 " * 2_300, "1/" * 25_000, "twelve-" * 7_000, "1 000 " * 8_000],
    ids=["ones", "one long number", "words", "women", "brackets", "mixed", "slashes", "twelves", "thousands"],
)  # fmt: skip
def test_hostile_text_is_read_in_bounded_time(text):
    before = time.process_time()
    participants(Passage.of(None, text))
    assert time.process_time() - before < 2
