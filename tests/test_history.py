"""What each build concluded: when a grade moved and what came with it, what re-opens it, what was held at a date, and that it is the same everywhere."""

from __future__ import annotations

import csv
import datetime
import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import RECORDS, REPO
from hypothesis import given
from hypothesis import strategies as st
from readings import row as made_row

from ldn_evidence import InputError, Workspace, WorkspaceError, history, screen
from ldn_evidence.history import Cause, Notice
from ldn_evidence.model import Appraisal, BatchForm, Finding, RunOutcome, SearchRun
from ldn_evidence.workspace import then

DAY = datetime.date(2026, 11, 22)
BRUUN = "bundled.fibromyalgia-pain.bruun2024"


def appraise(root: Path, name: str, over: str, **cells: str) -> None:
    """A person's row over a bundled one, at the end of their own file; it says the same but for `cells`."""
    own = root / "appraisals" / "ldn.csv"
    rows = list(csv.DictReader((REPO / "data" / "appraisals" / "ldn.csv").open(encoding="utf-8")))
    held = list(csv.DictReader(own.open(encoding="utf-8"))) if own.exists() else []
    old = next(one for one in [*rows, *held] if one["row_id"] == over)
    new = old | {"row_id": name, "reviewer": "jd", "date": "2026-11-21", "supersedes": over} | cells
    write(own, [*held, new])


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def described(root: Path, key: str, **cells: str) -> None:
    """A corpus row of the user's own over the bundled one."""
    rows = csv.DictReader((REPO / "data" / "corpus" / "ldn.csv").open(encoding="utf-8"))
    write(root / "corpus" / "ldn.csv", [next(one for one in rows if one["study_key"] == key) | cells])


def noticed(tmp_path: Path, name: str, relation: str, pmid: int = 0) -> Path:
    """A record as PubMed gives it once something was said of it."""
    text = (RECORDS / f"{name}.xml").read_text(encoding="utf-8")
    which = f'<PMID Version="1">{pmid}</PMID>' if pmid else ""
    link = (
        f'<CommentsCorrectionsList><CommentsCorrections RefType="{relation}"><RefSource>A journal</RefSource>{which}'
        "</CommentsCorrections></CommentsCorrectionsList>"
    )
    day = "<DateRevised><Year>2026</Year><Month>11</Month><Day>20</Day></DateRevised>"
    assert "CommentsCorrectionsList" not in text
    path = tmp_path / f"{name}-{relation}-{pmid}.xml"
    text = text.replace("</Article>\n", f"</Article>{link}\n", 1).replace("<Article>", f"{day}<Article>", 1)
    path.write_text(text, encoding="utf-8")
    return path


def dated_archive(workspace: Workspace, day: str) -> None:
    """As if everything in the archive had come on that day."""
    lines = [json.loads(line) for line in workspace.archive.manifest.read_text("utf-8").splitlines()]
    for line in lines:
        line["added"] = f"{day}T12:00:00+00:00"
    workspace.archive.manifest.write_text("".join(f"{json.dumps(one)}\n" for one in lines), encoding="utf-8")


def moved(workspace: Workspace, slug: str) -> history.Move:
    """The last change of a claim."""
    return next(one for one in workspace.changes if one.claim == slug)


# --------------------------------------------------------------------------- what is noted


def test_a_build_is_noted_once_and_one_that_concludes_the_same_adds_nothing(root):
    workspace = Workspace(root)
    noted = workspace.history_file.read_bytes()
    workspace.build()
    workspace.build(afresh=True)
    assert workspace.history_file.read_bytes() == noted
    assert (noted.count(b"\n"), workspace.changes) == (1, ())
    assert len(noted) < 100_000
    (entry,) = workspace.entries()
    assert (entry.protocol, entry.what, entry.corpus) == ("ldn", "build", workspace.corpus_digest)
    assert sorted(entry.claims) == sorted(workspace.profiles)
    assert {"grade.toml", "study_design.toml", "relevance.toml", "protocol"} <= set(entry.rules)


def test_an_entry_names_what_a_claim_rests_on(root):
    (entry,) = Workspace(root).entries()
    claim, profile = entry.claims["fibromyalgia-pain"], Workspace(root).profile("fibromyalgia-pain")
    assert (claim.direction, claim.certainty, claim.level, claim.provisional, claim.studies) == (
        profile.direction,
        profile.certainty,
        profile.ocebm_level,
        profile.provisional,
        profile.n_studies,
    )
    assert claim.counted == tuple(sorted(one.row.row_id for one in profile.counted))
    assert entry.rows[BRUUN].study == "bruun2024"
    study = entry.studies["bruun2024"]
    assert (study.design, study.rule, study.warning) == ("randomised trial", "code-randomised-trial", None)
    assert "bruun2024" in study.documents


def test_a_persons_row_is_named_as_what_moved_the_claim(root):
    workspace = Workspace(root)
    appraise(root, "mine.1", BRUUN, finding="decrease", estimate="-1.5", ci_low="-2", ci_high="-1.1")
    workspace.build()
    move = moved(workspace, "fibromyalgia-pain")
    assert move.graded
    assert (move.before.direction, move.after.direction) == (
        "no difference",
        "supports",
    ) or move.before != move.after
    assert move.causes == (
        f"appraisal {BRUUN} (bruun2024, little or no difference, bundled) replaced by mine.1, jd, 2026-11-21: finding decrease",
    )
    assert [one.what for one in workspace.moves("fibromyalgia-pain")] == ["build", "build"]
    assert workspace.moves("ibd-pain")[0].before is None


def test_what_changed_by_hand_before_a_correction_is_noted_apart_from_it(root):
    workspace = Workspace(root)
    appraise(root, "mine.1", BRUUN, finding="unclear", measure="", estimate="", ci_low="", ci_high="")
    workspace.correct("younger2013", "screening", "exclude", reason="a test", reviewer="jd", date=DAY)
    files, correct = workspace.moves("fibromyalgia-pain")[1:]
    assert (files.what, correct.what) == ("files", "correct")
    assert "replaced by mine.1" in files.causes[0]
    assert correct.causes == ("correction: screening of younger2013 = exclude, jd, 2026-11-22: a test",)
    assert correct.effects == ("younger2013: not counted: excluded by jd: a test (was counted)",)
    assert workspace.changes[0].claim == "fibromyalgia-pain"


def test_a_judgement_is_noted_with_its_reason_and_as_of_the_day_before_it_is_not_there(workspace):
    slug, at = "fibromyalgia-pain", datetime.datetime(2026, 11, 23, 2, tzinfo=datetime.UTC)
    workspace.judge(
        slug, "risk of bias", "no concern", reason="all five allocations were seen", reviewer="jd", at=at
    )
    (move,) = (one for one in workspace.changes if one.claim == slug)
    assert (move.what, move.before.certainty, move.after.certainty) == ("judge", "low", "moderate")
    assert move.causes == (
        "judgement: risk of bias no concern, jd, 2026-11-23T02:00:00Z: all five allocations were seen",
    )
    assert Workspace(workspace.root, as_of=DAY).profile(slug).certainty == "low"


def test_a_correction_that_changes_no_claim_leaves_its_trace_too(workspace):
    workspace.correct("smith2011", "dose", "4.5 mg/day", reason="a test", reviewer="jd", date=DAY)
    assert [(one.claim, one.graded) for one in workspace.changes] == [("crohns-remission", False)]
    last = workspace.entries()[-1]
    assert last.what == "correct"
    assert last.corrected == (
        Cause(
            subject="smith2011",
            field="dose",
            value="4.5 mg/day",
            reviewer="jd",
            date="2026-11-22",
            reason="a test",
        ),
    )


def test_a_row_that_was_edited_and_a_corrections_file_that_was_rewritten_are_named(root):
    workspace = Workspace(root)
    appraise(root, "mine.1", BRUUN)
    for value in ("exclude", "include"):
        workspace.correct("younger2013", "screening", value, reason="a test", reviewer="jd", date=DAY)
    own = root / "appraisals" / "ldn.csv"
    own.write_text(
        own.read_text("utf-8").replace("mine.1,bruun2024", "mine.1,bruun2024").replace(",jd,", ",kl,"),
        "utf-8",
    )
    lines = workspace.corrections_file.read_text("utf-8").splitlines(keepends=True)
    workspace.corrections_file.write_text("".join(lines[:-1]), encoding="utf-8")
    workspace.build()
    assert moved(workspace, "fibromyalgia-pain").causes == (
        "appraisal mine.1 (bruun2024) was edited in place",
        "corrections.csv was changed in place: rows that it held are others now",
    )


def test_a_record_joined_to_a_study_is_named_where_the_claim_rests_on_it(workspace):
    workspace.bring([RECORDS / "younger2013.xml"])
    found = [
        one for one in workspace.moves(everything=True) if "pmid:23359310 joined to younger2013" in one.causes
    ]
    assert found == []  # the profile says nothing else: no claim changed
    assert workspace.entries()[-1].what == "import"


def test_rules_program_protocol_and_judgements_are_named_and_together_they_are_told_together(workspace):
    (entry,) = workspace.entries()
    slug = "fibromyalgia-pain"
    said = Cause(
        subject=slug,
        field="risk of bias",
        value="no concern",
        reviewer="jd",
        date="2026-11-22",
        reason="a test",
    )
    claim = replace(entry.claims[slug], certainty="moderate", digest="other", judgements=(said,))
    later = replace(
        entry,
        claims=entry.claims | {slug: claim},
        rules=entry.rules | {"grade.toml": "other", "protocol": "other"},
        program="0.2.0",
    )
    (move,) = history.changes(entry, later)
    assert move.causes == (
        "judgement: risk of bias no concern, jd, 2026-11-22: a test",
        "rules changed: grade.toml",
        "the protocol ldn was changed",
        f"the program: {entry.program} -> 0.2.0",
    )
    (back,) = history.changes(later, replace(later, claims=entry.claims))
    assert back.causes == ("the judgement of jd on risk of bias (no concern) no longer stands",)


def test_a_change_of_wording_alone_is_no_move_and_is_listed_with_everything(workspace):
    (entry,) = workspace.entries()
    slug = "fibromyalgia-pain"
    later = replace(
        entry,
        claims=entry.claims | {slug: replace(entry.claims[slug], digest="other")},
        rules=entry.rules | {"grade.toml": "other"},
    )
    assert [one.before for one in history.moves([entry, later], slug)] == [None]
    _, second = history.moves([entry, later], slug, everything=True)
    assert (second.graded, second.shows, second.causes) == (False, False, ("rules changed: grade.toml",))


def test_a_claim_that_is_no_longer_asked_is_told(workspace):
    (entry,) = workspace.entries()
    later = replace(entry, claims={slug: one for slug, one in entry.claims.items() if slug != "mood"})
    (move,) = history.changes(entry, later)
    assert (move.claim, move.after, move.words) == ("mood", None, "no longer asked")


# --------------------------------------------------------------------------- the file


def test_a_last_line_that_was_cut_off_is_told_left_out_and_written_again(root):
    workspace = Workspace(root)
    whole = workspace.history_file.read_bytes()
    workspace.history_file.write_bytes(whole + whole[:200])
    assert len(workspace.entries()) == 1
    assert any("cut off while it was written" in one for one in workspace.warnings())
    workspace.correct("smith2011", "dose", "4.5 mg/day", reason="a test", reviewer="jd", date=DAY)
    assert workspace.history_file.read_bytes().startswith(whole)
    assert [one.what for one in workspace.entries()] == ["build", "correct"]


@pytest.mark.parametrize(
    "line", [b"{}", b"[]", b"nonsense", b"\xff", b'{"schema_version":1}', b"", b'{"schema_version":9}']
)
def test_a_damaged_line_is_named_with_its_number(workspace, line):
    whole = workspace.history_file.read_bytes()
    workspace.history_file.write_bytes(whole + line + b"\n" + whole)
    with pytest.raises(WorkspaceError, match=r"history\.jsonl, line 2: (is damaged|was written by a newer)"):
        workspace.entries()
    assert len(workspace.claims()) == 27  # what is graded needs no history


def test_an_entry_of_no_moment_or_of_rows_that_it_does_not_hold_is_named_with_its_line(workspace):
    whole = workspace.history_file.read_bytes()
    entry = json.loads(whole)
    ghost = {"multiple-sclerosis-pain": entry["claims"]["multiple-sclerosis-pain"] | {"counted": ["ghost"]}}
    for wrong in (
        {"claims": entry["claims"] | ghost},
        {"rows": {}},
        {"at": "yesterday"},
        {"at": "2026-11-22"},
        {"at": "2026-11-22T10:00:00+02:00"},
        {"schema_version": "1"},
        {"schema_version": True},
    ):
        workspace.history_file.write_bytes(whole + json.dumps(entry | wrong).encode() + b"\n")
        with pytest.raises(WorkspaceError, match=r"history\.jsonl, line 2: is damaged"):
            workspace.moves()


def test_a_folder_in_the_place_of_the_history_is_named(workspace):
    workspace.history_file.unlink()
    workspace.history_file.mkdir()
    for ask in (workspace.entries, workspace.warnings, workspace.build):
        with pytest.raises(WorkspaceError, match=r"history\.jsonl: can't be read"):
            ask()


@given(line=st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | st.just(b"[" * 20_000))
def test_whatever_stands_in_the_file_is_an_entry_or_an_error_of_ours(tmp_path_factory, line):
    path = tmp_path_factory.getbasetemp() / "hostile.jsonl"
    path.write_bytes(line + b"\n")
    with pytest.raises(WorkspaceError, match="is damaged"):
        history.load(path)


def test_two_protocols_share_the_file_and_not_their_moves(root):
    Workspace(root, "amitriptyline-ibs").build()
    assert [one.protocol for one in history.load(root / "history.jsonl")] == ["ldn", "amitriptyline-ibs"]
    assert {one.claim for one in Workspace(root).moves()} == set(Workspace(root).profiles)


# --------------------------------------------------------------------------- what re-opens a claim


def alone(root: Path) -> Workspace:
    """One claim that rests on a single study, confirmed by a person, as a build noted it."""
    appraise(root, "mine.1", "bundled.multiple-sclerosis-pain.cree2010")
    workspace = Workspace(root)
    workspace.build()
    return workspace


@pytest.mark.parametrize("relation", ["ErratumIn", "ExpressionOfConcernIn", "CorrectedandRepublishedIn"])
def test_a_notice_that_came_after_a_persons_row_re_opens_the_claim_until_they_write_another(
    root, tmp_path, relation
):
    workspace = alone(root)
    assert not workspace.profile("multiple-sclerosis-pain").provisional
    workspace.bring([noticed(tmp_path, "cree2010", relation, 99)])
    profile, today = workspace.profile("multiple-sclerosis-pain"), datetime.datetime.now(datetime.UTC)
    words = {
        "ErratumIn": "an erratum",
        "ExpressionOfConcernIn": "an expression of concern",
        "CorrectedandRepublishedIn": "a corrected version",
    }[relation]
    said = f"Re-opened: cree2010 has {words} since {today:%Y-%m-%d}; jd's row of 2026-11-21 was written before it."
    assert (profile.provisional, profile.footnotes[0]) == (True, said)
    move = moved(workspace, "multiple-sclerosis-pain")
    assert (move.graded, move.effects[-1]) == (True, said)
    later = f"{today + datetime.timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    appraise(root, "mine.2", "mine.1", date=later, supersedes="mine.1")
    assert not workspace.profile("multiple-sclerosis-pain").provisional
    workspace.build()
    assert "what was open is settled" in moved(workspace, "multiple-sclerosis-pain").effects


def test_a_second_erratum_re_opens_what_was_confirmed_after_the_first(root, tmp_path):
    workspace = alone(root)
    workspace.bring([noticed(tmp_path, "cree2010", "ErratumIn", 98)])
    dated_archive(workspace, "2026-11-20")
    assert not Workspace(root).profile("multiple-sclerosis-pain").provisional  # it was there before the row
    workspace.bring([noticed(tmp_path, "cree2010", "ErratumIn", 99)])
    assert workspace.profile("multiple-sclerosis-pain").provisional


def test_a_retraction_takes_the_study_out_and_leaves_the_claim_open(root, tmp_path):
    workspace = alone(root)
    workspace.bring([noticed(tmp_path, "cree2010", "RetractionIn", 99)])
    profile = workspace.profile("multiple-sclerosis-pain")
    assert profile.provisional
    assert "cree2010" not in {one.study.key for one in profile.counted}
    assert profile.footnotes[0].startswith("Re-opened: cree2010 has a retraction since ")
    assert "cree2010: RETRACTED" in moved(workspace, "multiple-sclerosis-pain").causes


def test_a_notice_that_a_joined_report_was_retracted_re_opens_what_was_confirmed_before_it(root, tmp_path):
    workspace = alone(root)
    text = noticed(tmp_path, "cree2010", "RetractionIn", 99).read_text(encoding="utf-8")
    pmid = workspace.study("cree2010").pmid
    other = tmp_path / "part.xml"
    other.write_text(text.replace(f">{pmid}<", ">999200001<"), encoding="utf-8")
    workspace.bring([other])
    assert workspace.study("cree2010").retracted_reports == ("pmid:999200001",)
    profile = workspace.profile("multiple-sclerosis-pain")
    assert profile.provisional
    assert profile.footnotes[0].startswith(
        "Re-opened: cree2010 has a retraction of its report pmid:999200001 since "
    )
    assert "cree2010 has a retraction of pmid:999200001" in moved(workspace, "multiple-sclerosis-pain").causes


def test_a_corpus_row_of_ones_own_re_opens_from_the_build_that_first_has_it(root):
    workspace = alone(root)
    described(root, "cree2010", correction_status="expression of concern")
    workspace.build()
    profile = workspace.profile("multiple-sclerosis-pain")
    assert profile.provisional
    assert "cree2010 has an expression of concern since" in profile.footnotes[0]
    noted = workspace.entries()[-1].claims["multiple-sclerosis-pain"]
    assert noted.open_questions == (profile.footnotes[0],)
    workspace.build()
    assert len(workspace.entries()) == 3


def test_a_claim_stays_open_though_the_history_is_lost_until_a_person_reads_the_study_again(root):
    workspace = alone(root)
    described(root, "cree2010", correction_status="corrected")
    workspace.build()
    workspace.history_file.unlink()
    said = "Re-opened: cree2010 has an erratum, and nobody noted since when; jd's row of 2026-11-21 may have been written before it."
    assert Workspace(root).profile("multiple-sclerosis-pain").open_questions == (said,)
    workspace.build()
    assert workspace.profile("multiple-sclerosis-pain").provisional
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1)
    appraise(root, "mine.2", "mine.1", date=f"{later:%Y-%m-%dT%H:%M:%SZ}", supersedes="mine.1")
    assert not workspace.profile("multiple-sclerosis-pain").provisional


def test_a_row_that_nobody_confirmed_is_not_re_opened():
    held = {"a": (Notice(kind="an erratum", key="an erratum 1", since="2026-11-20T10:00:00+00:00"),)}
    person = made_row("a", Finding.DECREASE, date="2026-11-20")
    machine = made_row("a", Finding.DECREASE, reviewer="Bundled", date="2026-11-19")
    later = made_row("a", Finding.DECREASE, date="2026-11-20T10:00:01Z")
    assert list(history.reopened([person], held, {"bundled"})) == ["pain"]
    assert history.reopened([machine, later], held, {"bundled"}) == {}


# --------------------------------------------------------------------------- what was held at a date


def test_as_of_a_day_the_rows_of_that_day_stand_and_those_superseded_later_stand_again(root):
    appraise(
        root,
        "mine.1",
        BRUUN,
        finding="decrease",
        estimate="-1.5",
        ci_low="-2",
        ci_high="-1.1",
        date="2026-11-23",
    )
    now, before = Workspace(root), Workspace(root, as_of=DAY)
    assert "mine.1" in {one.row_id for one in now.appraisals()}
    assert {BRUUN, "mine.1"} & {one.row_id for one in before.appraisals()} == {BRUUN}
    assert before.profile("fibromyalgia-pain").direction == "no difference"
    assert before.warnings()[0] == "as of 2026-11-22, with today's rules and today's protocol"
    assert before.claims_document("now")["as_of"]["date"] == "2026-11-22"
    assert before.provenance().startswith("as of 2026-11-22, with today's rules; ")


def test_as_of_a_day_the_archive_holds_what_had_come_by_then(root):
    workspace = Workspace(root)
    workspace.bring([RECORDS / "autism1995.xml"])
    dated_archive(workspace, "2026-11-20")
    workspace = Workspace(root)
    workspace.bring([RECORDS / "invented_survey.xml"])
    before = Workspace(root, as_of=DAY)
    assert {key for key in workspace.studies() if key not in before.studies()} == {
        key for key, one in workspace.studies().items() if "survey" in one.citation.lower() and one.unread
    }
    assert "pmid:8570776" in before.studies()


def test_as_of_a_day_the_last_complete_run_of_then_is_the_search(root):
    workspace = Workspace(root)
    for day, name, pmid in ((20, "autism1995", 8570776), (22, "invented_survey", 999000008)):
        raw = (RECORDS / f"{name}.xml").read_bytes()
        batch = workspace.archive.add(raw, "a test", BatchForm.EFETCH, [pmid])
        moment = f"2026-11-{day}T08:00:00+00:00"
        workspace.archive.note(
            SearchRun(
                id=f"202611{day}T080000Z",
                protocol="ldn",
                service="http://127.0.0.1/",
                started=moment,
                ended=moment,
                outcome=RunOutcome.COMPLETE,
                batches=(batch.digest,),
            )
        )
        dated_archive(
            workspace, f"2026-11-{day - 1}"
        )  # both answers; the later run alone relies on the later
        workspace = Workspace(root)
    before = Workspace(root, as_of=datetime.date(2026, 11, 21))
    assert (before.search.date, [one.id for one in before.runs()]) == ("2026-11-20", ["20261120T080000Z"])
    assert "pmid:8570776" in before.studies()
    assert not [one for one in before.studies().values() if "survey" in one.citation.lower() and one.unread]
    assert workspace.search.date == "2026-11-22"


def test_as_of_a_day_writes_nothing_into_the_workspace_and_refuses_to(root, tmp_path):
    held = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    workspace = Workspace(root, as_of=DAY)
    assert len(workspace.claims()) == 27
    for write_it in (
        workspace.build,
        lambda: workspace.bring([RECORDS / "autism1995.xml"]),
        lambda: workspace.correct("smith2011", "dose", "as read", reason="a", reviewer="jd", date=DAY),
        lambda: workspace.new_protocol("another"),
    ):
        with pytest.raises(InputError, match="--as-of 2026-11-22: only looks at what was held then"):
            write_it()
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == held


def test_a_day_to_come_and_one_before_anything_are_refused(root):
    with pytest.raises(InputError, match="lies in the future"):
        Workspace(root, as_of=datetime.date(2100, 1, 1))
    with pytest.raises(InputError, match=r"nothing was held then\. The first that is held is of 2026-11-01"):
        Workspace(root, as_of=datetime.date(2026, 10, 31)).claims()


def test_before_the_bundle_there_are_only_rows_of_ones_own_and_that_is_said(root):
    described(root, "cree2010")
    appraise(root, "mine.1", BRUUN, date="2026-09-01", supersedes="")
    workspace = Workspace(root, as_of=datetime.date(2026, 9, 2))
    assert set(workspace.studies()) == {"cree2010"}
    assert workspace.appraisals() == []
    assert [one.split(": ", 1)[-1] for one in workspace.warnings()[1:3]] == [
        "what ships is of 2026-11 and was not there yet",
        "the 1 corpus row(s) of your own carry no date and are taken as they are today",
    ]


def test_an_answer_that_was_dropped_since_is_missing_and_said_to_be(root):
    workspace = Workspace(root)
    workspace.bring([RECORDS / "autism1995.xml"])
    dated_archive(workspace, "2026-11-20")
    workspace = Workspace(root)
    (batch,) = workspace.archive.batches()
    workspace.archive.drop(batch, "a test")
    before = Workspace(root, as_of=DAY)
    assert "pmid:8570776" not in before.studies()
    assert any("1 answer(s) or file(s) held then were dropped since" in one for one in before.warnings())


def test_an_export_of_another_day_bears_the_day_in_its_name(root):
    path = Workspace(root, as_of=DAY).export("claims")
    assert path.name == "ldn-claims-as-of-2026-11-22.csv"
    assert "as of 2026-11-22, with today's rules" in path.read_text("utf-8")


days = st.dates(datetime.date(2026, 1, 1), datetime.date(2026, 12, 31))


@given(dates=st.lists(days, min_size=1, max_size=12), day=days, data=st.data())
def test_whatever_dates_people_gave_a_row_is_never_held_without_the_one_that_it_supersedes(dates, day, data):
    rows: list[Appraisal] = []
    for place, date in enumerate(dates):
        older = data.draw(st.sampled_from([None, *(one.row_id for one in rows)]))
        rows.append(made_row("a", Finding.UNCLEAR, row_id=f"r{place}", date=date, supersedes=older))
    kept = {one.row_id: one for one in then.appraisals(rows, day)}
    assert all(one.supersedes in (None, *kept) for one in kept.values())
    assert {one.row_id for one in rows if one.date.date() <= day} <= set(kept)


# --------------------------------------------------------------------------- the same everywhere

BUILD = """
import json, sys
from pathlib import Path
from ldn_evidence import Workspace
root, *files = sys.argv[1:]
workspace = Workspace(root)
workspace.bring(files, "a test")
found = {slug: workspace.profile_document(slug) for slug in sorted(workspace.profiles)}
sys.stdout.buffer.write(json.dumps(found, indent=1).encode())
"""


def elsewhere(root: Path, cwd: Path, files: list[Path], **environment: str) -> bytes:
    cwd.mkdir(parents=True)
    env = os.environ | {"PYTHONPATH": str(REPO), **environment}
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(root), *map(str, files)],
        cwd=cwd,
        env=env,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_the_same_archive_layers_and_rules_give_the_same_bytes_elsewhere(tmp_path):
    files = sorted(RECORDS.glob("*.xml"))
    here, there = tmp_path / "here", tmp_path / "there é" / "deep" / "er"
    for root, turn in ((here, 1), (there, -1)):
        appraise(root, "mine.1", BRUUN, reason="Überprüft; größer als erwartet.")
        own = root / "appraisals" / "ldn.csv"
        rows = list(csv.DictReader((REPO / "data" / "appraisals" / "ldn.csv").open(encoding="utf-8")))
        extra = [
            one | {"row_id": f"mine.{one['study_key']}", "reviewer": "jd", "supersedes": one["row_id"]}
            for one in rows
            if one["claim"] == "mood"
        ]
        write(own, [*csv.DictReader(own.open(encoding="utf-8")), *extra][::turn])
    first = elsewhere(
        here, tmp_path / "a", files, TZ="Pacific/Kiritimati", LC_ALL="C", PYTHONHASHSEED="1", LANG="C"
    )
    second = elsewhere(
        there, tmp_path / "b", files[::-1], TZ="America/Anchorage", LC_ALL="tr_TR.UTF-8", PYTHONHASHSEED="77",
        PYTHONUTF8="0", COLUMNS="40",
    )  # fmt: skip
    assert len(json.loads(first)) == 27
    assert second == first
    one, other = (Workspace(root).entries()[-1] for root in (here, there))
    assert {slug: claim.digest for slug, claim in one.claims.items()} == {
        slug: claim.digest for slug, claim in other.claims.items()
    }
    assert history.same(one, other)


def test_the_order_of_corpus_rows_never_matters(root):
    rows = list(csv.DictReader((REPO / "data" / "corpus" / "ldn.csv").open(encoding="utf-8")))
    workspace = Workspace(root)
    (entry,) = workspace.entries()
    random.Random(7).shuffle(rows)
    write(root / "corpus" / "ldn.csv", rows)
    workspace.build(afresh=True)
    assert workspace.entries() == [entry]


# --------------------------------------------------------------------------- as a user meets it


def test_a_screen_tells_the_moves_their_causes_and_that_several_came_together(workspace, capsys):
    (entry,) = workspace.entries()
    slug = "fibromyalgia-pain"
    later = replace(
        entry,
        claims=entry.claims | {slug: replace(entry.claims[slug], digest="other", certainty="very low")},
        rules=entry.rules | {"grade.toml": "other"},
        program="0.2.0",
    )
    screen.changes(history.changes(entry, later), "history")
    screen.history(slug, history.moves([entry, later], slug), 0, "history")
    screen.last_moves({slug: history.moves([entry, later], slug)[-1], "mood": None})
    shown = " ".join(capsys.readouterr().out.split())
    for words in (
        "no difference, low (7 counted, 0 unread) -> no difference, very low",
        "because rules changed: grade.toml",
        "these came together in one build; which of them moved it was not worked out",
        "first noted: no difference, low (7 counted, 0 unread); level 2; provisional",
        "mood nothing has been noted of it yet",
    ):
        assert words in shown, words
    screen.changes((), "history")
    assert "no claim's grade changed" in capsys.readouterr().out


def test_the_table_of_moves_holds_each_once(workspace):
    workspace.correct("younger2013", "screening", "exclude", reason="a test", reviewer="jd", date=DAY)
    table = workspace.history("fibromyalgia-pain")
    assert table["studies"].to_list() == [7, 6]
    assert table["graded"].to_list() == [True, True]
    assert table["causes"].to_list()[1].startswith("correction: screening of younger2013")
    assert len(workspace.history()) == 28


def test_history_and_as_of_on_the_command_line(root, tmp_path):
    from commands import refused, run

    said = json.loads(run("history", "fibromyalgia-pain", "--json", "-w", root, cwd=tmp_path).stdout)
    assert [one["before"] for one in said["moves"]] == [None]
    done = run("claim", "fibromyalgia-pain", "--json", "--as-of", "2026-11-22", "-w", root, cwd=tmp_path)
    assert json.loads(done.stdout)["as_of"]["date"] == "2026-11-22"
    assert "as of 2026-11-22, with today's rules" in done.stderr
    assert "--as-of goes with commands that read" in refused(
        "refresh", "--offline", "--as-of", "2026-11-22", "-w", root, cwd=tmp_path
    )
    assert "is not a day of the calendar" in refused(
        "claims", "--as-of", "2026-02-30", "-w", root, cwd=tmp_path
    )
    built = json.loads(run("refresh", "--offline", "--json", "-w", root, cwd=tmp_path).stdout)
    assert built["changed_claims"] == []
