"""tags, explain and correct as a user meets them."""

from __future__ import annotations

import csv
import io
import json

import pytest
from commands import refused, run
from conftest import RECORDS

from ldn_evidence import Workspace


@pytest.fixture
def home(root):
    """A workspace folder with three records that nobody described."""
    names = ("autism1995", "invented_neuropathic_trial", "innova2026")
    Workspace(root).bring([RECORDS / f"{name}.xml" for name in names])
    return root


def test_what_is_left_out_is_listed_with_its_reason_on_screen_in_json_and_in_csv(home, tmp_path):
    shown = run("tags", "--left-out", "-w", home, cwd=tmp_path).stdout
    assert "left out: standard dose: " in shown
    assert "Not medical advice" in shown
    found = json.loads(run("tags", "--left-out", "--json", "-w", home, cwd=tmp_path).stdout)
    assert [row["study"] for row in found["tags"]] == ["pmid:8570776"]
    rows = list(csv.DictReader(io.StringIO(run("tags", "--csv", "-w", home, cwd=tmp_path).stdout)))
    assert {row["study"] for row in rows} == set(Workspace(home).studies())


def test_an_abstract_is_explained_on_screen_and_in_json(home, tmp_path):
    shown = run("explain", "42385209", "-w", home, cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    for words in (
        "[98]",
        "participants ",
        "Design: randomised trial",
        "nobody has confirmed it",
    ):
        assert words in shown.stdout, words
    found = json.loads(run("explain", "42385209", "--json", "-w", home, cwd=tmp_path).stdout)
    assert found["tag"]["signs"][0]["rule"] == found["tag"]["rule"]


def test_a_person_corrects_and_the_next_command_knows(home, tmp_path):
    said = run(
        "correct", "pmid:8570776", "screening", "include", "--reason", "wanted, though 40 mg", "-w", home,
        cwd=tmp_path, LDN_EVIDENCE_REVIEWER="jd",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "screening = include, says jd: wanted, though 40 mg" in said.stdout
    assert json.loads(run("tags", "--left-out", "--json", "-w", home, cwd=tmp_path).stdout)["tags"] == []


def test_a_correction_by_nobody_or_of_nothing_is_refused(home, tmp_path):
    assert "nobody is named" in refused(
        "correct", "younger2013", "design", "cohort", "--reason", "a", "-w", home, cwd=tmp_path
    )
    assert 'Did you mean "younger2013"' in refused(
        "correct",
        "youngr2013",
        "design",
        "cohort",
        "--reason",
        "a",
        "--reviewer",
        "jd",
        "-w",
        home,
        cwd=tmp_path,
    )
    assert not (home / "corrections.csv").exists()
