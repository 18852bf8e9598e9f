"""The docs are held to the code."""

from __future__ import annotations

import ast
import doctest
import importlib
import re

import pytest
import typer
from conftest import REPO
from test_layers import FILES, FLOORS, PACKAGE, room

import ldn_evidence
from ldn_evidence import Workspace, cli
from ldn_evidence.grading import grade_rules
from ldn_evidence.model import Appraisal, Direction, Report


def read(name: str) -> str:
    return (REPO / name).read_text(encoding="utf-8")


def commands(group: typer.Typer, before: str = "") -> set[str]:
    """Every command of the program, as a user types it."""
    found = {f"{before}{(one.name or one.callback.__name__)}" for one in group.registered_commands}
    for inner in group.registered_groups:
        found |= commands(inner.typer_instance, f"{inner.name} ")
    return found


def test_the_readme_lists_every_command_and_no_other():
    listed = {
        " ".join(word for word in line.split() if word == word.lower())
        for line in re.findall(r"^\| `ldn-evidence ([^`]+)`", read("README.md"), re.M)
    }
    assert listed == commands(cli.app)


def test_the_readme_shows_what_the_program_prints(workspace):
    lines = re.findall(r"^[a-z-]+ {2,}.*[●○].*$", read("README.md"), re.M)
    assert len(lines) == 5
    for line in lines:
        slug, direction = line.split()[0], re.split(r"\s{2,}", line)[1]
        profile = workspace.profile(slug)
        assert direction == profile.direction
        assert f" {profile.certainty}{'*' if profile.provisional else ''} " in line
        if profile.body and not profile.body.by_review:
            assert (f"{profile.body.n_participants} pe" in line) == profile.body.informed
            assert ("none informs" in line) != profile.body.informed


def test_the_readme_gives_two_commands():
    assert len(re.findall(r"<!-- (main-job|test-command) -->\n```sh\n.+\n```", read("README.md"))) == 2


def test_the_numbers_in_the_docs_are_those_of_the_bundle(workspace):
    held = workspace.status()
    for name, words in (
        ("README.md", f"{held['claims']} claims from a short web page"),
        ("README.md", f"{held['records']} reports"),
        ("data/README.md", f"{held['records']} reports as facts"),
        ("data/README.md", f"{held['appraisals']} readings by one reader"),
        (
            "CHANGELOG.md",
            f"{held['records']} reports ({held['studies']} studies) and {held['appraisals']} appraisals",
        ),
        ("data/README.md", f"{sum(report.pmid is None for report in workspace.reports())} rows have no PMID"),
        (
            "data/README.md",
            f"{sum(report.known_by_title_alone for report in workspace.reports())} no identifier",
        ),
    ):
        assert words in " ".join(read(name).split()), (name, words)


def test_every_column_of_the_data_is_documented():
    text = read("data/README.md")
    for model in (Report, Appraisal):
        for name in model.model_fields:
            prefix = name.split("_")[0]
            assert f"`{name}`" in text or f"`{prefix}_*`" in text, name


def test_the_architecture_page_gives_every_room_its_floor():
    rows = re.findall(r"^\| (\d) \| `([a-z]+)(?:\.py|/)` \|", read("docs/architecture.md"), re.M)
    assert {name: int(floor) for floor, name in rows} == {
        name: floor for name, floor in FLOORS.items() if not name.startswith("__")
    }
    assert {room(path) for path in FILES} == set(FLOORS)


def test_the_glossary_names_only_what_exists():
    model = importlib.import_module("ldn_evidence.model")
    written = importlib.import_module("ldn_evidence.model.written")
    archive = importlib.import_module("ldn_evidence.archive")
    for name in re.findall(r"`([A-Z]\w+)(?:\.\w+)?`", read("docs/glossary.md")):
        assert any(hasattr(place, name) for place in (model, written, archive, ldn_evidence)), name


def test_every_public_name_loads():
    assert all(getattr(ldn_evidence, name) for name in ldn_evidence.__all__)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_opens_by_saying_what_it_is(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)


def test_examples_in_docstrings_are_true():
    for path in FILES:
        name = ".".join(path.relative_to(REPO).with_suffix("").parts)
        if not name.endswith("__main__"):
            failed, _ = doctest.testmod(importlib.import_module(name))
            assert failed == 0


def test_there_is_a_sentence_for_every_direction_and_certainty():
    sentences = grade_rules().statements
    assert set(sentences) == set(Direction)
    levels = {"high", "moderate", "low", "very low"}
    assert all(levels <= set(sentences[direction]) for direction in Direction)
    assert "no evidence" in sentences[Direction.INSUFFICIENT]


def test_a_margin_is_given_with_its_reference_for_every_benefit_and_harm(workspace: Workspace):
    for claim in workspace.protocol.claims:
        if claim.kind in ("benefit", "harm"):
            assert all(one.reference for one in claim.smallest_important_difference)
            assert claim.smallest_important_difference


SEED = [
    "fibromyalgia-pain",
    "multiple-sclerosis-pain",
    "multiple-sclerosis-quality-of-life",
    "rheumatoid-arthritis-pain",
    "crps-pain",
    "neuropathic-pain",
    "endometriosis-pain",
    "ibd-pain",
    "crohns-remission",
    "ulcerative-colitis-response",
    "inflammatory-pain-responds",
    "after-conventional-analgesics",
    "endorphin-rise",
    "anti-inflammatory",
    "glial-modulation",
    "dose-range",
    "titration",
    "fewer-side-effects-than-opioids",
    "fewer-side-effects-than-nsaids",
    "no-dependency",
    "mood",
    "energy",
    "well-tolerated-withdrawals",
    "well-tolerated-serious-events",
    "vivid-dreams",
    "insomnia",
    "gastrointestinal-symptoms",
]


def test_every_claim_of_the_document_is_asked(workspace: Workspace):
    claims = workspace.protocol.claims
    assert [claim.slug for claim in claims] == SEED
    added = {claim.slug for claim in claims if claim.origin == "literature"}
    assert added == {"multiple-sclerosis-quality-of-life", "crohns-remission", "ulcerative-colitis-response"}
    assert all(claim.sentence for claim in claims if claim.slug not in added)
