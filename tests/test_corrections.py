"""A reviewer's word over the machine's: what it changes, what stays visible, what is refused, and that no row is ever lost."""

from __future__ import annotations

import datetime

import pytest
from conftest import RECORDS
from hypothesis import given, settings
from hypothesis import strategies as st

from ldn_evidence import InputError, Workspace, corpus, corrections
from ldn_evidence.model import Correction, CorrectionField, StudyDesign, Substance, TagSource

DAY = datetime.date(2026, 11, 22)
STANDARD = "pmid:8570776"  # an autism trial at 40 mg, found by a naive search
SURVEY = "pmid:999000011"


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    """A workspace with the records that no corpus row describes."""
    names = ("autism1995", "invented_survey", "invented_neuropathic_trial", "smith2011")
    workspace.bring([RECORDS / f"{name}.xml" for name in names])
    return workspace


def say(workspace: Workspace, subject: str, field: str, value: str, reason: str = "a test") -> Correction:
    return workspace.correct(subject, field, value, reason=reason, reviewer="A Person", date=DAY)


def found_alone(workspace: Workspace, name: str) -> str:
    """The key of a study that a file of records brought and no row describes."""
    return next(
        key for key, one in workspace.studies().items() if one.unread and name in one.citation.lower()
    )


def test_a_corrected_design_stands_and_the_machines_word_stays_beside_it(filled):
    key = found_alone(filled, "survey")
    read = filled.study(key).tag
    say(filled, key, "design", "qualitative", "interviews, not questionnaires")
    study = filled.study(key)
    assert (study.tag.design, study.tag.source) == (StudyDesign.QUALITATIVE, TagSource.CORRECTION)
    assert study.tag.words == "A Person: interviews, not questionnaires"
    assert study.tag.doubt is None
    assert dict(study.readings)[key].tag == read
    row = filled.tags_table().set_index("study").loc[key]
    assert (row["design"], row["read_as"]) == ("qualitative", str(read.design))
    assert row["corrected"] == "design = qualitative (A Person)"


def test_as_read_takes_a_correction_back_and_no_row_is_lost(filled):
    key = found_alone(filled, "survey")
    read = filled.study(key)
    say(filled, key, "design", "cohort")
    say(filled, key, "design", "as read", "I had the wrong paper")
    assert filled.study(key) == read
    assert [row.value for row in corrections.load(filled.corrections_file)] == ["cohort", "as read"]


def test_of_two_rows_on_one_field_the_later_stands(filled):
    key = found_alone(filled, "survey")
    say(filled, key, "randomised", "yes")
    say(filled, key, "randomised", "no")
    assert filled.study(key).tag.randomised is False
    assert [row.value for row in filled.study(key).corrections] == ["no"]


def test_a_record_off_the_subject_waits_for_nobody_until_a_person_takes_it_in(filled):
    study = filled.study(STANDARD)
    assert study.relevance.substance is Substance.STANDARD_DOSE
    assert study.left_out is not None
    assert not study.awaits
    say(filled, STANDARD, "relevance", "low dose", "the second arm had 3 mg")
    study = filled.study(STANDARD)
    assert (study.relevance.substance, study.left_out, study.awaits) == (Substance.LOW_DOSE, None, True)


def test_who_is_excluded_at_screening_no_longer_counts_and_the_profile_says_who_said_so(filled):
    before = {one.study.key for one in filled.profile("fibromyalgia-pain").counted}
    assert "younger2013" in before
    say(filled, "younger2013", "screening", "exclude", "not the outcome we ask for")
    after = filled.profile("fibromyalgia-pain")
    assert {one.study.key for one in after.counted} == before - {"younger2013"}
    reasons = {one.study_key: one.reason for one in after.left_out}
    assert reasons["younger2013"] == "excluded by A Person: not the outcome we ask for"


def test_an_included_record_is_kept_though_the_machine_would_leave_it_out(filled):
    say(filled, STANDARD, "screening", "include", "wanted for the safety section")
    assert filled.study(STANDARD).left_out is None


def test_a_claim_link_brings_a_record_to_a_claim_and_takes_it_from_others(filled):
    key = found_alone(filled, "neuropathy")
    assert key in filled.profile("neuropathic-pain").awaiting
    say(filled, key, "claims", "mood; energy")
    assert key in filled.profile("mood").awaiting
    assert key not in filled.profile("neuropathic-pain").awaiting
    say(filled, key, "claims", "none")
    assert not any(key in one.awaiting for one in filled.profiles.values())


def test_a_document_is_put_into_a_study_and_made_one_of_its_own(filled):
    say(filled, "pmid:21380937", "study", "own", "another trial of the same group")
    apart = filled.studies()
    assert apart["smith2011"].records == ()
    assert [one.pmid for one in apart["pmid:21380937"].records] == [21380937]
    say(filled, "pmid:21380937", "study", "younger2013", "a test of joining")
    joined = filled.studies()
    assert "pmid:21380937" not in joined
    assert [one.pmid for one in joined["younger2013"].records] == [21380937]
    assert joined["younger2013"].main.study_key == "younger2013"


def test_a_study_moved_into_another_takes_its_reports_along(filled):
    main = filled.study("bruun2024")
    assert len(main.reports) > 1
    say(filled, "bruun2024", "study", "younger2013", "a test of joining")
    study = filled.study("bruun2024")
    assert (study.key, study.main.study_key) == ("younger2013", "younger2013")
    assert {one.study_key for one in main.reports} < {one.study_key for one in study.reports}
    assert any("bundled.fibromyalgia-pain.bruun2024" in one for one in filled.warnings())


def test_a_correction_that_a_persons_appraisal_could_not_bear_is_refused_and_nothing_is_written(filled):
    with pytest.raises(InputError, match="review_of belongs to rows on systematic reviews"):
        say(filled, "younger2013", "design", "systematic review")
    assert not filled.corrections_file.exists()


@pytest.mark.parametrize(
    ("subject", "field", "value", "says"),
    [
        ("youngr2013", "design", "cohort", 'Did you mean "younger2013"'),
        ("younger2013", "desing", "cohort", "is not a word we know"),
        ("younger2013", "design", "kohort", 'Did you mean "cohort"'),
        ("younger2013", "dose", "4.5", "4.5 mg/day"),
        ("younger2013", "claims", "fibromyalgia-pane", 'Did you mean "fibromyalgia-pain"'),
        ("younger2013", "study", "younger2013", "is that document itself"),
        ("younger2013", "study", "nobody2099", "is not there"),
        ("younger2013", "relevance", "lowdose", 'Did you mean "low dose"'),
        ("younger2013", "screening", "maybe", "include"),
    ],
)
def test_what_cannot_be_corrected_is_named_with_the_mend(filled, subject, field, value, says):
    with pytest.raises(InputError, match=says):
        say(filled, subject, field, value)
    assert not filled.corrections_file.exists()


def test_a_row_about_a_record_that_is_not_here_is_set_aside_and_said(filled):
    say(filled, STANDARD, "design", "cohort")
    other = Workspace(filled.root.parent / "other")
    other.build()
    other.corrections_file.write_bytes(filled.corrections_file.read_bytes())
    assert any("1 correction(s) set aside" in warning for warning in other.warnings())


def test_a_row_that_names_an_unknown_condition_is_set_aside_and_said(filled):
    row = corrections.written(
        subject=STANDARD, field="conditions", value="migraine", reason="a test", reviewer="A", date=DAY
    )
    corrections.append(filled.corrections_file, row)
    assert any("1 correction(s) set aside" in one for one in filled.warnings())


def test_a_row_of_another_protocol_changes_nothing_here(filled):
    row = corrections.written(
        subject="younger2013",
        field="design",
        value="cohort",
        reason="a test",
        reviewer="A Person",
        date=DAY,
        protocol="amitriptyline-ibs",
    )
    corrections.append(filled.corrections_file, row)
    assert filled.corrections() == []


@given(
    reason=st.text(min_size=1),
    reviewer=st.text(min_size=1, max_size=20),
    before=st.sampled_from([b"", b"\xef\xbb\xbf", b"no end of line"]),
)
def test_what_a_reviewer_wrote_comes_back_as_written_or_is_refused(
    tmp_path_factory, reason, reviewer, before
):
    path = tmp_path_factory.mktemp("rows") / "corrections.csv"
    first = corrections.written(
        subject="a", field="design", value="cohort", reason="first", reviewer="A", date=DAY
    )
    corrections.append(path, first)
    if before == b"no end of line":
        path.write_bytes(path.read_bytes().rstrip(b"\r\n"))
    elif before:
        path.write_bytes(before + path.read_bytes())
    old = path.read_bytes()
    try:
        row = corrections.written(
            subject="pmid:1", field="dose", value="4.5 mg/day", reason=reason, reviewer=reviewer, date=DAY
        )
    except InputError:
        assert path.read_bytes() == old
        return
    corrections.append(path, row)
    assert path.read_bytes().startswith(old)
    assert corrections.load(path) == [first, row]


def test_every_field_that_can_be_corrected_says_what_it_takes():
    documented = str(Correction.__doc__)
    assert [field for field in CorrectionField if str(field) not in documented] == []


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_wherever_reviewers_put_documents_each_stands_in_exactly_one_study(data, held):
    reports, records, citations, found_by = held
    names = [one.study_key for one, _ in reports]
    names += [f"pmid:{one.pmid}" for one, _ in records] + [one.key for one, _ in citations]
    some = st.sampled_from(names)
    moves = data.draw(
        st.dictionaries(some, some | st.just("own") | st.sampled_from(["pmid:1", "nobody2099"]), max_size=8)
    )
    studies = corpus.studies(reports, records, citations, found_by, (), moves)
    assert len({one.key for one in studies}) == len(studies)
    placed = [report.study_key for one in studies for report in one.reports]
    placed += [f"pmid:{record.pmid}" for one in studies for record in one.records]
    placed += [citation.key for one in studies for citation in one.citations]
    assert sorted(placed) == sorted(names)
    assert all(one.main is not None for one in studies if one.reports)


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """Rows, records and references as a database holds them."""
    workspace = Workspace(tmp_path_factory.mktemp("held"))
    other = workspace.root.parent / "other.nbib"
    other.write_text(
        "PMID- 77\nTI  - A reference from elsewhere about nothing\nDP  - 2020\n\n", encoding="utf-8"
    )
    workspace.bring([RECORDS / "smith2011.xml", RECORDS / "invented_survey.xml", other])
    with workspace.store() as store:
        return store.contents()


def test_a_word_on_one_document_of_a_study_is_no_word_on_the_study(filled):
    filled.bring([RECORDS / "innova_protocol.xml"])
    with pytest.raises(InputError, match="one of several documents of the study innova2026"):
        say(filled, "pmid:34992118", "design", "trial protocol")
    with pytest.raises(InputError, match="one of several documents of the study bruun2024"):
        say(filled, "bruun2024thesis", "screening", "exclude")
    say(filled, "pmid:34992118", "study", "own", "the protocol paper")
    say(filled, "pmid:34992118", "design", "trial protocol")
    assert filled.study("innova2026").tag.design is StudyDesign.RANDOMISED_TRIAL


def test_whatever_name_a_study_is_given_its_correction_is_one(filled):
    say(filled, "younger2013", "design", "single-arm trial")
    say(filled, "23359310", "design", "as read")
    assert filled.study("younger2013").corrections == ()
    with pytest.raises(InputError, match="has no correction that could be taken back"):
        say(filled, "younger2013", "design", "as read")


def test_a_claim_of_a_condition_can_be_linked_by_its_slug(filled):
    key = found_alone(filled, "neuropathy")
    say(filled, key, "claims", "crps-pain")
    assert key in filled.profile("crps-pain").awaiting
    assert key not in filled.profile("neuropathic-pain").awaiting
    say(filled, key, "claims", "as read")
    say(filled, key, "conditions", "fibromyalgia")
    assert key in filled.profile("fibromyalgia-pain").awaiting


def test_a_move_follows_a_move_and_one_to_nowhere_is_said(filled):
    survey, trial = found_alone(filled, "survey"), found_alone(filled, "neuropathy")
    say(filled, survey, "study", trial)
    say(filled, trial, "study", "younger2013")
    assert filled.study(survey).key == "younger2013"
    row = corrections.written(
        subject=STANDARD, field="study", value="nobody2099", reason="a test", reviewer="A", date=DAY
    )
    corrections.append(filled.corrections_file, row)
    again = Workspace(filled.root)
    assert again.study(STANDARD).key == STANDARD
    assert any("1 correction(s) set aside" in one and STANDARD in one for one in again.warnings())


def test_a_row_about_what_is_gone_can_be_taken_back(filled):
    row = corrections.written(
        subject="pmid:77", field="screening", value="exclude", reason="a test", reviewer="A", date=DAY
    )
    corrections.append(filled.corrections_file, row)
    say(filled, "pmid:77", "screening", "as read")
    assert not any("correction" in one for one in Workspace(filled.root).warnings())


def test_a_row_goes_into_the_columns_of_the_file_whatever_their_order(tmp_path):
    path = tmp_path / "corrections.csv"
    path.write_text(
        "reviewer,subject,field,value,date,reason\nA,a,design,cohort,2026-01-01,first", encoding="utf-8"
    )
    row = corrections.written(
        subject="b", field="design", value="qualitative", reason="second", reviewer="B", date=DAY
    )
    corrections.append(path, row)
    assert [(one.reviewer, one.reason) for one in corrections.load(path)] == [("A", "first"), ("B", "second")]
    other = row.model_copy(update={"protocol": "amitriptyline-ibs"})
    corrections.append(path, other)
    assert [one.protocol for one in corrections.load(path)] == ["ldn", "ldn", "amitriptyline-ibs"]


def test_an_empty_file_holds_no_rows_and_no_table_is_written_over_the_rows(filled):
    filled.corrections_file.write_bytes(b"")
    assert filled.corrections() == []
    say(filled, "younger2013", "dose", "3-4.5 mg/day")
    assert filled.studies_table().set_index("study").loc["younger2013", "dose_mg"] == "3-4.5 mg/day"
    with pytest.raises(InputError, match="where your own files lie"):
        filled.export("claims", filled.corrections_file)


def test_a_review_that_only_a_machine_read_sets_no_grade(filled):
    file = filled.root / "review.nbib"
    file.write_text(
        "PMID- 999000999\nTI  - Low-dose naltrexone in endometriosis: a systematic review and meta-analysis\n"
        "AB  - We searched MEDLINE and Embase until May 2024. Two reviewers extracted data. Three randomised trials of 200 women "
        "were pooled; pain fell.\nDP  - 2024\n\n",
        encoding="utf-8",
    )
    filled.bring([file])
    key = found_alone(filled, "endometriosis: a systematic")
    assert (filled.study(key).tag.design, filled.study(key).tag.source) == (
        StudyDesign.SYSTEMATIC_REVIEW,
        TagSource.CUE,
    )
    path = filled.root / "appraisals" / "ldn.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        "row_id,study_key,claim,comparator,finding,outcome_measured,population,intervention,comparison,outcome,review_of,reason,reviewer,date\n"
        f"mine.1,{key},endometriosis-pain,placebo,decrease,pain,direct,direct,direct,direct,randomised,read,A Person,2026-11-22\n",
        encoding="utf-8",
    )
    profile = filled.profile("endometriosis-pain")
    assert (profile.body, profile.certainty) == (None, "no evidence")
    say(filled, key, "design", "systematic review", "its methods say so")
    assert filled.profile("endometriosis-pain").body is not None


@pytest.mark.parametrize("reviewer", ["machine", " Bundled"])
def test_a_correction_by_no_person_is_refused_when_it_is_written_and_when_it_is_read(filled, reviewer):
    with pytest.raises(InputError, match="is no person's name"):
        filled.correct("younger2013", "dose", "3 mg/day", reason="a test", reviewer=reviewer, date=DAY)
    assert not filled.corrections_file.exists()
    typed(filled, f"younger2013,dose,3 mg/day,a test,{reviewer},2026-11-20")
    with pytest.raises(InputError, match=r"corrections\.csv, line 2: reviewer: .* is no person's name"):
        filled.studies()


def test_a_correction_of_a_day_to_come_is_refused_when_it_is_written_and_when_it_is_read(filled):
    day = datetime.date(2099, 1, 1)
    with pytest.raises(InputError, match="is dated 2099-01-01, which is still to come"):
        filled.correct("younger2013", "dose", "3 mg/day", reason="a test", reviewer="jd", date=day)
    assert not filled.corrections_file.exists()
    typed(filled, "younger2013,dose,3 mg/day,a test,jd,2099-01-01")
    with pytest.raises(InputError, match=r"corrections\.csv \(younger2013, dose\): is dated 2099-01-01"):
        filled.studies()


def test_of_two_rows_on_one_field_the_later_by_date_stands_and_of_one_day_the_last_in_the_file(filled):
    def held(*lines: str) -> list[str]:
        typed(filled, *lines)
        return [one.value for one in Workspace(filled.root).study("bruun2024").corrections]

    late, early = "screening,include,a test,jd,2026-11-20", "screening,exclude,a test,Ana,2026-01-01"
    assert held(f"bruun2024,{late}", f"bruun2024,{early}") == ["include"]
    assert held(f"bruun2024,{early}", f"bruun2024,{late}") == ["include"]
    same = early.replace("2026-01-01", "2026-11-20")
    assert held(f"bruun2024,{late}", f"bruun2024,{same}") == ["exclude"]
    back = "screening,as read,a test,jd,2026-11-21"
    assert held(f"bruun2024,{back}", f"bruun2024,{late}") == []


def test_a_correction_that_a_later_row_would_hide_is_refused(filled):
    say(filled, "younger2013", "dose", "3 mg/day")
    with pytest.raises(InputError, match="is later than this one of 2026-11-21"):
        filled.correct(
            "younger2013", "dose", "as read", reason="a test", reviewer="jd", date=datetime.date(2026, 11, 21)
        )


def typed(workspace: Workspace, *lines: str) -> None:
    """Rows that somebody typed into the file."""
    text = "\n".join(("subject,field,value,reason,reviewer,date", *lines, ""))
    workspace.corrections_file.write_text(text, encoding="utf-8")
    workspace._forget()
