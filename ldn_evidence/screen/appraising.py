"""Appraisal on a terminal: what waits, the record before a reviewer, a question with its proposal, a finished row, agreement, two rows side by side."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ldn_evidence.appraisal import ALPHA, KAPPA, PERCENT, Dispute, Question
from ldn_evidence.explaining import Explanation
from ldn_evidence.model import Appraisal, Claim, Study
from ldn_evidence.proposing import Proposal
from ldn_evidence.screen.console import console, count, headed, indented
from ldn_evidence.screen.tagged import explanation

if TYPE_CHECKING:
    import pandas as pd

# Cells that the program fills: shown on one line, not among what was judged.
_FILLED = ("row_id", "study_key", "claim", "reviewer", "date", "supersedes", "adjudicates")
# The figures on a screen, and how their columns are headed; the others are in the table.
_SHOWN = {PERCENT: "agree", KAPPA: "kappa", ALPHA: "alpha"}


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


def aside(words: str) -> None:
    """Help, or why an answer can't be taken: under the question, wrapped as wide as the terminal is."""
    indented(words)


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
    headed(f"{dispute.claim}: {dispute.study_key}", (f"{dispute.stands} stands",))
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


def disputes(found: Sequence[Dispute]) -> None:
    """What is to be adjudicated: who says what, field by field."""
    console.print(f"[bold]{count(len(found), 'dispute', 'disputes')}[/] to adjudicate")
    for dispute in found:
        headed(f"{dispute.claim} {dispute.study_key}", (f"stands meanwhile: {dispute.stands}",))
        for name in dispute.fields:
            said = (f"{one.reviewer}: {_cells(one).get(name, '-')}" for one in dispute.rows)
            indented(f"{name}: {'; '.join(said)}")
        if dispute.lapsed:
            indented(f"settled before by {', '.join(dispute.lapsed)}; a row has been superseded since")


def agreement(table: pd.DataFrame) -> None:
    """A line for each field under each pair: the share that agrees, kappa, alpha, each with its interval; why one is missing is said once, below."""
    if table.empty:
        console.print("\nNo study has been read by two persons on the same claim yet.")
        return
    marks: dict[str, str] = {}
    weighted = False
    for reviewers, of_pair in table.groupby("reviewers", sort=False):
        grid = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        for name in ("field", *_SHOWN.values()):
            grid.add_column(name, overflow="fold")
        grid.add_column("n", justify="right")
        for field, of_field in of_pair.groupby("field", sort=False):
            figures = {str(one["statistic"]): one for one in of_field.to_dict("records")}
            weighted = weighted or len(figures) > len(_SHOWN)
            shown = [_figure(figures.get(name), marks) for name in _SHOWN]
            n = max(int(one["n"]) for one in figures.values())
            grid.add_row(escape(str(field)), *shown, str(n))
        console.print(f"\n[bold]{escape(str(reviewers))}[/]  [dim]agreement, with 95 % intervals[/]")
        console.print(grid)
    console.print()
    for why, mark in marks.items():
        indented(f"{mark}  {why}")
    indented("Of figures and lists only the share that agrees is given.")
    if weighted:
        indented("Weighted kappas and ordinal alpha: agreement --csv or --json.")


def _figure(one: Mapping[Any, Any] | None, marks: dict[str, str]) -> str:
    """A figure in its cell; a letter of `marks`, which grows, stands for why it or its interval is missing."""
    import pandas as pd

    if one is None:
        return ""
    held: dict[str, Any] = {
        name: None if pd.isna(one[name]) else one[name] for name in ("value", "low", "high", "why_not")
    }
    percent = one["statistic"] == PERCENT

    def said(value: float) -> str:
        return f"{100 * value:.0f}" if percent else f"{value:.2f}"

    words = "-" if held["value"] is None else f"{said(held['value'])}{' %' if percent else ''}"
    if held["low"] is not None:
        words += f" ({said(held['low'])} to {said(held['high'])})"
    if held["why_not"]:
        words += f" {marks.setdefault(held['why_not'], string.ascii_lowercase[len(marks)])}"
    return words


def _cells(one: Appraisal) -> Mapping[str, str]:
    held = one.model_dump(mode="json", exclude_none=True)
    return {
        name: "; ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in held.items()
        if name not in _FILLED and value != []
    }
