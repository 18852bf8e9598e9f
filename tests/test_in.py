"""The path in: archive, tags, store, refresh. The database is a product; what it is made of is kept."""

from __future__ import annotations

import gzip
import sqlite3
import subprocess
import sys

import pytest
from conftest import RECORDS

from ldn_evidence import InputError, StoreError, Workspace, WorkspaceError, tagging
from ldn_evidence.archive import Archive
from ldn_evidence.model import Passage, StudyDesign

SMITH = RECORDS / "smith2011.xml"
BRUUN = RECORDS / "bruun2020.xml"


# --------------------------------------------------------------------------- tags


@pytest.mark.parametrize(
    ("stated", "controlled", "types", "design", "rule"),
    [
        ("crossover_rct", True, [], StudyDesign.RANDOMISED_TRIAL, "code-randomised-trial"),
        ("nonrandomized_trial", True, [], StudyDesign.NON_RANDOMISED_TRIAL, "code-non-randomised-trial"),
        (
            "nonrandomized_trial",
            False,
            ["Randomized Controlled Trial"],
            StudyDesign.SINGLE_ARM_TRIAL,
            "code-no-comparison",
        ),
        (
            "narrative_review",
            None,
            ["Systematic Review"],
            StudyDesign.NARRATIVE_REVIEW,
            "code-narrative-review",
        ),
        (
            None,
            None,
            ["Journal Article", "Meta-Analysis", "Review"],
            StudyDesign.SYSTEMATIC_REVIEW,
            "type-meta-analysis",
        ),
        (None, None, ["Randomized Controlled Trial"], StudyDesign.RANDOMISED_TRIAL, "type-randomised-trial"),
        (None, None, ["Clinical Trial"], StudyDesign.UNCLASSIFIED, "no-rule"),
        (None, None, ["Letter"], StudyDesign.COMMENT, "type-letter"),
        (None, None, [], StudyDesign.UNCLASSIFIED, "no-rule"),
    ],
)
def test_the_first_rule_that_matches_decides_and_signs(stated, controlled, types, design, rule):
    found = tagging.tag(
        tagging.Document(
            passage=Passage.of(None, None),
            stated_code=stated,
            controlled=controlled,
            publication_types=tuple(types),
        )
    )
    assert (found.design, found.rule) == (design, rule)


def test_every_rule_has_an_id_of_its_own_and_every_bundled_code_has_a_rule(workspace):
    ids = [rule.id for rule in tagging.design_rules().rules]
    assert len(ids) == len(set(ids))
    assert {report.stated_design for report in workspace.reports()} == tagging.stated_codes()


def test_the_up_and_down_study_is_single_arm_though_pubmed_calls_it_randomised(workspace):
    workspace.bring([BRUUN])
    study = workspace.study("bruun2020")
    assert study.records[0].publication_types[0].name == "Randomized Controlled Trial"
    assert study.tag.design is StudyDesign.SINGLE_ARM_TRIAL


# --------------------------------------------------------------------------- studies from reports


def test_reports_of_one_study_are_one_study(workspace):
    studies = workspace.studies()
    assert [report.study_key for report in studies["bruun2024"].reports] == [
        "bruun2024",
        "bruun2021prot",
        "bruun2024thesis",
        "bruun2025cns",
    ]
    assert "bruun2025cns" not in studies


def test_a_record_that_nobody_has_read_is_listed_and_not_counted(workspace, tmp_path):
    unknown = tmp_path / "unknown.xml"
    unknown.write_text(
        SMITH.read_text("utf-8")
        .replace("21380937", "99999999")
        .replace("10.1007/s10620", "10.1007/x")
        .replace("NCT00663117", "NCT99999999"),
        "utf-8",
    )
    workspace.bring([unknown])
    study = workspace.study("99999999")
    assert (study.key, study.tag.design) == ("pmid:99999999", StudyDesign.RANDOMISED_TRIAL)
    assert workspace.study_document("99999999")["why_not"] == "found by a search; nobody has read it yet"
    assert workspace.status()["records"] == 233


# --------------------------------------------------------------------------- archive


def test_the_archive_keeps_bytes_once_and_gives_them_back(tmp_path):
    archive = Archive(tmp_path / "archive")
    first = archive.add(b"<a/>", "one")
    assert archive.add(b"<a/>", "two") == first
    assert list(archive.read()) == [(first, b"<a/>")]


def test_a_changed_archive_is_noticed(tmp_path):
    archive = Archive(tmp_path / "archive")
    batch = archive.add(b"<a/>", "one")
    file = tmp_path / "archive" / f"{batch.digest}.xml.gz"
    for damage in (gzip.compress(b"<b/>"), b"not gzip", gzip.compress(b"<a/>")[:-4]):
        file.write_bytes(damage)
        with pytest.raises(WorkspaceError, match=r"It came from one\. Add that file again"):
            list(archive.read())
        assert archive.add(b"<a/>", "one") == batch  # and that heals it
        assert list(archive.read()) == [(batch, b"<a/>")]


def test_a_file_that_is_not_pubmed_xml_is_refused_before_it_is_kept(workspace, tmp_path):
    page = tmp_path / "page.xml"
    page.write_text("<html/>", encoding="utf-8")
    with pytest.raises(InputError, match="is a web page"):
        workspace.bring([page])
    assert Archive(workspace.root / "archive" / "ldn").batches() == []


def test_files_are_kept_all_together_or_not_at_all(workspace, tmp_path):
    page = tmp_path / "page.xml"
    page.write_text("<html/>", encoding="utf-8")
    with pytest.raises(InputError):
        workspace.bring([SMITH, page])
    assert Archive(workspace.root / "archive" / "ldn").batches() == []


def test_a_database_of_another_program_is_left_alone(tmp_path):
    with sqlite3.connect(tmp_path / "ldn.db") as database:
        database.execute("CREATE TABLE report (mine TEXT)")
    with pytest.raises(StoreError, match="another program"):
        Workspace(tmp_path).build()
    with sqlite3.connect(tmp_path / "ldn.db") as database:
        assert database.execute("SELECT count(*) FROM report").fetchone() == (0,)


def test_a_file_that_is_cut_off_after_its_first_record_is_refused_before_it_is_kept(workspace, tmp_path):
    cut = tmp_path / "cut.xml"
    cut.write_text(
        SMITH.read_text("utf-8").replace("</PubmedArticleSet>", "<PubmedArticle>"), encoding="utf-8"
    )
    with pytest.raises(InputError, match="not whole"):
        workspace.bring([cut])
    assert workspace.build().problems == ()


def test_a_batch_that_cannot_be_parsed_is_named_and_does_not_end_the_run(workspace):
    Archive(workspace.root / "archive" / "ldn").add(b"<PubmedArticleSet><PubmedArticle>", "cut off long ago")
    ((pmid, reason),) = workspace.bring([SMITH]).built.problems
    assert pmid is None
    assert "cut off long ago" in reason
    assert workspace.study("smith2011").records


def test_a_manifest_line_that_was_cut_off_is_no_batch_and_spoils_no_other(tmp_path):
    archive = Archive(tmp_path / "archive")
    first = archive.add(b"<a/>", "one")
    with archive.manifest.open("a") as out:
        out.write('{"digest": "abc')
    assert archive.batches() == [first]
    second = archive.add(b"<b/>", "two")
    assert archive.batches() == [first, second]


def test_a_packed_file_is_unpacked(workspace, tmp_path):
    packed = tmp_path / "smith.xml.gz"
    packed.write_bytes(gzip.compress(SMITH.read_bytes()))
    assert workspace.bring([packed]).built.studies["smith2011"].records
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(InputError, match="gzip"):
        workspace.bring([packed])


@pytest.mark.parametrize("pmid", ["99999999999999999999", "-5", "0", "7²", "3<b>4</b>"])
def test_a_pmid_that_is_no_pmid_is_named_and_does_not_end_the_run(workspace, tmp_path, pmid):
    odd = tmp_path / "odd.xml"
    odd.write_text(
        SMITH.read_text("utf-8").replace('<PMID Version="1">21380937', f"<PMID>{pmid}"), encoding="utf-8"
    )
    with pytest.raises(InputError, match="no PubMed citation that can be read"):
        workspace.bring([odd])
    Archive(workspace.root / "archive" / "ldn").add(odd.read_bytes(), "kept by an older version")
    ((_, reason),) = workspace.build().problems
    assert "PMID is not a number" in reason


def test_an_older_download_does_not_overwrite_a_newer_revision(workspace, tmp_path):
    for year, title in ((2025, "revised"), (2015, "outdated")):
        copy = tmp_path / f"{year}.xml"
        dated = SMITH.read_text("utf-8").replace("a randomized placebo", f"a {title} placebo")
        revised = f"<DateRevised><Year>{year}</Year><Month>01</Month><Day>01</Day></DateRevised><Article>"
        copy.write_text(dated.replace("<Article>", revised), encoding="utf-8")
        workspace.bring([copy])
    assert "revised" in (workspace.study("smith2011").records[0].title or "")


def test_the_newest_version_of_a_record_wins(workspace, tmp_path):
    changed = tmp_path / "changed.xml"
    changed.write_text(
        SMITH.read_text("utf-8").replace("a randomized placebo", "a revised placebo"), encoding="utf-8"
    )
    workspace.bring([SMITH, changed])
    assert "revised" in (workspace.study("smith2011").records[0].title or "")
    older = tmp_path / "older.xml"
    older.write_text(
        SMITH.read_text("utf-8").replace('PMID Version="1"', 'PMID Version="0"'), encoding="utf-8"
    )
    workspace.bring([older])
    assert "revised" in (workspace.study("smith2011").records[0].title or "")


# --------------------------------------------------------------------------- store


def test_a_rebuild_gives_the_same_profiles_and_the_same_digest(root, tmp_path):
    first = Workspace(root)
    first.bring([SMITH, BRUUN])
    again = Workspace(tmp_path / "again")
    again.bring([BRUUN, SMITH])
    assert (again.corpus_digest, again.profiles) == (first.corpus_digest, first.profiles)


def test_refresh_twice_is_refresh_once(workspace):
    before = workspace.claims_document("now")
    workspace.build()
    assert workspace.claims_document("now") == before


def test_a_database_of_a_newer_version_is_left_alone(root):
    with sqlite3.connect(root / "ldn.db") as database:
        database.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    before = (root / "ldn.db").read_bytes()
    for act in (Workspace(root).build, Workspace(root).claims):
        with pytest.raises(StoreError, match="newer version"):
            act()
    assert (root / "ldn.db").read_bytes() == before


def test_a_file_that_is_no_database_is_named_with_the_mend(root):
    (root / "ldn.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match=r"not a database.*ldn-evidence.*rebuild"):
        Workspace(root).claims()


def test_the_database_refuses_a_design_that_is_no_word_of_ours(root):
    with sqlite3.connect(root / "ldn.db") as database, pytest.raises(sqlite3.IntegrityError):
        database.execute("UPDATE report SET design = 'RANDOMISED_TRIAL'")


def test_designs_are_stored_as_the_words_that_tables_print(root):
    with sqlite3.connect(root / "ldn.db") as database:
        words = {row[0] for row in database.execute("SELECT DISTINCT design FROM report")}
    assert words <= set(StudyDesign)


def test_a_folder_with_an_odd_name_holds_its_own_database(tmp_path):
    for name in ("what?x", "a%20b", "a b#c"):
        Workspace(tmp_path / name).build()
        assert (tmp_path / name / "ldn.db").is_file()


def test_first_refreshes_at_once_leave_a_whole_database(tmp_path):
    command = [sys.executable, "-m", "ldn_evidence", "-w", str(tmp_path / "shared"), "refresh", "--offline"]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    ends = [(*process.communicate(timeout=60), process.returncode) for process in running]
    assert [code for _, _, code in ends] == [0, 0, 0], ends
    assert len(Workspace(tmp_path / "shared").claims()) == 27


def test_a_database_that_another_process_is_writing_is_not_called_broken(root):
    with sqlite3.connect(root / "ldn.db", isolation_level=None) as database:
        database.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="another process is writing it"):
            Workspace(root).build(afresh=True)
        database.execute("ROLLBACK")


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE report",
        "UPDATE report SET report = '{'",
        "UPDATE meta SET value = 'abc' WHERE key = 'schema'",
    ],
)
def test_a_damaged_database_is_named_and_a_refresh_mends_it(root, damage):
    with sqlite3.connect(root / "ldn.db") as database:
        database.execute(damage)
    with pytest.raises((StoreError, WorkspaceError), match="ldn-evidence"):
        Workspace(root).claims()
    Workspace(root).build()
    assert len(Workspace(root).claims()) == 27
