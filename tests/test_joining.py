"""Which documents are one study, where nobody has said so: what joins them, what does not, and that the reason is always given."""

from __future__ import annotations

import datetime
import random
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import RECORDS
from hypothesis import given, settings
from hypothesis import strategies as st

from ldn_evidence import Workspace, appraisal, corpus, corrections, history, ledger
from ldn_evidence.corpus.numbers import number, slipped
from ldn_evidence.corpus.rules import joining_rules
from ldn_evidence.evidence import study_document
from ldn_evidence.model import (
    Appraisal,
    Author,
    Citation,
    Identifier,
    Journal,
    MachineReading,
    PartialDate,
    PublicationKind,
    Record,
    RelatedRecord,
    Relevance,
    Report,
    Study,
    StudyDesign,
    Substance,
    Tag,
    TagSource,
    Term,
)

ANN, BEA, CYD, DAN, EVE = (
    Author(last_name=name, initials=first)
    for name, first in (("Ames", "A"), ("Birch", "B"), ("Cole", "C"), ("Dale", "D"), ("Eden", "E"))
)
TEAM = (ANN, BEA, CYD)
TRIAL = StudyDesign.RANDOMISED_TRIAL
NCT = "NCT01234567"


def read(
    design: StudyDesign = TRIAL,
    kind: PublicationKind = PublicationKind.ARTICLE,
    mentions: tuple[str, ...] = (),
    conditions: tuple[str, ...] = (),
    **axes: bool,
) -> MachineReading:
    return MachineReading(
        tag=Tag(
            design=design, source=TagSource.MODEL, rule="a test", words="a test", publication=kind, **axes
        ),
        relevance=Relevance(
            substance=Substance.LOW_DOSE, reason="a test", rule="a test", conditions=conditions
        ),
        registry_numbers=mentions,
    )


def record(pmid: int, title: str = "", **facts: object) -> Record:
    known: dict[str, object] = {
        "pmid": pmid,
        "title": title or f"Naltrexone in the syndrome of paper {pmid}",
        "authors": TEAM,
        "published": PartialDate(year=2020),
        "journal": Journal(title="A Journal"),
    }
    numbers = tuple(Identifier(scheme="ClinicalTrials.gov", value=one) for one in facts.pop("numbers", ()))
    doi = facts.pop("doi", None)
    links = tuple(RelatedRecord(relation=name, pmid=to) for name, to in facts.pop("links", ()))
    if year := facts.pop("year", None):
        facts["published"] = PartialDate(year=year)
    return Record(
        **known
        | {
            "registry_ids": numbers,
            "related": links,
            "identifiers": (Identifier(scheme="doi", value=doi),) if doi else (),
        }
        | facts
    )


def row(key: str, **facts: object) -> Report:
    known = {
        "study_key": key,
        "title": key,
        "condition": "fibromyalgia",
        "stated_design": "rct",
        "human": True,
    }
    return Report.model_validate(known | facts)


def held(
    *documents: Record | Report | Citation | tuple[object, MachineReading], **more: object
) -> list[Study]:
    pairs = [one if isinstance(one, tuple) else (one, read()) for one in documents]
    sorts = [[pair for pair in pairs if isinstance(pair[0], kind)] for kind in (Report, Record, Citation)]
    return corpus.studies(*sorts, **more)


def members(studies: list[Study]) -> dict[str, list[str]]:
    return {one.key: [name for name, _ in one.joined] for one in studies}


# --------------------------------------------------------------------------- registry numbers


def test_two_papers_with_one_registry_number_are_one_trial_and_the_results_stand_for_it():
    protocol = record(1, "Naltrexone for the syndrome: study protocol", numbers=[NCT], year=2018)
    results = record(3, "Naltrexone for the syndrome", numbers=["nct 01234567"], year=2021)
    later = record(2, "Naltrexone for the syndrome: a secondary analysis", numbers=[NCT], year=2019)
    (study,) = held(protocol, results, later)
    assert (study.key, study.year) == ("pmid:3", 2021)
    assert study.joined == (
        ("pmid:1", "registry number NCT01234567, as PMID 3"),
        ("pmid:2", "registry number NCT01234567, as PMID 3"),
    )


@pytest.mark.parametrize(
    ("printed", "scheme", "same"),
    [
        ("NCT 0123-4567", None, "NCT01234567"),
        ("01234567", "ClinicalTrials.gov", "NCT01234567"),
        ("ISRCTN 12345678", None, "ISRCTN12345678"),
        ("12345678", "ISRCTN", "ISRCTN12345678"),
        ("EudraCT No. 2019-000702-30", None, "EudraCT 2019-000702-30"),
        ("2019-000702-30", "EudraCT", "EudraCT 2019-000702-30"),
        ("EU CT 2022-501234-12-00", None, "EU CTIS 2022-501234-12"),
        ("actrn12624001162505", "ANZCTR", "ACTRN12624001162505"),
        ("UMIN-CTR UMIN000012345", None, "UMIN000012345"),
        ("jRCTs031180001", "JRCT", "JRCTS031180001"),
        ("CTRI/2013/06/003735", None, "CTRI201306003735"),
        ("NL9259", None, "NL9259"),
    ],
)
def test_a_registry_number_is_one_however_it_is_printed(printed, scheme, same):
    found = number(printed, scheme)
    assert found is not None
    assert (found.printed, found.whole) == (same, True)


@pytest.mark.parametrize("printed", ["Z93128", "4WCJ", "CRD42020123456", "12345678", "NCT", "", "N" * 500])
def test_what_names_no_trial_is_no_registry_number(printed):
    assert number(printed, "GENBANK") is None


def test_a_review_is_never_joined_into_a_trial_whose_number_it_names():
    trial = record(1, numbers=[NCT])
    for reading in (
        read(StudyDesign.SYSTEMATIC_REVIEW),
        read(StudyDesign.NARRATIVE_REVIEW),
        read(StudyDesign.GUIDELINE),
        read(StudyDesign.COMMENT, PublicationKind.COMMENT),
        read(meta_analysis=True),
    ):
        studies = held(trial, (record(2, numbers=[NCT]), reading))
        assert members(studies) == {"pmid:1": [], "pmid:2": []}
    pooled = record(2, "A pooled analysis of the syndrome", numbers=[NCT])
    assert members(held(trial, pooled)) == {"pmid:1": [], "pmid:2": []}


def test_a_third_paper_that_names_two_trials_does_not_make_them_one():
    one, other = record(1, numbers=[NCT]), record(2, numbers=["NCT07654321"])
    both = record(3, numbers=[NCT, "NCT07654321"])
    studies = held(one, other, both)
    assert members(studies) == {"pmid:1": [], "pmid:2": [], "pmid:3": []}
    assert studies[2].doubts == (
        "names several registrations (NCT01234567, NCT07654321): say to which study it belongs",
    )
    elsewhere = record(2, numbers=["2019-000702-30"], authors=(DAN, EVE))
    spanning = record(3, numbers=[NCT, "2019-000702-30"], authors=(ANN, DAN))
    assert members(held(one, elsewhere, spanning)) == {"pmid:1": [], "pmid:2": [], "pmid:3": []}


def test_a_trial_with_two_registrations_is_one_trial():
    studies = held(
        record(1, numbers=[NCT, "2019-000702-30"]),
        record(2, numbers=[NCT]),
        record(3, numbers=["2019-000702-30"]),
    )
    assert members(studies) == {"pmid:1": ["pmid:2", "pmid:3"]}


def test_a_misprinted_number_does_not_glue_a_paper_to_strangers():
    trial = record(1, numbers=[NCT])
    stranger = record(2, numbers=[NCT], authors=(DAN, EVE))
    studies = held(trial, stranger)
    assert members(studies) == {"pmid:1": [], "pmid:2": []}
    assert [one.doubts for one in studies] == [
        (
            f"registry number {NCT} is also that of PMID {other}, with which it has too little in common to be one study: one "
            "of them may have it misprinted",
        )
        for other in (2, 1)
    ]


def test_a_misprinted_number_does_not_tear_a_paper_from_its_study():
    article = record(1, numbers=[NCT], links=[("UpdateOf", 2)])
    second = record(2, numbers=["NCT07654321"])
    protocol = record(3, numbers=[NCT], year=2022)
    foreign = record(4, numbers=["NCT07654321"], authors=(DAN, EVE))
    studies = held(article, second, protocol, foreign)
    assert members(studies) == {"pmid:1": ["pmid:2", "pmid:3"], "pmid:4": []}
    by_row = held(
        row("main", pmid=1, registry_ids=NCT),
        row("second", pmid=2, report_of="main"),
        *(article, second, foreign),
    )
    assert members(by_row) == {"main": ["second", "pmid:1", "pmid:2"], "pmid:4": []}


def test_a_number_a_digit_short_is_taken_for_a_misprint_only_among_the_same_people():
    trial = record(1, "Naltrexone for tremor", numbers=[NCT])
    short = (record(2, "Sleep in tremor", year=2022), read(mentions=("NCT0123457",)))
    (study,) = held(trial, short)
    assert study.joined == (("pmid:2", "registry number NCT0123457, taken for a misprint of NCT01234567"),)
    assert study.doubts == (
        "PMID 2 was joined by a registry number NCT0123457, taken for a misprint of NCT01234567",
    )
    others = (record(2, "Sleep in tremor", authors=(DAN, EVE)), read(mentions=("NCT0123457",)))
    assert members(held(trial, others)) == {"pmid:1": [], "pmid:2": []}
    assert not slipped(number("NCT01234568"), number(NCT))  # a number of its own: the team's next trial


def test_a_number_that_an_abstract_merely_mentions_joins_only_who_worked_on_the_trial():
    trial = record(1, "Naltrexone for tremor", numbers=[NCT])
    same = (record(2, "Sleep in tremor"), read(mentions=(NCT,)))
    unknown = (record(2, "Sleep in tremor", authors=()), read(mentions=(NCT,)))
    several = (record(2, "Sleep in tremor"), read(mentions=(NCT, "NCT07654321")))
    (study,) = held(trial, same)
    assert (study.joined, study.doubts) == (
        (("pmid:2", f"registry number (in the abstract) {NCT}, as PMID 1"),),
        (f"PMID 2 was joined by a registry number (in the abstract) {NCT}, as PMID 1",),
    )
    (settled,) = held(trial, same, grouping={"pmid:2": "pmid:1"})
    assert settled.doubts == ()
    assert members(held(trial, unknown)) == {"pmid:1": [], "pmid:2": []}
    assert members(held(trial, several)) == {"pmid:1": [], "pmid:2": []}


@pytest.mark.parametrize(
    ("title", "design", "conditions", "why"),
    [
        ("Naltrexone for eczema", TRIAL, (), "titles without a telling word in common"),
        ("Naltrexone 9 mg for tremor", TRIAL, (), "figures of the titles"),
        ("What tremor costs", StudyDesign.COHORT, (), "randomised trial and cohort"),
        ("Tremor, an open-label extension", StudyDesign.SINGLE_ARM_TRIAL, (), "randomised trial and single-arm trial"),
        ("Naltrexone for tremor and itch", TRIAL, ("skin",), "other conditions"),
    ],
)  # fmt: skip
def test_a_team_that_mentions_its_earlier_trial_writes_of_another_and_both_need_review(
    title, design, conditions, why
):
    trial = (record(1, "Naltrexone 4.5 mg for tremor", numbers=[NCT]), read(conditions=("nerves",)))
    next_one = (record(2, title), read(design, mentions=(NCT,), conditions=conditions))
    studies = held(trial, next_one)
    assert members(studies) == {"pmid:1": [], "pmid:2": []}
    assert [one.doubts for one in studies] == [
        (
            f"an abstract names one registry number for it and for PMID {other} ({words}): say whether they are one study",
        )
        for other, words in ((2, why), (1, why))
    ]
    settled = held(trial, next_one, grouping={"pmid:2": "own"})
    assert [one.doubts for one in settled] == [(), ()]


def test_two_cohorts_that_mention_one_trial_are_not_one_study():
    trial = record(1, "Naltrexone for tremor", numbers=[NCT])
    one, other = (
        (record(n, f"Tremor in town {n}"), read(StudyDesign.COHORT, mentions=(NCT,))) for n in (2, 3)
    )
    assert members(held(trial, one, other)) == {"pmid:1": [], "pmid:2": [], "pmid:3": []}


def test_a_family_name_alone_is_not_an_author_of_both():
    full, bare = Author(last_name="Wang", initials="X"), Author(last_name="Wang")
    trial = record(1, "Naltrexone for tremor", numbers=[NCT], authors=(full, EVE))
    other = record(2, "Aspirin for eczema", numbers=[NCT], authors=(bare, DAN))
    later = record(2, "Sleep in tremor", numbers=[NCT], authors=(bare, DAN))
    last = record(2, "Sleep in tremor", numbers=[NCT], authors=(DAN, bare))
    assert members(held(trial, other)) == {"pmid:1": [], "pmid:2": []}
    assert members(held(trial, later)) == {"pmid:1": ["pmid:2"]}  # first author of both, on one subject
    assert members(held(trial, last)) == {"pmid:1": [], "pmid:2": []}


def test_where_the_authors_are_not_known_in_full_the_subject_has_to_be_the_same():
    trial = record(1, "Naltrexone for tremor", numbers=[NCT], authors=(ANN,), authors_complete=False)
    near = record(2, "A protocol on tremor", numbers=[NCT], authors=())
    far = record(2, "A protocol on eczema", numbers=[NCT], authors=())
    assert members(held(trial, near)) == {"pmid:1": ["pmid:2"]}
    assert members(held(trial, far)) == {"pmid:1": [], "pmid:2": []}
    conditions = [(one, read(conditions=("skin",))) for one in (trial, far)]
    assert members(held(*conditions)) == {"pmid:1": ["pmid:2"]}


def test_a_paper_that_joins_a_described_study_is_said_to_be_undescribed():
    described = row("main", registry_ids=NCT, first_author="Ames A", pmid=1)
    studies = held(described, record(2, numbers=[NCT]))
    assert members(studies) == {"main": ["pmid:2"]}
    assert studies[0].doubts == (
        "PMID 2, which nobody has described, was joined to it: registry number NCT01234567, as main",
    )
    assert not studies[0].awaits
    settled = held(described, record(2, numbers=[NCT]), grouping={"pmid:2": "main"})
    assert (settled[0].doubts, settled[0].joined) == ((), (("pmid:2", "a reviewer's word"),))


def test_results_that_join_a_plan_that_people_described_await_reading():
    planned = row("plan", registry_ids=NCT, first_author="Ames A", stated_design="registry_record")
    reading = read(StudyDesign.REGISTRY_ENTRY)
    (study,) = held((planned, reading), record(2, numbers=[NCT]))
    assert (study.key, study.awaits) == ("plan", True)
    (alone,) = held((planned, reading))
    assert not alone.awaits


def test_a_strangers_paper_does_not_join_a_described_study_by_its_condition():
    described = (row("main", registry_ids=NCT, first_author="Ames A"), read())
    stranger = (record(2, numbers=[NCT], authors=(DAN, EVE)), read(conditions=("fibromyalgia",)))
    assert members(held(described, stranger)) == {"main": [], "pmid:2": []}


def test_two_rows_stay_two_studies_and_what_bears_their_number_is_not_shared_out():
    one, other = row("one", registry_ids=NCT), row("other", registry_ids=NCT)
    studies = held(one, other, record(3, numbers=[NCT]))
    assert members(studies) == {"one": [], "other": [], "pmid:3": []}
    assert studies[2].doubts == (
        "registry number NCT01234567 is that of one and other: say to which it belongs",
    )


# --------------------------------------------------------------------------- links


def test_every_relation_is_decided_with_a_reason():
    relations = joining_rules().relation
    assert [
        one.name for one in relations if not one.reason or (one.other != "apart") is not bool(one.words)
    ] == []
    ends = {
        "ErratumIn": "ErratumFor",
        "RetractionIn": "RetractionOf",
        "UpdateIn": "UpdateOf",
        "CommentIn": "CommentOn",
    }
    assert {*ends, *ends.values(), "AssociatedPublication", "Cites"} <= {one.name for one in relations}


@pytest.mark.parametrize(
    ("there", "back", "words"),
    [
        ("ErratumIn", "ErratumFor", "erratum of PMID 5"),
        ("RetractionIn", "RetractionOf", "retraction notice of PMID 5"),
        ("ExpressionOfConcernIn", "ExpressionOfConcernFor", "expression of concern on PMID 5"),
    ],
)
def test_a_notice_belongs_to_what_it_tells_of_and_never_stands_for_it(there, back, words):
    told = record(5, year=2021, links=[(there, 1)])
    notice = (
        record(1, year=2019, links=[(back, 5)], authors=()),
        read(StudyDesign.OTHER, PublicationKind.NOTICE),
    )
    for some in ([told, notice], [record(5, year=2021), notice], [told, (record(1, year=2019), notice[1])]):
        (study,) = held(*some)
        assert (study.key, study.year, study.tag.design) == ("pmid:5", 2021, TRIAL)
        assert study.joined == (("pmid:1", words),)
        assert [one.pmid for one in study.main_records] == [5]


def test_a_retracted_preprint_or_a_notice_retracts_no_study():
    article = record(2, links=[("UpdateOf", 1)])
    preprint = (record(1, links=[("UpdateIn", 2), ("RetractionIn", 3)]), read(kind=PublicationKind.PREPRINT))
    notice = (record(3, links=[("RetractionOf", 1)]), read(kind=PublicationKind.NOTICE))
    (study,) = held(article, preprint, notice)
    assert (study.key, study.warning, study.awaits) == ("pmid:2", None, True)
    assert study.joined == (
        ("pmid:1", "PMID 2 is the update of it"),
        ("pmid:3", "retraction notice of PMID 1"),
    )
    (alone,) = held(record(1, links=[("RetractionIn", 3)]), notice)
    assert (alone.key, alone.warning, alone.unread) == ("pmid:1", "retracted", False)


def test_one_notice_of_several_studies_makes_them_none():
    notice = (record(3, links=[("RetractionOf", 1), ("RetractionOf", 2)]), read(kind=PublicationKind.NOTICE))
    assert members(held(record(1), record(2), notice)) == {"pmid:1": [], "pmid:2": [], "pmid:3": []}
    # two papers of one trial are one study already
    studies = held(record(1, numbers=[NCT]), record(2, numbers=[NCT]), notice)
    assert members(studies) == {"pmid:1": ["pmid:2", "pmid:3"]}


def test_a_comment_is_another_document_about_the_study():
    comment = (record(2, links=[("CommentOn", 1)]), read(StudyDesign.COMMENT, PublicationKind.COMMENT))
    assert members(held(record(1, links=[("CommentIn", 2)]), comment)) == {"pmid:1": [], "pmid:2": []}


def test_the_corrected_version_is_the_one_to_read_and_a_plain_reprint_is_not():
    (mended,) = held(record(1, links=[("CorrectedandRepublishedIn", 2)]), record(2, year=2022))
    (again,) = held(record(1, links=[("RepublishedIn", 2)]), record(2, year=2019))
    assert (mended.key, again.key) == ("pmid:2", "pmid:1")
    assert again.joined == (("pmid:2", "republication of PMID 1"),)


def test_a_link_by_doi_is_a_link():
    note = RelatedRecord(relation="ErratumFor", source="A Journal. 2020;1:1. doi: 10.5555/abc.1.")
    notice = (record(2, related=(note,)), read(kind=PublicationKind.ERRATUM))
    assert members(held(record(1, doi="10.5555/ABC.1"), notice)) == {"pmid:1": ["pmid:2"]}


# --------------------------------------------------------------------------- preprints, versions, duplicates

PREPRINT = read(kind=PublicationKind.PREPRINT)


def test_a_preprint_joins_its_article_by_authors_and_title():
    article = record(9, "Naltrexone for tremor in old sailors", year=2021)
    preprint = (record(1, "Low-dose naltrexone for tremor in old sailors"), PREPRINT)
    (study,) = held(article, preprint)
    assert (study.key, study.joined) == (
        "pmid:9",
        (("pmid:1", "same authors and title: the preprint of PMID 9"),),
    )


@pytest.mark.parametrize(
    "other",
    [
        {"title": "Naltrexone for eczema in young bakers"},
        {"authors": (DAN, ANN, BEA)},
        {"authors": (ANN, DAN, EVE)},
        {"year": 2023},
        {"title": "Naltrexone for tremor in old sailors: protocol"},
        {"title": "Naltrexone for tremor in old sailors, part 2"},
    ],
)
def test_a_preprint_does_not_join_another_paper(other):
    article = record(9, **{"title": "Naltrexone for tremor in old sailors", **other})
    preprint = (record(1, "Naltrexone for tremor in old sailors, part 1"), PREPRINT)
    assert members(held(article, preprint)) == {"pmid:9": [], "pmid:1": []}


@pytest.mark.parametrize(
    ("title", "numbers", "conditions", "why"),
    [
        ("Naltrexone for tremor in old sailors at sea", ["NCT07654321"], ("nerves",), "their registry numbers"),
        ("Naltrexone for tremor in old sailors at sea", [NCT, "NCT07654321"], ("skin",), "their conditions"),
        ("Naltrexone for itch in old sailors at sea", [], ("nerves",), "tremor against itch"),
        ("High-dose naltrexone for tremor in old sailors at sea", [], (), "low against high"),
        ("Naltrexone for tremor in old sailors at sea: an extension", [], (), '"extension"'),
    ],
)  # fmt: skip
def test_a_preprint_does_not_join_the_same_teams_next_paper_and_both_need_review(
    title, numbers, conditions, why
):
    preprint = record(1, "Low-dose naltrexone for tremor in old sailors at sea", numbers=[NCT])
    article = record(9, title, numbers=numbers)
    readings = read(kind=PublicationKind.PREPRINT, conditions=("nerves",)), read(conditions=conditions)
    if numbers[:1] == [NCT]:  # what names two registrations is joined by neither
        preprint = record(1, preprint.title)
    studies = held((preprint, readings[0]), (article, readings[1]))
    assert members(studies) == {"pmid:1": [], "pmid:9": []}
    said = "authors and title are like those of PMID {}, but for {}: say whether one is the other's preprint"
    assert all(said.format(other, why) in one.doubts for one, other in zip(studies, (9, 1), strict=True))


def test_a_preprint_that_its_number_joins_after_all_needs_no_review():
    preprint = record(1, "Low-dose naltrexone for tremor in old sailors at sea", numbers=[NCT])
    article = record(9, "Naltrexone for itch in old sailors at sea", numbers=[NCT])
    (study,) = held((preprint, PREPRINT), article)
    assert study.doubts == ()
    apart = held((replace(preprint, registry_ids=()), PREPRINT), article, grouping={"pmid:1": "own"})
    assert [one.doubts for one in apart] == [(), ()]


def test_a_preprint_joins_its_article_in_another_spelling():
    preprint = (record(1, "Naltrexone for tumour pain in old sailors at sea"), PREPRINT)
    article = record(9, "Naltrexone for tumor pains in old sailors at sea: a trial")
    assert members(held(preprint, article)) == {"pmid:9": ["pmid:1"]}


def test_two_articles_with_like_titles_are_two_studies():
    title = "Naltrexone for tremor in old sailors"
    assert members(held(record(1, title), record(2, f"{title} again"))) == {"pmid:1": [], "pmid:2": []}


def test_a_preprint_that_two_articles_are_like_is_left_to_a_person():
    title = "Naltrexone for tremor in old sailors"
    studies = held((record(1, title), PREPRINT), record(2, f"{title} ashore"), record(3, f"{title} afloat"))
    assert members(studies) == {"pmid:1": [], "pmid:2": [], "pmid:3": []}
    assert studies[0].doubts == ("a preprint of one of pmid:2, pmid:3: say of which",)


def test_a_preprint_from_another_search_joins_the_record_of_its_article():
    article = record(9, "Naltrexone for tremor in old sailors", doi="10.5555/article")
    authors = ("Ames, Ann", "Birch, Bea", "Cole, C.")
    found = Citation(
        key="import:x:1", source="x", title="Naltrexone for tremor in old sailors", doi="10.5555/preprint",
        authors=authors, year=2019,
    )  # fmt: skip
    (study,) = held(article, (found, PREPRINT))
    assert (study.key, [name for name, _ in study.joined]) == ("pmid:9", ["import:x:1"])


def test_of_a_cochrane_review_the_latest_version_counts():
    review = read(StudyDesign.SYSTEMATIC_REVIEW)
    doi = "10.1002/14651858.CD010410"
    title = "Naltrexone for a disease of the bowel"
    protocol = (record(4, title, doi=doi), read(StudyDesign.TRIAL_PROTOCOL, PublicationKind.PROTOCOL))
    older = (record(3, title, doi=f"{doi}.pub2", year=2014), review)
    latest = (record(2, title, doi=f"{doi}.pub10", year=2018), review)
    other = (record(1, title, doi="10.1002/14651858.CD010411.pub2"), review)
    studies = held(protocol, older, latest, other)
    assert members(studies) == {"pmid:2": ["pmid:3", "pmid:4"], "pmid:1": []}
    assert studies[1].joined[0] == ("pmid:3", "earlier version (Cochrane review CD010410) of PMID 2")
    database = Journal(title="Cochrane Database Syst Rev")
    bare = (record(5, title, journal=database, year=2003), review)
    (study,) = held(bare, (record(2, title, journal=database, doi=f"{doi}.pub2", year=2014), review))
    assert study.joined == (("pmid:5", "the same title, in the Cochrane Database, as PMID 2"),)
    withdrawn = (record(9, f"WITHDRAWN: {title}", doi=f"{doi}.pub11"), read(kind=PublicationKind.NOTICE))
    (study,) = held(older, latest, withdrawn)
    assert study.key == "pmid:2"
    assert study.doubts == ("PMID 9 is the latest version and a notice: was it withdrawn?",)


def test_duplicates_are_linked_and_none_is_dropped():
    title = "Naltrexone for tremor in old sailors"
    (by_doi,) = held(record(1, doi="10.5555/one"), record(2, doi="10.5555/ONE"))
    (by_words,) = held(record(1, title), record(2, f"{title}."))
    assert [one.pmid for one in by_doi.records] == [one.pmid for one in by_words.records] == [1, 2]
    assert by_doi.joined == (("pmid:2", "the same DOI as PMID 1"),)
    assert by_words.joined == (("pmid:2", "the same title, authors, year and journal as PMID 1"),)
    for other in (
        {"year": 2021},
        {"authors": (ANN,)},
        {"journal": Journal(title="Another")},
        {"authors": ()},
    ):
        assert len(held(record(1, title), record(2, title, **other))) == 2
    twice = record(
        2, title, journal=Journal(title="B"), publication_types=(Term(name="Duplicate Publication"),)
    )
    assert len(held(record(1, title), twice)) == 1
    (alone,) = held(twice)
    assert alone.doubts == ("PubMed calls it a duplicate publication: say of which",)


# --------------------------------------------------------------------------- reviewers' word


def test_a_reviewer_takes_a_document_out_and_what_hangs_on_it_goes_along():
    trial = record(1, numbers=[NCT])
    second = record(2, numbers=[NCT], links=[("ErratumIn", 3)], year=2022)
    notice = (record(3, links=[("ErratumFor", 2)]), read(kind=PublicationKind.ERRATUM))
    assert members(held(trial, second, notice)) == {"pmid:1": ["pmid:2", "pmid:3"]}
    apart = held(trial, second, notice, grouping={"pmid:2": "own"})
    assert members(apart) == {"pmid:1": [], "pmid:2": ["pmid:3"]}
    # whichever of the two is said to stand alone, and whichever was the main one
    assert members(held(trial, second, grouping={"pmid:1": "own"})) == {"pmid:1": [], "pmid:2": []}
    assert [one.doubts for one in apart] == [(), ()]


def test_a_reviewer_joins_what_no_rule_joins():
    comment = (
        record(2, links=[("CommentOn", 1)], year=2018),
        read(StudyDesign.COMMENT, PublicationKind.COMMENT),
    )
    (study,) = held(record(1), comment, grouping={"pmid:2": "pmid:1"})
    assert (study.key, study.tag.design, study.joined) == (
        "pmid:1",
        TRIAL,
        (("pmid:2", "a reviewer's word"),),
    )
    (other_way,) = held(record(1), comment, grouping={"pmid:1": "pmid:2"})
    assert (other_way.key, other_way.year, other_way.tag.design) == ("pmid:1", 2020, TRIAL)
    assert members(held(record(1), record(2), grouping={"pmid:1": "pmid:2", "pmid:2": "pmid:1"})) == {
        "pmid:1": [],
        "pmid:2": [],
    }


def test_a_reviewer_moves_a_joined_paper_to_another_study():
    studies = held(
        row("one", registry_ids=NCT, first_author="Ames A"),
        row("other"),
        record(2, numbers=[NCT]),
        grouping={"pmid:2": "other"},
    )
    assert members(studies) == {"one": [], "other": ["pmid:2"]}


# --------------------------------------------------------------------------- what rests on studies


def test_a_study_is_about_what_any_of_its_papers_is_about():
    silent = read()
    silent = replace(silent, relevance=replace(silent.relevance, substance=Substance.NOT_MENTIONED))
    (study,) = held(
        (record(1, numbers=[NCT]), silent), (record(2, year=2022, numbers=[NCT]), read(conditions=("skin",)))
    )
    assert (study.key, study.left_out, study.conditions) == ("pmid:1", None, ("skin",))
    notice = (record(2, links=[("ErratumFor", 1)]), read(kind=PublicationKind.ERRATUM, conditions=("skin",)))
    (study,) = held((record(1), silent), notice)
    assert (study.left_out, study.conditions) == ("not mentioned: a test", ())


def appraised(key: str, row_id: str, **changes: object) -> Appraisal:
    facts = {
        "row_id": row_id, "study_key": key, "claim": "pain", "comparator": "placebo", "finding": "unclear",
        "outcome_measured": "pain", "population": "direct", "intervention": "direct", "comparison": "direct",
        "outcome": "direct", "reason": "a test", "reviewer": "A Person", "date": datetime.date(2026, 1, 1),
    }  # fmt: skip
    return Appraisal.model_validate(facts | changes)


def test_a_row_on_a_joined_paper_is_a_row_on_its_study_unless_the_study_has_one():
    studies = {one.key: one for one in held(record(1, numbers=[NCT]), record(2, numbers=[NCT], year=2022))}
    lone = appraised("pmid:2", "a")
    (fitting,), aside = appraisal.resolved([lone], studies)
    assert (fitting.study_key, aside) == ("pmid:1", [])
    main = appraised("pmid:1", "b")
    fitting, aside = appraisal.resolved([lone, main], studies)
    assert ([one.row_id for one in fitting], [one.row_id for one in aside]) == (["b"], ["a"])
    over = appraised("pmid:1", "b", supersedes="a")
    fitting, aside = appraisal.resolved([lone, over], studies)
    assert ([one.row_id for one in fitting], aside) == (["a", "b"], [])


RETRACTED = {"publication_types": (Term(name="Retracted Publication"),)}


def test_a_row_on_a_retracted_report_is_no_row_on_the_study_that_it_joined():
    early = record(4, numbers=[NCT], year=2016)
    results = record(5, numbers=[NCT], year=2018, doi="10.5555/five", **RETRACTED)
    reference = Citation(
        key="import:x:1", source="x", title="Another spelling", doi="10.5555/FIVE", year=2018
    )
    studies = {one.key: one for one in held(early, results, reference)}
    assert {key: one.retracted_reports for key, one in studies.items()} == {"pmid:4": ("pmid:5",)}
    rows = [appraised("pmid:5", "a"), appraised("import:x:1", "b", claim="sleep")]
    fitting, aside = appraisal.resolved(rows, studies)
    assert (fitting, [one.row_id for one in aside]) == ([], ["a", "b"])
    assert appraisal.on_retracted(rows, studies) == {"a": ("pmid:5", "pmid:4"), "b": ("import:x:1", "pmid:4")}
    # whoever read the study and wrote over the row has settled it, and it has to be there to be written over
    over = appraised("pmid:4", "c", supersedes="a")
    fitting, aside = appraisal.resolved([rows[0], over], studies)
    assert ([one.row_id for one in fitting], aside) == (["a", "c"], [])


def test_of_a_described_study_the_retracted_report_bears_its_rows_name():
    studies = held(
        row("main", pmid=1),
        row("sleep", pmid=2, report_of="main"),
        row("fatigue", report_of="main", correction_status="retracted"),
        record(1),
        record(2, **RETRACTED),
    )
    assert [(one.key, one.warning, one.retracted_reports) for one in studies] == [
        ("main", None, ("fatigue", "sleep"))
    ]
    by_key = {one.key: one for one in studies}
    _, aside = appraisal.resolved([appraised("pmid:2", "a"), appraised("main", "b")], by_key)
    assert [one.row_id for one in aside] == ["a"]


def test_a_retracted_report_is_a_notice_of_its_study():
    (study,) = held(record(4, numbers=[NCT], year=2016), record(5, numbers=[NCT], **RETRACTED))
    assert [(one.name, one.record, one.report) for one in history.notices(study)] == [
        ("a retraction of pmid:5", 5, "pmid:5")
    ]
    (described,) = held(row("main"), row("sleep", report_of="main", correction_status="retracted"))
    assert [(one.name, one.record, one.report) for one in history.notices(described)] == [
        ("a retraction (corpus row) of sleep", None, "sleep")
    ]


def test_a_reading_of_a_paper_that_was_retracted_and_joined_is_set_aside_and_said(tmp_path):
    def paper(pmid: int, year: int, more: str = "") -> Path:
        path = tmp_path / f"{pmid}-{len(more)}.xml"
        path.write_text(
            f"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><Journal><JournalIssue><PubDate><Year>{year}"
            f"</Year></PubDate></JournalIssue><Title>J</Title></Journal><ArticleTitle>Low-dose naltrexone for pain in paper {pmid}"
            "</ArticleTitle><AuthorList CompleteYN='Y'><Author><LastName>Ames</LastName><Initials>A</Initials></Author></AuthorList>"
            "<DataBankList><DataBank><DataBankName>ClinicalTrials.gov</DataBankName><AccessionNumberList><AccessionNumber>NCT09999999"
            "</AccessionNumber></AccessionNumberList></DataBank></DataBankList><PublicationTypeList><PublicationType>Randomized Controlled "
            f"Trial</PublicationType>{more}</PublicationTypeList></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>",
            encoding="utf-8",
        )
        return path

    workspace = Workspace(tmp_path / "work")
    workspace.build()
    workspace.bring([paper(999100005, 2018)])
    own = tmp_path / "work" / "appraisals" / "ldn.csv"
    own.parent.mkdir(exist_ok=True)
    made = appraised("pmid:999100005", "me.1", claim="fibromyalgia-pain", risk_of_bias="low").model_dump(
        mode="json"
    )
    cells = {name: value for name, value in made.items() if value and isinstance(value, str)}
    own.write_text(f"{','.join(cells)}\n{','.join(cells.values())}\n", encoding="utf-8")
    assert "me.1" in {one.row_id for one in workspace.appraisals()}
    workspace.bring(
        [
            paper(999100005, 2018, "<PublicationType>Retracted Publication</PublicationType>"),
            paper(999100004, 2016),
        ]
    )
    assert workspace.study(999100005).key == "pmid:999100004"
    assert "me.1" not in {one.row_id for one in workspace.appraisals()}
    said = [one for one in workspace.warnings() if "me.1" in one]
    assert len(said) == 1
    assert said[0].startswith(
        "reading me.1 set aside: it was made on pmid:999100005, which was RETRACTED and is a report of pmid:999100004 now."
    )


def test_joined_records_are_named_shown_and_counted_once(tmp_path):
    workspace = Workspace(tmp_path / "work")
    names = ("invented_retracted", "invented_retraction_notice", "invented_preprint", "invented_cochrane")
    before = workspace.build().studies
    workspace.bring([RECORDS / f"{name}.xml" for name in names])
    studies = workspace.studies()
    assert set(studies) - set(before) == {"pmid:999000001", "pmid:999000010", "pmid:999000016"}
    assert workspace.status()["records"] == 232 + 7
    assert workspace.study(999000002).warning == "retracted"
    document = study_document(workspace.study(999000015), [])
    assert document["joined"] == [
        {"document": "pmid:999000015", "reason": "PMID 999000016 is the update of it"}
    ]
    assert document["study_key"] == "pmid:999000016"
    assert "pmid:999000010" in set(workspace.tags_table(needs_review=True)["study"])
    waiting = {
        key for keys in ledger.awaiting(workspace.protocol, studies.values(), []).values() for key in keys
    }
    assert "pmid:999000016" in waiting
    assert not waiting & {"pmid:999000001", "pmid:999000002", "pmid:999000015"}
    workspace.correct(
        "999000015", "study", "own", reason="a test", reviewer="A", date=datetime.date(2026, 1, 1)
    )
    assert workspace.study(999000015).key == "pmid:999000015"
    workspace.correct(
        "999000015", "study", "as read", reason="a test", reviewer="A", date=datetime.date(2026, 1, 1)
    )
    assert workspace.study(999000015).key == "pmid:999000016"


def test_the_final_trials_secondary_paper_with_its_misprinted_number_is_no_second_trial(tmp_path):
    workspace = Workspace(tmp_path / "work")
    workspace.build()
    workspace.bring([RECORDS / f"{name}.xml" for name in ("bruun2024", "bruun2021prot", "bruun2025cns")])
    assert workspace.study(40214857).key == "bruun2024"
    with workspace.store() as store:
        _, records, _, _ = store.contents()
    (study,) = corpus.studies((), records)
    assert (study.key, dict(study.joined)["pmid:40214857"]) == (
        "pmid:38258677",
        "registry number NCT0427877, taken for a misprint of NCT04270877",
    )


# --------------------------------------------------------------------------- any order, any input

KINDS = st.sampled_from(
    [PublicationKind.ARTICLE, PublicationKind.PREPRINT, PublicationKind.NOTICE, PublicationKind.COMMENT]
)
LINKS = st.tuples(st.sampled_from([one.name for one in joining_rules().relation]), st.integers(1, 9))


@st.composite
def documents(draw: st.DrawFn) -> tuple[object, MachineReading]:
    kind = draw(st.sampled_from(["record", "record", "record", "citation"]))
    title = draw(
        st.sampled_from(
            ["Naltrexone for tremor in old sailors", "On eczema", "", "\x00" * 50, "глаз " * 4000]
        )
    )
    year = draw(st.sampled_from([None, 2019, 2020, 2021]))
    doi = draw(
        st.sampled_from(
            [None, None, "10.5555/one", "10.1002/14651858.CD010410.pub2", "10.1002/14651858.CD010410"]
        )
    )
    reading = read(kind=draw(KINDS), mentions=draw(st.sampled_from([(), (NCT,), ("NCT0123457",)])))
    if kind == "citation":
        place = draw(st.integers(1, 5))
        return Citation(
            key=f"import:x:{place}", source="x", title=title, doi=doi, year=year, authors=("Ames A",)
        ), reading
    authors = draw(st.sampled_from([TEAM, (ANN,), (DAN, EVE), (), (Author(collective="A Group"),)]))
    numbers = draw(
        st.sampled_from([(), (NCT,), ("NCT07654321",), (NCT, "2019-000702-30"), ("2019-000702-30",), ("?",)])
    )
    links = draw(st.lists(LINKS, max_size=2))
    return (
        record(
            draw(st.integers(1, 9)), title, year=year, doi=doi, authors=authors, numbers=numbers, links=links
        ),
        reading,
    )


@given(
    some=st.lists(documents(), max_size=9),
    seed=st.randoms(use_true_random=False),
    moves=st.dictionaries(
        st.sampled_from([f"pmid:{n}" for n in range(1, 10)]),
        st.sampled_from(["own", "main", "other", *(f"pmid:{n}" for n in range(1, 10))]),
        max_size=3,
    ),
)
@settings(deadline=None, max_examples=150)
def test_the_order_of_files_and_rows_changes_no_study_and_every_document_has_its_place(some, seed, moves):
    unique = list({getattr(one, "key", None) or one.pmid: (one, reading) for one, reading in some}.values())
    rows = [
        row("main", pmid=1, registry_ids=NCT, first_author="Ames A"),
        row("part", report_of="main"),
        row("other", doi="10.5555/one"),
    ]
    everything = [*((one, read()) for one in rows), *unique]
    studies = held(*everything, grouping=moves)
    shuffled = list(everything)
    seed.shuffle(shuffled)
    assert held(*shuffled, grouping=moves) == studies
    placed = [name for one in studies for name in (one.key, *dict(one.joined))]
    names = [
        getattr(one, "study_key", None) or getattr(one, "key", None) or f"pmid:{one.pmid}"
        for one, _ in everything
    ]
    assert sorted(placed) == sorted(names)
    assert all(reason for one in studies for _, reason in one.joined)
    assert all(corrections.documents(one) == {one.key, *dict(one.joined)} for one in studies)
    assert not [
        one
        for one in studies
        if {report.study_key for report in one.reports} >= {"main", "other"} and not moves
    ]


@given(st.text(max_size=80))
def test_any_text_is_a_registry_number_or_none(text):
    found = number(text)
    assert found is None or number(found.printed) == found or not found.whole
    assert all(one in text for one in corpus.misprints(text))


def test_thousands_of_documents_are_joined_in_bounded_time():
    links = [record(n, links=[("UpdateOf", n - 1)], authors=(ANN,)) for n in range(1, 2001)]
    one_number = [record(10_000 + n, numbers=[NCT], authors=(BEA,)) for n in range(500)]
    some = [*links, *one_number]
    random.Random(1).shuffle(some)
    studies = held(*some)
    assert len(studies) == 1 + 500
    assert studies[-1].key == "pmid:2000"
