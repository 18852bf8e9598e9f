"""Made-up claims, studies and rows for the grading tests, and the profile they give."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from ldn_evidence.appraisal import UNCONFIRMED, rob_without_confounding
from ldn_evidence.grading import grade, grade_rules
from ldn_evidence.model import (
    Appraisal,
    Certainty,
    Claim,
    Direction,
    EvidenceProfile,
    Finding,
    Judgement,
    Passage,
    Relevance,
    Report,
    SearchDate,
    Study,
    Substance,
)
from ldn_evidence.tagging import Document, tag

SEARCH = SearchDate(source="a test", date="2026-11")
NULL = Finding.NO_DIFFERENCE


def claim(**changes: object) -> Claim:
    facts: dict[str, object] = {
        "slug": "pain",
        "kind": "benefit",
        "question": "Does it reduce pain?",
        "sentence": "It reduces pain.",
        "condition": "condition",
        "population": "adults",
        "comparator": ["placebo"],
        "outcome": "pain",
        "expects": "decrease",
        "preferred_measure": "mean difference",
        "direct": "a pain scale",
        "smallest_important_difference": [
            {"measure": "MD", "scale": "0-10", "value": 1, "reference": "a test"},
            {"measure": "RR", "value": 1.25, "reference": "a test"},
        ],
    }
    return Claim.model_validate(facts | changes)


def study(key: str, design: str = "rct", **changes: object) -> Study:
    facts = {"study_key": key, "title": key, "condition": "condition", "stated_design": design, "human": "y"}
    facts |= {"doi": "10.1000/test", **changes}
    report = Report.model_validate(facts)
    return Study(
        key=key,
        condition="condition",
        tag=tag(Document(passage=Passage.of(key, None), stated_code=design, controlled=True)),
        relevance=Relevance(substance=Substance.LOW_DOSE, reason="a test", rule="a test"),
        reports=(report,),
        human=True,
    )


def row(key: str, finding: Finding, n: int | None = 500, **changes: object) -> Appraisal:
    facts: dict[str, object] = {
        "row_id": f"test.{key}",
        "study_key": key,
        "claim": "pain",
        "comparator": "placebo",
        "finding": finding,
        "outcome_measured": "pain",
        "population": "direct",
        "intervention": "direct",
        "comparison": "direct",
        "outcome": "direct",
        "risk_of_bias": "low",
        "reason": "a test",
        "reviewer": "A Person",
        "date": datetime.date(2026, 1, 1),
        "n_analysed": n,
    }
    return Appraisal.model_validate(facts | changes)


def interval(
    estimate: float, low: float, high: float, measure: str = "MD", scale: str = "0-10"
) -> dict[str, object]:
    return {"measure": measure, "scale": scale, "estimate": estimate, "ci_low": low, "ci_high": high}


def graded(
    rows: list[Appraisal],
    studies: list[Study] | None = None,
    judgements: Sequence[Judgement] = (),
    open_questions: Sequence[str] = (),
    **changes: object,
) -> EvidenceProfile:
    held = {one.key: one for one in (studies or [study(one.study_key) for one in rows])}
    return grade(
        claim(**changes),
        held,
        rows,
        "Drug",
        grade_rules(),
        UNCONFIRMED,
        SEARCH,
        rob_without_confounding,
        judgements,
        open_questions,
    )


def outcome(profile: EvidenceProfile) -> tuple[Direction, Certainty]:
    return profile.direction, profile.certainty
