"""The command line as a user meets it: a process of its own, its words and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from commands import refused, run
from conftest import RECORDS

DIRECTIONS = {"supports", "no difference", "mixed", "against", "insufficient"}
CERTAINTIES = {"high", "moderate", "low", "very low", "no evidence"}
RATINGS = {"no concern", "serious", "very serious", "extremely serious"}


def test_refresh_works_in_any_folder_with_no_preparation(tmp_path):
    done = run("refresh", "--offline", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data-home" / "ldn-evidence" / "ldn.db").is_file()
    assert run("claims", cwd=tmp_path).returncode == 0


def test_refresh_says_that_pubmed_is_out_of_reach_and_ends_well(tmp_path):
    done = run("refresh", cwd=tmp_path, LDN_EVIDENCE_EUTILS_URL="http://127.0.0.1:9/eutils/")
    assert done.returncode == 0
    assert "PubMed is out of reach" in done.stdout


def test_the_nearest_marker_makes_a_folder_the_workspace_of_all_folders_in_it(tmp_path):
    assert run("init", tmp_path / "mine", cwd=tmp_path).returncode == 0
    inner = tmp_path / "mine" / "deep" / "deeper"
    inner.mkdir(parents=True)
    run("refresh", "--offline", cwd=inner)
    assert (tmp_path / "mine" / "ldn.db").is_file()


def test_the_environment_names_a_workspace_and_the_option_stands_over_it(tmp_path):
    run("refresh", "--offline", cwd=tmp_path, LDN_EVIDENCE_HOME=str(tmp_path / "home"))
    run(
        "--workspace",
        "option",
        "refresh",
        "--offline",
        cwd=tmp_path,
        LDN_EVIDENCE_HOME=str(tmp_path / "home"),
    )
    assert (tmp_path / "home" / "ldn.db").is_file()
    assert (tmp_path / "option" / "ldn.db").is_file()


def test_init_leaves_an_existing_workspace_alone(tmp_path):
    run("init", "mine", cwd=tmp_path)
    marker = tmp_path / "mine" / "ldn-evidence.toml"
    marker.write_text('protocol = "amitriptyline-ibs"\n', encoding="utf-8")
    assert "already exists" in refused("init", "mine", cwd=tmp_path)
    assert run("-w", "mine", "refresh", "--offline", cwd=tmp_path).returncode == 0
    assert (tmp_path / "mine" / "amitriptyline-ibs.db").is_file()


def test_claims_json_has_the_promised_shape(root, tmp_path):
    document = json.loads(run("-w", root, "claims", "--json", cwd=tmp_path).stdout)
    assert {"schema_version", "protocol", "generated", "corpus_digest", "last_search", "claims"} <= set(
        document
    )
    assert set(document["last_search"]) == {"source", "date"}
    assert len(document["claims"]) == 27
    for entry in document["claims"]:
        assert entry["direction"] in DIRECTIONS
        assert entry["certainty"] in CERTAINTIES
        assert all(isinstance(entry[name], int) for name in ("n_studies", "n_participants", "n_rcts"))
        assert entry["provisional"] is True
        assert entry["statement"]
        assert (entry["body"] is None) == (entry["certainty"] == "no evidence") == (entry["domains"] == {})
        for domain in entry["domains"].values():
            assert set(domain) == {"rating", "inputs", "reason", "by"}
            assert domain["rating"] in RATINGS


def test_only_the_time_of_writing_differs_between_two_runs(root, tmp_path):
    first, second = (json.loads(run("-w", root, "claims", "--json", cwd=tmp_path).stdout) for _ in range(2))
    assert first | {"generated": ""} == second | {"generated": ""}


def test_a_claim_in_full_names_every_study_counted_and_left_out(root, tmp_path):
    words = run("-w", root, "claim", "fibromyalgia-pain", cwd=tmp_path).stdout
    for key in ("bruun2024", "bested2023", "innova2026", "younger2013", "vatvani2024", "reg_jpfs"):
        assert key in words
    assert "Not medical advice" in words
    document = json.loads(run("-w", root, "claim", "fibromyalgia-pain", "--json", cwd=tmp_path).stdout)
    assert [body["name"] for body in document["bodies"]] == [
        "randomised",
        "non-randomised comparative",
        "single-arm",
    ]


@pytest.mark.parametrize(
    ("options", "key", "missing"),
    [
        (("--claim", "crps-pain"), "chopra2013", "bruun2024"),
        (("--condition", "fibromyalgia"), "bruun2024", "cree2010"),
        (("--design", "randomised trial"), "bruun2024", "chopra2013"),
        (("--year", "2010-2013"), "cree2010", "bruun2024"),
        (("--year", "2024-"), "bruun2024", "cree2010"),
    ],
)
def test_studies_are_filtered(root, tmp_path, options, key, missing):
    document = json.loads(run("-w", root, "studies", *options, "--json", cwd=tmp_path).stdout)
    keys = {study["study"] for study in document["studies"]}
    assert key in keys
    assert missing not in keys
    csv = run("-w", root, "studies", *options, "--csv", cwd=tmp_path).stdout
    assert len(csv.splitlines()) == len(keys) + 1


@pytest.mark.parametrize("name", ["bruun2024", "bruun2021prot", "38258677", "pmid:38258677"])
def test_a_study_is_shown_by_its_key_a_report_or_a_pmid(root, tmp_path, name):
    document = json.loads(run("-w", root, "show", name, "--json", cwd=tmp_path).stdout)
    assert document["study_key"] == "bruun2024"
    assert run("-w", root, "show", name, cwd=tmp_path).returncode == 0


def test_status_counts_what_is_held(root, tmp_path):
    held = json.loads(run("-w", root, "status", "--json", cwd=tmp_path).stdout)
    assert {name: held[name] for name in ("records", "studies", "appraisals", "claims")} == {
        "records": 232,
        "studies": 211,
        "appraisals": len((RECORDS.parents[1] / "data/appraisals/ldn.csv").read_text("utf-8").splitlines())
        - 1,
        "claims": 27,
    }
    assert held["last_search"]["date"] == "2026-11"
    assert "2026-11" in run("-w", root, "status", cwd=tmp_path).stdout


@pytest.mark.parametrize("table", ["claims", "studies", "profile:fibromyalgia-pain"])
def test_an_export_says_where_it_comes_from(root, tmp_path, table):
    done = run("-w", root, "export", table, "--out", tmp_path / "out.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert "Not medical advice" in text
    assert "protocol ldn" in text


def test_another_drug_needs_nothing_but_its_protocol(tmp_path):
    run("-p", "amitriptyline-ibs", "refresh", "--offline", cwd=tmp_path)
    document = json.loads(run("-p", "amitriptyline-ibs", "claims", "--json", cwd=tmp_path).stdout)
    assert {entry["certainty"] for entry in document["claims"]} == {"no evidence"}
    assert document["last_search"] is None


def test_a_new_protocol_passes_its_check_and_can_be_used(tmp_path):
    path = run("-w", "mine", "protocol", "new", "my-drug", cwd=tmp_path).stdout.strip()
    assert "sound" in run("protocol", "check", path, cwd=tmp_path).stdout
    assert run("-w", "mine", "-p", "my-drug", "refresh", "--offline", cwd=tmp_path).returncode == 0
    assert "already exists" in refused("-w", "mine", "protocol", "new", "my-drug", cwd=tmp_path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("claim", "fibromyalga-pain"), "fibromyalgia-pain"),
        (("studies", "--claim", "nothing"), "Use one of"),
        (("claim", "fibromyalgia-pian"), 'Did you mean "fibromyalgia-pain"?'),
        (("show", "yonger2013"), 'Did you mean "younger2013"?'),
        (("studies", "--design", "Randomised Trial"), 'Did you mean "randomised trial"?'),
        (("studies", "--year", "0000"), "2010-2015"),
        (("export", "studies:"), "profile:SLUG"),
        (("-p", "", "claims"), "lower-case"),
        (("studies", "--condition", "nothing"), "Use one of"),
        (("studies", "--design", "rct"), "randomised trial"),
        (("studies", "--year", "20x3"), "2010-2015"),
        (("studies", "--year", "2020-2010"), "earlier year first"),
        (("studies", "--json", "--csv"), "Choose one"),
        (("show", "nobody1999"), "neither a study key nor a PMID"),
        (("export", "nothing"), "profile:SLUG"),
        (("export", "claims", "--format", "pdf"), "Use csv"),
        (("-p", "nothing", "claims"), "protocol new"),
        (("protocol", "new", "../escape"), "lower-case"),
        (("-p", "../../etc/passwd", "claims"), "lower-case"),
        (("protocol", "check", "missing.toml"), "can't be read"),
        (("import", "missing.xml"), "can't be read"),
    ],
)
def test_what_a_user_got_wrong_is_named_with_its_mend(root, tmp_path, arguments, words):
    message = refused("-w", root, *arguments, cwd=tmp_path)
    assert words in message
    assert len(message.splitlines()) == 1


def test_before_a_refresh_every_question_says_what_to_run(tmp_path):
    for command in (["claims"], ["claim", "crps-pain"], ["studies"], ["status"], ["show", "bruun2024"]):
        assert "Run: ldn-evidence refresh" in refused(*command, cwd=tmp_path, code=1)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "is a file" in refused("-w", tmp_path / "file", "refresh", "--offline", cwd=tmp_path)
    beneath = refused("-w", tmp_path / "file" / "under", "refresh", "--offline", cwd=tmp_path, code=1)
    assert "can't be written" in beneath


def test_a_pipe_that_closes_early_is_no_error(root, tmp_path):
    command = f"{sys.executable} -m ldn_evidence -w {root} studies --csv | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_letters_that_the_terminal_cannot_show_end_no_command(root, tmp_path):
    for options in (["claims"], ["studies", "--csv"], ["claim", "crps-pain"]):
        assert run("-w", root, *options, cwd=tmp_path, PYTHONIOENCODING="ascii").returncode == 0
    done = run("-w", root, "studies", "--json", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert len(json.loads(done.stdout)["studies"]) == 211


def test_markup_and_emoji_codes_in_what_people_write_are_printed_as_they_are(root, tmp_path):
    own = root / "protocols" / "odd.toml"
    run("-w", root, "protocol", "new", "odd", cwd=tmp_path)
    text = own.read_text(encoding="utf-8").replace(
        "<the intervention, as a title>", "A [/b] [red] 1:100:1 title"
    )
    own.write_text(text, encoding="utf-8")
    run("-w", root, "-p", "odd", "refresh", "--offline", cwd=tmp_path)
    assert "A [/b] [red] 1:100:1 title" in run("-w", root, "-p", "odd", "claims", cwd=tmp_path).stdout


def test_before_a_refresh_the_mend_names_the_protocol_and_the_workspace(tmp_path):
    message = refused("-w", tmp_path / "w", "-p", "amitriptyline-ibs", "claims", cwd=tmp_path, code=1)
    assert f"ldn-evidence --workspace {tmp_path / 'w'} --protocol amitriptyline-ibs refresh" in message


def test_the_two_common_options_may_stand_after_the_command(tmp_path):
    assert run("refresh", "--offline", "--workspace", tmp_path / "w", cwd=tmp_path).returncode == 0
    assert run("claims", "-w", tmp_path / "w", "--json", cwd=tmp_path).returncode == 0


def test_an_export_never_lands_on_what_a_reviewer_wrote(root, tmp_path):
    for place in ("appraisals/ldn.csv", "corpus/x.csv", "ldn.db", "ldn-evidence.toml", "archive/x"):
        assert "your own files" in refused(
            "-w", root, "export", "claims", "--out", root / place, cwd=tmp_path
        )
    assert "is a folder" in refused("-w", root, "export", "claims", "--out", tmp_path, cwd=tmp_path)


def test_two_protocols_export_to_two_files(root, tmp_path):
    run("-w", root, "-p", "amitriptyline-ibs", "refresh", "--offline", cwd=tmp_path)
    for protocol in ("ldn", "amitriptyline-ibs"):
        run("-w", root, "-p", protocol, "export", "claims", cwd=tmp_path)
    assert {path.name for path in (root / "exports").iterdir()} == {
        "ldn-claims.csv",
        "amitriptyline-ibs-claims.csv",
    }


def test_closed_output_is_no_crash(root, tmp_path):
    command = f"{sys.executable} -m ldn_evidence -w {root} studies --csv >&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("columns", ["40", "60", "80", "100", "120", "200"])
def test_no_width_of_the_terminal_hides_an_answer(root, tmp_path, columns):
    words = run("-w", root, "claims", cwd=tmp_path, COLUMNS=columns).stdout
    line = " ".join(words.split("multiple-")[0].split())
    assert "no difference" in line
    assert "low*" in line
    if int(columns) >= 60:
        assert "286" in line
