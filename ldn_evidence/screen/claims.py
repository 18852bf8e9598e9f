"""Claims and their profiles on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ldn_evidence.evidence import body_words
from ldn_evidence.model import (
    Body,
    BodyOfEvidence,
    Certainty,
    Claim,
    Concern,
    Direction,
    DomainRating,
    EvidenceProfile,
    Protocol,
    Reading,
    StudyDesign,
    StudyFunding,
)
from ldn_evidence.screen.console import console, count

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
CONFLICTS = {
    "y": "an author has an interest in the result",
    "n": "no interest declared",
    "unclear": "interests unclear",
}
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
    console.print(Text(f"{protocol.title}: {count(len(profiles), 'claim', 'claims')}", style="bold"))
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
        f"confirmed by {escape(', '.join(found.confirmed_by))}"
        if not found.provisional
        else "provisional: a question is open, see the notes"
        if found.open_questions
        else "provisional: no named person has confirmed every counted row"
    )
    if len(found.counted) > 1:
        console.print("; ".join(f"{word}: {', '.join(keys)}" for word, keys in found.pointing.items()))
    if found.domains:
        console.print()
        console.print("[bold]Why[/]")
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
    if found.would_change:
        console.print("\n[bold]What would change this[/]")
        for words in found.would_change:
            console.print(f"- {escape(words)}")
    _readings("Counted", found.counted)
    if found.funding:
        console.print("\n[bold]Funding and interests of what is counted[/]")
        for line in _funding(found.funding):
            console.print(f"- {escape(line)}")
    reasons = {one.study_key: one.reason for one in found.left_out}
    _readings("Reviews, beside our reading", found.reviews, reasons)
    if found.published:
        console.print("\n[bold]What reviews pooled, beside ours[/]")
        ours = found.pool.analysis
        if ours is not None:
            console.print(
                f"- ours: {_figures(ours.estimate, ours.low, ours.high, ours.unit)}, of {', '.join(ours.keys)}"
            )
        for review in found.published:
            unit = ", ".join(part for part in (review.measure, review.scale) if part)
            console.print(
                f"- {review.key}: {_figures(review.estimate, review.low, review.high, escape(unit))}"
            )
            console.print(Padding(escape(" ".join(review.why)), (0, 0, 0, 6)))
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


def _rests_on(found: EvidenceProfile) -> str:
    body = found.body
    if body is None:
        return f"no study; {len(found.awaiting):,} unread" if found.awaiting else "no study"
    if body.by_review:
        return f"{body.name}, by review ({body.by_review})"
    people = "" if body.n_participants is None else f", {count(body.n_participants, 'person', 'people')}"
    silent = "" if body.informed else "; none informs"
    return f"{body.name}: {_studies(found, body)}{people}{silent}"


def _studies(found: EvidenceProfile, body: BodyOfEvidence) -> str:
    """How many studies a body has, and how many of them are no more than case reports."""
    rows = [one for one in found.counted if one.body is body.name and (one.direction or not body.informed)]
    cases = sum(one.study.tag.design is StudyDesign.CASE_REPORT for one in rows)
    if cases and cases == len(rows):
        return count(cases, "case report", "case reports")
    words = count(body.n_studies or 0, "study", "studies")
    return f"{words}, {count(cases, 'case report', 'case reports')} among them" if cases else words


def _rests_on_briefly(found: EvidenceProfile) -> str:
    body = found.body
    if body is None and found.awaiting:
        return f"{len(found.awaiting):,} unread"
    if body is None or not body.informed:
        return "-"
    if body.by_review:
        return "review"
    return f"{body.n_studies}/{'?' if body.n_participants is None else body.n_participants}"
