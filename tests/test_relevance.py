"""Is it the drug, and at its dose? Each trap of this literature in a sentence of our own, and every row of two lists of facts."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from conftest import RECORDS, REPO
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ldn_evidence import parse, protocol
from ldn_evidence.model import DoseWindow, Intervention, Passage, Record, Relevance, Span, Substance
from ldn_evidence.reading.doses import doses, stated
from ldn_evidence.relevance import judge, relevance_rules

LDN = protocol.load(REPO / "data" / "protocols" / "ldn.toml").intervention
AMITRIPTYLINE = protocol.load(REPO / "data" / "protocols" / "amitriptyline-ibs.toml").intervention


def reading(
    title: str, abstract: str | None = None, intervention: Intervention = LDN, cell: str = "", **headings
) -> Relevance:
    passage = Passage.of(title, abstract)
    names = (*intervention.names, *intervention.abbreviations)
    return judge(passage, doses(passage, names), intervention, stated=stated(cell), **headings)


def record_reading(record: Record, cell: str = "") -> Relevance:
    passage = Passage.of_record(record)
    return judge(passage, doses(passage, (*LDN.names, *LDN.abbreviations)), LDN, stated=stated(cell))


def records() -> dict[int, Record]:
    found = [one for path in sorted(RECORDS.glob("*.xml")) for one in parse.records(path.read_bytes())]
    return {one.pmid: one for one in found if isinstance(one, Record)}


def test_a_reading_carries_its_reason_its_rule_and_its_words():
    assert reading("Naltrexone 6 mg once daily versus placebo in back pain") == Relevance(
        substance=Substance.LOW_DOSE,
        rule="dose-in-scope-in-title",
        reason="The title gives the dose, 6 mg/day, which is in scope (0.1 to 12 mg a day).",
        spans=(Span(start=11, end=15, words="6 mg"), Span(start=0, end=10, words="Naltrexone")),
    )


@pytest.mark.parametrize(
    ("title", "abstract", "says", "rule"),
    [
        ("Low-dose naltrexone in back pain", None, "low dose", "called-low-in-title"),
        ("Low doses of the opioid antagonist naltrexone", None, "low dose", "called-low-in-title"),
        ("Naltrexone at low doses and cell growth", None, "low dose", "called-low-in-title"),
        ("LDN for back pain", "Patients took naltrexone.", "low dose", "called-low-in-title"),
        ("LDN for back pain", "Patients took it.", "unclear", "abbreviation-alone"),
        ("Naltrexone in back pain", "Forty took 4.5 mg or placebo.", "low dose", "dose-in-scope"),
        ("Naltrexone in back pain", "Forty took it or placebo.", "unclear", "dose-not-said"),
        (
            "Naltrexone in back pain",
            "Low-dose naltrexone (LDN) is cheap. LDN was safe.",
            "low dose",
            "called-low-in-abstract",
        ),
        (
            "Naltrexone in mice",
            "They had 0.1 or 10 mg/kg; the low dose helped.",
            "low dose",
            "low-dose-among-others",
        ),
        ("Naltrexone in mice", "They had naltrexone 10 mg/kg.", "standard dose", "standard-dose"),
        (
            "Naltrexone in mice",
            "They had naltrexone 0.1 mg/kg.",
            "unclear",
            "dose-per-kilogram-not-called-low",
        ),
        ("Naltrexone in mice", "A low dose, 0.1 mg/kg, was given.", "low dose", "dose-in-scope"),
        ("Naltrexone in pain", "Naltrexone 3 to 250 mg was given.", "unclear", "dose-outside"),
        ("Naltrexone in pain", "Naltrexone 3 mg or 50 mg was given.", "unclear", "doses-both"),
        ("Naltrexone 50 mg in pain", None, "standard dose", "standard-dose"),
        (
            "Low-dose naltrexone in hazardous eating",
            "Low-dose naltrexone (50 mg daily) was given.",
            "unclear",
            "called-low-but-standard-dose-named",
        ),
        (
            "Low-dose naltrexone at a dose of 50 mg/day in hazardous eating",
            "It was given.",
            "standard dose",
            "called-low-at-standard-dose",
        ),
        (
            "Hazardous eating and the opioid receptor",
            "Low-dose naltrexone (50 mg daily) was given.",
            "standard dose",
            "standard-dose",
        ),
        (
            "Low-dose naltrexone in pain",
            "Forty adults took naltrexone 50 mg daily.",
            "unclear",
            "called-low-but-standard-dose-named",
        ),
        (
            "Low-dose naltrexone with morphine",
            "Naltrexone 0.1 µg was given.",
            "unclear",
            "called-low-but-ultra-low",
        ),
        (
            "Low-dose naltrexone in pain",
            "Naltrexone 18 mg daily was given.",
            "unclear",
            "called-low-but-outside",
        ),
        (
            "Low-dose naltrexone in pain",
            "Naltrexone 12 mg daily was given.",
            "unclear",
            "called-low-but-only-in-dose-finding",
        ),
        (
            "Low-dose naltrexone in pain",
            "Dose-finding: naltrexone 12 mg daily was given.",
            "low dose",
            "called-low-in-title",
        ),
        (
            "Ultralow-dose naltrexone and morphine in the rat",
            None,
            "ultra-low dose",
            "very-low-dose-in-title",
        ),
        ("Low dose naltrexone and ultralow dose naltrexone", None, "low dose", "called-low-in-title"),
        ("Low dose and ultra-low-dose naltrexone", None, "unclear", "low-dose-of-another"),
        (
            "Low-dose naltrexone in opioid detoxification",
            "Naltrexone 0.125 mg was added.",
            "unclear",
            "called-low-in-another-use",
        ),
        (
            "Naltrexone 3 mg in alcohol dependence",
            None,
            "unclear",
            "dose-in-scope-in-another-use",
        ),
        ("Naltrexone in alcohol dependence", None, "standard dose", "another-use"),
        ("Naltrexone in autistic adults", None, "standard dose", "another-use"),
        ("Extended-release naltrexone for heroin users", None, "standard dose", "another-use"),
        ("Methylnaltrexone and pain", None, "look-alike substance", "look-alike-in-title"),
        ("Naltrexone SR/bupropion SR in obesity", None, "look-alike substance", "look-alike-in-title"),
        ("(+)-Naltrexone and glia", None, "look-alike substance", "look-alike-in-title"),
        ("Low-dose naloxone after surgery", None, "look-alike substance", "look-alike-in-title"),
        ("Methylnaltrexone or low-dose naltrexone?", None, "unclear", "two-drugs-in-title"),
        ("Topical naltrexone for itch", None, "unclear", "doubt-in-title"),
        ("Very low-dose naltrexone in detoxification", None, "unclear", "doubt-in-title"),
        (
            "Low-dose interleukin-2, melatonin and naltrexone in cancer",
            None,
            "unclear",
            "low-dose-of-another",
        ),
        (
            "Low-dose CT after naltrexone",
            "Naltrexone 50 mg was stopped.",
            "standard dose",
            "standard-dose",
        ),
        (
            "Pain after surgery",
            "Laparoscopic donor nephrectomy (LDN) hurts. After LDN, 4.5 mg of morphine was given.",
            "another meaning of the abbreviation",
            "letters-of-another-thing",
        ),
        (
            "Neutrophils in lupus",
            "Low-density neutrophils (LDN) rose.",
            "another meaning of the abbreviation",
            "letters-of-another-thing",
        ),
        (
            "LDN-193189 in bone",
            "Cells were treated.",
            "another meaning of the abbreviation",
            "another-meaning",
        ),
        ("Exercise in back pain", "Forty people walked.", "not mentioned", "not-named"),
        (
            "Exercise in back pain",
            "Unlike low-dose naltrexone, walking is free.",
            "unclear",
            "dose-not-said",
        ),
        ("Exercise in back pain", None, "unclear", "title-alone"),
        (None, None, "unclear", "title-alone"),
    ],
)
def test_a_trap_of_the_literature_is_told_with_its_rule(title, abstract, says, rule):
    read = reading(title, abstract)
    assert (read.substance, read.rule) == (says, rule)


def test_a_dose_per_kilogram_is_held_against_the_bounds_per_kilogram():
    assert reading("Naltrexone in mice", "They had naltrexone 10 mg/kg.").reason == (
        "The dose of naltrexone is 10 mg/kg/day; in scope are 0.005 to 0.4 mg/kg a day."
    )


@pytest.mark.parametrize(
    "abstract",
    [
        "Naltrexone is licensed at 50 mg daily.",
        "Naltrexone, which is approved at 50 mg for drinkers, is tried in pain as low-dose naltrexone (LDN).",
        "The drug is taken at about a tenth of the 50 mg that are given in addiction.",
        "Patients dissolve a 50 mg naltrexone tablet in water.",
        "In drinkers 50 to 100 mg of naltrexone a day are usual.",
    ],
)
def test_the_dose_of_the_licence_does_not_speak_against_a_title_that_calls_the_dose_low(abstract):
    assert reading("Low-dose naltrexone in sore knees", abstract).substance is Substance.LOW_DOSE


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("LDN 4.5 mg in sore knees: a randomised trial", None),
        ("LDN 1.5 mg in sore knees", "It was safe."),
        ("Prescribing of LDN 2015-2019 in one county", None),
        ("Prescribing of LDN-2019", None),
        ("LDN in sore knees", "Low-density lipoprotein stayed the same."),
        ("LDN in sore knees", "Low-density neutrophils stayed the same."),
        ("LDN in sore knees", "Low-dose naltrxone (LDN) was safe."),
        ("LDN or naloxone in sore knees", "LDN 4.5 mg was safe."),
        ("Sore knees and opioid receptors", "Low-dose naltrexone is no 50 mg of naltrexone."),
        ("Sore knees and opioid receptors", "Low-dose naltrexone is no 0.1 µg of naltrexone."),
        ("Naltrexone for pain in opioid use disorder", "They took naltrexone 3 mg. Usual care was 50 mg."),
        ("Naltrexone in autistic adults", "Low-dose naltrexone, LDN, was given."),
        ("Naltrexone in autistic adults", "Twenty adults received low-dose naltrexone."),
        ("Glia in sore knees", "At 50 mg naltrexone is for alcoholism. At low doses it may calm glia."),
        ("Naltrexone in sore knees", "Naltrexone is licensed at 50 mg. It was given for a month."),
        ("Naltrexone in sore knees", "Naltrexone is known from alcoholism and from heroin addiction."),
    ],
)
def test_nothing_is_left_out_while_the_drug_at_its_dose_may_be_meant(title, abstract):
    assert reading(title, abstract).substance is Substance.UNCLEAR


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("LDN-193189 in bone", None),
        ("LDN193189 in bone", None),
        ("LDN 193189 in bone", None),
        ("Growth of bone", "LDN-57444 was added."),
        ("LDN in living donors", "Kidneys were taken out."),
        ("Neutrophils in lupus", "Low-density neutrophils (LDNs) rose. LDN were young."),
        ("Sugar chains of worms", "LacdiNAc (LDN) was found."),
    ],
)
def test_letters_that_are_said_to_mean_another_thing_are_another_thing(title, abstract):
    assert reading(title, abstract).substance is Substance.OTHER_MEANING


def test_a_low_dose_that_is_named_only_for_comparison_does_not_open_a_title_about_another_use():
    text = "The depot blocks for weeks, where low-dose naltrexone blocks for hours."
    assert reading("Depot naltrexone in heroin dependence", text).substance is Substance.STANDARD_DOSE


def test_a_review_whose_studies_mostly_had_high_doses_is_unclear():
    text = "Ten studies were found: three of a low dose (3 to 4.5 mg) and seven of high doses."
    assert reading("Naltrexone for itch: a review", text).rule == "studies-of-both-doses"
    assert reading("Naltrexone for itch", "They took 4.5 mg. High doses block.").rule == "dose-in-scope"


def test_low_in_a_dose_beside_another_drug_does_not_make_naltrexone_low():
    text = "Patients took naltrexone with gabapentin 3 mg daily."
    assert reading("Naltrexone and gabapentin", text).rule == "dose-not-said"


def test_headings_speak_where_words_do_not():
    assert reading("A trial", mesh=["Naltrexone"]).rule == "indexed-under-the-drug"
    assert reading("A trial", mesh=["D009271"]).rule == "indexed-under-the-drug"
    assert reading("A trial", mesh=["Pain"]).substance is Substance.NOT_MENTIONED
    assert reading("Acamprosate in alcohol dependence", mesh=["D009271"]).rule == "another-use-by-heading"
    combined = reading("Naltrexone for weight", "It was given.", mesh=["D009271"], substances=["C000591595"])
    assert (combined.substance, combined.rule) == (Substance.LOOK_ALIKE, "indexed-as-look-alike")
    # MeSH files naltrexone beneath naloxone: the heading alone betrays nothing
    assert reading("Low-dose naltrexone", mesh=["D009270"]).substance is Substance.LOW_DOSE


@pytest.mark.parametrize(
    ("title", "cell", "rule"),
    [
        ("A trial in headache", "4.5", "stated-dose-in-scope"),
        ("Naltrexone in mice", "0.1 or 10 mg/kg", "stated-doses-both"),
        ("Low-dose naltrexone in mice", "0.1 or 10 mg/kg", "stated-doses-low-among-them"),
        ("Naltrexone in all its doses", "3-250", "dose-outside"),
        ("Naltrexone for weight", "32 mg", "standard-dose"),
        ("Methylnaltrexone in pain", "4.5", "stated-dose-and-look-alike"),
        ("Topical naltrexone for itch", "1% cream", "doubt-in-title"),
    ],
)
def test_a_dose_that_a_person_noted_decides_unless_the_title_speaks_against_it(title, cell, rule):
    assert reading(title, cell=cell).rule == rule


# Facts from a list of publications that a naive query wrongly takes in: title, PMID where it has one, what it is.
WRONGLY_TAKEN_IN = [
    ("Naltrexone for alcohol dependence: comments on Morris et al. (2001)", 11784478, "standard dose"),
    ("Naltrexone in the treatment of alcohol dependence: what clinicians need to know", 11791527, "standard dose"),
    ("Subcutaneous methylnaltrexone for opioid-induced constipation in advanced-illness patients with or without active cancer", 31951150, "look-alike substance"),
    ("Oral methylnaltrexone does not negatively impact analgesia in patients with opioid-induced constipation and chronic noncancer pain", None, "look-alike substance"),
    ("Methylnaltrexone for opioid-induced constipation: review and meta-analyses for objective plus subjective efficacy and safety outcomes", None, "look-alike substance"),
    ("Weight loss with naltrexone SR/bupropion SR combination therapy as an adjunct to behavior modification: the COR-BMOD trial", 20559296, "look-alike substance"),
    ("A randomized, phase 3 trial of naltrexone SR/bupropion SR on weight and obesity-related risk factors (COR-II)", 23408728, "look-alike substance"),
    ("Naltrexone sustained-release/bupropion sustained-release for the management of obesity: review of the data to date", None, "look-alike substance"),
    ("BMP type I receptor inhibition reduces heterotopic ossification", None, "another meaning of the abbreviation"),
    ("Placebo-controlled acute dosage naltrexone study in young autistic children", 8570776, "standard dose"),
    ("Naltrexone in autistic children: behavioral symptoms and attentional learning", 8282676, "standard dose"),
    ("Long-Acting Injectable Naltrexone for the Management of Patients with Opioid Dependence", None, "standard dose"),
    ("Naltrexone extended-release injection: an option for the management of opioid abuse", None, "standard dose"),
    ("Dissociable effects of ultralow-dose naltrexone on tolerance to the antinociceptive and cataleptic effects of morphine", None, "ultra-low dose"),
    ("Augmentation of spinal morphine analgesia and inhibition of tolerance by low doses of mu- and delta-opioid receptor antagonists", None, "look-alike substance"),
    ("The effects of a small-dose naloxone infusion on opioid-induced side effects and analgesia in children and adolescents treated with intravenous patient-controlled analgesia: a double-blind, prospective, randomized, controlled study", 15781505, "look-alike substance"),
    ("Double-blind naltrexone and placebo comparison study in the treatment of pathological gambling", 11377409, "standard dose"),
    # Neither names the drug, and we have no abstract: the title alone cannot tell.
    ("Endometriosis and Opioid Receptors: Are Opioids a Possible/Promising Treatment for Endometriosis?", None, "unclear"),
    ("Treatment of dissociative symptoms with opioid antagonists: a systematic review", None, "unclear"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "pmid", "says"), WRONGLY_TAKEN_IN, ids=lambda one: str(one)[:40])
def test_what_a_naive_query_wrongly_takes_in_is_kept_out_for_its_reason(title, pmid, says):
    assert reading(title).substance == says
    if pmid:
        assert record_reading(records()[pmid]).substance == says


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader((REPO / "data" / "corpus" / "ldn.csv").read_text("utf-8").splitlines()))


def test_no_study_of_the_corpus_is_left_out_and_most_are_known_for_low_dose():
    known, lost, low = records(), [], 0
    for row in rows():
        if row["borderline"] == "y":
            continue
        record = known.get(int(row["pmid"] or 0))
        read = record_reading(record, row["dose"]) if record else reading(row["title"], cell=row["dose"])
        lost += [row["study_key"]] * read.out
        low += read.substance is Substance.LOW_DOSE
    assert (lost, low >= 175) == ([], True)


def test_no_borderline_study_of_the_corpus_passes_for_plain_low_dose():
    known = records()
    for row in rows():
        if row["borderline"] == "y":
            record = known.get(int(row["pmid"] or 0))
            read = record_reading(record, row["dose"]) if record else reading(row["title"], cell=row["dose"])
            assert read.substance is not Substance.LOW_DOSE, row["study_key"]


@pytest.mark.parametrize(
    ("title", "abstract", "says"),
    [
        ("Low-dose amitriptyline in irritable bowel", None, "low dose"),
        ("Amitriptyline in irritable bowel", "Amitriptyline 10 mg nightly or placebo.", "low dose"),
        ("Amitriptyline in irritable bowel", "Amitriptyline 150 mg daily.", "standard dose"),
        ("Amitriptyline in irritable bowel", "Amitriptyline 60 mg daily.", "unclear"),
        ("Amitriptyline in major depression", None, "standard dose"),
        ("Nortriptyline in irritable bowel", None, "look-alike substance"),
        ("Exercise in irritable bowel", "Forty people walked.", "not mentioned"),
    ],
)
def test_another_protocol_is_judged_by_its_own_words(title, abstract, says):
    assert reading(title, abstract, AMITRIPTYLINE).substance == says


def test_the_template_that_users_start_from_is_judged_too(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text(protocol.template("mine"), encoding="utf-8")
    assert reading("Exercise", "Forty walked.", protocol.load(path).intervention).rule == "not-named"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"standard_from": 5}, "Raise it"),
        ({"ultra_low_below": 1}, "Lower it"),
        ({"in_scope": (3, 1)}, "from lower to higher"),
        ({"per_kg": {"in_scope": (1, 2), "standard_from": 1}}, "Raise it"),
    ],
)
def test_bounds_that_overlap_are_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        DoseWindow.model_validate({"unit": "mg", "usual": (1, 5), "in_scope": (0.5, 10), **changes})


def test_every_rule_has_an_id_of_its_own_and_a_reason():
    rules = relevance_rules().rules
    assert len({one.id for one in rules}) == len(rules)
    assert all(one.reason.endswith(".") for one in rules)
    assert rules[-1].when == ()


@settings(max_examples=100, deadline=3000)
@given(
    st.one_of(st.none(), st.text(max_size=200)),
    st.text(alphabet=st.sampled_from("LDN naltrexone low-dose 4.5 mg() (LDN) 纳曲酮\n\x00."), max_size=300),
)
def test_any_text_gets_a_judgement_with_a_reason(title, abstract):
    read = reading(title, abstract)
    assert read.reason
    passage = Passage.of(title, abstract)
    assert all(passage.text[one.start : one.end] == one.words for one in read.spans)


@pytest.mark.parametrize(
    "piece", ["LDN (", "low-dose ", "naltrexone ", "low-dose naltrexone 4.5 mg ", "low dose of a b c "]
)
def test_a_text_without_end_is_judged_in_bounded_time(piece):
    began = time.perf_counter()
    assert reading(piece * 20, piece * (40_000 // len(piece))).reason
    assert time.perf_counter() - began < 10
