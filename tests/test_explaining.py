"""One abstract with the words that decided: marks that lie in the text, reasons in their order, people's words beside the machine's."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace

import pytest
from conftest import RECORDS
from readings import study

from ldn_evidence import InputError, Workspace, corrections, explaining
from ldn_evidence.grading import grade_rules, listed_by
from ldn_evidence.model import FactField, Identifier, Record, ResultDirection, Term


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    names = ("innova2026", "innova_protocol", "smith2011", "invented_standard_dose", "autism1995")
    workspace.bring([RECORDS / f"{name}.xml" for name in names])
    return workspace


def test_an_abstract_is_explained_with_its_facts_and_the_words_they_stand_in(filled):
    found = filled.explain("innova2026")
    assert (found.study.key, found.document) == ("innova2026", "pmid:42385209")
    facts = {one.field: one for one in found.facts}
    assert facts[FactField.ENROLLED].number == 98
    assert [span.words for span in facts[FactField.ENROLLED].spans] == ["98"]
    assert [(one.low, one.high, one.unit) for one in found.doses] == [(4.5, 4.5, "mg/day")]
    assert found.result.direction is ResultDirection.NO_DIFFERENCE
    assert found.result.cue is not None
    assert found.result.cue.words in found.passage.text


def test_marks_lie_in_the_text_in_order_and_the_same_reason_bears_the_same_number(filled):
    for key in ("innova2026", "smith2011", "8570776"):
        found = filled.explain(key)
        ends = 0
        for mark in found.marks:
            assert found.passage.text[mark.span.start : mark.span.end] == mark.span.words
            assert mark.span.start >= ends
            ends = mark.span.end
        assert len({(mark.number, mark.says) for mark in found.marks}) == len(
            {mark.says for mark in found.marks}
        )


def test_each_document_of_a_study_can_be_explained(filled):
    assert filled.explain(34992118).document == "pmid:34992118"
    assert filled.explain("innova_protocol").document == "pmid:34992118"
    assert filled.explain(34992118).result.direction is ResultDirection.UNCLEAR


def test_a_study_without_an_abstract_is_explained_from_its_title(filled):
    found = filled.explain("younger2013")
    assert (found.document, found.passage.abstract) == ("younger2013", "")
    assert [(one.field, one.value) for one in found.facts] == [(FactField.COMPARATOR, "placebo")]
    assert found.tag.rule == "code-randomised-trial"


def test_what_nobody_knows_is_an_error(filled):
    with pytest.raises(InputError, match="neither a study key nor a PMID"):
        filled.explain("nobody")


def test_the_document_of_an_explanation_is_json_and_says_what_stands(filled):
    filled.correct(
        "pmid:8570776",
        "design",
        "randomised trial",
        reason="it says so",
        reviewer="A Person",
        date=datetime.date(2026, 11, 22),
    )
    found = json.loads(json.dumps(explaining.explanation_document(filled.explain("8570776"))))
    assert found["stands"]["design"] == "randomised trial"
    assert found["tag"]["design"] != "randomised trial"
    assert found["stands"]["left_out"].startswith("standard dose: ")
    assert [row["reviewer"] for row in found["corrections"]] == ["A Person"]
    assert "Not medical advice" in found["notice"]


def test_the_table_of_tags_has_a_row_a_study_and_says_why_one_is_left_out(filled):
    table = filled.tags_table()
    assert set(table["study"]) == set(filled.studies())
    assert str(table.dtypes["probability"]) == "Float64"
    left = filled.tags_table(left_out=True)
    assert set(left["study"]) == {key for key, one in filled.studies().items() if one.left_out}
    assert left["left_out"].notna().all()
    doubtful = filled.tags_table(needs_review=True)
    assert set(doubtful["study"]) == {key for key, one in filled.studies().items() if one.doubts}


def test_a_record_that_bears_only_the_dois_of_its_row_is_the_main_document_and_its_retraction_is_the_studys():
    record = Record(
        pmid=5,
        title="A syrup for cough",
        identifiers=(Identifier(scheme="doi", value="10.1000/TEST"),),
        publication_types=(Term(name="Retracted Publication"),),
    )
    one = replace(study("syrup2001"), records=(record,))
    assert one.warning == "retracted"
    assert listed_by(one, grade_rules()).id == "retracted"
    assert corrections.subjects(one) == {"syrup2001", "pmid:5"}
    another = replace(record, identifiers=(Identifier(scheme="doi", value="10.1000/preprint"),))
    assert replace(one, records=(another,)).warning is None
    assert corrections.subjects(replace(one, records=(another,))) == {"syrup2001"}
