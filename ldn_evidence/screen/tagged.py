"""What a machine read, on a terminal: a study on three lines, and one abstract with the words that decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ldn_evidence.explaining import NOTICE, Explanation, dose_words
from ldn_evidence.model import Correction, CorrectionField, Extraction, TagSource
from ldn_evidence.screen.console import console, count, headed, indented

if TYPE_CHECKING:
    import pandas as pd

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def tags(table: pd.DataFrame) -> None:
    """A study on some lines: which it is, what kind and why, whether it belongs here and why, what a person should look at."""
    console.print(f"[bold]{count(len(table), 'study', 'studies')}[/]")
    for row in table.astype(object).where(table.notna(), None).to_dict("records"):
        headed(row["study"], ())
        console.print(Padding(escape(row["citation"]), (0, 0, 0, 2)))
        if row["warning"]:
            console.print(Padding(f"[bold red]{row['warning'].upper()}[/]", (0, 0, 0, 2)))
        likely = (
            f"; the model gives that kind {row['probability']:.2f}" if row["probability"] is not None else ""
        )
        indented(f"{row['design']}: {row['source']}, rule {row['rule']} ({row['words']}){likely}")
        out = row["left_out"]
        indented(f"left out: {out}" if out else f"{row['relevance']}: {row['relevance_reason']}")
        for name, words in (("corrected", "corrected"), ("read_as", "before that read as")):
            if row[name]:
                indented(f"{words}: {row[name]}")
        if row["needs_review"]:
            console.print(Padding(f"[yellow]needs review:[/] {escape(row['needs_review'])}", (0, 0, 0, 2)))
    console.print(f"\n[dim]{escape(NOTICE)}[/]")


def explanation(found: Explanation) -> None:
    """One text with its marks, what stands and the rules behind it in their order, and the facts."""
    study = found.study
    console.print(Text(found.citation, style="bold"))
    if study.warning:
        console.print(f"[bold red]{study.warning.upper()}[/]")
    of = f", a document of {study.key}" if found.document != study.key else ""
    console.print(f"[dim]{escape(found.document + of)}[/]\n")
    _marked(found)
    _design(found)
    _relevance(found)
    _facts(found)
    others = [
        row
        for row in study.corrections
        if row.field not in (CorrectionField.DESIGN, CorrectionField.RELEVANCE)
    ]
    for row in others:
        _corrected(row)
    if study.left_out:
        console.print(f"\n[bold]Left out[/]: {escape(study.left_out)}")
    console.print(f"\n[dim]{escape(NOTICE)}[/]")


def _marked(found: Explanation) -> None:
    text = found.passage.text
    shown, at = Text(), 0
    for mark in found.marks:
        shown.append(text[at : mark.span.start])
        # Brackets and numbers, not colour alone: a pipe and a printer show them too.
        shown.append(f"[{mark.span.words}]{str(mark.number).translate(_RAISED)}", style="bold cyan")
        at = mark.span.end
    shown.append(text[at:])
    if not found.passage.abstract:
        shown.append("\n(no abstract)", style="dim")
    console.print(Padding(shown, (0, 0, 0, 2)))
    if found.marks:
        console.print()
    for number, says in {mark.number: mark.says for mark in found.marks}.items():
        console.print(Padding(f"[dim]{number}[/] {escape(says)}", (0, 0, 0, 2)))


def _design(found: Explanation) -> None:
    tag, read = found.tag, found.read.tag
    console.print(f"\n[bold]Design: {tag.design}[/]")
    correction = found.study.corrected(CorrectionField.DESIGN)
    by_person = tag.source in (TagSource.CORRECTION, TagSource.STATED_CODE)
    if tag.source is TagSource.CORRECTION and correction:
        _corrected(correction)
    elif by_person:
        indented(f"by a reader of the publication: code {tag.words}, rule {tag.rule}")
    if by_person and read.source is not TagSource.STATED_CODE:
        indented(f"read by the machine as {read.design}:")
    for place, sign in enumerate(read.signs if read.source is not TagSource.STATED_CODE else ()):
        decides = "decides" if place == 0 else "also says"
        likely = f", probability {sign.probability:.2f}" if sign.probability is not None else ""
        source = found.model if sign.source is TagSource.MODEL else sign.source
        indented(f"{decides}: {sign.says}, from {source} ({sign.words}{likely}), rule {sign.rule}")
    axes = {
        "meta-analysis": tag.meta_analysis or None,
        "randomised": tag.randomised,
        "crossover": tag.crossover,
        "controlled": tag.controlled,
        "blinding": tag.blinding,
        "species": tag.species,
        "publication": tag.publication,
    }
    indented("; ".join(f"{name}: {_plain(value)}" for name, value in axes.items() if value is not None))
    if tag.doubt:
        console.print(Padding(f"[yellow]needs review:[/] {escape(tag.doubt)}", (0, 0, 0, 2)))


def _relevance(found: Explanation) -> None:
    stands, read = found.relevance, found.read.relevance
    console.print(f"\n[bold]Relevance: {stands.substance}[/]  [dim](rule {escape(stands.rule)})[/]")
    indented(stands.reason)
    if stands.substance is not read.substance:
        indented(f"read by the machine as {read.substance}: {read.reason}")
    if found.study.conditions:
        indented(f"bears on {', '.join(found.study.conditions)}; claims: {', '.join(found.claims) or 'none'}")


def _corrected(row: Correction) -> None:
    words = f"{row.reason} ({row.date})"
    console.print(
        Padding(
            f"[bold]{row.field} = {escape(row.value)}, says {escape(row.reviewer)}[/]: {escape(words)}",
            (0, 0, 0, 2),
        )
    )


def _plain(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _facts(found: Explanation) -> None:
    console.print("\n[bold]Facts in the abstract[/]")
    grid = Table.grid(padding=(0, 2), pad_edge=True)
    grid.add_column(no_wrap=True)
    grid.add_column()
    doses = {dose_words(one): one.rule for one in reversed(found.doses)}
    rows = [("dose", words, rule) for words, rule in reversed(doses.items())]
    rows += [(str(one.field), _fact(one), one.rule) for one in found.facts]
    result = found.result
    rows.append(("result", str(result.direction), result.rule))
    for name, value, rule in dict.fromkeys(rows):
        grid.add_row(f"[dim]{name}[/]", f"{escape(value)}  [dim]({escape(rule)})[/]")
    console.print(grid)
    if result.sentence:
        indented(f'result sentence: "{result.sentence.words}"')
    for warning in result.warnings:
        console.print(Padding(f"[yellow]beware:[/] {escape(warning)}", (0, 0, 0, 2)))


def _fact(one: Extraction) -> str:
    told = one.p is None or one.p.replace(" ", "") in one.value.replace(" ", "")
    return one.value if told else f"{one.value}, p {one.p}"
