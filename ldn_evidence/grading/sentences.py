"""A profile in words: the statement, the footnotes, and whom most of the evidence is about. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ldn_evidence.grading.bodies import at_most
from ldn_evidence.grading.domains import Unpublished
from ldn_evidence.grading.pooling import Interval
from ldn_evidence.grading.rules import GradeRules
from ldn_evidence.model import (
    Body,
    BodyOfEvidence,
    Certainty,
    Claim,
    ClaimKind,
    Direction,
    Directness,
    Domain,
    DomainRating,
    Expectation,
    Pool,
    Reading,
    SearchDate,
    Study,
    StudyDesign,
    Upgrade,
)

# PubMed's links to a correction of a record's own paper.
CORRECTED = ("ErratumIn", "CorrectedandRepublishedIn")


def statement(
    claim: Claim,
    direction: Direction,
    certainty: Certainty,
    setting: BodyOfEvidence | None,
    telling: Sequence[Reading],
    drug: str,
    rules: GradeRules,
    search: SearchDate | None,
    awaiting: int,
) -> str:
    """One sentence in GRADE's wording, with what it has to be qualified by. `telling`: the rows on which the answer rests."""
    compared = claim.comparator_note or str(claim.comparator[0])
    does, do, opposite, outcome = {
        Expectation.DECREASE: ("reduces", "reduce", "increases", claim.outcome),
        Expectation.INCREASE: ("increases", "increase", "reduces", claim.outcome),
        Expectation.NO_MORE: (
            "causes no more",
            "cause no more",
            "causes more",
            f"{claim.outcome} than {compared}",
        ),
    }[claim.expects]
    if claim.kind is ClaimKind.HARM and claim.expects is not Expectation.NO_MORE:
        more, fewer = ("causes more", "cause more"), ("causes fewer", "cause fewer")
        (does, do), (opposite, _) = (fewer, more) if claim.expects is Expectation.DECREASE else (more, fewer)
        outcome = f"{claim.outcome} than {compared}"
    where = ""
    if claim.kind is ClaimKind.BENEFIT:
        where = f" in {claim.population}"
    elif claim.kind is ClaimKind.MECHANISM and setting is not None:
        where = f" ({_rungs(telling)} only)" if setting.name is Body.PRECLINICAL else " in people"
    template = rules.statements[direction][certainty]
    if direction is Direction.MIXED and not any(_leans(claim, one) for one in telling):
        template = rules.none_supports
    if certainty is Certainty.NO_EVIDENCE and awaiting:
        template = rules.only_unread
    sentence = template.format(
        awaiting=awaiting,
        certainty=certainty,
        drug=claim.subject or drug,
        does=does,
        do=do,
        opposite=opposite,
        outcome=outcome,
        subject=f"{claim.outcome} compared with {compared}"
        if claim.kind is ClaimKind.HARM
        else claim.outcome,
        where=where,
    )
    sentence = sentence[0].upper() + sentence[1:]
    if _elsewhere(claim, telling, rules):
        sentence += " Most of the evidence comes from other people than these."
    if certainty is not Certainty.NO_EVIDENCE:
        return sentence
    return f"{sentence} {f'Searched: {search.source}, {search.date}.' if search else 'Nothing has been searched yet.'}"


def _rungs(telling: Sequence[Reading]) -> str:
    """Which rungs below people a preclinical answer rests on."""
    designs = {one.study.tag.design for one in telling}
    words = [
        word
        for design, word in ((StudyDesign.ANIMAL, "animals"), (StudyDesign.IN_VITRO, "cells"))
        if design in designs
    ]
    return " and ".join(words) or "animals and cells"


def _leans(claim: Claim, one: Reading) -> bool:
    """Whether a row says what the claim says, at least in part."""
    null = claim.expects is Expectation.NO_MORE and one.direction is Direction.NO_DIFFERENCE
    return null or one.direction in (Direction.SUPPORTS, Direction.MIXED)


def _elsewhere(claim: Claim, readings: Sequence[Reading], rules: GradeRules) -> bool:
    """Whether a benefit's sentence would name people among whom most results were not seen."""
    if claim.kind is not ClaimKind.BENEFIT:
        return False
    part = at_most(readings, lambda one: one.row.population is Directness.INDIRECT)
    return part >= rules.indirectness.share


def footnotes(
    claim: Claim,
    setting: BodyOfEvidence | None,
    bodies: Sequence[BodyOfEvidence],
    counted: Sequence[Reading],
    interval: Interval | None,
    together: Pool,
    unpublished: Unpublished,
    judged: Mapping[Domain | Upgrade, DomainRating],
    retracted: Sequence[str],
    read: Sequence[Study],
    open_questions: Sequence[str],
    awaiting: int,
) -> tuple[str, ...]:
    """What a reader has to know beside the grade, each with the studies that it is about."""
    notes = list(open_questions)
    if retracted:
        notes.append(f"Retracted, and so not counted: {', '.join(sorted(retracted))}.")
    notes += [words for one in read for words in _said_of(one)]
    for name, one in judged.items():
        notes.append(
            f"{name.capitalize()}: {one.rating}, by {one.by}: {one.reason.rstrip('.')}. The rule says: {one.rule} ({one.rule_reason})."
        )
    if setting is not None:
        source = f"review {setting.by_review} (by review)" if setting.by_review else f"{setting.name} body"
        notes.append(f"Direction from the {source}: {setting.why}.")
    if interval is not None and interval.note:
        notes.append(interval.note)
    if together.analysis is not None:
        notes += [f"Not pooled: {key}: {reason}." for key, reason in together.refused]
    for body in bodies:
        if setting is not None and body.name is not setting.name:
            found = ", ".join(
                f"{one.study.key}: {one.row.finding}" for one in counted if one.body is body.name
            )
            notes.append(f"Beside it, not summed with it, the {body.name} body: {body.direction} ({found}).")
    if claim.kind is ClaimKind.HARM:
        notes += [words for one in counted if (words := _event_rates(one))]
    machine = [one.study.key for one in counted if one.row.reviewer.casefold() == "machine"]
    if machine:
        notes.append(f"Read by a machine and confirmed by nobody: {', '.join(machine)}.")
    people = [one for one in counted if one.body is not Body.PRECLINICAL and one.row.n_analysed is None]
    enrolled = [f"{one.study.key} ({one.participants})" for one in people if one.participants is not None]
    unknown = [one.study.key for one in people if one.participants is None]
    if enrolled:
        notes.append(f"Number analysed not seen, number enrolled used: {', '.join(enrolled)}.")
    if unknown:
        notes.append(f"Number of participants not known, and not in the sums: {', '.join(unknown)}.")
    if unpublished.all:
        notes.append(f"Planned or registered, no result seen: {', '.join(unpublished.all)}.")
    if awaiting:
        notes.append(f"Read by nobody on this claim yet, so not in this answer: {awaiting}.")
    if claim.caveat:
        notes.append(claim.caveat)
    return tuple(notes)


def _said_of(study: Study) -> list[str]:
    """What was said of a study after it appeared, and what reviewers corrected of it."""
    said = [
        f"Retracted: {name}, a report of {study.key} beside its main one." for name in study.retracted_reports
    ]
    if study.warning == "expression of concern":
        said.append(f"An editor has expressed concern about {study.key}.")
    errata = any(link.relation in CORRECTED for one in study.main_records for link in one.related)
    if errata or (study.main is not None and study.main.correction_status == "corrected"):
        said.append(f"A correction of {study.key} has been published.")
    return said + [
        f"Corrected by {one.reviewer}: {one.field} of {study.key} is {one.value}: {one.reason.rstrip('.')}."
        for one in study.corrections
    ]


def _event_rates(reading: Reading) -> str:
    """How often a harm was seen in each arm; empty where no number of events was."""
    row = reading.row
    arms = []
    for name, events, size in (
        ("on the drug", row.events_intervention, row.n_intervention),
        (f"on {row.comparator_detail or row.comparator}", row.events_comparator, row.n_comparator),
    ):
        if events is not None and size:
            arms.append(f"{events} of {size} ({events / size:.0%}) {name}")
    return f"Event rates in {reading.study.key}: {', '.join(arms)}." if arms else ""
