"""One claim's profile: rows placed, bodies weighed, the best informative body graded, the sentence written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ldn_evidence.grading.bodies import listed_by, part_of, place, weigh
from ldn_evidence.grading.domains import rate
from ldn_evidence.grading.pooling import Interval, best_interval
from ldn_evidence.grading.rules import GradeRules
from ldn_evidence.model import (
    Appraisal,
    Body,
    BodyOfEvidence,
    Certainty,
    Claim,
    ClaimKind,
    Direction,
    Directness,
    Domain,
    DomainRating,
    EvidenceProfile,
    Expectation,
    LeftOut,
    Reading,
    SearchDate,
    Study,
    StudyDesign,
)

LADDER = (Certainty.VERY_LOW, Certainty.LOW, Certainty.MODERATE, Certainty.HIGH)


def grade(
    claim: Claim,
    studies: Mapping[str, Study],
    appraisals: Sequence[Appraisal],
    drug: str,
    rules: GradeRules,
    unconfirmed: frozenset[str],
    search: SearchDate | None,
) -> EvidenceProfile:
    """What can be said of one claim.

    `appraisals` are the standing rows of all claims; `drug` is the intervention's short name for the sentence;
    rows of the reviewers in `unconfirmed` leave the profile provisional; `search` is what found the studies.
    """
    rows = [row for row in appraisals if row.claim == claim.slug]
    counted: list[Reading] = []
    reviews: list[Reading] = []
    left_out: list[LeftOut] = []
    for row in sorted(rows, key=lambda one: one.study_key):
        study = studies[row.study_key]
        listed = listed_by(study, rules, appraised=True)
        if listed is None:
            counted.append(place(claim, study, row, rules))
        else:
            if study.tag.design is StudyDesign.SYSTEMATIC_REVIEW:
                reviews.append(place(claim, study, row, rules))
            left_out.append(LeftOut(study_key=study.key, reason=listed.reason))
    with_row = {row.study_key for row in rows}
    left_out += _without_row(claim, studies, with_row, rules)

    setting, bodies, standing = _bodies(claim, counted, reviews, rules)
    informing = [one for one in standing if one.direction is not None] or standing
    domains: dict[Domain, DomainRating] = {}
    interval = None
    unpublished = _unpublished(claim, studies, with_row)
    awaiting = tuple(
        key for key, one in studies.items() if one.awaits and key not in with_row and one.bears_on(claim)
    )
    start = certainty = Certainty.NO_EVIDENCE
    if setting is not None:
        start = rules.body(setting.name).start
        interval = best_interval(claim, informing, rules) if setting.informed else None
        domains = rate(claim, informing, setting.direction, interval, unpublished, rules)
        certainty = _lowered(start, domains, rules)
        if not setting.informed:
            certainty = Certainty.VERY_LOW
    direction = setting.direction if setting else Direction.INSUFFICIENT
    human = [one for one in counted if one.body is not Body.PRECLINICAL]
    return EvidenceProfile(
        claim=claim.slug,
        kind=claim.kind,
        direction=direction,
        certainty=certainty,
        starting_certainty=start,
        ocebm_level=_ocebm(claim, setting, informing, rules),
        body=setting,
        bodies=bodies,
        counted=tuple(counted),
        reviews=tuple(reviews),
        left_out=tuple(sorted(left_out, key=lambda one: one.study_key)),
        domains=domains,
        n_studies=len(human),
        n_participants=sum(one.participants or 0 for one in human),
        n_rcts=sum(one.study.tag.design is StudyDesign.RANDOMISED_TRIAL for one in human),
        provisional=not standing
        or any(one.row.reviewer.casefold() in unconfirmed for one in (*counted, *standing)),
        statement=_statement(
            claim,
            direction,
            certainty,
            setting,
            drug,
            rules,
            search,
            _elsewhere(claim, informing, rules),
            len(awaiting),
        ),
        footnotes=_footnotes(claim, setting, bodies, counted, interval, unpublished, len(awaiting)),
        awaiting=awaiting,
    )


def _bodies(
    claim: Claim, counted: Sequence[Reading], reviews: Sequence[Reading], rules: GradeRules
) -> tuple[BodyOfEvidence | None, tuple[BodyOfEvidence, ...], list[Reading]]:
    """The body that sets the grade, all bodies best first, and the rows of the one that sets it."""
    if not counted:
        # Nothing counted has a row: the newest review that informs speaks for its trials.
        able = [one for one in reviews if one.direction is not None and _only_a_review(one, rules)]
        if not able:
            return None, (), []
        newest = max(able, key=lambda one: (one.study.year or 0, one.study.key))
        body = weigh(claim, newest.body, [newest], rules)
        return body, (body,), [newest]
    groups = {rule.name: [one for one in counted if one.body is rule.name] for rule in rules.bodies}
    bodies = {name: weigh(claim, name, group, rules) for name, group in groups.items() if group}
    best = next((name for name, body in bodies.items() if body.informed), next(iter(bodies)))
    return bodies[best], tuple(bodies.values()), groups[best]


def _only_a_review(reading: Reading, rules: GradeRules) -> bool:
    """Listed for being a review and for nothing else."""
    listed = listed_by(reading.study, rules, appraised=True)
    return listed is not None and StudyDesign.SYSTEMATIC_REVIEW in listed.designs


def _without_row(
    claim: Claim, studies: Mapping[str, Study], with_row: set[str], rules: GradeRules
) -> list[LeftOut]:
    """Studies of the claim's condition, or found by its own query, that have no row, each with its reason."""
    found = []
    for study in studies.values():
        if not study.bears_on(claim) or study.key in with_row:
            continue
        measured = study.main.primary_outcome if study.main else None
        none_seen = f"no outcome seen that answers this claim (it measured: {measured or 'not known'})"
        listed = listed_by(study, rules)
        found.append(LeftOut(study_key=study.key, reason=listed.reason if listed else none_seen))
    return found


def _lowered(start: Certainty, domains: Mapping[Domain, DomainRating], rules: GradeRules) -> Certainty:
    steps = sum(rules.steps[one.rating] for one in domains.values())
    return LADDER[max(0, LADDER.index(start) - steps)]


def _ocebm(
    claim: Claim, setting: BodyOfEvidence | None, readings: Sequence[Reading], rules: GradeRules
) -> int | None:
    if setting is None:
        return None
    if claim.kind is ClaimKind.MECHANISM:
        return rules.ocebm.mechanism
    if setting.by_review:
        pooled = min(rules.ocebm.designs[design] for design in rules.body(setting.name).designs)
        return rules.ocebm.review_of_randomised if setting.name is Body.RANDOMISED else pooled
    uncontrolled = setting.name is Body.SINGLE_ARM
    return (
        rules.ocebm.uncontrolled
        if uncontrolled
        else min(rules.ocebm.designs[one.study.tag.design] for one in readings)
    )


def _unpublished(claim: Claim, studies: Mapping[str, Study], with_row: set[str]) -> list[str]:
    """Trials of the condition that were planned or registered and of which no result was seen."""
    plans = (StudyDesign.TRIAL_PROTOCOL, StudyDesign.REGISTRY_ENTRY)
    return [
        study.key
        for study in studies.values()
        if study.reports  # what a search brought and nobody has read says nothing yet
        and study.bears_on(claim)
        and study.key not in with_row
        and (study.tag.design in plans or (study.main is not None and study.main.in_a_registry_only))
    ]


def _statement(
    claim: Claim,
    direction: Direction,
    certainty: Certainty,
    setting: BodyOfEvidence | None,
    drug: str,
    rules: GradeRules,
    search: SearchDate | None,
    elsewhere: bool,
    awaiting: int,
) -> str:
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
        where = " (animals and cells only)" if setting.name is Body.PRECLINICAL else " in people"
    template = rules.statements[direction][certainty]
    if certainty is Certainty.NO_EVIDENCE and awaiting:
        template = rules.only_unread
    sentence = template.format(
        awaiting=awaiting,
        drug=claim.subject or drug,
        does=does,
        do=do,
        opposite=opposite,
        outcome=outcome,
        subject=claim.outcome,
        where=where,
    )
    sentence = sentence[0].upper() + sentence[1:]
    if elsewhere:
        sentence += " Most of the evidence comes from other people than these."
    if certainty is not Certainty.NO_EVIDENCE:
        return sentence
    return f"{sentence} {f'Searched: {search.source}, {search.date}.' if search else 'Nothing has been searched yet.'}"


def _elsewhere(claim: Claim, readings: Sequence[Reading], rules: GradeRules) -> bool:
    """Whether a benefit's sentence would name people among whom most results were not seen."""
    if claim.kind is not ClaimKind.BENEFIT:
        return False
    part = part_of(readings, lambda one: one.row.population is Directness.INDIRECT)
    return part >= rules.indirectness.share


def _footnotes(
    claim: Claim,
    setting: BodyOfEvidence | None,
    bodies: Sequence[BodyOfEvidence],
    counted: Sequence[Reading],
    interval: Interval | None,
    unpublished: Sequence[str],
    awaiting: int,
) -> tuple[str, ...]:
    notes = []
    if setting is not None:
        source = f"review {setting.by_review} (by review)" if setting.by_review else f"{setting.name} body"
        notes.append(f"Direction from the {source}: {setting.why}.")
    if interval is not None and interval.note:
        notes.append(interval.note)
    for body in bodies:
        if setting is not None and body.name is not setting.name:
            found = ", ".join(
                f"{one.study.key}: {one.row.finding}" for one in counted if one.body is body.name
            )
            notes.append(f"Beside it, not summed with it, the {body.name} body: {body.direction} ({found}).")
    people = [one for one in counted if one.body is not Body.PRECLINICAL and one.row.n_analysed is None]
    enrolled = [f"{one.study.key} ({one.participants})" for one in people if one.participants is not None]
    unknown = [one.study.key for one in people if one.participants is None]
    if enrolled:
        notes.append(f"Number analysed not seen, number enrolled used: {', '.join(enrolled)}.")
    if unknown:
        notes.append(f"Number of participants not known, and not in the sums: {', '.join(unknown)}.")
    if unpublished:
        notes.append(f"Planned or registered, no result seen: {', '.join(sorted(unpublished))}.")
    if awaiting:
        notes.append(f"Found by a search and read by nobody yet, so not in this answer: {awaiting}.")
    if claim.caveat:
        notes.append(claim.caveat)
    return tuple(notes)
