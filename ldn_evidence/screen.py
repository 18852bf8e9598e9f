"""Profiles, tables and studies on a terminal. Words and layout only; every value comes from the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ldn_evidence.evidence import body_words
from ldn_evidence.model import (
    Body,
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


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # the command line ends quietly; rich alone would end with 1


console = _Console(highlight=False, emoji=False)

# The word always stands beside the colour: nothing is told by colour alone.
DIRECTION_STYLE = {
    Direction.SUPPORTS: "green",
    Direction.AGAINST: "red",
    Direction.NO_DIFFERENCE: "yellow",
    Direction.MIXED: "magenta",
    Direction.INSUFFICIENT: "dim",
}
# So many studies left out for one reason are told on one line.
MANY = 12
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
    console.print(Text(f"{protocol.title}: {_count(len(profiles), 'claim', 'claims')}", style="bold"))
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
            f"{_dots(profile.certainty) if wide else ''}{profile.certainty}{'*' if profile.provisional else ''}",
            str(profile.ocebm_level or "-"),
            _rests_on(profile) if wide else _rests_on_briefly(profile),
        )
        table.add_row(*cells[: len(table.columns)])
    console.print(table)
    beside = "" if wide else " rests on: studies/people of the body that sets the grade."
    marked = "* provisional: not every counted row is confirmed by a named person. "
    console.print(f"[dim]{marked}level: OCEBM 2011.{beside} One claim in full: ldn-evidence claim SLUG[/]")


def _dots(certainty: Certainty) -> str:
    return f"{DOTS[certainty]} " if console.encoding.lower().startswith("utf") else ""


def profile(claim: Claim, found: EvidenceProfile) -> None:
    """One claim in full."""
    console.print(Text(claim.question, style="bold"))
    if claim.sentence:
        console.print(f'[dim]The document says: "{escape(claim.sentence)}"[/]')
    console.print()
    console.print(Text(found.statement, style=DIRECTION_STYLE[found.direction] if found.body else ""))
    level = f", OCEBM level {found.ocebm_level}" if found.ocebm_level else ""
    console.print(
        f"{found.direction}; certainty: {_dots(found.certainty)}{found.certainty}{level}; rests on {_rests_on(found)}"
    )
    console.print(
        "provisional: no named person has confirmed every counted row" if found.provisional else "confirmed"
    )
    if found.domains:
        console.print()
        console.print("[bold]Why[/]")
        grid = Table(box=None, pad_edge=False)
        for name in ("domain", "rating", "because"):
            grid.add_column(name, overflow="fold")
        grid.add_row("start", found.starting_certainty, f"where {body_words(found.body)} evidence starts")
        for name, one in found.domains.items():
            style = "" if one.rating is Concern.NONE else "yellow"
            grid.add_row(name, Text(one.rating, style=style), escape(one.reason))
        console.print(grid)
    _readings("Counted", found.counted)
    reasons = {one.study_key: one.reason for one in found.left_out}
    _readings("Reviews, beside our reading", found.reviews, reasons)
    if found.footnotes:
        console.print("\n[bold]Notes[/]")
        for note in found.footnotes:
            console.print(f"- {escape(note)}")
    reviews = {one.study.key for one in found.reviews}
    others = [one for one in found.left_out if one.study_key not in reviews]
    if others:
        console.print("\n[bold]Not counted[/]")
    reasons_met: dict[str, list[str]] = {}
    for left in others:
        reasons_met.setdefault(left.reason, []).append(left.study_key)
    for reason, keys in reasons_met.items():
        if len(keys) > MANY:  # what a search has just brought would bury the rest
            console.print(
                f"- {len(keys):,} studies: {escape(reason)} ({', '.join(keys[:3])} and {len(keys) - 3:,} more)"
            )
            continue
        for key in keys:
            console.print(f"- {key}: {escape(reason)}")


def _readings(title: str, readings: tuple[Reading, ...], reasons: Mapping[str, str] | None = None) -> None:
    """A paragraph a study, under the body of evidence that it belongs to."""
    if not readings:
        return
    console.print(f"\n[bold]{title}[/]")
    for body in Body:
        rows = [one for one in readings if one.body is body]
        if rows:
            console.print(f"[italic]{body}[/]")
        for one in rows:
            row = one.row
            people = "not known" if one.participants is None else str(one.participants)
            people += " enrolled" if row.n_analysed is None and one.participants is not None else ""
            against = row.comparator_detail or str(row.comparator)
            pointing = f" [dim]({one.direction})[/]" if one.direction else " [dim](does not inform)[/]"
            head = (
                f"[bold]{one.study.key}[/]  {row.finding}{pointing}; compared with {escape(against)}; n {people}; "
                f"risk of bias {row.risk_of_bias}; read by {escape(row.reviewer)}"
            )
            console.print(Padding(head, (0, 0, 0, 2)))
            words = f"{row.outcome_measured}. {_effect(one)}{row.reason} {one.note.capitalize()}".strip()
            if reasons and one.study.key in reasons:
                words += f" Listed: {reasons[one.study.key]}."
            console.print(Padding(escape(words), (0, 0, 0, 6)))


def _effect(reading: Reading) -> str:
    row = reading.row
    if row.estimate is None:
        return ""
    unit = f" ({row.scale})" if row.scale else ""
    interval = f", 95 % interval {row.ci_low:g} to {row.ci_high:g}" if row.interval else ", no interval seen"
    return f"{row.measure} {row.estimate:g}{interval}{unit}. "


def studies(table: pd.DataFrame) -> None:
    """A line a study on a wide terminal; on a narrow one two, that nothing has to be cut."""
    console.print(f"[bold]{_count(len(table), 'study', 'studies')}[/]")
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    if console.width < 110:
        for row in rows:
            people = "" if row["participants"] is None else f"n {row['participants']}"
            facts = (str(row["year"] or ""), row["condition"], row["design"], people)
            _headed(row["study"], facts)
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


def _headed(key: str, facts: Sequence[str]) -> None:
    console.print(f"[bold]{escape(key)}[/]  [dim]{escape('; '.join(one for one in facts if one))}[/]")


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
        _indented("; ".join(one for one in facts if one))
        for section in record.abstract:
            _indented(f"{section.label}: {section.text}" if section.label else section.text)
    for citation in found.citations:
        console.print(
            f"\n[bold]Imported from {escape(citation.source)}[/] ({citation.key}): {escape(citation.citation)}"
        )
        if citation.abstract:
            _indented(citation.abstract)
    if found.found_by:
        console.print(f"\nFound by the search for {', '.join(found.found_by)}")
    for row in document["appraisals"]:
        console.print(f"\n[bold]On {row['claim']}[/], read by {escape(row['reviewer'])} on {row['date']}")
        against = row.get("comparator_detail") or row["comparator"]
        size = f" {row['measure']} {row['estimate']:g}" if row.get("estimate") is not None else ""
        size += f" ({row['ci_low']:g} to {row['ci_high']:g})" if row.get("ci_low") is not None else ""
        words = f"{row['finding']}, compared with {against}: {row['outcome_measured']}.{size} {row['reason']}"
        console.print(Padding(escape(words), (0, 0, 0, 2)))


# --------------------------------------------------------------------------- what was searched


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
        f"[bold]PubMed{escape(build)}: {_count(document['found'], 'record', 'records')} found[/] by "
        f"{_count(len(queries), 'query', 'queries')}, {_count(document['requests'], 'request', 'requests')}. Run {document['run']}."
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
            _indented(f"{words[name]}: {_pmids(pmids)}")
    else:
        console.print("Nothing new: what the queries find is held here as PubMed has it.")
    _noted(document)
    _recalled(document["recall"])
    waiting = {slug: keys for slug, keys in document["awaiting"].items() if keys}
    if changed and waiting:
        console.print("Awaiting appraisal, found and read by nobody yet (studies --claim SLUG lists them):")
        for slug, keys in waiting.items():
            new = {f"pmid:{pmid}" for pmid in document["new"]} & set(keys)
            _indented(
                f"{slug}: {len(keys):,}{f', {len(new):,} of them new' if 0 < len(new) < len(keys) else ''}"
            )
    elif waiting:
        some = {key for keys in waiting.values() for key in keys}
        console.print(
            f"{_count(len(some), 'study', 'studies')} await appraisal on {_count(len(waiting), 'claim', 'claims')}."
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
        f"Recall: the query of its condition found {recall['known'] - len(lost)} of {_count(recall['known'], 'known study', 'known studies')}."
    )
    for one in lost[:5]:
        beside = ", though another query does" if one["elsewhere"] else ""
        _indented(f"{one['query']} does not find {one['study']}, PMID {one['pmid']}{beside}")
    if len(lost) > 5:
        _indented(f"and {len(lost) - 5} more (--json lists all)")


def _indented(words: str) -> None:
    console.print(Padding(escape(words), (0, 0, 0, 2)))


def _pmids(pmids: Sequence[int]) -> str:
    return ", ".join(map(str, pmids[:10])) + (f" and {len(pmids) - 10:,} more" if len(pmids) > 10 else "")


def found(words: str, table: pd.DataFrame, documents: int, abstracts: int) -> None:
    """A study on two lines: what it is, and its citation. `documents` were looked through, `abstracts` of them have one."""
    console.print(
        f"[bold]{_count(len(table), 'study', 'studies')}[/] with {escape(words)} in title or abstract"
    )
    console.print(
        f"[dim]{documents:,} documents were looked through, {abstracts:,} of them with an abstract.[/]"
    )
    for row in table.astype(object).where(table.notna(), None).to_dict("records"):
        pmid = f"PMID {row['pmid']}" if row["pmid"] else ""
        _headed(row["study"], (str(row["year"] or "year not known"), row["condition"], row["design"], pmid))
        console.print(Padding(escape(row["citation"]), (0, 0, 0, 4)))


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


def notice(words: str, search: SearchDate | None, today: date, workspace: Path) -> None:
    """What every output ends with: how old the search is, and what this is not."""
    if search is None:
        age = "Nothing has been searched yet."
    else:
        age = f"Last search: {search.date}{_ago(search.date, today)} ({search.source})."
    console.print(f"\n[dim]{escape(age)} {escape(words)} Workspace: {escape(str(workspace))}[/]")


def _rests_on(found: EvidenceProfile) -> str:
    body = found.body
    if body is None:
        return f"no study; {len(found.awaiting):,} unread" if found.awaiting else "no study"
    if body.by_review:
        return f"{body.name}, by review ({body.by_review})"
    people = "" if body.n_participants is None else f", {_count(body.n_participants, 'person', 'people')}"
    silent = "" if body.informed else "; none informs"
    return f"{body.name}: {_count(body.n_studies or 0, 'study', 'studies')}{people}{silent}"


def _rests_on_briefly(found: EvidenceProfile) -> str:
    body = found.body
    if body is None and found.awaiting:
        return f"{len(found.awaiting):,} unread"
    if body is None or not body.informed:
        return "-"
    if body.by_review:
        return "review"
    return f"{body.n_studies}/{'?' if body.n_participants is None else body.n_participants}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _ago(then: str, today: date) -> str:
    if len(then) == 4:  # a year alone: how many months ago is not known
        return ""
    months = (today.year - int(then[:4])) * 12 + today.month - int(then[5:7])
    return ", this month" if months <= 0 else f", {_count(months, 'month', 'months')} ago"
