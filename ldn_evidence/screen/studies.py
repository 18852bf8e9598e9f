"""Studies on a terminal: a line each, one in full, and those that a search for words found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ldn_evidence.model import Study
from ldn_evidence.screen.console import console, count, headed, indented

if TYPE_CHECKING:
    import pandas as pd


def studies(table: pd.DataFrame) -> None:
    """A line a study on a wide terminal; on a narrow one two, that nothing has to be cut."""
    console.print(f"[bold]{count(len(table), 'study', 'studies')}[/]")
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    if console.width < 110:
        for row in rows:
            people = "" if row["participants"] is None else f"n {row['participants']}"
            facts = (str(row["year"] or ""), row["condition"], row["design"], people)
            headed(row["study"], facts)
            console.print(
                Padding("can count" if row["can_count"] else escape(f"no: {row['why_not']}"), (0, 0, 0, 4))
            )
        return
    grid = Table(box=None, pad_edge=False)
    for name in ("study", "year", "condition", "design", "n", "can count"):
        grid.add_column(name, overflow="fold", justify="right" if name in ("year", "n") else "left")
    for row in rows:
        grid.add_row(
            row["study"],
            str(row["year"] or ""),
            escape(row["condition"]),
            row["design"],
            "" if row["participants"] is None else str(row["participants"]),
            "yes" if row["can_count"] else escape(f"no: {row['why_not']}"),
        )
    console.print(grid)


def study(found: Study, document: Mapping[str, Any]) -> None:
    """One study in full."""
    console.print(Text(found.citation, style="bold"))
    tag = found.tag
    console.print(
        f"{found.key}: {tag.design} [dim](rule {tag.rule}, from {tag.source}: {escape(tag.words)})[/]"
    )
    console.print(
        "can count" if document["can_count"] else f"cannot count: {escape(str(document['why_not']))}"
    )
    for report in document["reports"]:
        console.print(f"\n[bold]Report {report['study_key']}[/]")
        console.print(_facts(report))
    for record in found.records:
        console.print(f"\n[bold]PubMed record {record.pmid}[/]: {escape(record.citation)}")
        types = ", ".join(term.name for term in record.publication_types) or "no publication type"
        doi = record.identifier("doi")
        facts = [types, f"doi:{doi}" if doi else "", f"status {record.status}" if record.status else ""]
        facts += [
            f"{link.relation} {link.pmid or link.source or ''}" for link in record.related if link.relation
        ]
        indented("; ".join(one for one in facts if one))
        for section in record.abstract:
            indented(f"{section.label}: {section.text}" if section.label else section.text)
    for citation in found.citations:
        console.print(
            f"\n[bold]Imported from {escape(citation.source)}[/] ({citation.key}): {escape(citation.citation)}"
        )
        if citation.abstract:
            indented(citation.abstract)
    if found.joined:
        console.print("\n[bold]One study, because[/]")
        for name, reason in found.joined:
            indented(f"{name}: {reason}")
    for doubt in found.doubts:
        console.print(Padding(f"[yellow]needs review:[/] {escape(doubt)}", (0, 0, 0, 2)))
    for row in found.corrections:
        console.print(
            f"\n[bold]Corrected[/]: {row.field} = {escape(row.value)}, says {escape(row.reviewer)} on {row.date}: {escape(row.reason)}"
        )
    if found.found_by:
        console.print(f"\nFound by the search for {', '.join(found.found_by)}")
    for row in document["appraisals"]:
        console.print(f"\n[bold]On {row['claim']}[/], read by {escape(row['reviewer'])} on {row['date']}")
        against = row.get("comparator_detail") or row["comparator"]
        size = f" {row['measure']} {row['estimate']:g}" if row.get("estimate") is not None else ""
        size += f" ({row['ci_low']:g} to {row['ci_high']:g})" if row.get("ci_low") is not None else ""
        words = f"{row['finding']}, compared with {against}: {row['outcome_measured']}.{size} {row['reason']}"
        console.print(Padding(escape(words), (0, 0, 0, 2)))


def found(words: str, table: pd.DataFrame, documents: int, abstracts: int) -> None:
    """A study on two lines: what it is, and its citation. `documents` were looked through, `abstracts` of them have one."""
    console.print(
        f"[bold]{count(len(table), 'study', 'studies')}[/] with {escape(words)} in title or abstract"
    )
    console.print(
        f"[dim]{documents:,} documents were looked through, {abstracts:,} of them with an abstract.[/]"
    )
    for row in table.astype(object).where(table.notna(), None).to_dict("records"):
        pmid = f"PMID {row['pmid']}" if row["pmid"] else ""
        headed(row["study"], (str(row["year"] or "year not known"), row["condition"], row["design"], pmid))
        console.print(Padding(escape(row["citation"]), (0, 0, 0, 4)))


# Facts that need a word beside them, so that nobody takes them for more than they are.
BESIDE = {
    "primary_direction": "a reader's code for its own primary outcome; enters no grade",
    "correction_status": "not clearance",
    "stated_design": "a reader's code",
}


def _facts(report: Mapping[str, Any]) -> Table:
    grid = Table.grid(padding=(0, 2), pad_edge=True)
    grid.add_column(no_wrap=True)
    grid.add_column()
    for name, value in report.items():
        shown = (
            "; ".join(value) if isinstance(value, list) else {True: "yes", False: "no"}.get(value, str(value))
        )
        if name == "study_key" or not shown or (name in ("verify", "borderline") and value is False):
            continue
        beside = f" [dim]({BESIDE[name]})[/]" if name in BESIDE else ""
        grid.add_row(f"[dim]{name.replace('_', ' ')}[/]", escape(shown) + beside)
    return grid
