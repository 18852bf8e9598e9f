"""Judgements on GRADE domains: what stands, what is refused, and that each leaves its trace."""

from __future__ import annotations

import datetime
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ldn_evidence import Workspace, judging
from ldn_evidence.cli import app
from ldn_evidence.errors import InputError
from ldn_evidence.model import AS_COMPUTED, Certainty, Concern, Domain, Judgement

NOW = datetime.datetime(2026, 11, 23, 9, 30, tzinfo=datetime.UTC)
LATER = NOW + datetime.timedelta(minutes=1)
CLAIM = "fibromyalgia-pain"


def judge(workspace: Workspace, rating: str = "no concern", **changes: object) -> Judgement:
    cells = {"reason": "a test", "reviewer": "jd", "at": NOW} | changes
    return workspace.judge(cells.pop("claim", CLAIM), cells.pop("domain", "risk of bias"), rating, **cells)


def ruled(rating: str, reviewer: str, at: datetime.datetime = NOW) -> Judgement:
    cells = {"claim": CLAIM, "domain": "imprecision", "rating": rating, "reason": "a test", "date": at}
    return Judgement.model_validate(cells | {"reviewer": reviewer})


def test_a_judgement_moves_the_grade_and_is_taken_back(workspace):
    before = workspace.profile(CLAIM)
    judge(workspace)
    after = workspace.profile(CLAIM)
    assert (before.certainty, after.certainty) == (Certainty.LOW, Certainty.MODERATE)
    assert after.domains[Domain.RISK_OF_BIAS].rule is Concern.SERIOUS
    judge(workspace, AS_COMPUTED, at=NOW + datetime.timedelta(seconds=1))
    assert workspace.profile(CLAIM) == before
    assert len(judging.load(workspace.judgements_file)) == 2


def test_the_document_of_a_claim_holds_who_judged_what_and_what_the_rule_said(workspace):
    judge(workspace, "very serious", domain="imprecision")
    document = workspace.profile_document(CLAIM)
    assert document["domains"]["imprecision"]["by"] == "jd"
    assert document["domains"]["imprecision"]["rule"]["rating"] == "no concern"
    assert [(one["domain"], one["rating"], one["date"]) for one in document["judgements"]] == [
        ("imprecision", "very serious", "2026-11-23T09:30:00Z")
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"claim": "fibromyalgia-pian"}, 'Did you mean "fibromyalgia-pain"?'),
        ({"domain": "imprecison"}, 'Did you mean "imprecision"?'),
        ({"rating": "srious"}, 'Did you mean "serious"?'),
        ({"rating": "raised by one"}, "not a rating of that domain"),
        ({"reason": " "}, 'has no "reason"'),
        ({"reviewer": ""}, 'has no "reviewer"'),
        ({"rating": AS_COMPUTED}, "no judgement by jd that could be taken back"),
        ({"reviewer": "machine"}, "is no person's name"),
        ({"reviewer": " Bundled "}, "is no person's name"),
        ({"at": NOW.replace(year=2099)}, "is dated 2099-11-23, which is still to come"),
        ({"reason": "a\x1bb"}, "control character"),
    ],
)
def test_a_judgement_that_says_nothing_known_is_refused_and_nothing_is_written(workspace, changes, words):
    with pytest.raises(InputError) as caught:
        judge(workspace, changes.pop("rating", "serious"), **changes)
    assert words in str(caught.value)
    assert not workspace.judgements_file.exists()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("unknown,imprecision,serious,why,jd,2026-11-22", 'claim "unknown" is not in the protocol'),
        ("fibromyalgia-pain,precision,serious,why,jd,2026-11-22", "line 2"),
        ("fibromyalgia-pain,imprecision,grave,why,jd,2026-11-22", "not a rating of that domain"),
        ("fibromyalgia-pain,imprecision,serious,,jd,2026-11-22", 'has no "reason"'),
        ("fibromyalgia-pain,imprecision,serious,why,jd,yesterday", "write it like 2026-11-22"),
        (
            "fibromyalgia-pain,imprecision,serious,why,machine,2026-11-22",
            'line 2: reviewer: "machine" is no person\'s name',
        ),
        (
            "fibromyalgia-pain,imprecision,serious,why,jd,2099-01-01",
            "(fibromyalgia-pain, imprecision): is dated 2099-01-01, which is still to come",
        ),
    ],
)
def test_a_broken_row_of_the_file_is_named_with_the_mend(workspace, line, words):
    workspace.judgements_file.write_text(
        f"claim,domain,rating,reason,reviewer,date\n{line}\n", encoding="utf-8"
    )
    with pytest.raises(InputError) as caught:
        workspace.profile(CLAIM)
    assert words in str(caught.value)
    assert str(workspace.judgements_file) in str(caught.value)


def test_two_judgements_of_one_moment_that_differ_are_refused(workspace):
    judge(workspace, "serious")
    held = workspace.judgements_file.read_bytes()
    with pytest.raises(InputError, match="written at the same time"):
        judge(workspace, "very serious", reviewer="kl")
    assert workspace.judgements_file.read_bytes() == held


def test_two_persons_who_judge_a_domain_differently_are_an_open_question_until_they_agree(workspace):
    judge(workspace, "serious", reason="the order was open")
    before = workspace.profile(CLAIM)
    judge(workspace, "no concern", reviewer="Ana", reason="both arms were alike", at=LATER)
    profile, document = workspace.profile(CLAIM), workspace.profile_document(CLAIM)
    said = (
        "Reviewers judge risk of bias differently: jd (serious, 2026-11-23T09:30:00Z: the order was open); "
        "Ana (no concern, 2026-11-23T09:31:00Z: both arms were alike). Ana's word stands, being the latest, until one of them "
        "judges as the other does or takes theirs back."
    )
    assert (before.open_questions, profile.open_questions, profile.footnotes[0]) == ((), (said,), said)
    assert document["open_questions"] == [said]
    assert (profile.provisional, profile.judgements[0].reviewer) == (True, "Ana")
    judge(workspace, AS_COMPUTED, reviewer="Ana", at=LATER + datetime.timedelta(minutes=1))
    assert workspace.profile(CLAIM) == before


def test_of_one_persons_rows_the_later_replaces_the_earlier_however_the_name_is_typed(
    bundled_protocol, tmp_path
):
    rows = [ruled("serious", "jd"), ruled("no concern", "JD ", at=LATER)]
    assert judging.standing(tmp_path, rows, bundled_protocol) == rows[1:]
    assert judging.disputes(rows, bundled_protocol) == {}


def test_nobody_takes_back_what_another_person_judged(workspace, bundled_protocol, tmp_path):
    judge(workspace, "serious")
    with pytest.raises(InputError, match="no judgement by Ana that could be taken back"):
        judge(workspace, AS_COMPUTED, reviewer="Ana", at=LATER)
    rows = [ruled("serious", "jd"), ruled(AS_COMPUTED, "Ana", at=LATER)]
    assert judging.standing(tmp_path, rows, bundled_protocol) == rows[:1]


def test_a_judgement_that_a_later_row_of_the_same_person_would_hide_is_refused(workspace):
    judge(workspace, "serious", at=LATER)
    with pytest.raises(InputError, match="is later than this one"):
        judge(workspace, AS_COMPUTED)


def test_only_a_claim_without_a_body_is_said_to_have_none(root):
    # Another person's word is the latest, so the one that is written now does not stand; a body does.
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    judge(Workspace(root), "serious", reviewer="Ana", at=later)

    def printed(claim: str) -> str:
        said = ["judge", claim, "risk of bias", "no concern", "--reason", "a test", "--reviewer", "jd"]
        return CliRunner().invoke(app, ["--workspace", str(root), *said]).output

    assert "no body of evidence" not in printed(CLAIM)
    assert "no body of evidence stands on this claim yet" in printed("endometriosis-pain")


def test_a_judgement_of_another_protocol_changes_nothing_here(root):
    judge(Workspace(root))
    other = Workspace(root, "amitriptyline-ibs")
    other.build()
    assert other.judgements() == []


rows = st.lists(
    st.builds(
        lambda domain, rating, reviewer, minute: Judgement(
            claim=CLAIM,
            domain=domain,
            rating=rating,
            reason="a test",
            reviewer=reviewer,
            date=NOW + datetime.timedelta(minutes=minute),
        ),
        st.sampled_from(Domain),
        st.sampled_from([*Concern, AS_COMPUTED]),
        st.sampled_from(["jd", "kl"]),
        st.integers(0, 10_000),
    ),
    max_size=6,
    unique_by=lambda one: one.date,
)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_in_the_file_changes_nothing(bundled_protocol, tmp_path_factory, drawn, random):
    shuffled = drawn.copy()
    random.shuffle(shuffled)
    path = tmp_path_factory.mktemp("judgements") / "judgements.csv"
    for row in shuffled:
        judging.append(path, row)
    assert judging.load(path) == shuffled
    found = judging.standing(path, drawn, bundled_protocol)
    assert found == judging.standing(path, judging.load(path), bundled_protocol)


@pytest.fixture(scope="module")
def bundled_protocol(tmp_path_factory):
    return Workspace(tmp_path_factory.mktemp("empty")).protocol


def test_the_command_prints_which_claim_moved(root):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ldn_evidence",
            "--workspace",
            str(root),
            "judge",
            CLAIM,
            "risk of bias",
            "no concern",
            "--reason",
            "both arms were alike",
            "--reviewer",
            "jd",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{CLAIM}: no difference, low (7 counted, 0 unread) -> no difference, moderate" in done.stdout
