"""The commands for what comes in, as a user meets them: processes of their own against a stand-in for PubMed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import refused, run
from conftest import RECORDS, REPO
from standin import Fault, StandIn

KEY = "0123456789-a-secret-key"


@pytest.fixture(scope="module")
def standin():
    with StandIn.of(RECORDS, enforce=False, retry_after="0", keys={KEY}) as running:
        yield running


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory, standin):
    folder = tmp_path_factory.mktemp("refreshed")
    done = refresh(folder / "work", folder, standin, "--json")
    assert done.returncode == 0, done.stderr
    (folder / "first.json").write_text(done.stdout, encoding="utf-8")
    return folder


@pytest.fixture
def work(refreshed, tmp_path):
    return Path(shutil.copytree(refreshed / "work", tmp_path / "work"))


def refresh(work: Path, cwd: Path, standin: StandIn, *options: str, **environment: str):
    settings = {
        "LDN_EVIDENCE_EUTILS_URL": standin.url,
        "NCBI_API_KEY": KEY,
        "NCBI_EMAIL": "reader@example.org",
    }
    settings |= {"XDG_CACHE_HOME": str(cwd / "cache"), **environment}
    return run("-w", work, "refresh", *options, cwd=cwd, **settings)


def test_refresh_tells_by_query_what_is_new_and_what_now_awaits_appraisal(refreshed):
    said = json.loads((refreshed / "first.json").read_text("utf-8"))
    assert said["outcome"] == "complete"
    assert said["requests"] <= len(said["queries"]) + -(-len(said["new"]) // 200) + 5
    by_slug = {one["slug"]: one for one in said["queries"]}
    assert 23359310 in by_slug["fibromyalgia"]["new"]
    assert set(by_slug["fibromyalgia"]) == {
        "slug",
        "found",
        "new",
        "revised",
        "gone",
        "retracted",
        "query_changed",
        "remarks",
    }
    assert said["retracted"]
    assert "pmid:999000014" in said["awaiting"]["fibromyalgia-pain"]
    assert "pmid:999000002" not in said["awaiting"]["fibromyalgia-pain"]  # a notice tells of another record
    missed = {one["study"] for one in said["recall"]["missed"]}
    assert said["recall"]["known"] - len(missed) > 20
    assert "younger2013" not in missed


def test_a_second_refresh_says_that_nothing_is_new(work, tmp_path, standin):
    done = refresh(work, tmp_path, standin)
    assert done.returncode == 0
    assert "Nothing new: what the queries find is held here as PubMed has it." in done.stdout
    assert "Nothing has changed in" in done.stdout
    assert "queries: 24 of 24" in done.stderr  # plain lines where there is no terminal
    assert "\x1b" not in done.stdout + done.stderr


def test_quiet_prints_nothing_when_all_goes_well(work, tmp_path, standin):
    done = refresh(work, tmp_path, standin, "--quiet", NCBI_EMAIL="")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_an_address_the_run_goes_on_with_a_warning(work, tmp_path, standin):
    done = refresh(work, tmp_path, standin, NCBI_EMAIL="")
    assert done.returncode == 0
    assert "NCBI asks for an e-mail address" in done.stderr


def test_the_key_is_nowhere_but_in_the_request(work, tmp_path, standin):
    standin.faults = [Fault.TOO_MANY, Fault.ERROR_JSON_200]  # NCBI repeats the key in its errors
    done = refresh(work, tmp_path, standin)
    assert done.returncode == 0
    assert KEY not in done.stdout + done.stderr
    assert not [path for path in work.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("fault", "environment", "code", "words"),
    [
        (None, {"NCBI_API_KEY": "wrong"}, 2, "NCBI does not know the key in NCBI_API_KEY"),
        (None, {"LDN_EVIDENCE_EUTILS_URL": "http://127.0.0.1:9/"}, 1, "PubMed is out of reach at http://127.0.0.1:9/ (no connection). Nothing was changed"),
        (None, {"LDN_EVIDENCE_EUTILS_URL": "ncbi"}, 2, "is not an address"),
        (None, {"HTTP_PROXY": "http://127.0.0.1:9/"}, 1, "proxy"),
        (Fault.HTML_200, {}, 1, "a web page in place of data (a proxy or a login page may stand between)"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_one_line_with_the_mend_and_nothing_is_lost(work, tmp_path, standin, fault, environment, code, words):  # fmt: skip
    before = {
        path: path.read_bytes() for path in work.rglob("*") if path.is_file() and "runs" not in path.parts
    }
    standin.faults = (lambda request: fault) if fault else []
    try:
        done = refresh(work, tmp_path, standin, "--quiet", **environment)
    finally:
        standin.faults = []
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    "command", ["runs", "queries", "search fibromyalgia", "doctor --offline", "claim dose-range"]
)
def test_nothing_is_wider_than_eighty_columns(work, tmp_path, command):
    done = run("-w", work, *command.split(), cwd=tmp_path, COLUMNS="80")
    assert done.returncode == 0, done.stderr
    words = done.stdout.partition("Workspace:")[0]  # a path is not broken
    assert max(map(len, words.splitlines())) <= 80


@pytest.mark.parametrize(
    ("command", "name", "column"),
    [
        ("runs", "runs", "run"),
        ("queries", "queries", "query"),
        ("search naltrexone --condition fibromyalgia --year 2010-", "studies", "study"),
        ("doctor --offline", "checks", "check"),
        ("diff 2 last", "changes", "query"),
    ],
)
def test_json_and_csv_hold_the_same_rows(work, tmp_path, command, name, column):
    as_json = run("-w", work, *command.split(), "--json", cwd=tmp_path)
    as_csv = run("-w", work, *command.split(), "--csv", cwd=tmp_path)
    assert (as_json.returncode, as_csv.returncode) == (0, 0), as_json.stderr + as_csv.stderr
    rows = json.loads(as_json.stdout)[name]
    header, *lines = as_csv.stdout.splitlines()
    assert column in header.split(",")
    assert len(lines) >= len(rows)


def test_search_finds_both_spellings_and_keeps_to_its_filters(work, tmp_path):
    def keys(*arguments: str) -> list[str]:
        rows = json.loads(run("-w", work, "search", *arguments, "--json", cwd=tmp_path).stdout)["studies"]
        return [row["study"] for row in rows]

    british, american = keys("fibromyalgia randomised"), keys("fibromyalgia randomized")
    assert british == american
    assert {"bruun2024", "younger2013"} <= set(british)
    assert set(keys("fibromyalgia", "--design", "case report", "--condition", "fibromyalgia")) < set(
        keys("fibromyalgia")
    )
    assert keys('"mucosal healing"') == ["smith2011"]
    assert keys("naltrex*") != []
    assert keys("fibromyalgia", "AND", "randomised") == british
    assert keys("NEAR(") == []  # a word like any other, not an operator
    for odd, words in (
        ("a OR b", "is not understood"),
        ("naltrexone[tiab]", "PubMed query"),
        ('"low', "stands alone"),
    ):
        assert words in refused("-w", work, "search", odd, cwd=tmp_path)
    assert "holds no word" in refused("-w", work, "search", "...", cwd=tmp_path)


def test_queries_give_a_methods_section_its_words(work, tmp_path):
    for path in (work / "archive" / "ldn" / "runs").glob("*.json"):  # as if NCBI had been asked
        path.write_text(
            re.sub(r'"service": "[^"]*"', '"service": "https://eutils.ncbi.nlm.nih.gov/"', path.read_text())
        )
    words = " ".join(run("-w", work, "queries", cwd=tmp_path).stdout.split())
    assert "was searched through NCBI E-utilities" in words
    assert "with 24 queries" in words
    assert "(fibromyalgia[mh] OR fibromyalg*[tiab] OR fibrositis[tiab])" in words


def test_a_run_that_is_none_is_named(work, tmp_path):
    assert "is not a run" in refused("-w", work, "diff", "1999", cwd=tmp_path)
    run("-w", tmp_path / "new", "refresh", "--offline", cwd=tmp_path)
    assert "has not been searched yet" in refused("-w", tmp_path / "new", "diff", "last", cwd=tmp_path)


def test_doctor_names_what_is_bad_and_ends_with_one(work, tmp_path):
    assert run("-w", work, "doctor", "--offline", cwd=tmp_path).returncode == 0
    batch = next((work / "archive" / "ldn").glob("*.xml.gz"))
    batch.write_bytes(b"")
    done = run("-w", work, "doctor", "--offline", cwd=tmp_path)
    assert done.returncode == 1
    assert "missing or damaged" in done.stdout
    unreachable = run(
        "-w", work, "doctor", "--json", cwd=tmp_path, LDN_EVIDENCE_EUTILS_URL="http://127.0.0.1:9/"
    )
    states = {row["check"]: row["state"] for row in json.loads(unreachable.stdout)["checks"]}
    assert (states["PubMed"], states["database"]) == ("bad", "good")


def test_import_and_rebuild_say_what_they_did(work, tmp_path):
    (tmp_path / "list.txt").write_text("23359310\n999888777\n", encoding="utf-8")
    done = run("-w", work, "import", "list.txt", "--source", "a colleague", cwd=tmp_path)
    assert done.returncode == 0
    assert "2 imported references" in done.stdout
    assert "list.txt: 2 references: 1 study new, 1 known, linked to younger2013" in done.stdout
    said = json.loads(run("-w", work, "rebuild", "--json", cwd=tmp_path).stdout)
    assert (said["references"], said["changed"]) == (2, True)
    assert "999888777" in run("-w", work, "show", "999888777", cwd=tmp_path).stdout


def test_a_full_disk_is_named_and_the_database_stays(work, tmp_path, standin):
    """A limit on the size of files stands in for the disk: writing past it fails as on a full one."""
    before = (work / "ldn.db").read_bytes()
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000));"
        "from ldn_evidence.cli import main; sys.argv[0] = 'ldn-evidence'; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "-w", str(work), "rebuild"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("ldn-evidence: ")
    assert (work / "ldn.db").read_bytes() == before
    assert run("-w", work, "claims", cwd=tmp_path).returncode == 0


def test_the_stand_in_can_be_started_by_hand(tmp_path):
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.standin", "tests/records", "--port", "0"],
        cwd=REPO, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        lines = [server.stdout.readline() for _ in range(2)]
        address, command = lines[1].split(maxsplit=1)
        assert command.strip() == "ldn-evidence --workspace trial refresh"
        name, url = address.split("=")
        done = run(
            "-w", tmp_path / "trial", "refresh", cwd=tmp_path, NCBI_EMAIL="reader@example.org", **{name: url}
        )
        assert done.returncode == 0
        assert "records found by 24 queries" in " ".join(done.stdout.split())
    finally:
        server.terminate()
        server.wait()


def test_a_run_that_broke_off_is_told_beside_those_that_did_not(work, tmp_path, standin):
    standin.faults = lambda request: Fault.SERVER_ERROR if request.endpoint == "esearch" else None
    try:
        broken = refresh(work, tmp_path, standin)
    finally:
        standin.faults = []
    assert broken.returncode == 1
    assert refresh(work, tmp_path, standin).returncode == 0
    done = run("-w", work, "runs", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "was not complete: NCBI (esearch): HTTP 500" in " ".join(done.stdout.split())


def test_what_a_stand_in_found_is_never_called_a_search_of_pubmed(work, tmp_path):
    assert "is no search of PubMed" in " ".join(run("-w", work, "queries", cwd=tmp_path).stdout.split())
    assert "NOT PubMed" in run("-w", work, "claims", cwd=tmp_path).stdout


def test_unread_studies_are_said_where_nothing_else_answers(work, tmp_path):
    said = json.loads(run("-w", work, "claim", "endometriosis-pain", "--json", cwd=tmp_path).stdout)
    assert said["awaiting"] == len(said["awaiting_studies"]) > 0
    assert "was found" not in said["statement"]
    assert f"{said['awaiting']} await reading" in said["statement"]
    assert "unread" in run("-w", work, "claims", cwd=tmp_path).stdout
    listed = json.loads(
        run("-w", work, "studies", "--claim", "endometriosis-pain", "--unread", "--json", cwd=tmp_path).stdout
    )
    assert {one["study"] for one in listed["studies"]} == set(said["awaiting_studies"])
