"""All claims on a terminal, a line each."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from ldn_evidence.model import (
    BodyOfEvidence,
    Certainty,
    Direction,
    EvidenceProfile,
    Protocol,
    StudyDesign,
)
from ldn_evidence.screen.console import console, count

# The word always stands beside the colour: nothing is told by colour alone.
DIRECTION_STYLE = {
    Direction.SUPPORTS: "green",
    Direction.AGAINST: "red",
    Direction.NO_DIFFERENCE: "yellow",
    Direction.MIXED: "magenta",
    Direction.INSUFFICIENT: "dim",
}
DOTS = {
    Certainty.HIGH: "●●●●",
    Certainty.MODERATE: "●●●○",
    Certainty.LOW: "●●○○",
    Certainty.VERY_LOW: "●○○○",
    Certainty.NO_EVIDENCE: "○○○○",
}


def claims(protocol: Protocol, profiles: Mapping[str, EvidenceProfile]) -> None:
    """Every claim on a line."""
    wide = console.width >= 100  # on 80 columns the slugs matter more than the dots
    console.print(Text(f"{protocol.title}: {count(len(profiles), 'claim', 'claims')}", style="bold"))
    table = Table(box=None, pad_edge=False, padding=(0, 2 if wide else 1, 0, 0))
    # On a small screen the first to give way is the claim's name: the answer must stay whole.
    table.add_column("claim", overflow="fold", no_wrap=wide, min_width=8)
    for name in ("direction", "certainty"):
        table.add_column(name, no_wrap=True)
    if console.width >= 60:
        table.add_column("level", justify="right", no_wrap=True)
        table.add_column("rests on", no_wrap=not wide)
    for slug, profile in profiles.items():
        cells = (
            slug,
            Text(profile.direction, style=DIRECTION_STYLE[profile.direction]),
            f"{dots(profile.certainty) if wide else ''}{profile.certainty}{'*' if profile.provisional else ''}",
            str(profile.ocebm_level or "-"),
            rests_on(profile) if wide else _rests_on_briefly(profile),
        )
        table.add_row(*cells[: len(table.columns)])
    console.print(table)
    beside = (
        "" if wide else " rests on: studies/people of the body that sets the grade; -: none of them informs."
    )
    marked = "* provisional: not every counted row is confirmed by a named person. "
    console.print(f"[dim]{marked}level: OCEBM 2011.{beside} One claim in full: ldn-evidence claim SLUG[/]")


def dots(certainty: Certainty) -> str:
    """Certainty at a glance, where the terminal has the letters for it."""
    return f"{DOTS[certainty]} " if console.encoding.lower().startswith("utf") else ""


def rests_on(found: EvidenceProfile) -> str:
    """The body that sets the grade, with how many studies and people."""
    body = found.body
    if body is None:
        return f"no study; {len(found.awaiting):,} unread" if found.awaiting else "no study"
    if body.by_review:
        return f"{body.name}, by review ({body.by_review})"
    if not body.informed:
        return f"{body.name}: {_studies(found, body)}; none informs"
    people = "" if body.n_participants is None else f", {count(body.n_participants, 'person', 'people')}"
    return f"{body.name}: {_studies(found, body)}{people}"


def _studies(found: EvidenceProfile, body: BodyOfEvidence) -> str:
    """How many studies a body has, and how many of them are no more than case reports."""
    rows = [one for one in found.counted if one.body is body.name and (one.direction or not body.informed)]
    cases = sum(one.study.tag.design is StudyDesign.CASE_REPORT for one in rows)
    if cases and cases == len(rows):
        return count(cases, "case report", "case reports")
    words = count(body.n_studies or 0, "study", "studies")
    return f"{words}, {count(cases, 'case report', 'case reports')} among them" if cases else words


def _rests_on_briefly(found: EvidenceProfile) -> str:
    body = found.body
    if body is None and found.awaiting:
        return f"{len(found.awaiting):,} unread"
    if body is None:
        return "none"
    if not body.informed:
        return "-"
    if body.by_review:
        return "review"
    return f"{body.n_studies}/{'?' if body.n_participants is None else body.n_participants}"
