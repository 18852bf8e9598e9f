"""Doses in sentences of our own: how much, of what, how often, by which way, and what is no dose."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldn_evidence.model import Dose, Passage, Span
from ldn_evidence.reading.doses import doses, stated

NAMES = ("naltrexone", "LDN")


def amounts(words: str) -> list[tuple[float, float, str]]:
    return [(one.low, one.high, one.unit) for one in doses(Passage.of(words, None), NAMES)]


def test_a_dose_comes_with_its_drug_its_frequency_its_way_and_its_words():
    passage = Passage.of("A trial", "Forty people took oral naltrexone 1 mg twice daily.")
    assert doses(passage, NAMES) == (
        Dose(
            low=2.0,
            high=2.0,
            unit="mg/day",
            substance="naltrexone",
            frequency=2.0,
            route="oral",
            rule="dose",
            span=Span(start=42, end=46, words="1 mg"),
        ),
    )


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("naltrexone 4.5 mg", [(4.5, 4.5, "mg/day")]),
        ("naltrexone 4.5mg nocte", [(4.5, 4.5, "mg/day")]),
        ("naltrexone 4·5 mg at bedtime", [(4.5, 4.5, "mg/day")]),
        ("naltrexone 4.5\u00a0mg or 3\u2009mg", [(3, 3, "mg/day"), (4.5, 4.5, "mg/day")]),
        ("naltrexone 0,5 mg", [(0.5, 0.5, "mg/day")]),
        ("naltrexone 6 mg qd", [(6, 6, "mg/day")]),
        ("naltrexone 6 mg/d", [(6, 6, "mg/day")]),
        ("naltrexone 6 mg per night", [(6, 6, "mg/day")]),
        ("naltrexone 4.5 mg p.o. q.h.s.", [(4.5, 4.5, "mg/day")]),
        ("naltrexone 1 mg b.i.d.", [(2, 2, "mg/day")]),
        ("twice-daily naltrexone 1 mg", [(2, 2, "mg/day")]),
        ("naltrexone 2 x 3 mg per day", [(6, 6, "mg/day")]),
        ("naltrexone 2 mg every 12 hours", [(4, 4, "mg/day")]),
        ("naltrexone 2 mg every eight hours", [(6, 6, "mg/day")]),
        ("naltrexone 9 mg/day in two divided doses", [(9, 9, "mg/day")]),
        ("naltrexone 125 µg daily", [(0.125, 0.125, "mg/day")]),
        ("naltrexone 125 mcg daily", [(0.125, 0.125, "mg/day")]),
        ("naltrexone 4500 micrograms each night", [(4.5, 4.5, "mg/day")]),
        ("naltrexone 10 ng/kg", [(1e-5, 1e-5, "mg/kg/day")]),
        ("metformin 1.5 g daily", [(1500, 1500, "mg/day")]),
        ("adults were randomised 2:1 to 6 mg of naltrexone", [(6, 6, "mg/day")]),
        ("bevacizumab 15 mg/kg q3w", [(15, 15, "mg/kg")]),
        ("clodronate, 1.6 g orally", [(1600, 1600, "mg/day")]),
        ("metformin 1,500 mg/day", [(1500, 1500, "mg/day")]),
        ("naltrexone 0.1 mg/kg/day", [(0.1, 0.1, "mg/kg/day")]),
        ("naltrexone 0.1 mg kg-1 day-1", [(0.1, 0.1, "mg/kg/day")]),
        ("naltrexone 0.1 mg kg−1", [(0.1, 0.1, "mg/kg/day")]),
        ("naloxone 0.25 µg/kg/h", [(0.006, 0.006, "mg/kg/day")]),
        ("a single 40-mg dose of naltrexone", [(40, 40, "mg")]),
        ("naltrexone 3-4.5 mg", [(3, 4.5, "mg/day")]),
        ("naltrexone 3.0 mg to 4.5 mg", [(3, 4.5, "mg/day")]),
        ("between 0.1 and 4.5 mg of naltrexone", [(0.1, 4.5, "mg/day")]),
        ("naltrexone, 1, 2 and 4 mg", [(1, 1, "mg/day"), (2, 2, "mg/day"), (4, 4, "mg/day")]),
        (
            "naltrexone, 8 or 400 μg/kg or 10 mg/kg",
            [(0.008, 0.008, "mg/kg/day"), (0.4, 0.4, "mg/kg/day"), (10, 10, "mg/kg/day")],
        ),
        ("naltrexone 0.1 mg/kg (at most 4.5 mg)", [(0.1, 0.1, "mg/kg/day"), (4.5, 4.5, "mg/day")]),
        ("naltrexone 0.03 % in a cream", [(0.03, 0.03, "%")]),
        ("cells in 10−5 M naltrexone", [(1e-5, 1e-5, "M")]),
        ("cells in 100 µM naltrexone", [(1e-4, 1e-4, "M")]),
        ("naltrexone 3.7 ± 1.2 mg daily", [(3.7, 3.7, "mg/day")]),
        ("a 0.5-mg-per-kilogram dose of naltrexone", [(0.5, 0.5, "mg/kg/day")]),
        ("naltrexone (1, 2, 4 mg)", [(1, 1, "mg/day"), (2, 2, "mg/day"), (4, 4, "mg/day")]),
        ("methotrexate 10 mg x week(-1)", [(10, 10, "mg")]),
        ("naltrexone 3.7 mg (SD 1.2)", [(3.7, 3.7, "mg/day")]),
        ("naltrexone 1 mg or 2 mg (n=12) twice daily", [(2, 2, "mg/day"), (4, 4, "mg/day")]),
        ("naltrexone 1 mg (n=12) or placebo twice daily", [(2, 2, "mg/day")]),
        ("apixaban 5 mg/12 h", [(10, 10, "mg/day")]),
        ("naltrexone 6 mg on day 2 of each cycle", [(6, 6, "mg")]),
        ("adults aged 18 to 65, 4.5 mg of naltrexone", [(4.5, 4.5, "mg/day")]),
        ("naltrexone 2 mg x 3/day", [(6, 6, "mg/day")]),
        ("naltrexone 3 x 2 mg/day", [(6, 6, "mg/day")]),
        ("three 2 mg capsules of naltrexone nightly", [(6, 6, "mg/day")]),
        ("two tablets of naltrexone 2 mg each night", [(4, 4, "mg/day")]),
        ("rituximab 1000 mg x 2", [(1000, 1000, "mg/day")]),
        ("naltrexone 1/2/4 mg", [(1, 1, "mg/day"), (2, 2, "mg/day"), (4, 4, "mg/day")]),
        ("naltrexone 2 mg twice daily or 6 mg", [(4, 4, "mg/day"), (6, 6, "mg/day")]),
        ("naltrexone 2 mg daily or twice daily 3 mg", [(2, 2, "mg/day"), (6, 6, "mg/day")]),
        ("a mean of 4 mg of naltrexone (SD 1.1 mg)", [(4, 4, "mg/day")]),
        ("naltrexone 4 mg (IQR 3 to 4.5 mg)", [(4, 4, "mg/day")]),
        ("naltrexone 4 mg (±1.1 mg)", [(4, 4, "mg/day")]),
    ],
)
def test_a_dose_is_read_in_milligrams_a_day(words, read):
    assert amounts(words) == read


@pytest.mark.parametrize(
    "words",
    [
        "naltrexone 380 mg every four weeks",
        "naltrexone 380 mg monthly",
        "naltrexone 380 mg once a month",
        "monthly naltrexone 380 mg",
        "naltrexone 380 mg once every four weeks",
        "naltrexone 380 mg per 4 weeks",
        "naltrexone 380 mg q4wk",
        "four-weekly naltrexone 380 mg",
    ],
)
def test_a_monthly_depot_is_not_divided_by_its_days(words):
    (dose,) = doses(Passage.of(words, None), NAMES)
    assert (dose.low, dose.unit, dose.frequency) == (380, "mg", 0.0357)


def test_a_depot_whose_frequency_is_not_said_is_one_administration():
    assert amounts("A naltrexone implant, 380 mg, was tried") == [(380, 380, "mg")]


def test_how_often_a_dose_rises_is_not_how_often_it_is_taken():
    assert amounts("naltrexone 2 mg, increased weekly") == [(2, 2, "mg/day")]
    assert amounts("naltrexone titrated weekly to 4 mg") == [(4, 4, "mg/day")]
    assert amounts("once weekly risedronate 35 mg") == [(35, 35, "mg")]


@pytest.mark.parametrize(
    ("words", "low", "high"),
    [
        ("Naltrexone was begun at 2 mg and increased weekly by 1 mg to 6 mg each evening.", 2, 6),
        ("Naltrexone 2 mg nightly, raised by 2 mg every fortnight until 6 mg.", 2, 6),
        ("Naltrexone began at 1 mg/day with weekly increases of 0.5 mg to a target of 3 mg/day.", 1, 3),
        ("Naltrexone 1 mg, increased weekly to 2 mg and then 4 mg at bedtime.", 1, 4),
        ("The naltrexone was increased by 1.5 mg a week to 6 mg.", 6, 6),
        ("Naltrexone was titrated from 1.5 mg to 4.5 mg.", 1.5, 4.5),
        ("Naltrexone 1.5 mg increasing to 4.5.", 1.5, 4.5),
        ("They took naltrexone, starting at 0.75 mg and going up to 6 mg.", 0.75, 6),
        ("Naltrexone, starting dose 1 mg, titrated by 1 mg a week to 4 mg each evening.", 1, 4),
        ("Naltrexone was titrated over four weeks to 6 mg once daily.", 6, 6),
        ("Naltrexone was given, beginning with 0.125 mg and rising.", 0.125, 0.125),
    ],
)
def test_a_titration_is_one_dose_that_rises(words, low, high):
    (dose,) = doses(Passage.of(words, None), NAMES)
    assert (dose.low, dose.high, dose.titrated) == (low, high, True)


@pytest.mark.parametrize(
    "words",
    [
        "Glucose was 90 mg/dL and C-reactive protein 4.5 mg/L.",
        "The plasma held 5 ng/ml and 75 μg L[-1].",
        "Naltrexone 50 mg tablets of 28 were stored.",
        "Mice weighing 20 mg were used.",
        "Rats of 250 g were used.",
        "Its ED50 was 2.5 mg/kg.",
        "The area under the curve was 192 ng h/mL.",
        "The IC50 was 10 nM.",
        "Cisplatin 50 mg/m2 was given.",
        "The enzyme made 3 nmol/mg protein.",
        "The dose rose by 1 mg a week.",
        "Naltrexone, 1 mg per 10 kg, was given.",
        "Naltrexone in the urine was 50 mg/24 h.",
        "Two micrograms are less than a thousandth part of 4.5 mg of naltrexone.",
        "Naltrexone by weight, such as 8 mg for a child of 16 kg.",
        "Naltrexone ٤٫٥ mg",
        "Naltrexone/bupropion 8/90 mg",
        "Symptoms fell by 30 % and PM10 rose.",
        "Forty patients, 10 men, 4.5 years.",
        "",
    ],
)
def test_a_concentration_a_weight_or_an_increment_is_no_dose(words):
    assert amounts(words) == []


@pytest.mark.parametrize(
    ("words", "owners"),
    [
        ("naltrexone 4.5 mg or placebo", ["naltrexone"]),
        ("4.5 mg of naltrexone", ["naltrexone"]),
        ("LDN (4.5 mg)", ["ldn"]),
        ("low-dose naltrexone (LDN, 4.5 mg/day)", ["ldn"]),
        ("4.5 mg oral naltrexone and gabapentin 300 mg three times daily", ["naltrexone", "gabapentin"]),
        ("naltrexone SR 32 mg with bupropion SR 360 mg", ["naltrexone", "bupropion"]),
        ("oxycodone 5 mg/naltrexone 0.001 mg", ["oxycodone", "naltrexone"]),
        ("naltrexone therapy (4.5 mg) and gabapentin", ["naltrexone"]),
        ("naltrexone beside ABC1234 20 mg (n=5)", ["abc1234"]),
        ("naltrexone beside naproxen (500 mg)", ["naproxen"]),
        ("naltrexone 4.5 mg beside duloxetine at a dose of 60 mg", ["naltrexone", "duloxetine"]),
        ("Naltrexone was compared with nabiximol 5 mg", ["nabiximol"]),
        ("They took 4.5 mg or placebo", [None]),
        ("The opioid antagonist naltrexone (NTX) was tried. NTX 50 mg was used.", ["naltrexone"]),
        ("Naltrexone or 10 mg of XYZ-123 was given", ["xyz-123"]),
        ("Naltrexone and zorbaxilol (25 mg for one week, 50 mg for two)", ["zorbaxilol", "zorbaxilol"]),
    ],
)
def test_a_dose_belongs_to_the_drug_that_the_words_join_it_to(words, owners):
    assert [one.substance for one in doses(Passage.of(words, None), NAMES)] == owners


def test_a_dose_whose_sentence_names_no_drug_is_of_the_only_drug_that_the_abstract_names():
    text = "Low doses were tried. Patients took 4.5 mg or placebo for eight weeks."
    assert doses(Passage.of("Naltrexone in a rare disease", text), NAMES)[0].substance == "naltrexone"
    assert doses(Passage.of("Naltrexone or gabapentin", text), NAMES)[0].substance is None


@pytest.mark.parametrize(
    ("words", "route"),
    [
        ("naltrexone 0.1 mg/kg i.p.", "intraperitoneal"),
        ("naltrexone 0.1 mg/kg subcutaneously", "subcutaneous"),
        ("intravenous naloxone 0.25 mg", "intravenous"),
        ("intrathecal naltrexone 5 ng", "intrathecal"),
        ("naltrexone 380 mg into the muscle", "intramuscular"),
        ("naltrexone 3 mg by mouth", "oral"),
        ("mice were injected with naltrexone 10 mg/kg", "injection"),
        ("naltrexone 1 mg", None),
    ],
)
def test_the_way_a_dose_is_given_is_said_where_the_words_say_it(words, route):
    assert doses(Passage.of(words, None), NAMES)[0].route == route


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("4.5", [(4.5, 4.5, "mg/day")]),
        ("0.75-6", [(0.75, 6, "mg/day")]),
        ("up to 4.5", [(4.5, 4.5, "mg/day")]),
        ("0.1 mg/kg (max 4.5)", [(0.1, 0.1, "mg/kg/day")]),
        ("0.125; 0.25", [(0.125, 0.125, "mg/day"), (0.25, 0.25, "mg/day")]),
        ("1% cream", [(1, 1, "%")]),
        ("", []),
    ],
)
def test_a_bare_figure_in_a_persons_cell_is_in_milligrams(cell, read):
    assert [(one.low, one.high, one.unit) for one in stated(cell)] == read


HOSTILE = st.text(alphabet=st.sampled_from("0123456789.,·-–/ mgµkM%()daily纳to\n\x00\u200b"), max_size=400)


@settings(max_examples=150, deadline=2000)
@given(st.one_of(st.text(max_size=300), HOSTILE))
def test_any_text_gets_an_answer_whose_words_stand_where_it_says(words):
    passage = Passage.of(words, words)
    for dose in doses(passage, NAMES):
        assert passage.text[dose.span.start : dose.span.end] == dose.span.words
        assert 0 < dose.low <= dose.high


@pytest.mark.parametrize(
    "piece", ["naltrexone 4.5 mg, ", "1, 2, 3, ", "1-", "4.5 mg ", "every ", "(", "a" * 50]
)
def test_a_text_without_end_is_read_in_bounded_time(piece):
    began = time.perf_counter()
    doses(Passage.of("", piece * (40_000 // len(piece))), NAMES)
    assert time.perf_counter() - began < 5
