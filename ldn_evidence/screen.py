"""Profiles, tables and studies on a terminal. Words and layout only; every value comes from the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ldn_evidence.evidence import body_words
from ldn_evidence.model import (
    Certainty,
    Claim,
    Concern,
    Direction,
    EvidenceProfile,
    Protocol,
    Reading,
    SearchDate,
    Study,
)

if TYPE_CHECKING:
    import pandas as pd

console = Console(highlight=False)

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
    table = Table(title=f"{protocol.title}: {len(profiles)} claims", title_justify="left", box=None, pad_edge=False)
    table.add_column("claim", overflow="fold")
    table.add_column("direction", no_wrap=True)
    table.add_column("certainty", no_wrap=True)
    table.add_column("level", justify="right")
    table.add_column("rests on", overflow="fold")
    for slug, profile in profiles.items():
        table.add_row(
            slug,
            Text(profile.direction, style=DIRECTION_STYLE[profile.direction]),
            f"{DOTS[profile.certainty]} {profile.certainty}",
            str(profile.ocebm_level or "-"),
            _rests_on(profile),
        )
    console.print(table)
    console.print("[dim]level: OCEBM 2011. One claim in full: ldn-evidence claim SLUG[/]")


def profile(claim: Claim, found: EvidenceProfile) -> None:
    """One claim in full."""
    console.print(Text(claim.question, style="bold"))
    if claim.sentence:
        console.print(f'[dim]The document says: "{escape(claim.sentence)}"[/]')
    console.print()
    console.print(Text(found.statement, style=DIRECTION_STYLE[found.direction] if found.body else ""))
    level = f", OCEBM level {found.ocebm_level}" if found.ocebm_level else ""
    console.print(f"{found.direction}, {DOTS[found.certainty]} {found.certainty} certainty{level}; {_rests_on(found)}")
    console.print("provisional: no named person has confirmed every counted row" if found.provisional else "confirmed")
    if found.domains:
        console.print()
        grid = Table(title="Why", title_justify="left", box=None, pad_edge=False)
        for name in ("domain", "rating", "because"):
            grid.add_column(name, overflow="fold")
        grid.add_row("start", found.starting_certainty, f"{body_words(found.body)} evidence")
        for name, one in found.domains.items():
            style = "" if one.rating is Concern.NONE else "yellow"
            grid.add_row(name, Text(one.rating, style=style), escape(one.reason))
        console.print(grid)
    _readings("Counted", found.counted)
    _readings("Reviews, beside our reading", found.reviews)
    if found.footnotes:
        console.print("\n[bold]Notes[/]")
        for note in found.footnotes:
            console.print(f"- {escape(note)}")
    reviews = {one.study.key for one in found.reviews}
    others = [one for one in found.left_out if one.study_key not in reviews]
    if others:
        console.print("\n[bold]Not counted[/]")
        for one in others:
            console.print(f"- {one.study_key}: {escape(one.reason)}")


def _readings(title: str, readings: tuple[Reading, ...]) -> None:
    if not readings:
        return
    console.print()
    grid = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in ("study", "body", "against", "finding", "n", "what was seen"):
        grid.add_column(name, overflow="fold", justify="right" if name == "n" else "left")
    for one in readings:
        row = one.row
        effect = ""
        if row.estimate is not None:
            interval = f" ({row.ci_low:g} to {row.ci_high:g})" if row.ci_low is not None else ""
            effect = f"{row.measure} {row.estimate:g}{interval}. "
        grid.add_row(
            one.study.key,
            str(one.body),
            row.comparator_detail or str(row.comparator),
            str(row.finding),
            "?" if row.n_analysed is None else str(row.n_analysed),
            escape(f"{row.outcome_measured}. {effect}{row.reason}"),
        )
    console.print(grid)


def studies(table: pd.DataFrame) -> None:
    """A line a study."""
    grid = Table(title=f"{len(table)} studies", title_justify="left", box=None, pad_edge=False)
    for name in ("study", "year", "condition", "design", "n", "counts"):
        grid.add_column(name, overflow="fold", justify="right" if name in ("year", "n") else "left")
    for row in table.astype(object).where(table.notna(), None).to_dict("records"):
        grid.add_row(
            row["study"],
            str(row["year"] or ""),
            escape(row["condition"]),
            row["design"],
            "" if row["participants"] is None else str(row["participants"]),
            "yes" if row["counts"] else escape(f"no: {row['why_not']}"),
        )
    console.print(grid)


def study(found: Study, document: Mapping[str, Any]) -> None:
    """One study in full."""
    console.print(Text(found.citation, style="bold"))
    console.print(f"{found.key}: {found.tag.design} [dim](rule {found.tag.rule}, from {found.tag.source}: {found.tag.words})[/]")
    console.print("counts" if document["counts"] else f"does not count: {escape(str(document['why_not']))}")
    for report in document["reports"]:
        console.print(f"\n[bold]Report {report['study_key']}[/]")
        for name, value in report.items():
            if name not in ("study_key", "verify", "borderline") or value is True:
                shown = "; ".join(value) if isinstance(value, list) else str(value)
                if shown:
                    console.print(f"  {name.replace('_', ' '):18} {escape(shown)}")
    for record in found.records:
        console.print(f"\n[bold]PubMed record {record.pmid}[/]: {escape(record.citation)}")
        for section in record.abstract:
            console.print(escape(f"  {section.label}: {section.text}" if section.label else f"  {section.text}"))
    for row in document["appraisals"]:
        console.print(f"\n[bold]On {row['claim']}[/], read by {escape(row['reviewer'])} on {row['date']}")
        console.print(f"  {row['finding']} against {escape(row.get('comparator_detail') or row['comparator'])}: "
                      f"{escape(row['outcome_measured'])}")
        console.print(f"  {escape(row['reason'])}")


def notice(words: str, search: SearchDate | None, today: date) -> None:
    """What every output ends with: how old the search is, and what this is not."""
    if search is None:
        age = "Nothing has been searched yet."
    else:
        year, month = int(search.date[:4]), int(search.date[5:7] or 1)
        months = (today.year - year) * 12 + today.month - month
        ago = "this month" if months <= 0 else f"{months} month{'s' if months > 1 else ''} ago"
        age = f"Last search: {search.date}, {ago} ({search.source})."
    console.print(f"\n[dim]{escape(age)} {escape(words)}[/]")


def _rests_on(found: EvidenceProfile) -> str:
    body = found.body
    if body is None:
        return "no study"
    if body.by_review:
        return f"{body.name}, by review ({body.by_review})"
    people = "" if body.n_participants is None else f", {body.n_participants} people"
    studies_word = "study" if body.n_studies == 1 else "studies"
    return f"{body.name}: {body.n_studies} {studies_word}{people}"
