"""The terminal, and what every screen shares: counts in words, indented lines, the notice at the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from ldn_evidence.model import SearchDate


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # the command line ends quietly; rich alone would end with 1


console = _Console(highlight=False, emoji=False)


def notice(
    words: str, search: SearchDate | None, stale_from: str | None, today: date, workspace: Path
) -> None:
    """What every output ends with: how old the search is, and what this is not."""
    if search is None:
        age = "Nothing has been searched yet."
    else:
        age = f"Last search: {search.date}{_ago(search.date, today)} ({search.source})."
        if stale_from is not None and today.isoformat()[: len(stale_from)] >= stale_from:
            age += f" STALE since {stale_from}: newer studies may say something else. Search again: ldn-evidence refresh."
    console.print(f"\n[dim]{escape(age)} {escape(words)} Workspace: {escape(str(workspace))}[/]")


def headed(key: str, facts: Sequence[str]) -> None:
    """A key, and beside it what is known of it."""
    console.print(f"[bold]{escape(key)}[/]  [dim]{escape('; '.join(one for one in facts if one))}[/]")


def indented(words: str) -> None:
    """A line under a heading."""
    console.print(Padding(escape(words), (0, 0, 0, 2)))


def count(number: int, one: str, many: str) -> str:
    """ "1 study", "2 studies"."""
    return f"{number} {one if number == 1 else many}"


def _ago(then: str, today: date) -> str:
    if len(then) == 4:  # a year alone: how many months ago is not known
        return ""
    months = (today.year - int(then[:4])) * 12 + today.month - int(then[5:7])
    return ", this month" if months <= 0 else f", {count(months, 'month', 'months')} ago"
