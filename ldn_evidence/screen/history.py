"""What moved the grades, on a terminal: after a command, for one claim, for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.padding import Padding

from ldn_evidence.history import TOGETHER, Move
from ldn_evidence.screen.console import console, count, headed, indented

# Causes that are shown before the rest is counted.
MOST_CAUSES = 8


def changes(moves: Sequence[Move], command: str) -> None:
    """What a command changed, claim by claim: grades and numbers counted with their causes, the rest in one line."""
    moved = [one for one in moves if one.graded or _counted(one)]
    if not any(one.graded for one in moved):
        console.print("  no claim's grade changed")
    for one in moved:
        # Whole on one line: who looks for a claim's move in a log finds it.
        console.print(f"  {escape(one.claim)}: {escape(one.words)}", soft_wrap=True)
        _causes(one)
    waiting = [one for one in moves if one.shows and one not in moved]
    if waiting:
        numbers = ", ".join(
            f"{one.claim} {one.before.awaiting} -> {one.after.awaiting}"
            for one in waiting
            if one.before and one.after
        )
        indented(f"what awaits reading changed: {numbers}")
    others = [one.claim for one in moves if one not in moved and one not in waiting]
    if others:
        shown = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        indented(f"what it rests on or how it is worded changed, and no grade: {shown}")
        # Whole on one line: it is there to be copied.
        console.print(f"  {escape(command.replace('SLUG', others[0]))}", soft_wrap=True)


def history(slug: str, moves: Sequence[Move], hidden: int, command: str) -> None:
    """One claim's moves, the oldest first; `hidden`: how many others `command` would show."""
    console.print(f"[bold]{escape(slug)}[/]")
    if not moves:
        console.print("Nothing has been noted of it yet.")
    for one in moves:
        console.print(f"{one.at[:19].replace('T', ' ')} UTC  [dim]{escape(one.what)}[/]")
        indented(one.words if one.before else f"first noted: {one.words}")
        _causes(one)
    if hidden:
        console.print(
            f"Not shown: {count(hidden, 'change', 'changes')} of what it rests on or how it is worded, without a new grade."
        )
        console.print(f"  {escape(command)}", soft_wrap=True)


def last_moves(moves: Mapping[str, Move | None]) -> None:
    """A claim on some lines: when it last moved, from where to where, and why."""
    for slug, one in moves.items():
        if one is None:
            headed(slug, ("nothing has been noted of it yet",))
        elif one.before is None:
            headed(slug, (f"unmoved since {one.at[:10]}",))
            indented(one.words)
        else:
            headed(slug, (one.at[:10], one.what))
            indented(one.words)
            _causes(one)


def _counted(move: Move) -> bool:
    return move.before is not None and move.after is not None and move.before.studies != move.after.studies


def _causes(move: Move) -> None:
    for one in move.causes[:MOST_CAUSES]:
        console.print(Padding(f"because {escape(one)}", (0, 0, 0, 4)))
    more = len(move.causes) - MOST_CAUSES
    if more > 0:
        console.print(Padding(f"and {more} more (--json lists all)", (0, 0, 0, 4)))
    for one in move.effects[:MOST_CAUSES]:
        console.print(Padding(f"[dim]so[/] {escape(one)}", (0, 0, 0, 4)))
    if len(move.causes) > 1 and move.graded and move.before is not None:
        console.print(Padding(f"[dim]these {TOGETHER}[/]", (0, 0, 0, 4)))
