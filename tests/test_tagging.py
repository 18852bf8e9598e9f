"""What a study is: which ground decides, what speaks beside it, when a person should look, and that no input breaks it."""

from __future__ import annotations

import datetime
import time

import pytest
from conftest import RECORDS
from hypothesis import given, settings
from hypothesis import strategies as st

from ldn_evidence import Workspace
from ldn_evidence.model import Blinding, Passage, PublicationKind, Species, StudyDesign, TagSource
from ldn_evidence.tagging import Document, design_rules, tag, tags
from ldn_evidence.tagging.cues import cues
from ldn_evidence.tagging.rules import axis_rules

TRIAL = Passage.of(
    "A bitter syrup for cough: a randomised, double-blind, placebo-controlled crossover trial",
    "BACKGROUND: Nobody knows whether the syrup helps. METHODS: Eighty adults were randomly assigned to the syrup or to placebo for two "
    "weeks each, in a double-blind crossover design. The primary outcome was the number of coughs a night. RESULTS: The syrup did not "
    "differ from placebo (mean difference 0.2, p = 0.7). CONCLUSIONS: The syrup had no effect. TRIAL REGISTRATION: NCT00000000.",
)
REVIEW = Passage.of(
    "The syrup through the ages: a review",
    "This article reviews what is known of the syrup, its history and its possible mechanisms. Recent advances in the understanding of "
    "taste are discussed, and future directions for research are outlined. The literature suggests that bitter taste may play a role.",
)
RATS = Passage.of(
    "A bitter syrup and cough in rats",
    "Male Wistar rats were given the syrup or water by gavage for ten days. Animals were then killed and their airways were examined. "
    "Treated rats coughed less than controls (p < 0.01).",
)
COHORT = Passage.of(
    "Syrup and the risk of falls in old age: a cohort study",
    "We followed a population-based cohort of 12,000 people aged 70 or more for eight years. Use of the syrup was associated with falls "
    "(odds ratio 1.2, 95 % CI 1.0 to 1.4) in regression models adjusted for age and sex. Residual confounding cannot be excluded.",
)


def test_pubmeds_type_decides_and_the_text_is_heard_beside_it():
    found = tag(Document(passage=TRIAL, publication_types=("Journal Article", "Randomized Controlled Trial")))
    assert (found.design, found.source, found.rule) == (
        StudyDesign.RANDOMISED_TRIAL,
        TagSource.PUBLICATION_TYPE,
        "type-randomised-trial",
    )
    assert [(sign.source, sign.says) for sign in found.signs] == [
        (TagSource.PUBLICATION_TYPE, "randomised trial"),
        (TagSource.MODEL, "randomised trial"),
    ]
    assert (found.randomised, found.crossover, found.controlled, found.blinding, found.species) == (
        True,
        True,
        True,
        Blinding.DOUBLE,
        Species.HUMAN,
    )
    assert found.doubt is None


def test_a_type_that_the_text_contradicts_needs_review():
    found = tag(Document(passage=REVIEW, publication_types=("Systematic Review",)))
    assert found.design is StudyDesign.SYSTEMATIC_REVIEW
    assert found.doubt is not None
    assert found.doubt.startswith("publication type says systematic review, but model")
    assert found.doubt.endswith("says narrative review")


def test_without_types_the_words_decide():
    found = tag(Document(passage=TRIAL))
    assert (found.design, found.source) == (StudyDesign.RANDOMISED_TRIAL, TagSource.MODEL)
    assert found.probability is not None
    assert found.probability > 0.8


def test_animals_are_animals_by_words_that_hardly_ever_err():
    found = tag(Document(passage=RATS))
    assert (found.design, found.source, found.species) == (StudyDesign.ANIMAL, TagSource.CUE, Species.ANIMAL)
    assert {span.words.lower() for span in found.signs[0].spans} >= {"rats"}


def test_a_heading_of_animals_without_humans_outranks_the_words():
    found = tag(Document(passage=TRIAL, mesh=("Animals", "Cough")))
    assert (found.design, found.source) == (StudyDesign.ANIMAL, TagSource.MESH)
    assert found.needs_review


def test_studies_that_only_watch_are_told_apart_by_their_words():
    assert tag(Document(passage=COHORT)).design is StudyDesign.COHORT


def test_a_readers_code_stands_above_everything_and_leaves_no_doubt():
    found = tag(
        Document(
            passage=REVIEW, publication_types=("Randomized Controlled Trial",), stated_code="case_report"
        )
    )
    assert (found.design, found.source, found.doubt) == (
        StudyDesign.CASE_REPORT,
        TagSource.STATED_CODE,
        None,
    )


def test_a_title_alone_is_read_by_its_words_and_never_by_the_model():
    found = tag(
        Document(passage=Passage.of("The syrup in cough: study protocol for a randomised trial", None))
    )
    assert (found.design, found.source, found.probability) == (
        StudyDesign.TRIAL_PROTOCOL,
        TagSource.CUE,
        None,
    )
    assert found.publication is PublicationKind.PROTOCOL


@pytest.mark.parametrize("passage", [Passage.of(None, None), Passage.of("Cough", None)])
def test_where_nothing_can_be_read_nothing_is_said(passage):
    found = tag(Document(passage=passage))
    assert (found.design, found.source) == (StudyDesign.UNCLASSIFIED, TagSource.NOTHING)
    assert found.needs_review


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        (("Preprint",), PublicationKind.PREPRINT),
        (("Published Erratum",), PublicationKind.ERRATUM),
        (("Retraction Notice",), PublicationKind.NOTICE),
        (("Editorial",), PublicationKind.COMMENT),
        (("Book",), PublicationKind.BOOK),
        ((), PublicationKind.ARTICLE),
    ],
)
def test_what_sort_of_document_it_is_stands_beside_the_design(types, kind):
    assert tag(Document(passage=COHORT, publication_types=types)).publication is kind


def test_many_at_once_are_tagged_as_one_by_one():
    documents = [
        Document(passage=TRIAL),
        Document(passage=REVIEW, publication_types=("Review",)),
        Document(passage=RATS, mesh=("Animals", "Rats")),
        Document(passage=Passage.of(None, None)),
        Document(passage=COHORT),
    ]
    assert tags(documents) == [tag(one) for one in documents]


def test_every_rule_has_an_id_of_its_own_and_looks_for_cues_that_exist():
    every = (*design_rules().rules, *axis_rules())
    ids = [rule.id for rule in every]
    assert len(ids) == len(set(ids))
    known = {cue.id for cue in cues()}
    assert [
        (rule.id, name)
        for rule in every
        for name in (*rule.cues, *rule.and_cues, *rule.without_cues)
        if name not in known
    ] == []


HOSTILE = st.one_of(
    st.text(max_size=200),
    st.text(alphabet=st.characters(categories=["Cc", "Lo", "Mn", "So", "Zs"]), max_size=500),
    st.builds(lambda piece, times: piece * times, st.text(min_size=1, max_size=20), st.integers(1, 1000)),
    st.sampled_from(
        ["İ" * 500, "一项随机对照试验。" * 300, "\ud800", "(" * 20_000, "mg/kg " * 4000, "n = 1 " * 4000]
    ),
)


@given(title=st.none() | HOSTILE, abstract=st.none() | HOSTILE)
@settings(deadline=None, max_examples=150)
def test_any_text_gets_a_tag_whose_spans_lie_in_it(title, abstract):
    passage = Passage.of(title, abstract)
    begun = time.perf_counter()
    found = tag(Document(passage=passage))
    assert time.perf_counter() - begun < 10
    assert found.design in StudyDesign
    for sign in found.signs:
        assert all(passage.text[span.start : span.end] == span.words for span in sign.spans)


def test_a_design_that_only_a_machine_read_counts_after_a_person_confirmed_it(workspace: Workspace):
    workspace.bring([RECORDS / "invented_neuropathic_trial.xml"])
    key = next(one for one in workspace.studies() if one.startswith("pmid:9990"))
    assert workspace.study(key).tag.source is TagSource.MODEL
    row = workspace.root / "appraisals" / "ldn.csv"
    row.parent.mkdir(exist_ok=True)
    row.write_text(
        "row_id,study_key,claim,comparator,finding,outcome_measured,population,intervention,comparison,outcome,reason,reviewer,date\n"
        f"mine.1,{key},neuropathic-pain,active,little or no difference,pain,direct,direct,direct,direct,read,A Person,2026-11-22\n",
        encoding="utf-8",
    )
    left = {one.study_key: one.reason for one in workspace.profile("neuropathic-pain").left_out}
    assert left[key].startswith("a machine read its design from words")
    workspace.correct(
        key,
        "design",
        "randomised trial",
        reason="says so",
        reviewer="A Person",
        date=datetime.date(2026, 11, 22),
    )
    assert key in {one.study.key for one in workspace.profile("neuropathic-pain").counted}
