"""Which words betray what kind of study an abstract reports, and where they stand."""

from __future__ import annotations

import re
import time

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from ldn_evidence.model import Part, Passage
from ldn_evidence.tagging import cues
from ldn_evidence.tagging.cues import Cue, Matcher, plain


def found(title: str | None, abstract: str | None = None) -> set[str]:
    return {hit.cue for hit in cues.hits(Passage.of(title, abstract))}


@pytest.mark.parametrize(
    ("cue", "sentence"),
    [
        ("randomly-assigned", "Forty adults were randomly allocated to cream or ointment."),
        ("randomly-assigned", "Rats were divided into three groups at random."),
        ("were-randomised", "In all, 62 women were randomized to the drug."),
        ("were-randomised", "Participants were then randomised 1:1."),
        ("randomised-trial", "A randomised, double-blind, placebo-controlled, crossover trial was done."),
        ("randomised-trial", "We ran a randomized controlled pilot study."),
        ("randomised-trials", "We looked for randomised controlled trials."),
        ("not-randomised", "Allocation was not randomized."),
        ("lack-of-randomised", "Larger randomised trials are needed."),
        ("lack-of-randomised", "The lack of a randomized control group is a weakness."),
        ("randomly-selected", "Households were randomly selected."),
        ("cluster-randomised", "A cluster-randomised trial in twelve wards."),
        ("crossover", "In this cross-over study the order was fixed."),
        ("crossover", "After four weeks they were crossed over."),
        ("wash-out", "A two-week wash-out followed."),
        ("double-blind", "It was double‐masked."),
        ("triple-blind", "A triple-blind study."),
        ("single-blind", "Assessor-blinded ratings were used."),
        ("single-blind", "A single blind design."),
        ("open-label", "In an open, uncontrolled trial all had the drug."),
        ("open-label", "This open-label pilot enrolled ten adults."),
        ("placebo-controlled", "They took the drug or matching placebo."),
        ("control-group", "The control group had no treatment."),
        ("waiting-list", "Half were on a waiting list."),
        ("usual-care", "The others had treatment as usual."),
        ("healthy-volunteers", "Twelve healthy male volunteers took part."),
        ("single-arm", "A single-arm study."),
        ("before-and-after", "Pain was scored before and after treatment."),
        ("uncontrolled", "This was uncontrolled."),
        ("quasi-experimental", "A quasi-experimental design was chosen."),
        ("retrospective", "We looked retrospectively at what happened."),
        ("chart-review", "The charts of all patients were read: a review of medical records."),
        ("prospective", "A prospective study."),
        ("cohort-study", "This nationwide cohort had long follow-up."),
        ("case-control", "A nested case-control study."),
        ("cross-sectional", "A cross-sectional look."),
        ("survey", "The questionnaire was sent to all."),
        ("database", "Data came from the national prescription database."),
        ("qualitative-interviews", "Semi-structured interviews were held."),
        ("guideline", "The task force recommends it."),
        ("case-series", "We saw three patients with it."),
        ("aged-patient", "A 46-year-old woman had burning pain."),
        ("aged-patient", "This previously healthy 9 month old boy was ill."),
        ("he-or-she", "She was given the drug at night."),
        ("systematic-review", "We systematically reviewed what is known."),
        ("meta-analysis", "A meta-analysis of six studies."),
        ("network-meta-analysis", "A network meta-analysis."),
        ("we-searched-medline", "MEDLINE and Embase were used."),
        ("literature-search", "We searched four databases."),
        ("studies-included", "Nine studies met our criteria."),
        ("risk-of-bias", "The risk of bias was high."),
        ("this-review", "In this review we tell what is known."),
        ("study-protocol", "Here is the study protocol."),
        ("will-be-randomised", "Eighty adults will be randomised."),
        ("will-be-recruited", "We will recruit eighty adults."),
        ("trial-registered", "ClinicalTrials.gov NCT01234567."),
        ("in-rats", "Wistar animals were used."),
        ("in-mice", "C57BL/6J mice were used."),
        ("in-primates", "Rhesus monkeys were used."),
        ("in-small-organisms", "Larvae of zebrafish were used."),
        ("animal-model", "A mouse model of colitis."),
        ("given-to-animals", "It was given intraperitoneally."),
        ("in-vitro", "This was seen in vitro."),
        ("cell-line", "SH-SY5Y cells were used."),
        ("cultured-cells", "Cultured microglia were exposed to it."),
        ("transfected", "They were transfected with siRNA."),
        ("humans", "Volunteers took part."),
    ],
)
def test_a_cue_is_found_in_a_sentence_that_says_it_in_either_spelling(cue, sentence):
    assert cue in found("A title", sentence)


@pytest.mark.parametrize(
    ("cue", "sentence"),
    [
        ("randomised-trial", "We looked for randomised controlled trials."),
        ("were-randomised", "The order of words seems random."),
        ("crossover", "They crossed the road."),
        ("double-blind", "The pain was double what it had been in the blind."),
        ("in-rats", "The rate was calculated at a ratio of two."),
        ("in-dogs-or-cats", "This may indicate a category."),
        ("phase-2", "Phase 3 was reached."),
        ("cohort", "They cohabited."),
    ],
)
def test_a_cue_is_not_found_where_its_letters_only_look_like_it(cue, sentence):
    assert cue not in found("A title", sentence)


def test_a_cue_for_titles_is_not_found_in_the_abstract():
    assert "case-report-title" in found("Burning feet: a case report", "Nothing is said.")
    assert "case-report-title" not in found("Burning feet", "This is a case report.")


def test_a_cue_for_one_part_is_found_there_though_it_stands_earlier_elsewhere():
    cue = Cue(id="placebo-in-methods", pattern="placebo", where=(Part.METHODS,), reason="invented")
    passage = Passage.of("Placebo or not", "BACKGROUND: Placebo é known. METHODS: All took placebo.")
    hits = Matcher([cue]).hits(passage)
    assert [(hit.cue, hit.span.words, passage.part_at(hit.span.start)) for hit in hits] == [
        ("placebo-in-methods", "placebo", Part.METHODS)
    ]


def test_hits_stand_in_order_of_place_and_each_cue_once():
    hits = cues.hits(Passage.of("Placebo", "Double-blind and placebo, then placebo and double-blind."))
    starts = [hit.span.start for hit in hits]
    assert starts == sorted(starts)
    assert len({hit.cue for hit in hits}) == len(hits)
    assert [hit.span.start for hit in hits if hit.cue == "placebo"] == [0]


def test_spans_hold_the_words_as_they_are_printed_whatever_stands_before_them():
    passage = Passage.of("İİ – “µ” 試験", "A DOUBLE‑BLIND trial in 12\u00a0healthy volunteers, then.")
    words = {hit.cue: hit.span.words for hit in cues.hits(passage)}
    assert words["double-blind"] == "DOUBLE‑BLIND"
    assert words["healthy-volunteers"] == "healthy volunteers"


def test_a_text_made_plain_is_as_long_as_it_was():
    text = "İstanbul – A\tB\u00a0C ﬁ ß"
    assert plain(text) == "İstanbul - a b c ﬁ ß"
    assert len(plain(text)) == len(text)


def test_every_cue_that_its_pattern_finds_alone_is_found_among_the_others():
    passage = Passage.of(
        "A randomised trial in rats and men: protocol, review and case report",
        "Methods: 40 mice, n = 12 adults (p < 0.05) with HeLa cells, 5 mg daily, i.p., 95% CI; OR = 2. We searched PubMed.",
    )
    small = plain(passage.text)
    alone = {
        cue.id
        for cue in cues.cues()
        if re2.search(cue.pattern, small[: len(passage.title)] if cue.where else small)
    }
    assert {hit.cue for hit in cues.hits(passage)} == alone


def test_nothing_is_found_in_nothing():
    assert cues.hits(Passage.of(None, None)) == ()


def test_a_cue_says_why_it_is_one_and_is_written_in_small_letters():
    wrong = [
        cue.id
        for cue in cues.cues()
        if not cue.reason.strip() or re.search("[A-Z]", re.sub(r"\\[A-Z]", "", cue.pattern))
    ]
    assert wrong == []


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=300), st.text(max_size=600))
def test_any_text_has_an_answer_whose_spans_lie_in_it(title, abstract):
    passage = Passage.of(title, abstract)
    for hit in cues.hits(passage):
        assert passage.text[hit.span.start : hit.span.end] == hit.span.words != ""


@pytest.mark.parametrize(
    "unit", ["a ", "randomised ", "the a ", "12-year-", "control control ", "试验 ", "\x00"]
)
def test_a_long_text_takes_no_long_time(unit):
    passage = Passage.of("", unit * (20_000 // len(unit)))
    began = time.process_time()
    cues.hits(passage)
    assert time.process_time() - began < 2
