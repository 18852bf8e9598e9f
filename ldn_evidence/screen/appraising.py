"""Appraisal on a terminal: what waits, the record before a reviewer, a question with its proposal, a finished row, agreement, two rows side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ldn_evidence.appraisal import Dispute, Question
from ldn_evidence.explaining import Explanation
from ldn_evidence.model import Appraisal, Claim, Study
from ldn_evidence.proposing import Proposal
from ldn_evidence.screen.console import console, count, headed, indented
from ldn_evidence.screen.tagged import explanation

if TYPE_CHECKING:
    import pandas as pd

# Cells that the program fills: shown on one line, not among what was judged.
_FILLED = ("row_id", "study_key", "claim", "reviewer", "date", "supersedes", "adjudicates")


def waiting(listed: Iterable[tuple[str, Study, str, bool]]) -> None:
    """A line or two a study, under its claim: claim, study, why it waits, whether a draft of it is kept."""
    rows = list(listed)
    console.print(f"[bold]{count(len(rows), 'appraisal waits', 'appraisals wait')}[/] for you")
    last = ""
    for claim, study, why, draft in rows:
        if claim != last:
            console.print(f"\n[bold]{claim}[/]")
        last = claim
        words = (str(study.tag.design), why, "begun: your answers are kept" if draft else "")
        console.print(f"  {escape(study.key)}  [dim]{escape('; '.join(one for one in words if one))}[/]")


def record(found: Explanation, claim: Claim, *, read: bool) -> None:
    """A study before its reviewer: citation, links, abstract; with `read` what the machine made of it; then the claim's question."""
    study = found.study
    console.rule(f"{claim.slug}: {study.key}")
    links = [f"https://pubmed.ncbi.nlm.nih.gov/{study.pmid}/" if study.pmid else ""]
    links.append(f"https://doi.org/{study.doi}" if study.doi else "")
    if read:
        explanation(found)
    else:
        console.print(Text(found.citation, style="bold"))
        if study.warning:
            console.print(f"[bold red]{study.warning.upper()}[/]")
        console.print(Padding(Text(found.passage.text), (0, 0, 0, 2)))
        if not found.passage.abstract:
            indented("(no abstract)")
    console.print(escape("  ".join(one for one in links if one) or "no link is known"))
    console.print(f"\n[bold]{escape(claim.question)}[/]")
    indented(
        f"outcome: {claim.outcome}; expected: {claim.expects}; compared with {' or '.join(claim.comparator)}"
    )
    indented(f"direct: {claim.direct}")


def question(asked: Question, proposal: Proposal | None, place: str) -> None:
    """One question with its answers, and what Enter takes."""
    console.print(f"\n[bold]{escape(asked.ask)}[/]  [dim]{escape(asked.column)}, {place}[/]")
    for number, (word, meaning) in enumerate(asked.words.items(), start=1):
        console.print(f"  {number}  {escape(word)}" + (f"  [dim]{escape(meaning)}[/]" if meaning else ""))
    if proposal is not None:
        console.print(f"  Enter: [cyan]{escape(proposal.value)}[/]  [dim]({escape(proposal.source)})[/]")
    elif asked.optional:
        console.print("  [dim]Enter: leave it empty, not seen[/]")


def row(one: Appraisal) -> None:
    """A row as it stands or would be written."""
    grid = Table.grid(padding=(0, 2), pad_edge=True)
    grid.add_column(no_wrap=True)
    grid.add_column()
    for name, value in _cells(one).items():
        grid.add_row(f"[dim]{name.replace('_', ' ')}[/]", escape(value))
    console.print(f"\n[bold]{escape(one.row_id)}[/]  [dim]{escape(one.reviewer)}[/]")
    console.print(grid)


def beside(dispute: Dispute, fields: Sequence[str]) -> None:
    """The rows of reviewers who differ beside each other; what they differ in is marked by more than its colour."""
    headed(f"{dispute.claim}: {dispute.study_key}", (f"{dispute.stands} stands meanwhile",))
    grid = Table(box=None, pad_edge=False)
    grid.add_column("field")
    for one in dispute.rows:
        grid.add_column(f"{one.reviewer} ({one.row_id})", overflow="fold")
    held = [_cells(one) for one in dispute.rows]
    for name in (name for name in Appraisal.model_fields if any(name in cells for cells in held)):
        words = [escape(cells.get(name, "-")) for cells in held]
        mark = "[bold yellow]≠[/] " if name in fields else "  "
        grid.add_row(f"{mark}{name.replace('_', ' ')}", *words)
    console.print(grid)


def agreement(table: pd.DataFrame, disputes: Sequence[Dispute]) -> None:
    """The figures of each pair, field by field, then what is to be adjudicated."""
    if table.empty:
        console.print("No study has been read by two persons on the same claim yet.")
    for reviewers, of_pair in table.groupby("reviewers", sort=False):
        console.print(f"\n[bold]{escape(str(reviewers))}[/]")
        grid = Table(box=None, pad_edge=False)
        for name in ("field", "figure", "value", "95 % interval", "n", ""):
            grid.add_column(name, overflow="fold", justify="right" if name in ("value", "n") else "left")
        last = ""
        for one in of_pair.astype(object).where(of_pair.notna(), None).to_dict("records"):
            field = str(one["field"])
            grid.add_row(
                "" if field == last else escape(field),
                str(one["statistic"]),
                "can't be computed" if one["value"] is None else f"{one['value']:.2f}",
                "" if one["low"] is None else f"{one['low']:.2f} to {one['high']:.2f}",
                str(one["n"]),
                escape(str(one["why_not"] or "")),
            )
            last = field
        console.print(grid)
    console.print(f"\n[bold]{count(len(disputes), 'dispute', 'disputes')}[/] to adjudicate")
    for dispute in disputes:
        headed(f"{dispute.claim} {dispute.study_key}", (f"stands meanwhile: {dispute.stands}",))
        for name in dispute.fields:
            indented(
                f"{name}: "
                + "; ".join(f"{one.reviewer}: {_cells(one).get(name, '-')}" for one in dispute.rows)
            )
        if dispute.lapsed:
            indented(f"settled before by {', '.join(dispute.lapsed)}; a row has been superseded since")


def _cells(one: Appraisal) -> Mapping[str, str]:
    held = one.model_dump(mode="json", exclude_none=True)
    return {
        name: "; ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in held.items()
        if name not in _FILLED and value != []
    }
