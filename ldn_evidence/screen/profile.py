"""One claim in full on a terminal: the answer, why, what would change it, the studies, the reviews, what is not counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ldn_evidence.evidence import body_words
from ldn_evidence.model import (
    Body,
    Claim,
    Concern,
    DomainRating,
    EvidenceProfile,
    Reading,
    StudyFunding,
)
from ldn_evidence.screen.claims import DIRECTION_STYLE, dots, rests_on
from ldn_evidence.screen.console import console

# So many studies left out for one reason are told on one line.
MANY = 12
CONFLICTS = {
    "y": "an author has an interest in the result",
    "n": "no interest declared",
    "unclear": "interests unclear",
}


def profile(claim: Claim, found: EvidenceProfile) -> None:
    """One claim in full."""
    _answer(claim, found)
    _why(found)
    _lines("What would change this", found.would_change)
    _readings("Counted", found.counted)
    _lines("Funding and interests of what is counted", _funding(found.funding))
    _reviews(found)
    _lines("Notes", found.footnotes)
    _not_counted(found)


def _answer(claim: Claim, found: EvidenceProfile) -> None:
    console.print(Text(claim.question, style="bold"))
    if claim.sentence:
        console.print(f'[dim]The document says: "{escape(claim.sentence)}"[/]')
    console.print()
    console.print(Text(found.statement, style=DIRECTION_STYLE[found.direction] if found.body else ""))
    level = f", OCEBM level {found.ocebm_level}" if found.ocebm_level else ""
    console.print(
        f"{found.direction}; certainty: {dots(found.certainty)}{found.certainty}{level}; rests on {rests_on(found)}"
    )
    if not found.provisional:
        console.print(f"confirmed by {escape(', '.join(found.confirmed_by))}")
    else:
        console.print(
            "provisional: no named person has confirmed every counted row"
            if not found.read_by_people
            else "provisional"
        )
    for question in found.open_questions:
        console.print(f"[bold]open[/]: {escape(question)}")
    if len(found.counted) > 1:
        console.print("; ".join(f"{word}: {', '.join(keys)}" for word, keys in found.pointing.items()))


def _why(found: EvidenceProfile) -> None:
    if not found.domains:
        return
    console.print("\n[bold]Why[/]")
    grid = Table(box=None, pad_edge=False)
    for name in ("domain", "rating", "because"):
        grid.add_column(name, overflow="fold")
    grid.add_row("start", found.starting_certainty, f"where {body_words(found.body)} evidence starts")
    for name, one in found.domains.items():
        style = "" if one.rating is Concern.NONE else "yellow"
        grid.add_row(name, Text(one.rating, style=style), escape(_because(one)))
    for cause, one in found.upgrades.items():
        # What nobody looked for is in --json; here stands what raised, or would have.
        if one.inputs or one.rule is not None:
            grid.add_row(cause, one.rating, escape(_because(one)))
    console.print(grid)


def _lines(title: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(f"\n[bold]{title}[/]")
    for words in lines:
        console.print(f"- {escape(words)}")


def _reviews(found: EvidenceProfile) -> None:
    reasons = {one.study_key: one.reason for one in found.left_out}
    words = {key: " ".join(said) for key, said in found.compared}
    _readings("Reviews, beside our reading", found.reviews, reasons, words)
    if not found.published:
        return
    console.print("\n[bold]What reviews pooled, beside ours[/]")
    ours = found.pool.analysis
    if ours is not None:
        of = ", ".join(ours.keys)
        console.print(f"- ours: {_figures(ours.estimate, ours.low, ours.high, ours.unit)}, of {of}")
    for one in found.published:
        unit = ", ".join(part for part in (one.measure, one.scale) if part)
        console.print(f"- {one.key}: {escape(_figures(one.estimate, one.low, one.high, unit))}")
        console.print(Padding(escape(" ".join(one.why)), (0, 0, 0, 6)))


def _not_counted(found: EvidenceProfile) -> None:
    reviews = {one.study.key for one in found.reviews}
    others = [one for one in found.left_out if one.study_key not in reviews]
    if others:
        console.print("\n[bold]Not counted[/]")
    met: dict[str, list[str]] = {}
    for left in others:
        met.setdefault(left.reason, []).append(left.study_key)
    for reason, keys in met.items():
        if len(keys) > MANY:  # what a search has just brought would bury the rest
            shown = f"{', '.join(keys[:3])} and {len(keys) - 3:,} more"
            console.print(f"- {len(keys):,} studies: {escape(reason)} ({shown})")
            continue
        for key in keys:
            console.print(f"- {key}: {escape(reason)}")


def _readings(
    title: str,
    readings: tuple[Reading, ...],
    reasons: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
) -> None:
    """A paragraph a study, under the body of evidence that it belongs to; with why it is listed, and more to say of it."""
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
            if more and one.study.key in more:
                words += f" {more[one.study.key]}"
            console.print(Padding(escape(words), (0, 0, 0, 6)))


def _because(one: DomainRating) -> str:
    """A rating's reason, and whose it is where a person stands over the rule."""
    return (
        one.reason
        if one.rule is None
        else f"{one.by}: {one.reason} (the rule says {one.rule}: {one.rule_reason})"
    )


def _funding(found: Sequence[StudyFunding]) -> list[str]:
    """A line a study of which something is known, and one line for the rest."""
    lines, rest = [], []
    for one in found:
        facts = [f"paid by: {one.funding}" if one.funding else "", CONFLICTS.get(one.conflicts or "", "")]
        if one.grants and not one.funding:
            facts.append(f"PubMed names grants of {', '.join(one.grants)}")
        if one.statement and not one.conflicts:
            facts.append("PubMed holds a statement of interests that nobody has read")
        said = "; ".join(fact for fact in facts if fact)
        (lines.append(f"{one.study_key}: {said}") if said else rest.append(one.study_key))
    return [*lines, *([f"nobody has read who paid for: {', '.join(rest)}"] if rest else [])]


def _figures(estimate: float, low: float | None, high: float | None, unit: str) -> str:
    spread = "" if low is None or high is None else f" ({low:.2f} to {high:.2f})"
    return f"{estimate:.2f}{spread} ({unit})"


def _effect(reading: Reading) -> str:
    row = reading.row
    if row.estimate is None:
        return ""
    unit = f" ({row.scale})" if row.scale else ""
    interval = f", 95 % interval {row.ci_low:g} to {row.ci_high:g}" if row.interval else ", no interval seen"
    return f"{row.measure} {row.estimate:g}{interval}{unit}. "
