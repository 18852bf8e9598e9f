"""What would change a grade: for each reason that holds it down, what evidence would lift it, and how far. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ldn_evidence.grading.domains import part_words
from ldn_evidence.grading.pooling import Interval
from ldn_evidence.grading.rules import GradeRules
from ldn_evidence.model import (
    PARTS,
    BodyOfEvidence,
    Certainty,
    Claim,
    ClaimKind,
    Comparator,
    Concern,
    Direction,
    Directness,
    Domain,
    DomainRating,
    Reading,
    RiskOfBias,
)


def would_change(
    claim: Claim,
    setting: BodyOfEvidence | None,
    readings: Sequence[Reading],
    interval: Interval | None,
    domains: Mapping[Domain, DomainRating],
    certainty: Certainty,
    awaiting: int,
    certain: Callable[[Mapping[Domain, DomainRating]], Certainty],
    rules: GradeRules,
) -> tuple[str, ...]:
    """Sentences, the answer's own gaps first. `certain` says how certain a body would be with other ratings."""
    words = rules.would_change
    asked = {"outcome": claim.outcome, "compared": claim.comparator_note or " or ".join(claim.comparator)}
    found = [words["awaiting"].format(count=awaiting)] if awaiting else []
    if setting is None:
        return (*found, words["no evidence"].format(**asked))
    if not setting.informed:
        return (*found, words["uninformed"].format(**asked))
    if setting.by_review:
        found.append(words["review"])
    elif setting.direction is Direction.INSUFFICIENT:
        found.append(_what_decides(claim, readings, interval, rules).format(**asked))
    for name, one in domains.items():
        if one.rating is Concern.NONE:
            continue
        without = dict(domains) | {name: DomainRating(rating=Concern.NONE, inputs={}, reason="")}
        then = certain(without)
        told = words["raised" if then is not certainty else "not raised"].format(certainty=then)
        found.append(
            words[name].format(
                then=told,
                reason=one.reason,
                parts=", ".join(part_words(part) for part in PARTS if _far(readings, part))
                or "several parts",
                not_low=", ".join(
                    f"{one.study.key} {one.row.risk_of_bias}"
                    for one in readings
                    if one.row.risk_of_bias is not RiskOfBias.LOW
                )
                or "apart from confounding, all are low",
            )
        )
    return tuple(found)


def _what_decides(
    claim: Claim, readings: Sequence[Reading], interval: Interval | None, rules: GradeRules
) -> str:
    """The sentence for a body that can't tell, its figures filled in."""
    words = rules.would_change
    if claim.kind is ClaimKind.BENEFIT and all(one.row.comparator is Comparator.ACTIVE for one in readings):
        return words["insufficient, active"]
    if not claim.smallest_important_difference:
        return words["insufficient, no margin"]
    if interval is not None:
        return words["insufficient, interval"].replace("{margin}", interval.margin_words)
    scales = [f"{one.measure} {one.scale}".strip() for one in claim.smallest_important_difference]
    return words["insufficient, no interval"].replace("{scales}", ", ".join(scales))


def _far(readings: Sequence[Reading], part: str) -> bool:
    return any(getattr(one.row, part) not in (None, Directness.DIRECT) for one in readings)
