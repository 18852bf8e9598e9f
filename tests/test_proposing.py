"""What a machine proposes for an appraisal, where each comes from, and that it never takes a study's subject for a finding."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import RECORDS
from hypothesis import given, settings
from hypothesis import strategies as st
from readings import claim, row, study
from test_appraising import protocol

from ldn_evidence import Workspace
from ldn_evidence.model import (
    PARTS,
    Citation,
    Claim,
    Finding,
    Relevance,
    Study,
    Substance,
)
from ldn_evidence.proposing import Proposal, machine_row, propose

METHODS = "Sixty adults were randomised to drug 4.5 mg daily or placebo for 12 weeks."
LOW = Relevance(substance=Substance.LOW_DOSE, reason="a test", rule="a test", conditions=("condition",))


def asked(**changes: object) -> Claim:
    return claim(**{"outcome_words": ["pain"]} | changes)


def trial(
    abstract: str, title: str = "Drug against placebo: a randomised trial", design: str = "rct"
) -> Study:
    cited = Citation(
        key="import:a", source="a test", title=title, year=2020, doi="10.1000/test", abstract=abstract
    )
    return replace(study("a", design), reports=(), citations=(cited,), relevance=LOW)


def told(outcome: str, result: str) -> Study:
    return trial(f"METHODS: {METHODS} The primary outcome was {outcome}. RESULTS: {result}")


NULL = told(
    "pain intensity at 12 weeks", "Pain intensity did not differ between drug and placebo (p = 0.61)."
)
BETTER = told("pain intensity at 12 weeks", "Pain intensity was significantly lower with drug than with placebo (p = 0.01).")  # fmt: skip


def test_a_finding_is_proposed_from_the_result_with_its_words():
    found = propose(NULL, asked(), protocol())
    assert found["finding"].value == "little or no difference"
    assert found["finding"].source.startswith("machine: rule ")
    assert "did not differ" in found["finding"].source
    assert propose(BETTER, asked(), protocol())["finding"].value == "decrease"
    assert propose(BETTER, asked(expects="increase"), protocol())["finding"].value == "increase"


def test_who_was_studied_what_was_given_and_for_how_long_are_proposed_with_their_words():
    found = propose(NULL, asked(), protocol())
    assert found["comparator"] == Proposal("placebo", 'machine: "placebo"')
    assert found["dose"].value.startswith("4.5 mg")
    assert found["dose_directness"] == Proposal("direct", 'machine: "4.5 mg" held against 1 to 10 mg a day')
    assert found["follow_up"].value.startswith("12 weeks")
    far = trial(f"METHODS: {METHODS.replace('4.5', '50')}")
    assert propose(far, asked(), protocol())["dose_directness"].value == "indirect"


def test_a_study_of_the_claims_condition_with_another_outcome_is_no_appraisal():
    """Joining on the condition alone is never one."""
    other = told(
        "remission at 12 weeks", "Remission was more frequent with drug than with placebo (p = 0.01)."
    )
    assert other.bears_on(asked())
    assert "finding" not in propose(other, asked(), protocol())
    assert machine_row(other, asked(), protocol()) is None
    assert machine_row(trial(f"METHODS: {METHODS}"), asked(), protocol()) is None


def test_a_result_that_names_the_outcome_beside_another_primary_outcome_is_not_taken_for_it():
    beside = told(
        "function at 12 weeks",
        "Function improved more with drug than with placebo (p = 0.01), in people with pain.",
    )
    assert machine_row(beside, asked(), protocol()) is None


def test_a_claim_without_words_for_its_outcome_is_proposed_no_finding():
    assert "finding" not in propose(NULL, claim(), protocol())
    assert machine_row(NULL, claim(), protocol()) is None


def test_a_machines_row_says_that_nobody_has_confirmed_it_and_judges_nothing():
    found = machine_row(NULL, asked(), protocol())
    assert (found.row_id, found.reviewer, found.finding) == (
        "machine.pain.a",
        "machine",
        Finding.NO_DIFFERENCE,
    )
    assert {getattr(found, part) for part in PARTS} == {"unclear"}
    assert (found.risk_of_bias, found.estimate) == ("unassessed", None)
    assert "nobody has confirmed it" in found.reason
    assert found == machine_row(NULL, asked(), protocol())


@pytest.mark.parametrize(
    ("one", "changes"),
    [
        (NULL, {"condition": "elsewhere"}),
        (NULL, {"comparator": ["active"]}),
        (BETTER, {"kind": "harm"}),
        (BETTER, {"kind": "mechanism"}),
        (replace(NULL, tag=study("a", "narrative_review").tag), {}),
        (replace(NULL, tag=study("a", "meta_analysis").tag), {}),
        (replace(NULL, tag=study("a", "protocol").tag), {}),
        (replace(NULL, relevance=replace(LOW, substance=Substance.STANDARD_DOSE)), {}),
        (replace(NULL, tag=replace(NULL.tag, doubt="grounds disagree")), {}),
        (told("pain intensity", "Results will be reported."), {}),
    ],
)
def test_what_may_not_count_or_does_not_say_which_way_has_no_machines_row(one, changes):
    assert machine_row(one, asked(**changes), protocol()) is None


def test_a_bundled_row_stands_above_the_corpus_row_and_that_above_the_reading():
    described = replace(
        study("a", dose="3", comparator="vehicle", route="topical"), citations=NULL.citations, relevance=LOW
    )
    plain = propose(described, asked(), protocol())
    assert (plain["dose"], plain["route"]) == (
        Proposal("3 mg", "corpus row"),
        Proposal("topical", "corpus row"),
    )
    assert (plain["comparator"], plain["comparator_detail"].value) == (
        Proposal("placebo", "corpus row"),
        "vehicle",
    )
    bundled = row("a", Finding.MIXED, 40, reviewer="bundled", dose="2 mg")
    over = propose(described, asked(), protocol(), [bundled])
    assert over["finding"] == Proposal("mixed", "bundled row of 2026-01-01")
    assert (over["dose"].value, over["n_analysed"].value) == ("2 mg", "40")
    assert not {"reviewer", "reason", "row_id", "date"} & set(over)


@pytest.mark.parametrize(
    ("words", "text", "is_about"),
    [
        (["pain"], "Pain intensity at week 12", True),
        (["pain"], "painting", False),
        (["dream*"], "vivid dreaming", True),
        (["quality of life"], "health-related quality-of-life", True),
        (["SF-36"], "the SF 36 physical component", True),
        ([], "pain", False),
    ],
)
def test_an_outcome_is_known_by_its_words(words, text, is_about):
    assert asked(outcome_words=words).about(text) is is_about


@settings(deadline=None, max_examples=40)
@given(
    st.text(max_size=400)
    | st.sampled_from(["", "pain " * 4_000, "痛み 4.5 mg", "\x00\x1b[31m", "((((" * 500])
)
def test_whatever_stands_in_an_abstract_there_is_an_answer(text):
    for one in (trial(text), trial(text, title=text or "a")):
        assert isinstance(propose(one, asked(), protocol()), dict)
        machine_row(one, asked(), protocol())


def test_a_workspace_gives_a_machines_row_only_where_nobody_has_one(workspace: Workspace):
    workspace.bring([RECORDS / "invented_crps_trial.xml", RECORDS / "innova2026.xml"])
    rows = workspace.machine_rows()
    assert [one.row_id for one in rows] == ["machine.crps-pain.pmid-999000033"]
    assert not {one.row_id for one in rows} & {one.row_id for one in workspace.appraisals()}
