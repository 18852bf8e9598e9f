"""Appraisal by people: which row stands, what a reviewer is asked, that a walk loses nothing and shows nobody the other's row."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from commands import refused
from conftest import RECORDS
from hypothesis import given, settings
from hypothesis import strategies as st
from readings import claim, row, study
from typer.testing import CliRunner

from ldn_evidence import InputError, Workspace, appraisal
from ldn_evidence.appraisal import form_rules, questions, rob_without_confounding, standing, taken
from ldn_evidence.cli import app
from ldn_evidence.cli.appraising import walk
from ldn_evidence.model import Appraisal, Finding, Protocol, RobAnswer, RobTool, StudyDesign
from ldn_evidence.workspace.appraising import FILLED

DOWN, SAME = Finding.DECREASE, Finding.NO_DIFFERENCE
PLACE = ("a", "pain")
NOON = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
CELLS = {
    "comparator": "placebo",
    "finding": "decrease",
    "outcome_measured": "pain intensity, 0-10",
    "population": "direct",
    "intervention": "direct",
    "comparison": "direct",
    "outcome": "direct",
    "reason": "a test",
}


def protocol() -> Protocol:
    asked = claim().model_dump(mode="json", by_alias=True)
    return Protocol.model_validate(
        {
            "schema": 1,
            "name": "test",
            "title": "A test",
            "source": {"title": "A test"},
            "intervention": {
                "name": "drug",
                "short": "Drug",
                "names": ["drug"],
                "query": "drug[tiab]",
                "dose": {"unit": "mg", "usual": [1, 5], "in_scope": [1, 10]},
            },
            "conditions": [
                {
                    "slug": "condition",
                    "name": "condition",
                    "query": "a[tiab]",
                    "mesh": [{"ui": "D000001", "heading": "A"}],
                }
            ],
            "claims": [asked],
        }
    )


def said(name: str, reviewer: str, finding: Finding = DOWN, day: int = 1, **changes: object) -> Appraisal:
    facts = {"row_id": name, "reviewer": reviewer, "date": datetime.date(2026, 1, day), **changes}
    return row("a", finding, None, **facts)


def stand(*rows: Appraisal, files: int = 1) -> appraisal.Standing:
    layers = [(Path(f"{number}.csv"), list(rows[number::files])) for number in range(files)]
    held = {one: study(one) for one in ("a", "b")} | {"review": study("review", "meta_analysis")}
    return standing(layers, protocol(), held)


def stands(*rows: Appraisal) -> list[str]:
    return [one.row_id for one in stand(*rows).rows]


# --------------------------------------------------------------------------- which row stands


def test_a_persons_row_outranks_the_bundled_one_whatever_their_dates():
    assert stands(said("bundle", "bundled", day=20), said("mine", "jd", SAME, day=1)) == ["mine"]
    assert stands(said("bundle", "Bundled"), said("auto", "machine", SAME, day=9)) == ["bundle"]


def test_a_row_over_a_bundled_one_that_ships_no_longer_stands_all_the_same():
    assert stands(said("mine", "jd", supersedes="bundled.pain.a")) == ["mine"]


def test_each_of_two_reviewers_may_replace_the_bundled_row():
    rows = (
        said("bundle", "bundled"),
        said("a1", "jd", supersedes="bundle"),
        said("b1", "Ana", day=2, supersedes="bundle"),
    )
    found = stand(*rows)
    assert ([one.row_id for one in found.rows], found.disputes) == (["b1"], ())


def test_of_two_persons_who_differ_the_later_stands_and_the_dispute_is_handed_out():
    found = stand(said("a1", "jd"), said("b1", "Ana", SAME, day=2, risk_of_bias="high"))
    (dispute,) = found.disputes
    assert (dispute.study_key, dispute.claim) == PLACE
    assert [one.row_id for one in dispute.rows] == ["a1", "b1"]
    assert (dispute.fields, dispute.stands) == (("finding", "risk_of_bias"), "b1")


def test_other_words_for_the_same_reading_are_no_dispute():
    same = said(
        "b1",
        "Ana",
        day=2,
        reason="in other words",
        outcome_measured="pain, NRS",
        dose="4.5 mg",
        paired="unclear",
    )
    assert stand(said("a1", "jd"), same).disputes == ()


def test_two_who_differ_at_the_same_time_are_refused_by_name_and_two_who_agree_are_not():
    with pytest.raises(InputError, match=r'"a1" by Ana in finding.*neither is the later') as caught:
        stand(said("a1", "Ana"), said("b1", "jd", SAME))
    assert "b1" in str(caught.value)
    assert stand(said("a1", "Ana"), said("b1", "jd")).disputes == ()


def test_an_adjudication_stands_above_the_two_it_settles_until_one_of_them_writes_again():
    both = said("a1", "jd"), said("b1", "Ana", SAME, day=2)
    settled = said("c1", "Third", SAME, day=3, adjudicates=["a1", "b1"])
    assert stands(*both, settled) == ["c1"]
    assert stand(*both, settled).disputes == ()
    again = stand(*both, settled, said("a2", "jd", Finding.MIXED, day=4, supersedes="a1"))
    (dispute,) = again.disputes
    assert (dispute.stands, dispute.lapsed) == ("a2", ("c1",))
    agreed = stand(*both, settled, said("a2", "jd", SAME, day=4, supersedes="a1"))
    assert ([one.row_id for one in agreed.rows], agreed.disputes) == (["a2"], ())


def test_a_third_reading_that_an_adjudication_does_not_name_opens_the_dispute_and_the_adjudication_stands_meanwhile():
    both = said("a1", "jd"), said("b1", "Ana", SAME, day=2)
    settled = said("c1", "Third", SAME, day=3, adjudicates=["a1", "b1"])
    (dispute,) = stand(*both, settled, said("d1", "Fourth", DOWN, day=4)).disputes
    assert ([one.row_id for one in dispute.rows], dispute.stands) == (["c1", "d1"], "c1")


def test_a_reading_of_ones_own_does_not_dispute_ones_own_adjudication():
    both = said("a1", "jd"), said("b1", "Ana", SAME, day=2)
    settled = said("c1", "Third", SAME, day=3, adjudicates=["a1", "b1"])
    found = stand(*both, settled, said("c2", "third", Finding.MIXED, day=4))
    assert ([one.row_id for one in found.rows], found.disputes) == (["c1"], ())


def test_an_adjudication_written_again_by_another_person_names_the_same_rows_and_the_later_stands():
    both = said("a1", "jd"), said("b1", "Ana", SAME, day=2)
    first = said("c1", "Third", SAME, day=3, adjudicates=["a1", "b1"])
    agrees = stand(*both, first, said("d1", "Fourth", SAME, day=4, adjudicates=["a1", "b1"]))
    assert ([one.row_id for one in agrees.rows], agrees.disputes) == (["d1"], ())
    found = stand(*both, first, said("d1", "Fourth", DOWN, day=4, adjudicates=["a1", "b1"]))
    assert [one.row_id for one in found.rows] == ["d1"]
    (dispute,) = found.disputes
    assert [one.row_id for one in dispute.rows] == ["c1", "d1"]
    assert appraisal.named_by("Fifth", dispute, found) == ("c1", "d1")
    assert appraisal.named_by("THIRD", dispute, found) == ("a1", "b1", "d1")
    assert appraisal.named_by("jd", dispute, found) == ("c1", "d1")


def test_who_adjudicates_again_names_one_row_of_each_person():
    both = said("a1", "jd"), said("b1", "Ana", SAME, day=2)
    first = said("c1", "Third", SAME, day=3, adjudicates=["a1", "b1"])
    second = said("a2", "jd", DOWN, day=4, adjudicates=["a1", "b1"])
    found = stand(*both, first, second)
    (dispute,) = found.disputes
    names = appraisal.named_by("Third", dispute, found)
    assert names == ("b1", "a2")
    last = said("c2", "Third", SAME, day=5, adjudicates=names, supersedes="c1")
    again = stand(*both, first, second, last)
    assert ([one.row_id for one in again.rows], again.disputes) == (["c2"], ())


def test_case_blanks_and_accents_typed_in_two_ways_make_nobody_another_person():
    with pytest.raises(InputError, match="Add supersedes = a1"):
        stand(said("a1", "Jos\u00e9  Diaz"), said("a2", "JOSE\u0301 diaz", day=2))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([said("a1", "jd"), said("b1", "Ana", supersedes="a1", day=2)], "Nobody replaces another person's row"),
        ([said("a1", "jd"), said("x", "bundled", supersedes="a1", day=2)], "Nobody replaces another person's row"),
        ([said("a1", "jd", supersedes="a2"), said("a2", "jd", supersedes="a1")], "in a circle"),
        ([said("a1", "jd"), said("a1", "Ana")], "stands twice"),
        ([said("a1", "jd"), said("c1", "x", adjudicates=["a1"])], "at least two"),
        ([said("a1", "jd"), said("c1", "x", adjudicates=["a1", "no.such"])], '"no.such", which is no other row'),
        (
            [said("a1", "jd"), said("bundle", "bundled"), said("c1", "x", adjudicates=["a1", "bundle"])],
            "outranks it as it is",
        ),
        (
            [said("a1", "jd"), said("b1", "Ana", day=2), said("c1", "machine", adjudicates=["a1", "b1"])],
            "is no person",
        ),
        (
            [said("a1", "jd"), said("b1", "Ana", study_key="b"), said("c1", "x", adjudicates=["a1", "b1"])],
            "Name rows on the same study and claim",
        ),
        (
            [said("a1", "jd"), said("a2", "jd", supersedes="a1", adjudicates=["a1", "b1"]), said("b1", "Ana")],
            "neither replaces the other",
        ),
        (
            [
                said("a1", "jd", adjudicates=["b1", "c1"]),
                said("b1", "Ana", adjudicates=["a1", "c1"]),
                said("c1", "x", adjudicates=["a1", "b1"]),
            ],
            "settle each other in a circle",
        ),
        ([said("a1", "jd", claim="pian")], 'Did you mean "pain"'),
        ([said("a1", "jd", study_key="nobody")], "not a study of the corpus"),
        ([said("a1", "jd", includes=["b"])], "includes belongs to rows on systematic reviews"),
        ([said("a1", "jd", study_key="review", review_of="randomised", includes=["bb"])], '"bb" is not a study'),
        ([said("a1", "jd", rob_domains=["low"])], "without the tool"),
        ([said("a1", "jd", rob_tool="RoB 2", rob_domains=["low"])], "has 5 domains, in this order: randomisation"),
        ([said("a1", "jd", rob_tool="RoB 2", rob_domains=["serious"] * 5)], "is not a judgement of RoB 2"),
        (
            [said("a1", "jd", rob_tool="RoB 2", rob_domains=["low"] * 4 + ["high"], risk_of_bias="some concerns")],
            'which come to "high"',
        ),
        ([said("a1", "jd", rob_tool="ROBINS-I", rob_domains=["moderate"] * 7)], 'which come to "some concerns"'),
    ],
)  # fmt: skip
def test_what_a_row_may_not_say_is_refused_with_file_row_and_mend(rows, says):
    with pytest.raises(InputError) as caught:
        stand(*rows)
    assert says in str(caught.value)
    assert str(caught.value).startswith("0.csv (")


names = st.sampled_from(["jd", "Ana", "Third", "bundled"])


@st.composite
def histories(draw: st.DrawFn) -> list[Appraisal]:
    """Rows as a workspace could come to hold them: each supersedes its reviewer's last, some adjudicate."""
    rows: list[Appraisal] = []
    last: dict[tuple[str, bool], str] = {}
    for number in range(draw(st.integers(1, 7))):
        who = draw(names)
        persons = [one for (name, judges), one in last.items() if name not in ("bundled", who) and not judges]
        judges = who != "bundled" and len(persons) > 1 and draw(st.booleans())
        facts = {"supersedes": last.get((who, judges)), "adjudicates": persons if judges else []}
        finding = draw(st.sampled_from([DOWN, SAME]))
        rows.append(said(f"r{number}", who, finding, day=draw(st.integers(1, 4)), **facts))
        last[who, judges] = f"r{number}"
    return rows


@settings(deadline=None, max_examples=150)
@given(histories(), st.data())
def test_the_order_of_rows_and_files_decides_nothing(rows, data):
    def outcome(given: list[Appraisal], files: int) -> object:
        try:
            return stand(*given, files=files)
        except InputError as error:
            return str(error).partition(" (")[2]

    shuffled = data.draw(st.permutations(rows))
    assert outcome(shuffled, data.draw(st.integers(1, 3))) == outcome(rows, 1)


def test_agreement_is_on_what_each_read_before_the_other_was_known():
    both = said("a1", "jd"), said("b1", "Ana", SAME, day=2)
    settled = said("c1", "Third", SAME, day=3, adjudicates=["a1", "b1"])
    again = said("a2", "jd", SAME, day=4, supersedes="a1")
    assert [one.row_id for one in stand(*both, settled, again).readings] == ["b1", "a1"]
    assert [one.row_id for one in stand(*both, again).readings] == ["b1", "a1"]


def test_who_rewrites_to_the_others_answer_has_not_read_it_independently():
    first, other = said("a1", "jd", day=2), said("b1", "Ana", SAME, day=4)
    better = said("a2", "jd", Finding.MIXED, day=3, supersedes="a1")
    followed = said("b2", "Ana", Finding.MIXED, day=5, supersedes="b1")
    backdated = followed.model_copy(update={"date": first.date})
    for again in (followed, backdated):
        assert [one.row_id for one in stand(first, better, other, again).readings] == ["b1", "a2"]
    alone = said("a2", "jd", SAME, day=3, supersedes="a1")
    assert [one.row_id for one in stand(first, alone).readings] == ["a2"]


# --------------------------------------------------------------------------- risk of bias


def test_confounding_and_selection_are_not_paid_for_twice():
    domains = ["serious", "moderate", "low", "low", "low", "low", "low"]
    facts = {"rob_tool": "ROBINS-I", "rob_domains": domains, "risk_of_bias": "high"}
    assert rob_without_confounding(said("a1", "jd", **facts)) == "low"
    assert (
        rob_without_confounding(said("a1", "jd", **facts | {"rob_domains": ["low"] * 6 + ["critical"]}))
        == "high"
    )
    assert rob_without_confounding(said("a1", "jd", risk_of_bias="high")) == "high"


def test_a_reviewer_who_is_stricter_than_the_domains_is_heard():
    facts = {"rob_tool": "ROBINS-I", "rob_domains": ["moderate"] * 7, "risk_of_bias": "high"}
    assert stands(said("a1", "jd", **facts)) == ["a1"]
    assert rob_without_confounding(said("a1", "jd", **facts)) == "high"


def test_every_tool_names_its_reference_fits_a_design_and_knows_its_own_words():
    tools = {one.name: one for one in appraisal.risk_rules().tool}
    assert set(tools) == set(RobTool)
    assert (len(tools[RobTool.ROB2].domain), len(tools[RobTool.ROBINS_I].domain)) == (5, 7)
    assert all(one.reference and one.designs for one in tools.values())
    assert {word for one in tools.values() for word in one.overall} == set(RobAnswer)
    assert [one.name for one in appraisal.tools_for(StudyDesign.RANDOMISED_TRIAL)] == ["RoB 2", "short form"]
    assert appraisal.tools_for(StudyDesign.GUIDELINE) == ()


# --------------------------------------------------------------------------- what is asked


def test_every_column_of_a_row_is_asked_for_or_filled_by_the_program():
    rules = form_rules()
    asked = {one.field for one in (*rules.question, rules.risk_tool, rules.risk_overall)}
    assert asked | {"rob_domains"} | set(FILLED) == set(Appraisal.model_fields)


def test_the_answers_that_are_offered_are_the_vocabulary_of_the_column():
    for one in (*form_rules().question, form_rules().risk_overall):
        for word in one.words:
            assert taken(one, word) == word
        if one.words:
            with pytest.raises(InputError, match="is not one of the answers"):
                taken(one, "no such word")
            spec = Appraisal.model_json_schema()["properties"][one.field]
            told = json.dumps(spec | Appraisal.model_json_schema()["$defs"])
            assert all(json.dumps(word) in told for word in one.words), one.field


def test_the_scales_of_agreement_are_words_of_their_vocabularies_mildest_first():
    scales = form_rules().agreement.scales
    assert scales.risk_of_bias == ("low", "some concerns", "high")
    assert scales.directness == ("direct", "partly", "indirect")


@pytest.mark.parametrize(
    ("field", "typed", "cell"),
    [
        ("finding", "2", "decrease"),
        ("finding", "dec", "decrease"),
        ("finding", "DECREASE", "decrease"),
        ("estimate", " -0.34 ", "-0.34"),
        ("comparator_detail", "", ""),
        ("reason", "fell by\n28.8 %", "fell by 28.8 %"),
    ],
)
def test_an_answer_is_taken_as_its_number_its_beginning_or_itself(field, typed, cell):
    assert taken(appraisal.question_about(field), typed) == cell


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("finding", "better", "is not one of the answers"),
        ("finding", "", "has to be answered"),
        ("comparison", "9", "is not one of the answers"),
        ("estimate", "about two", "is not a number"),
        ("estimate", "nan", "finite"),
        ("n_analysed", "-4", "must be 0 or more"),
        ("reason", "red \x1b[31malert", "control character"),
    ],
)
def test_an_answer_that_cannot_be_used_is_told_with_the_mend(field, typed, says):
    with pytest.raises(InputError, match=says):
        taken(appraisal.question_about(field), typed)


def test_what_is_asked_follows_from_the_design_and_the_answers():
    def fields(design: str, answers: dict[str, str], **changes: object) -> set[str]:
        return {one.field for one in questions(study("a", design), claim(**changes), answers)}

    assert "estimate" not in fields("rct", {})
    assert {"scale", "estimate", "ci_low", "ci_high"} <= fields("rct", {"measure": "MD"})
    assert "events_comparator" in fields("rct", {}, kind="harm")
    assert "rob_domains.5" in fields("rct", {"rob_tool": "RoB 2"})
    assert "rob_domains.5" not in fields("rct", {})
    assert {"confounding", "dose_response"} <= fields("cohort", {})
    assert {"review_of", "includes"} <= fields("meta_analysis", {})
    assert not {"rob_tool", "funding"} & fields("meta_analysis", {})


# --------------------------------------------------------------------------- a workspace


def judge(workspace: Workspace, reviewer: str, minute: int = 0, **changes: object) -> Appraisal:
    moment = NOON + datetime.timedelta(minutes=minute)
    return workspace.appraise("bruun2024", "fibromyalgia-pain", reviewer, date=moment, **CELLS | changes)


def test_a_row_is_named_supersedes_what_it_replaces_and_is_the_reviewers_word_from_then_on(workspace):
    first = judge(workspace, "J. D.")
    assert (first.row_id, first.supersedes) == (
        "J-D.fibromyalgia-pain.bruun2024",
        "bundled.fibromyalgia-pain.bruun2024",
    )
    second = judge(workspace, "j. d.", 1, finding="mixed")
    assert (second.row_id, second.supersedes) == ("j-d.fibromyalgia-pain.bruun2024", first.row_id)
    third = judge(workspace, "j. d.", 2)
    assert third.row_id == "j-d.fibromyalgia-pain.bruun2024.2"
    held = {one.row_id: one for one in workspace.appraisals()}
    assert held[third.row_id].date == NOON + datetime.timedelta(minutes=2)
    assert len(appraisal.load(workspace.appraisals_file)) == 3


@pytest.mark.parametrize("name", ["张伟", "O'Brien; rm -rf /", "é" * 200, "..", "jd\tx"])
def test_any_persons_name_makes_a_row_that_is_read_again(workspace, name):
    row = judge(workspace, name)
    assert row.row_id in {one.row_id for one in workspace.appraisals()}
    assert workspace.standing().own(name, "bruun2024", "fibromyalgia-pain") == row


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reviewer": "Bundled"}, "is no person's name"),
        ({"reviewer": "  "}, "is no person's name"),
        ({"study": "bruun2O24"}, 'Did you mean "bruun2024"'),
        ({"claim": "fibromyalgia-pian"}, 'Did you mean "fibromyalgia-pain"'),
        ({"findings": "decrease"}, '"findings" is not a field that a reviewer fills'),
        ({"row_id": "x"}, '"row_id" is not a field that a reviewer fills'),
        ({"finding": "better"}, "is not a word we know"),
        ({"n_analysed": 5000}, "more than the 99 participants"),
        ({"rob_tool": "ROBINS-I"}, "is not made for a randomised trial"),
        ({"reason": ""}, 'has no "reason"'),
    ],
)
def test_what_cannot_be_written_is_refused_and_the_file_is_not_touched(workspace, changes, says):
    place = {"study": "bruun2024", "claim": "fibromyalgia-pain", "reviewer": "jd", "date": NOON}
    with pytest.raises(InputError, match=says):
        workspace.appraise(**place | CELLS | changes)
    assert not workspace.appraisals_file.exists()


def test_what_waits_for_a_reviewer_is_the_same_whether_or_not_another_has_read_it(workspace):
    workspace.bring([RECORDS / "invented_crps_trial.xml"])
    before = workspace.waiting("jd")
    found = "pmid:999000033"
    assert workspace.waiting("jd", "crps-pain")[-1].study.key == found
    judge(workspace, "Ana")
    workspace.appraise(found, "crps-pain", "Ana", date=NOON, **CELLS)
    assert workspace.waiting("jd") == before
    assert len(workspace.waiting("Ana")) == len(before) - 2
    assert workspace.appraise_next("jd") == before[0]


def test_two_who_differ_stay_in_dispute_until_it_is_settled_and_the_grade_follows(workspace):
    slug = "fibromyalgia-pain"
    assert workspace.profile(slug).direction == "no difference"
    judge(workspace, "jd", finding="decrease")
    figures = {
        "measure": "MD",
        "scale": "0-10",
        "estimate": -0.34,
        "ci_low": -0.95,
        "ci_high": 0.27,
        "n_analysed": 99,
    }
    judge(workspace, "Ana", 1, finding="little or no difference", **figures, reason="Ana's own words")
    (dispute,) = workspace.disputes()
    assert dispute.fields == ("finding", *figures)
    assert set(workspace.disputes_table().reviewer) == {"jd", "Ana"}
    table = workspace.agreement(slug).set_index(["field", "statistic"])
    assert table.loc[("finding", "percent agreement"), "value"] == 0
    assert table.loc[("population", "percent agreement"), "value"] == 1
    with pytest.raises(InputError, match="finding, measure"):
        workspace.adjudicate("bruun2024", slug, "Third", date=NOON, reason="a test")
    settled = workspace.adjudicate(
        "bruun2024",
        slug,
        "Third",
        date=NOON,
        reason="the interval decides",
        finding="little or no difference",
        **figures,
    )
    assert set(settled.adjudicates) == {one.row_id for one in dispute.rows}
    assert workspace.disputes() == ()
    assert settled.row_id in {one.row_id for one in workspace.appraisals()}
    assert workspace.profile(slug).direction == "no difference"
    with pytest.raises(InputError, match="there is none"):
        workspace.adjudicate("younger2013", slug, "Third", date=NOON, reason="again")
    judge(workspace, "jd", 9, finding="mixed")
    assert workspace.disputes()[0].lapsed == (settled.row_id,)
    assert workspace.profile(slug).direction == "mixed"


def test_a_slip_of_an_adjudicator_is_mended_by_adjudicating_again(workspace):
    slug = "fibromyalgia-pain"
    judge(workspace, "jd", finding="decrease")
    judge(workspace, "Ana", 1, finding="mixed")

    def settle(who: str, minute: int, finding: str) -> Appraisal:
        moment = NOON + datetime.timedelta(minutes=minute)
        return workspace.adjudicate("bruun2024", slug, who, date=moment, finding=finding, reason="a test")

    slip = settle("cy", 2, "unclear")
    mended = settle("CY", 3, "mixed")
    assert (mended.adjudicates, mended.supersedes) == (slip.adjudicates, slip.row_id)
    other = settle("dee", 4, "mixed")
    assert (set(other.adjudicates), other.supersedes) == (set(slip.adjudicates), None)
    assert workspace.disputes() == ()
    judge(workspace, "cy", 5, finding="increase")
    assert workspace.disputes() == ()
    judge(workspace, "eve", 6, finding="increase")
    (dispute,) = workspace.disputes()
    assert (dispute.stands, dispute.fields) == (other.row_id, ("finding",))
    last = settle("dee", 7, "increase")
    assert (last.supersedes, workspace.disputes()) == (other.row_id, ())
    assert workspace.dispute("bruun2024", slug).stands == last.row_id


WRITER = """
import datetime, sys
from ldn_evidence import Workspace
root, who = sys.argv[1:]
for slug, key in (("crps-pain", "younger2013"), ("mood", "bruun2024"), ("energy", "bruun2024"), ("insomnia", "bruun2024")):
    Workspace(root).appraise(key, slug, who, date=datetime.datetime.now(datetime.UTC), comparator="placebo", finding="unclear",
        outcome_measured="x", population="direct", intervention="direct", comparison="direct", outcome="direct", reason="a test")
"""


def test_two_processes_that_write_at_once_lose_no_row(root):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(root), who]) for who in ("jd", "Ana")]
    assert [one.wait(120) for one in writers] == [0, 0]
    rows = appraisal.load(root / "appraisals" / "ldn.csv")
    assert {(one.reviewer, one.claim) for one in rows} == {
        (who, slug) for who in ("jd", "Ana") for slug in ("crps-pain", "mood", "energy", "insomnia")
    }


# --------------------------------------------------------------------------- the walk


def typing(*lines: str):
    """A reviewer who types these lines and then closes the terminal."""
    left = list(lines)

    def ask(prompt: str) -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    return ask


def sit(workspace: Workspace, *lines: str, who: str = "jd", **options: object) -> int:
    place = (workspace.protocol.claim("fibromyalgia-pain"), workspace.study("bruun2024"))
    return walk(
        workspace,
        who,
        [place],
        ask=typing(*lines),
        now=lambda: NOON,
        resume="appraise --reviewer jd",
        **options,
    )


def enough(workspace: Workspace) -> list[str]:
    """Enter at every question that has a proposal or may stay empty."""
    proposed = set(workspace.proposals("bruun2024", "fibromyalgia-pain"))
    asked = questions(
        workspace.study("bruun2024"), workspace.protocol.claim("fibromyalgia-pain"), {"measure": "MD"}
    )
    return [
        "because" if one.field == "reason" else ""
        for one in asked
        if one.optional or one.field in (*proposed, "reason")
    ]


def test_enter_takes_what_is_proposed_and_y_writes_it(workspace, capsys):
    assert sit(workspace, *enough(workspace), "y") == 0
    (mine,) = appraisal.load(workspace.appraisals_file)
    (bundled,) = workspace.standing().proposals("bruun2024", "fibromyalgia-pain")
    assert appraisal.differing(mine, bundled) == ()
    assert (mine.reason, mine.date) == ("because", NOON)
    shown = capsys.readouterr().out
    assert "https://pubmed.ncbi.nlm.nih.gov/" in shown
    assert "Does LDN reduce pain in fibromyalgia?" in shown
    assert "(bundled row of 2026-11-22)" in shown
    assert not list(workspace.appraisals_file.parent.glob(".drafts/*"))


def test_a_walk_that_ends_early_loses_nothing_and_says_how_to_go_on(workspace, capsys):
    assert sit(workspace, "active", "oral amitriptyline") == 1
    said = capsys.readouterr().err
    assert "The input ended: 0 rows written" in said
    assert "appraise --reviewer jd" in said
    held = workspace.draft("JD", "bruun2024", "fibromyalgia-pain")
    assert held == {"comparator": "active", "comparator_detail": "oral amitriptyline"}
    assert [
        one.draft for one in workspace.waiting("jd", "fibromyalgia-pain") if one.study.key == "bruun2024"
    ] == [True]
    assert sit(workspace, *enough(workspace)[2:], "y") == 0
    (mine,) = appraisal.load(workspace.appraisals_file)
    assert (mine.comparator, mine.comparator_detail) == ("active", "oral amitriptyline")


def test_b_goes_back_s_leaves_the_study_q_quits_and_a_question_mark_helps(workspace, capsys):
    assert sit(workspace, "active", "b", "?", "placebo", "s") == 0
    assert "The contrast of this result" in capsys.readouterr().out
    assert workspace.draft("jd", "bruun2024", "fibromyalgia-pain") == {"comparator": "placebo"}
    assert sit(workspace, "q") == 0
    assert "Stopped" in capsys.readouterr().out


def test_a_row_that_cannot_be_written_goes_back_to_the_field_that_is_wrong(workspace, capsys):
    lines = enough(workspace)
    asked = [
        one.field
        for one in questions(
            workspace.study("bruun2024"), workspace.protocol.claim("fibromyalgia-pain"), {"measure": "MD"}
        )
    ]
    lines[asked.index("ci_low")] = "5"
    assert sit(workspace, *lines, "ci_low", "-0.95", "y") == 0
    assert "This can't be written yet" in capsys.readouterr().out
    assert appraisal.load(workspace.appraisals_file)[0].ci_low == -0.95


def test_a_reviewer_never_sees_another_persons_row_before_writing_one(workspace, capsys):
    judge(workspace, "Ana", -5, finding="mixed", reason="Anas secret reasons", outcome_measured="Anas scale")
    assert sit(workspace, *enough(workspace), "y", who="jd") == 0
    shown = capsys.readouterr().out
    before, after = shown.split("Written: ", 1)
    assert "Ana" not in before
    assert "mixed" not in before.replace("parts of the outcome went different ways", "").replace(
        "mixed  ", ""
    )
    assert "Ana and jd differ in" in after


def test_without_proposals_neither_the_bundled_row_nor_the_machines_reading_is_shown(workspace, capsys):
    sit(workspace, propose=False)
    shown = capsys.readouterr().out
    assert "bundled" not in shown
    assert "Enter: " not in shown
    assert "Design: " not in shown


def test_the_domains_of_a_tool_are_asked_and_what_they_come_to_is_proposed(workspace):
    lines = enough(workspace)
    lines[-2:] = ["RoB 2", "low", "low", "2", "low", "low", "", "because", "y"]
    assert sit(workspace, *lines) == 0
    (mine,) = appraisal.load(workspace.appraisals_file)
    assert (mine.rob_tool, mine.risk_of_bias) == ("RoB 2", "some concerns")
    assert mine.rob_domains == ("low", "low", "some concerns", "low", "low")


@settings(deadline=None, max_examples=25)
@given(st.lists(st.text(max_size=30) | st.sampled_from(["", "-", "?", "b", "s", "1", "2", "y"]), max_size=12))
def test_whatever_is_typed_a_walk_ends_with_an_answer(built_once, lines):
    assert sit(built_once, *lines) in (0, 1)


@pytest.fixture(scope="module")
def built_once(tmp_path_factory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("walks") / "workspace")
    workspace.build()
    return workspace


# --------------------------------------------------------------------------- the command


def test_an_adjudicator_sees_both_rows_and_is_asked_for_each_field_that_differs(workspace):
    judge(workspace, "jd", finding="decrease", reason="jd's reason")
    judge(workspace, "Ana", 1, finding="mixed", outcome="partly", reason="Ana's reason")
    place = ["-w", str(workspace.root), "adjudicate", "fibromyalgia-pain", "bruun2024", "--reviewer", "Third"]
    left = CliRunner().invoke(app, place, input="2\n")
    assert (left.exit_code, len(workspace.disputes())) == (1, 1)
    assert "Settle it with the same command" in left.output
    done = CliRunner().invoke(app, place, input="better\n?\n2\npartly\nthe interval decides\ny\n")
    assert done.exit_code == 0, done.output
    for words in ("jd's reason", "Ana's reason", "≠ finding", "is not one of the answers", "Written: Third."):
        assert words in done.output
    assert workspace.disputes() == ()
    (row,) = [one for one in workspace.appraisals() if one.reviewer == "Third"]
    assert (row.finding, row.outcome, row.population) == ("decrease", "partly", "direct")


def test_an_adjudicator_may_go_back_and_nothing_is_written_before_y(workspace):
    judge(workspace, "jd", finding="decrease")
    judge(workspace, "Ana", 1, finding="mixed")
    place = ["-w", str(workspace.root), "adjudicate", "fibromyalgia-pain", "bruun2024", "--reviewer", "cy"]
    left = CliRunner().invoke(app, place, input="2\na reason\nq\n")
    assert (left.exit_code, len(workspace.disputes())) == (0, 1)
    assert "b goes back" in left.output
    assert "y writes it" in left.output
    assert "Nothing was written." in left.output
    done = CliRunner().invoke(app, place, input="2\nb\nmixed\na reason\nno\ny\n")
    assert "Neither y, b, s nor q." in done.output
    assert "Written: cy.fibromyalgia-pain.bruun2024: mixed" in done.output
    again = CliRunner().invoke(app, place, input="decrease\na slip\ny\n")
    assert "Settled by cy.fibromyalgia-pain.bruun2024, cy: a reason" in again.output
    assert "Written: cy.fibromyalgia-pain.bruun2024.2: decrease" in again.output
    kept = CliRunner().invoke(app, place, input="\nstill\ny\n")
    assert "Written: cy.fibromyalgia-pain.bruun2024.3: decrease" in kept.output


def test_a_reading_beside_an_adjudication_of_ones_own_is_told_what_stands_above_it(workspace, capsys):
    judge(workspace, "jd", -9, finding="decrease")
    judge(workspace, "Ana", -8, finding="mixed")
    moment = NOON - datetime.timedelta(minutes=7)
    place = ("bruun2024", "fibromyalgia-pain", "cy")
    workspace.adjudicate(*place, date=moment, finding="mixed", reason="a test")
    sit(workspace, *enough(workspace), "y", who="cy")
    shown = capsys.readouterr().out
    assert "your adjudication, stands above this reading" in shown
    assert "in dispute" not in shown


def test_disputes_are_listed_whether_or_not_there_are_any(workspace):
    def listed() -> str:
        done = CliRunner().invoke(app, ["-w", str(workspace.root), "agreement", "--disputes"])
        assert done.exit_code == 0, done.output
        return done.output

    assert listed() == "0 disputes to adjudicate\n"
    judge(workspace, "jd", finding="decrease")
    judge(workspace, "Ana", 1, finding="mixed")
    assert listed().startswith("1 dispute to adjudicate\nfibromyalgia-pain bruun2024")
    assert "finding: jd: decrease; Ana: mixed" in listed()
    assert "No study has been read" not in listed()


def test_agreement_is_a_line_a_field_within_eighty_columns_with_each_reason_once(workspace):
    for who in ("jd", "Ana"):
        for key in ("bruun2024", "younger2013", "younger2009"):
            cells = CELLS | {"finding": "mixed" if who == "jd" else "decrease"}
            day = NOON + datetime.timedelta(minutes=who == "Ana")
            workspace.appraise(key, "fibromyalgia-pain", who, date=day, **cells)
    shown = CliRunner().invoke(app, ["-w", str(workspace.root), "agreement"]).output
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.startswith("3 disputes to adjudicate")
    assert shown.count("at least 5 are needed") == 2
    table = shown[shown.index("Ana, jd") :].splitlines()
    (finding,) = [one.split() for one in table if one.startswith("finding")]
    assert finding == ["finding", "0", "%", "a", "-", "b", "-", "b", "3"]
    assert len(shown.splitlines()) < 40


def test_an_overall_judgement_milder_than_the_domains_is_neither_offered_nor_taken(workspace):
    held = workspace.study("bruun2024"), workspace.protocol.claim("fibromyalgia-pain")
    answers = {"rob_tool": "RoB 2"} | {f"rob_domains.{number}": "low" for number in range(1, 6)}

    def overall(**changed: str) -> appraisal.Question:
        asked = questions(*held, answers | {"rob_domains.2": changed["second"]})
        return next(one for one in asked if one.field == "risk_of_bias")

    assert list(overall(second="some concerns").words) == ["some concerns", "high"]
    assert list(overall(second="high").words) == ["high"]
    assert list(overall(second="low").words) == ["low", "some concerns", "high"]
    for milder in ("low", "unassessed"):
        with pytest.raises(InputError, match="is not one of the answers"):
            taken(overall(second="some concerns"), milder)


def test_an_answer_that_is_offered_no_longer_is_asked_again(workspace):
    held = workspace.study("bruun2024"), workspace.protocol.claim("fibromyalgia-pain")
    answers = {"rob_tool": "RoB 2", "risk_of_bias": "low"} | {
        f"rob_domains.{number}": "high" for number in range(1, 6)
    }
    asked = [one for one in questions(*held, answers) if one.field.startswith(("rob", "risk"))]
    at = appraisal.unanswered(asked, answers)
    assert asked[at].field == "risk_of_bias"
    assert appraisal.unanswered(asked, answers | {"risk_of_bias": "high"}) is None


def test_a_number_that_is_no_answer_is_told_which_numbers_are():
    with pytest.raises(InputError, match=r"is not one of the answers\. Type 1 to 6, or the word\."):
        taken(appraisal.question_about("comparator"), "7")


def test_questions_are_numbered_without_a_total_that_the_answers_would_change(workspace, capsys):
    sit(workspace, "placebo", "")
    shown = capsys.readouterr().out
    assert "comparator_detail, question 2\n" in shown
    assert not re.search(r"question \d+ of|\d of \d+\n", shown)


def test_help_and_errors_of_a_walk_fit_the_terminal(workspace, capsys):
    sit(workspace, "?", "somewhat " * 20, "placebo", propose=False)
    shown = capsys.readouterr().out
    at = shown.index("question 1")
    assert max(map(len, shown[at:].splitlines())) <= 80


def test_a_moment_is_proposed_to_the_second_and_kept_to_the_microsecond(workspace):
    date = NOON.replace(microsecond=123456)
    kept = workspace.appraise("bruun2024", "fibromyalgia-pain", "jd", date=date, **CELLS)
    assert kept.date == date
    proposed = workspace.proposals("bruun2024", "fibromyalgia-pain", "jd")["finding"]
    assert proposed.source == "jd's row of 2026-11-23T12:00:00Z"


def test_a_citation_without_an_author_begins_with_the_title(workspace):
    report = workspace.study("bruun2024").main
    nobody = report.model_copy(update={"first_author": None, "title": "A title.", "journal": "J"})
    assert nobody.citation == f"A title ({nobody.year}). J."
    assert nobody.model_copy(update={"year": None}).citation == "A title. J."
    named = nobody.model_copy(update={"first_author": "Somebody A"})
    assert named.citation == f"Somebody A ({nobody.year}). A title. J."


def test_a_document_is_no_document_of_itself(workspace, capsys):
    sit(workspace)
    assert "bruun2024, a document of bruun2024" not in capsys.readouterr().out


def test_what_one_wrote_before_is_proposed_when_one_reads_it_again(workspace, capsys):
    judge(workspace, "jd", -9, finding="mixed")
    assert sit(workspace) == 1
    assert workspace.proposals("bruun2024", "fibromyalgia-pain", "JD")["finding"].value == "mixed"
    assert (
        workspace.proposals("bruun2024", "fibromyalgia-pain", "Ana")["finding"].value
        == "little or no difference"
    )
    assert "(jd's row of 2026-11-23T11:51:00Z)" in capsys.readouterr().out


def test_a_script_appraises_and_adjudicates_without_a_question(root):
    def typed(*words: str, code: int = 0) -> str:
        done = CliRunner(env={"LDN_EVIDENCE_REVIEWER": "Ana"}).invoke(app, ["-w", str(root), *words])
        assert done.exit_code == code, done.output
        return done.stdout

    def sets(**changes: str) -> list[str]:
        return [part for name, value in (CELLS | changes).items() for part in ("--set", f"{name}={value}")]

    waits = json.loads(typed("appraise", "crps-pain", "--list", "--json"))
    place = ("appraise", "crps-pain", "--study", waits[0]["study"])
    assert "Written: jd.crps-pain." in typed(*place, "--reviewer", "jd", *sets())
    assert "in dispute: Ana and jd differ in finding" in typed(*place, *sets(finding="mixed")).replace(
        "jd and Ana", "Ana and jd"
    )
    shown = json.loads(typed("agreement", "--disputes", "--json"))
    assert {one["value"] for one in shown["disputes"]} == {"mixed", "decrease"}
    settled = typed(
        "adjudicate",
        "crps-pain",
        waits[0]["study"],
        "--reviewer",
        "x",
        "--set",
        "finding=unclear",
        "--set",
        "reason=no",
    )
    assert "Written: x.crps-pain." in settled
    assert "0 disputes to adjudicate" in typed("agreement")
    assert typed("agreement", "--csv").startswith("field,reviewers,statistic,value,low,high,n,why_not")


def test_answers_that_are_missing_are_asked_for_all_at_once_as_they_are_given(workspace):
    place = [
        "-w",
        str(workspace.root),
        "appraise",
        "fibromyalgia-pain",
        "--study",
        "bruun2024",
        "--reviewer",
        "jd",
    ]
    done = CliRunner().invoke(app, [*place, "--set", "finding=decrease", "--set", "reason="])
    assert isinstance(done.exception, InputError) or done.exit_code
    says = done.output + str(done.exception)
    for name in CELLS:
        assert (f"--set {name}=..." in says) == (name != "finding"), name


def test_the_command_refuses_in_a_line_and_says_how_to_mend_it(root, tmp_path):
    assert "nobody is named" in refused("appraise", "--list", "-w", root, cwd=tmp_path)


# --------------------------------------------------------------------------- rows by no person, rows of days to come, drafts


def in_file(workspace: Workspace, **cells: str) -> None:
    """A row that somebody typed into the file of appraisals."""
    known = CELLS | {"row_id": "typed", "study_key": "endo_nct03970330", "claim": "endometriosis-pain"}
    typed = known | {"reviewer": "jd", "date": "2026-11-20", "risk_of_bias": "low"} | cells
    workspace.appraisals_file.parent.mkdir(exist_ok=True)
    cells_quoted = ",".join(json.dumps(cell) for cell in typed.values())
    text = f"{','.join(typed)}\n{cells_quoted}\n"
    workspace.appraisals_file.write_text(text, encoding="utf-8")


def test_a_machines_row_in_the_file_is_a_proposal_until_machine_readings_are_asked_for(workspace):
    slug, key = "endometriosis-pain", "endo_nct03970330"
    before = workspace.profile(slug)
    in_file(workspace, reviewer="Machine", n_analysed="9")
    assert workspace.profile(slug) == before
    assert workspace.proposals(key, slug)["n_analysed"].value == "9"
    with_it = Workspace(workspace.root, machine_read=True).profile(slug)
    assert ([one.study.key for one in with_it.counted], with_it.provisional) == ([key], True)


def test_a_row_of_a_day_to_come_is_refused_in_the_file_and_before_it_is_written(workspace):
    day = datetime.datetime(2099, 1, 1, tzinfo=datetime.UTC)
    with pytest.raises(InputError, match="is dated 2099-01-01, which is still to come"):
        workspace.appraise("bruun2024", "fibromyalgia-pain", "jd", date=day, **CELLS)
    assert not workspace.appraisals_file.exists()
    in_file(workspace, date="2099-01-01")
    with pytest.raises(InputError, match=r"ldn\.csv \(typed\): is dated 2099-01-01.*Mend its date"):
        workspace.profile("endometriosis-pain")


@pytest.mark.parametrize(("one", "other"), [("José", "Jose"), ("Ann Lee", "Ann-Lee"), ("a.b", "a-b")])
def test_nobody_is_shown_the_draft_of_a_person_of_a_like_name(workspace, one, other):
    workspace.keep_draft(one, "bruun2024", "fibromyalgia-pain", {"finding": "decrease"})
    assert workspace.draft(other, "bruun2024", "fibromyalgia-pain") == {}
    assert workspace.draft(one.upper(), "bruun2024", "fibromyalgia-pain") == {"finding": "decrease"}
