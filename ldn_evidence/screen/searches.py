"""What was searched, found and changed, and how far a refresh has come, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ldn_evidence.screen.console import console, count, indented

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def telling(silent: bool) -> Iterator[Telling]:
    """Progress on standard error: bars on a terminal, plain lines elsewhere, nothing if `silent`."""
    beside = Console(stderr=True, highlight=False, emoji=False)
    bars = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=beside, transient=True, disable=silent or not beside.is_terminal,
    )  # fmt: skip
    with bars:
        yield Telling(None if silent else beside, bars)


class Telling:
    """Tells the person who waits how far a refresh has come."""

    def __init__(self, beside: Console | None, bars: Progress) -> None:
        self._beside = beside
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def say(self, words: str) -> None:
        """A line of words."""
        if self._beside:
            self._beside.print(f"ldn-evidence: {escape(words)}", soft_wrap=True)

    def step(self, what: str, done: int, of: int) -> None:
        """So many of so many are done."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=of)
        self._bars.update(self._tasks[what], completed=done, total=of)
        if self._beside and not self._beside.is_terminal and (done == of or done % 1000 == 0):
            self.say(f"{what}: {done:,} of {of:,}")


def refreshed(document: Mapping[str, Any]) -> None:
    """What a refresh found and changed."""
    build = f" ({document['pubmed_build']})" if document["pubmed_build"] else ""
    words = {"new": "new", "revised": "revised", "gone": "gone", "retracted": "retracted"}
    queries = document["queries"]
    if not document["of_ncbi"]:
        console.print(f"[yellow]This is not PubMed but {escape(document['service'])}.[/]")
    console.print(
        f"[bold]PubMed{escape(build)}: {count(document['found'], 'record', 'records')} found[/] by "
        f"{count(len(queries), 'query', 'queries')}, {count(document['requests'], 'request', 'requests')}. Run {document['run']}."
    )
    changed = {name: document[name] for name in words if document[name]}
    if changed:
        grid = Table(box=None, pad_edge=False)
        grid.add_column("query", overflow="fold")
        for name in ("found", *words.values()):
            grid.add_column(name, justify="right")
        for one in queries:
            grid.add_row(one["slug"], f"{one['found']:,}", *(str(len(one[name]) or "") for name in words))
        console.print(grid)
        for name, pmids in changed.items():
            indented(f"{words[name]}: {_pmids(pmids)}")
    else:
        console.print("Nothing new: what the queries find is held here as PubMed has it.")
    _noted(document)
    _recalled(document["recall"])
    waiting = {slug: keys for slug, keys in document["awaiting"].items() if keys}
    if changed and waiting:
        console.print("Awaiting appraisal, found and read by nobody yet (studies --claim SLUG lists them):")
        for slug, keys in waiting.items():
            new = {f"pmid:{pmid}" for pmid in document["new"]} & set(keys)
            indented(
                f"{slug}: {len(keys):,}{f', {len(new):,} of them new' if 0 < len(new) < len(keys) else ''}"
            )
    elif waiting:
        some = {key for keys in waiting.values() for key in keys}
        console.print(
            f"{count(len(some), 'study', 'studies')} await appraisal on {count(len(waiting), 'claim', 'claims')}."
        )


def _noted(document: Mapping[str, Any]) -> None:
    remarked = [one["slug"] for one in document["queries"] if one["remarks"]]
    if remarked:
        shown = ", ".join(remarked[:3]) + (f" and {len(remarked) - 3} more" if len(remarked) > 3 else "")
        console.print(f"[yellow]note[/] PubMed remarked on the words of {shown}: see ldn-evidence queries")
    altered = [one["slug"] for one in document["queries"] if one["query_changed"]]
    if altered:
        console.print(f"[yellow]note[/] changed since the run before: the query of {', '.join(altered)}")
    for name, words in (
        ("missing", "found but not given, and accepted as missing"),
        (
            "not_given",
            "named by the corpus or an import, and PubMed gave nothing, so their numbers need a look",
        ),
        ("unreadable", "given, and not to be read as a record; kept raw"),
    ):
        if document[name]:
            console.print(f"[yellow]note[/] {words}: {_pmids(document[name])} (--json lists all)")


def _recalled(recall: Mapping[str, Any]) -> None:
    lost = recall["missed"]
    if not recall["known"]:
        return
    console.print(
        f"Recall: the query of its condition found {recall['known'] - len(lost)} of {count(recall['known'], 'known study', 'known studies')}."
    )
    for one in lost[:5]:
        beside = ", though another query does" if one["elsewhere"] else ""
        indented(f"{one['query']} does not find {one['study']}, PMID {one['pmid']}{beside}")
    if len(lost) > 5:
        indented(f"and {len(lost) - 5} more (--json lists all)")


def _pmids(pmids: Sequence[int]) -> str:
    return ", ".join(map(str, pmids[:10])) + (f" and {len(pmids) - 10:,} more" if len(pmids) > 10 else "")


def runs(table: pd.DataFrame, refresh: str) -> None:
    """A line a run, the latest last."""
    if table.empty:
        console.print(f"PubMed has not been searched yet. Run: {escape(refresh)}")
        return
    names = ("run", "outcome", "found", "new", "revised", "gone", "retracted", "requests")
    grid = Table(box=None, pad_edge=False)
    for name in names:
        grid.add_column(
            name, justify="left" if name in ("run", "outcome") else "right", no_wrap=name == "run"
        )
    for row in table.to_dict("records"):
        grid.add_row(*(str(row[name]) for name in names))
    console.print(grid)
    for row in table.to_dict("records"):
        if isinstance(row["why"], str):  # pandas has NaN for no reason
            console.print(f"{row['run']} was not complete: {escape(row['why'])}", soft_wrap=True)


def difference(first: str, second: str, table: pd.DataFrame) -> None:
    """What changed, a line a query and sort of change."""
    console.print(f"[bold]From run {first} to run {second}[/]")
    if table.empty:
        console.print("Nothing changed.")
    for (slug, change), rows in table.fillna({"query": ""}).groupby(["query", "change"], sort=False):
        pmids = [int(pmid) for pmid in rows["pmid"].dropna()]
        words = f": {_pmids(pmids)}" if pmids else ""
        console.print(f"{f'{slug}: ' if slug else ''}{change}{f' ({len(pmids)})' if pmids else ''}{words}")


def queries(table: pd.DataFrame, methods: str) -> None:
    """Every query whole: what is cut can't be checked."""
    for row in table.astype(object).where(table.notna(), None).to_dict("records"):
        count = (
            "not searched yet"
            if row["found"] is None
            else f"{row['found']:,} found on {row['searched'][:10]}"
        )
        console.print(f"[bold]{row['serves']}[/]  [dim]{count}[/]")
        console.print(Padding(escape(row["query"]), (0, 0, 0, 2)))
        if row["sent"] and row["sent"] != row["query"]:
            console.print(Padding(f"[yellow]changed since; sent was:[/] {escape(row['sent'])}", (0, 0, 0, 2)))
        if row["translation"]:
            console.print(Padding(f"[dim]PubMed read: {escape(row['translation'])}[/]", (0, 0, 0, 2)))
        if row["remarks"]:
            console.print(Padding(f"[yellow]{escape(row['remarks'])}[/]", (0, 0, 0, 2)))
    console.print(f"\n[bold]For a methods section (PRISMA-S)[/]\n{escape(methods)}")


def checks(table: pd.DataFrame) -> None:
    """A line a check."""
    styles = {"good": "green", "note": "yellow", "bad": "red"}
    grid = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        grid.add_column(overflow="fold")
    for row in table.to_dict("records"):
        grid.add_row(row["check"], Text(row["state"], style=styles[row["state"]]), escape(row["words"]))
    console.print(grid)
