"""How often the machine reads right, on a terminal: figures, tables of hits and misses, the wrong readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from ldn_evidence.screen.console import console, count

if TYPE_CHECKING:
    from ldn_evidence.accuracy import Labelled

# So many wrong readings are told on the screen; --json lists all.
MANY = 100


def study_types(file: Path, measured: Mapping[str, Any]) -> None:
    """All figures of the kinds of study."""
    within = measured["intervals"]
    _say(
        f"{file}: {count(measured['n'], 'abstract', 'abstracts')}. Brackets: 95 % bootstrap interval over abstracts."
    )
    for name, words in (
        ("accuracy", "accuracy"),
        ("macro_f1", "macro-F1"),
        ("ece", "calibration error (ECE)"),
    ):
        _say(f"{words:25} {_figure(measured[name], within[name])}")
    rows = [
        (
            kind,
            str(one["n"]),
            *(_figure(one[name], within["classes"][kind][name]) for name in ("precision", "recall", "f1")),
        )
        for kind, one in measured["classes"].items()
    ]
    _show(_grid(("kind", "n", "precision", "recall", "F1"), rows), "Kinds")
    if measured["absent"]:
        _say(f"No label names: {', '.join(measured['absent'])}. They are left out of macro-F1.")
    kinds = measured["confusion"]["kinds"]
    _show(
        _grid(
            ("label", *(str(number) for number in range(1, len(kinds) + 1))),
            [
                (f"{number} {kind}", *(str(cell or ".") for cell in cells))
                for number, (kind, cells) in enumerate(
                    zip(kinds, measured["confusion"]["true_by_predicted"], strict=True), start=1
                )
            ],
        ),
        "Label (down) by reading (across)",
    )
    _show(
        _grid(
            ("p", "readings", "share of all", "accuracy of these"),
            [
                (
                    f"{one['p']:g} or more",
                    str(one["n"]),
                    _figure(one["coverage"], one["coverage_interval"]),
                    _figure(one["accuracy"], one["accuracy_interval"]),
                )
                for one in measured["coverage"]
            ],
        ),
        "If only readings of at least this probability are kept",
    )
    _show(
        _grid(
            ("probability", "readings", "mean", "right"),
            [
                (
                    f"{one['from']:.1f}-{one['to']:.1f}",
                    str(one["n"]),
                    _figure(one["mean_probability"], None),
                    _figure(one["accuracy"], None),
                )
                for one in measured["reliability"]
                if one["n"]
            ],
        ),
        "Do the probabilities mean what they say?",
    )
    silent = measured["n"] - measured["with_probability"]
    if silent:
        _say(f"{count(silent, 'reading', 'readings')} without a probability: not in the two tables above.")


def answers(measured: Mapping[str, Any], name: str, words: str) -> None:
    """How many were answered, and how many of those rightly."""
    counts, within = measured["counts"], measured["intervals"]
    _say("Brackets: 95 % bootstrap interval over abstracts.")
    for label, value, interval, over, under in (
        ("answered", measured["answered"], within["answered"], counts["answered"], measured["n"]),
        (words, measured[name], within[name], counts["right"], counts["answered"]),
    ):
        _say(f"{label:25} {_figure(value, interval)}  {over} of {under}")


def wrong(found: Sequence[tuple[Labelled, Mapping[str, Any]]], note: str) -> None:
    """The wrong readings, and what their number means."""
    if found:
        rows = [
            (
                row.name or f"line {row.line}",
                _shortened(row.title or row.abstract),
                *map(_cell, what.values()),
            )
            for row, what in found[:MANY]
        ]
        readings = count(len(found), "wrong reading", "wrong readings")
        _show(_grid(("abstract", "title", *found[0][1]), rows), readings)
    if len(found) > MANY:
        _say(f"and {len(found) - MANY} more (--json lists all)")
    _say(note)


def directions(confusion: Mapping[str, Mapping[str, int]]) -> None:
    """How often each label was read as what."""
    first = next(iter(confusion.values()))
    rows = [(label, *map(str, said.values())) for label, said in confusion.items()]
    _show(_grid(("label", *first), rows), "Label (down) by reading (across)")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _figure(value: float | None, interval: Sequence[float] | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" + (f" ({interval[0]:.3f}-{interval[1]:.3f})" if interval else "")


def _shortened(words: str) -> str:
    return words if len(words) <= 60 else words[:57] + "..."


def _grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    grid = Table(box=None, pad_edge=False)
    for number, name in enumerate(columns):
        grid.add_column(name, overflow="fold", no_wrap=number == 0)
    for row in rows:
        grid.add_row(*map(escape, row))
    return grid


def _say(words: str) -> None:
    console.print(escape(words))


def _show(grid: Table, title: str) -> None:
    console.print(f"\n[bold]{title}[/]")
    console.print(grid)
