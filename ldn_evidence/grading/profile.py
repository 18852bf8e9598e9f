"""One claim's profile: rows placed, bodies weighed, the best informative body graded, the sentence written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from ldn_evidence.grading.bodies import informing, listed_by, place, unjudged, weigh
from ldn_evidence.grading.domains import Apart, Unpublished, rate
from ldn_evidence.grading.outlook import would_change
from ldn_evidence.grading.pooling import best_interval, pool
from ldn_evidence.grading.published import beside, compared
from ldn_evidence.grading.rules import GradeRules
from ldn_evidence.grading.sentences import footnotes, statement
from ldn_evidence.grading.upgrades import raise_
from ldn_evidence.model import (
    Appraisal,
    Body,
    BodyOfEvidence,
    Certainty,
    Claim,
    ClaimKind,
    Concern,
    Direction,
    Domain,
    DomainRating,
    EvidenceProfile,
    Judgement,
    LeftOut,
    Pool,
    Reading,
    Rise,
    SearchDate,
    Study,
    StudyDesign,
    StudyFunding,
    Upgrade,
)

_Reason = TypeVar("_Reason", Domain, Upgrade)
LADDER = (Certainty.VERY_LOW, Certainty.LOW, Certainty.MODERATE, Certainty.HIGH)


def grade(
    claim: Claim,
    studies: Mapping[str, Study],
    appraisals: Sequence[Appraisal],
    drug: str,
    rules: GradeRules,
    unconfirmed: frozenset[str],
    search: SearchDate | None,
    apart: Apart,
    judgements: Sequence[Judgement] = (),
    open_questions: Sequence[str] = (),
) -> EvidenceProfile:
    """What can be said of one claim.

    `appraisals` and `judgements` are the standing rows of all claims; `drug` is the intervention's short name for the sentence;
    rows of the reviewers in `unconfirmed` leave the profile provisional, and so does each of `open_questions` (reviewers who
    differ, a study retracted or corrected after it was read), which are printed; `search` is what found the studies;
    `apart` gives a row's risk of bias apart from confounding and selection, for which a non-randomised body starts low already.
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

    setting, bodies, standing, others = _bodies(claim, counted, reviews, studies, rules)
    telling = informing(claim, standing) or standing
    domains: dict[Domain, DomainRating] = {}
    upgrades: dict[Upgrade, DomainRating] = {}
    interval, together = None, Pool()
    unpublished = _unpublished(claim, studies, with_row, search, rules)
    said = {one.domain: one for one in judgements if one.claim == claim.slug}
    awaiting = tuple(
        key for key, one in studies.items() if key not in with_row and unjudged(claim, one, rules)
    )
    start = certainty = Certainty.NO_EVIDENCE
    if setting is not None:
        start = rules.body(setting.name).start
        interval = best_interval(claim, telling, rules) if setting.informed else None
        together = pool(claim, telling, rules) if setting.informed else together
        domains = _judged(
            rate(claim, telling, setting.direction, interval, unpublished, rules, apart, others), said
        )
        upgrades = _judged(raise_(setting, telling, interval, domains, rules), said)
        upgrades = _only_where_raised(setting, upgrades, rules)
        certainty = _certainty(setting, domains, upgrades, rules)
    direction = setting.direction if setting else Direction.INSUFFICIENT
    human = [one for one in counted if one.body is not Body.PRECLINICAL]
    people = {one.row.reviewer for one in (*counted, *standing)}
    by_people = bool(standing) and not any(one.casefold() in unconfirmed for one in people)
    provisional = not by_people or bool(open_questions)
    reasons: list[tuple[Domain | Upgrade, DomainRating]] = [*domains.items(), *upgrades.items()]
    return EvidenceProfile(
        claim=claim.slug,
        kind=claim.kind,
        direction=direction,
        certainty=certainty,
        starting_certainty=start,
        ocebm_level=_ocebm(claim, setting, telling, upgrades, rules),
        body=setting,
        bodies=bodies,
        counted=tuple(counted),
        reviews=tuple(reviews),
        left_out=tuple(sorted(left_out, key=lambda one: one.study_key)),
        domains=domains,
        upgrades=upgrades,
        judgements=tuple(said[name] for name, _ in reasons if name in said),
        funding=tuple(_funding(one) for one in counted),
        pool=together,
        published=beside(claim, reviews, counted, together),
        compared=compared(reviews, counted, left_out, direction),
        would_change=would_change(
            claim,
            setting,
            telling,
            interval,
            domains,
            certainty,
            len(awaiting),
            lambda other: _certainty(setting, other, upgrades, rules),
            rules,
        ),
        n_studies=len(human),
        n_participants=sum(one.participants or 0 for one in human),
        n_rcts=sum(one.study.tag.design is StudyDesign.RANDOMISED_TRIAL for one in human),
        provisional=provisional,
        read_by_people=by_people,
        open_questions=tuple(open_questions),
        confirmed_by=() if provisional else tuple(sorted(people)),
        statement=statement(
            claim,
            direction,
            certainty,
            setting,
            telling,
            drug,
            rules,
            search,
            len(awaiting),
        ),
        footnotes=footnotes(
            claim,
            setting,
            bodies,
            counted,
            interval,
            together,
            unpublished,
            {name: one for name, one in reasons if one.rule is not None},
            [one.study_key for one in left_out if studies[one.study_key].warning == "retracted"],
            [
                studies[key]
                for key in sorted(
                    {one.study.key for one in (*counted, *reviews)}
                    | {one.study_key for one in left_out if one.study_key in with_row}
                )
            ],
            open_questions,
            len(awaiting),
        ),
        awaiting=awaiting,
    )


def _bodies(
    claim: Claim,
    counted: Sequence[Reading],
    reviews: Sequence[Reading],
    studies: Mapping[str, Study],
    rules: GradeRules,
) -> tuple[BodyOfEvidence | None, tuple[BodyOfEvidence, ...], list[Reading], list[Reading]]:
    """The body that sets the grade, all bodies best first, the rows of the one that sets it, and the reviews that could have been it."""
    if not counted:
        # Nothing counted has a row: the newest review that informs speaks for its trials.
        able = [
            one
            for one in reviews
            if one.direction is not None
            and _only_a_review(one, rules)
            and not _pooled_retracted(one, studies)
        ]
        if not able:
            return None, (), [], []
        newest = max(able, key=lambda one: (one.study.year or 0, one.study.key))
        body = weigh(claim, newest.body, [newest], rules)
        return body, (body,), [newest], [one for one in able if one is not newest]
    groups = {rule.name: [one for one in counted if one.body is rule.name] for rule in rules.bodies}
    bodies = {name: weigh(claim, name, group, rules) for name, group in groups.items() if group}
    best = next((name for name, body in bodies.items() if body.informed), next(iter(bodies)))
    return bodies[best], tuple(bodies.values()), groups[best], []


def _pooled_retracted(review: Reading, studies: Mapping[str, Study]) -> bool:
    """Whether a study that it pooled has been retracted since: then its figures are no longer anybody's."""
    held = [studies[key] for key in review.row.includes if key in studies]
    return any(one.warning == "retracted" for one in held)


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
        if unjudged(claim, study, rules):
            none_seen = f"described, and nobody has judged it on this claim yet (it measured: {measured})"
        listed = listed_by(study, rules)
        found.append(LeftOut(study_key=study.key, reason=listed.reason if listed else none_seen))
    return found


def _judged(
    ratings: Mapping[_Reason, DomainRating], said: Mapping[Domain | Upgrade, Judgement]
) -> dict[_Reason, DomainRating]:
    """The rules' ratings with people's judgements over them; what the rule said stays beside each."""
    found = dict(ratings)
    for name, one in ratings.items():
        if name in said:
            word = Concern(said[name].rating) if isinstance(name, Domain) else Rise(said[name].rating)
            found[name] = DomainRating(
                rating=word,
                inputs=one.inputs,
                reason=said[name].reason,
                by=said[name].reviewer,
                rule=one.rating,
                rule_reason=one.reason,
            )
    return found


def _only_where_raised(
    setting: BodyOfEvidence, ratings: Mapping[Upgrade, DomainRating], rules: GradeRules
) -> dict[Upgrade, DomainRating]:
    """No judgement raises a body that GRADE does not raise; what was judged is kept and said to have no effect."""
    if setting.name in rules.upgrades.bodies:
        return dict(ratings)
    return {
        name: one
        if one.rating is Rise.NONE
        else replace(
            one,
            rating=Rise.NONE,
            reason=f"{one.reason} (without effect: a {setting.name} body is not raised)",
        )
        for name, one in ratings.items()
    }


def _certainty(
    setting: BodyOfEvidence | None,
    domains: Mapping[Domain, DomainRating],
    upgrades: Mapping[Upgrade, DomainRating],
    rules: GradeRules,
) -> Certainty:
    """Where the body starts, down by its domains, up by what raises it; never off the ladder."""
    if setting is None:
        return Certainty.NO_EVIDENCE
    if not setting.informed:
        return Certainty.VERY_LOW
    level = LADDER.index(rules.body(setting.name).start)
    level -= sum(rules.steps[Concern(one.rating)] for one in domains.values())
    level += sum(rules.rises[Rise(one.rating)] for one in upgrades.values())
    return LADDER[min(max(level, 0), len(LADDER) - 1)]


def _ocebm(
    claim: Claim,
    setting: BodyOfEvidence | None,
    readings: Sequence[Reading],
    upgrades: Mapping[Upgrade, DomainRating],
    rules: GradeRules,
) -> int | None:
    if setting is None:
        return None
    if claim.kind is ClaimKind.MECHANISM:
        return rules.ocebm.mechanism
    if setting.by_review:
        pooled = min(rules.ocebm.designs[design] for design in rules.body(setting.name).designs)
        return rules.ocebm.review_of_randomised if setting.name is Body.RANDOMISED else pooled
    large = upgrades[Upgrade.LARGE_EFFECT]
    if large.rating is Rise.TWO and large.rule is None:  # a judgement moves certainty, not the kind of study
        return rules.ocebm.dramatic
    uncontrolled = setting.name is Body.SINGLE_ARM
    return (
        rules.ocebm.uncontrolled
        if uncontrolled
        else min(rules.ocebm.designs[one.study.tag.design] for one in readings)
    )


def _unpublished(
    claim: Claim,
    studies: Mapping[str, Study],
    with_row: set[str],
    search: SearchDate | None,
    rules: GradeRules,
) -> Unpublished:
    """Trials of the condition that were planned or registered and of which no result was seen."""
    plans = (StudyDesign.TRIAL_PROTOCOL, StudyDesign.REGISTRY_ENTRY)
    found = [
        study
        for study in studies.values()
        if study.reports  # what a search brought and nobody has read says nothing yet
        and study.bears_on(claim)
        and study.key not in with_row
        and (study.tag.design in plans or (study.main is not None and study.main.in_a_registry_only))
    ]
    # Without a search nothing says until when a result was looked for.
    latest = int(search.date[:4]) - rules.publication_bias.overdue_years if search else 0
    return Unpublished(
        all=tuple(sorted(one.key for one in found)),
        overdue=tuple(sorted(one.key for one in found if one.year is not None and one.year <= latest)),
    )


def _funding(reading: Reading) -> StudyFunding:
    records = reading.study.main_records
    agencies = dict.fromkeys(one.agency for record in records for one in record.grants if one.agency)
    return StudyFunding(
        study_key=reading.study.key,
        funding=reading.row.funding,
        conflicts=reading.row.conflicts,
        grants=tuple(agencies),
        statement=any(record.conflict_of_interest for record in records),
    )
