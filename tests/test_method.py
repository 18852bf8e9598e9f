"""docs/method.md is held to the program, and the program to it."""

from __future__ import annotations

import pytest
from conftest import REPO

from ldn_evidence.grading import grade_rules

METHOD = (REPO / "docs" / "method.md").read_text(encoding="utf-8")
WORKED = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in METHOD.split("## Sixteen claims by hand")[1].splitlines()
    if line.startswith("| ") and not line.startswith("| claim")
]


def test_sixteen_claims_are_worked_by_hand():
    assert len(WORKED) == 16


@pytest.mark.parametrize("cells", WORKED, ids=[cells[0] for cells in WORKED])
def test_a_claim_worked_by_hand_comes_out_the_same(workspace, cells):
    claim, direction, certainty, ocebm, body, studies, participants = cells
    profile = workspace.profile(claim)

    def shown(value: object) -> str:
        return "-" if value is None else str(value)

    found = profile.body
    assert [
        profile.claim,
        str(profile.direction),
        str(profile.certainty),
        shown(profile.ocebm_level),
        "-" if found is None else found.name + (", by review" if found.by_review else ""),
        shown(found and found.n_studies),
        shown(found and found.n_participants),
    ] == [claim, direction, certainty, ocebm, body, studies, participants]


def test_the_page_names_every_threshold_of_the_rules():
    rules = grade_rules()
    flat = " ".join(METHOD.split())
    for words in (
        f"two thirds ({rules.direction.null_share:g}) of the body's participants",
        f"low risk hold two thirds ({rules.risk_of_bias.low_share:g})",
        f"more than half ({rules.risk_of_bias.high_share:g})",
        f"I2 is above {rules.inconsistency.i2:g} %",
        f"half ({rules.indirectness.share:g}) of the participants: serious",
        f"at most {rules.imprecision.enough} participants",
        f"at most {rules.imprecision.few}, very serious",
        f"known to have more than {rules.publication_bias.small} participants",
        f"registered {rules.publication_bias.overdue_years} years or more before",
        f"two supporting results ({rules.publication_bias.overdue_share:g})",
        f"reaches {rules.imprecision.extreme:g} margins to both sides",
        f"a ratio of {rules.upgrades.large:g} or more",
        f"at most a tenth ({rules.upgrades.rare:g})",
        f"if it holds half, {rules.direction.pool_share:g}, of the participants",
        f"of {rules.upgrades.very_large:g} or more",
        f"(`dose_response = y`) hold half ({rules.upgrades.share:g})",
        f"the pool holds half ({rules.direction.pool_share:g}) of the participants",
        f"of randomised trials: level {rules.ocebm.review_of_randomised}",
        f"OCEBM level {rules.ocebm.mechanism}",
    ):
        assert words in flat, words


def test_the_page_gives_every_design_its_level():
    levels = grade_rules().ocebm
    table = METHOD.split("## OCEBM level")[1].split("**A systematic")[0]
    for design, level in levels.designs.items():
        assert design in next(line for line in table.splitlines() if line.startswith(f"| {level} |"))
    assert f"without a comparator ({levels.uncontrolled})" in table


def test_the_page_gives_every_body_its_start():
    for rule in grade_rules().bodies:
        line = next(line for line in METHOD.splitlines() if line.startswith(f"| {rule.name} |"))
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[2:] == [rule.start]
        assert all(design in cells[1] for design in rule.designs)
