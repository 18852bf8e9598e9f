"""The one path out: studies and appraisals into profiles, profiles into tables and documents.

Plain functions on plain values; the same inputs give the same profiles. Never opens a file, never asks the time.
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ldn_evidence import grading, tagging
from ldn_evidence.appraisal import UNCONFIRMED, rob_without_confounding
from ldn_evidence.model import (
    PARTS,
    Appraisal,
    BodyOfEvidence,
    Concern,
    CorrectionField,
    Domain,
    DomainRating,
    EvidenceProfile,
    Judgement,
    Protocol,
    Reading,
    SearchDate,
    Study,
)

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
NOTICE = (
    'Computed by rules from reviewers\' readings; the reviewer "bundled" is one reader, unadjudicated. Provisional '
    "until a named person has confirmed every counted row. Not medical advice."
)
MACHINE_READ = "Includes rows that a machine read and nobody has confirmed: what rests on one is provisional."


def profiles(
    protocol: Protocol,
    studies: Mapping[str, Study],
    appraisals: Sequence[Appraisal],
    search: SearchDate | None,
    judgements: Sequence[Judgement] = (),
    open_questions: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, EvidenceProfile]:
    """Every claim's profile, in the protocol's order. `open_questions`: why a claim is open, by slug."""
    rules = grading.grade_rules()
    drug = protocol.intervention.short
    why = open_questions or {}
    return {
        claim.slug: grading.grade(
            claim,
            studies,
            appraisals,
            drug,
            rules,
            UNCONFIRMED,
            search,
            rob_without_confounding,
            judgements,
            why.get(claim.slug, ()),
        )
        for claim in protocol.claims
    }


# --------------------------------------------------------------------------- documents (JSON)


def claims_document(
    protocol: Protocol,
    graded: Mapping[str, EvidenceProfile],
    *,
    generated: str,
    corpus_digest: str,
    search: SearchDate | None,
) -> dict[str, Any]:
    """What `claims --json` prints; the only thing in it that changes from one run to the next is `generated`."""
    return {
        **_head(protocol, search),
        "generated": generated,
        "corpus_digest": corpus_digest,
        "claims": [claim_entry(profile) for profile in graded.values()],
    }


def claim_entry(profile: EvidenceProfile) -> dict[str, Any]:
    """One claim as the claims document holds it."""
    return {
        "slug": profile.claim,
        "kind": profile.kind,
        "direction": profile.direction,
        "certainty": profile.certainty,
        "ocebm_level": profile.ocebm_level,
        "n_studies": profile.n_studies,
        "n_participants": profile.n_participants,
        "n_rcts": profile.n_rcts,
        "body": _body_entry(profile.body) if profile.body else None,
        "provisional": profile.provisional,
        "confirmed_by": list(profile.confirmed_by),
        "open_questions": list(profile.open_questions),
        "domains": {name: _rating_entry(one) for name, one in profile.domains.items()},
        "upgrades": {name: _rating_entry(one) for name, one in profile.upgrades.items()},
        "pointing": {word: list(keys) for word, keys in profile.pointing.items()},
        "statement": profile.statement,
        "awaiting": len(profile.awaiting),
    }


def profile_document(
    profile: EvidenceProfile, protocol: Protocol, search: SearchDate | None
) -> dict[str, Any]:
    """What `claim SLUG --json` prints: the entry, the question, and everything it rests on."""
    claim = protocol.claim(profile.claim)
    return {
        **_head(protocol, search),
        **claim_entry(profile),
        "question": claim.question,
        "sentence": claim.sentence or None,
        "from": claim.origin,
        "starting_certainty": profile.starting_certainty,
        "bodies": [_body_entry(body) | {"why": body.why} for body in profile.bodies],
        "counted": [_reading_entry(one) for one in profile.counted],
        "reviews": [_reading_entry(one) for one in profile.reviews],
        "left_out": [asdict(one) for one in profile.left_out],
        "funding": [asdict(one) for one in profile.funding],
        "pool": asdict(profile.pool),
        "reviews_compared": {key: list(words) for key, words in profile.compared},
        "published_pools": [asdict(one) for one in profile.published],
        "would_change": list(profile.would_change),
        "judgements": [one.model_dump(mode="json") for one in profile.judgements],
        "footnotes": list(profile.footnotes),
        "awaiting_studies": list(profile.awaiting),
    }


def study_document(study: Study, rows: Sequence[Appraisal]) -> dict[str, Any]:
    """What `show KEY --json` prints."""
    return {
        "schema_version": SCHEMA_VERSION,
        "notice": NOTICE,
        "study_key": study.key,
        "condition": study.condition,
        "tag": asdict(study.tag),
        "relevance": asdict(study.relevance),
        "left_out": study.left_out,
        "corrections": [row.model_dump(mode="json") for row in study.corrections],
        "can_count": _listed(study, rows) is None,
        "why_not": _listed(study, rows),
        "reports": [report.model_dump(mode="json", exclude_none=True) for report in study.reports],
        "records": [asdict(record) for record in study.records],
        "joined": [{"document": name, "reason": reason} for name, reason in study.joined],
        "doubts": list(study.doubts),
        "appraisals": [row.model_dump(mode="json", exclude_none=True) for row in rows],
    }


def table_document(protocol: str, name: str, table: pd.DataFrame) -> dict[str, Any]:
    """What a command prints of a table under --json: its rows under `name`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "protocol": protocol,
        "notice": NOTICE,
        name: json.loads(table.to_json(orient="records")),
    }


def stale_from(search: SearchDate) -> str:
    """From when on a search is too old to rest on, as precise as its own date."""
    year, *rest = (int(part) for part in search.date.split("-"))
    months = year * 12 + (rest[0] - 1 if rest else 11) + grading.grade_rules().search.stale_after_months
    year, month = divmod(months, 12)
    if len(rest) < 2:
        return f"{year}-{month + 1:02}"
    # The 31st of a month that has none is its last day.
    return f"{year}-{month + 1:02}-{min(rest[1], calendar.monthrange(year, month + 1)[1]):02}"


def _head(protocol: Protocol, search: SearchDate | None) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "protocol": protocol.name,
        "last_search": asdict(search) if search else None,
        "search_stale_from": stale_from(search) if search else None,
        "notice": NOTICE,
    }


def _body_entry(body: BodyOfEvidence) -> dict[str, Any]:
    return {
        "name": body.name,
        "direction": body.direction,
        "n_studies": body.n_studies,
        "n_participants": body.n_participants,
        "informed": body.informed,
        "by_review": body.by_review,
    }


def _rating_entry(one: DomainRating) -> dict[str, Any]:
    """One reason to lower or to raise; `rule` is there where a reviewer's judgement stands over it."""
    said = {"rule": {"rating": one.rule, "reason": one.rule_reason}} if one.rule is not None else {}
    return {"rating": one.rating, "inputs": one.inputs, "reason": one.reason, "by": one.by, **said}


def _reading_entry(reading: Reading) -> dict[str, Any]:
    return {
        "study_key": reading.study.key,
        "citation": reading.study.citation,
        "design": reading.study.tag.design,
        "body": reading.body,
        "direction": reading.direction,
        "note": reading.note or None,
        **reading.row.model_dump(mode="json", exclude={"study_key", "claim"}),
    }


# --------------------------------------------------------------------------- tables (pandas)


def claims_table(protocol: Protocol, graded: Mapping[str, EvidenceProfile]) -> pd.DataFrame:
    """One row a claim: what was asked, what the evidence says, and what each domain costs.

    `studies`, `participants` and `randomised_trials` count human studies of all bodies; `body_*` are of the body
    that sets the grade, empty where that is a review. `awaiting` counts what a search found and nobody has read. Whole numbers are nullable Int64, the rest text or bool.
    """
    rows = []
    for slug, profile in graded.items():
        claim = protocol.claim(slug)
        rows.append(
            {
                "claim": slug,
                "kind": str(claim.kind),
                "question": claim.question,
                "direction": str(profile.direction),
                "certainty": str(profile.certainty),
                "ocebm_level": profile.ocebm_level,
                "statement": profile.statement,
                "studies": profile.n_studies,
                "participants": profile.n_participants,
                "randomised_trials": profile.n_rcts,
                "body": body_words(profile.body),
                "body_studies": profile.body.n_studies if profile.body else None,
                "body_participants": profile.body.n_participants if profile.body else None,
                **{
                    str(name).replace(" ", "_"): str(profile.domains[name].rating)
                    if name in profile.domains
                    else None
                    for name in Domain
                },
                "provisional": profile.provisional,
                "awaiting": len(profile.awaiting),
                "footnotes": " ".join([*profile.footnotes, *_lowered(profile)]),
            }
        )
    return _frame(
        rows,
        whole=(
            "ocebm_level",
            "studies",
            "participants",
            "randomised_trials",
            "body_studies",
            "body_participants",
            "awaiting",
        ),
    )


def studies_table(
    studies: Iterable[Study], appraisals: Sequence[Appraisal], claim: str | None = None
) -> pd.DataFrame:
    """One row a study, with whether it can count and why not. With `claim`, the row's finding and effect as well.

    `primary_result` is a reader's code for the study's own primary outcome and enters no grade. A
    `correction_status` of "none seen" is not clearance. Whole numbers are nullable Int64.
    """
    by_study: dict[str, list[Appraisal]] = {}
    for row in appraisals:
        by_study.setdefault(row.study_key, []).append(row)
    rows: list[dict[str, Any]] = []
    for study in studies:
        read = by_study.get(study.key, [])
        main = study.main
        cells: dict[str, Any] = {
            "study": study.key,
            "year": study.year,
            "condition": study.condition,
            "design": str(study.tag.design),
            "design_rule": study.tag.rule,
            "participants": main.n_participants if main else None,
            "dose_mg": _dose(study),
            "comparator": main.comparator if main else None,
            "primary_outcome": main.primary_outcome if main else None,
            "primary_result": tagging.primary_direction(main.primary_direction) if main else None,
            "can_count": _listed(study, read) is None,
            "why_not": _listed(study, read),
            "claims": "; ".join(f"{row.claim}: {row.finding}" for row in read) or None,
            "reports": len(study.reports),
            "pmid": study.pmid,
            "doi": study.doi,
            "registry_ids": "; ".join(main.registry_ids) or None if main else None,
            "correction_status": main.correction_status if main else None,
            "citation": study.citation,
        }
        if claim is not None:
            one = next((row for row in read if row.claim == claim), None)
            cells |= {
                "finding": str(one.finding) if one else None,
                "outcome_measured": one.outcome_measured if one else None,
                "compared_with": (one.comparator_detail or str(one.comparator)) if one else None,
                "measure": one.measure if one else None,
                "scale": one.scale if one else None,
                "estimate": one.estimate if one else None,
                "ci_low": one.ci_low if one else None,
                "ci_high": one.ci_high if one else None,
                "n_analysed": one.n_analysed if one else None,
                "risk_of_bias": str(one.risk_of_bias) if one else None,
                "reason": one.reason if one else None,
                "reviewer": one.reviewer if one else None,
            }
        rows.append(cells)
    whole = ("year", "participants", "pmid", *(("n_analysed",) if claim is not None else ()))
    return _frame(
        rows, whole=whole, columns=_STUDY_COLUMNS if claim is None else _STUDY_COLUMNS + _ROW_COLUMNS
    )


def profile_table(profile: EvidenceProfile) -> pd.DataFrame:
    """One row a study of one claim: counted rows first, then reviews, then what was left out and why.

    `participants` is `n_analysed`, or the number enrolled where that was not seen; both are nullable Int64.
    """
    rows: list[dict[str, Any]] = []
    for role, readings in (("counted", profile.counted), ("review", profile.reviews)):
        for one in readings:
            row = one.row
            rows.append(
                {
                    "claim": profile.claim,
                    "role": role,
                    "study": one.study.key,
                    "body": str(one.body),
                    "design": str(one.study.tag.design),
                    "finding": str(row.finding),
                    "direction": str(one.direction) if one.direction else "not informative",
                    "outcome_measured": row.outcome_measured,
                    "compared_with": row.comparator_detail or str(row.comparator),
                    **{
                        name: getattr(row, name)
                        for name in ("measure", "scale", "estimate", "ci_low", "ci_high")
                    },
                    "dose": row.dose,
                    "follow_up": row.follow_up,
                    "n_analysed": row.n_analysed,
                    "participants": one.participants,
                    **{f"{name}_directness": str(getattr(row, name)) for name in PARTS},
                    "risk_of_bias": str(row.risk_of_bias),
                    "reason": " ".join(part for part in (row.reason, one.note.capitalize()) if part),
                    "reviewer": row.reviewer,
                }
            )
    shown = {one.study.key for one in profile.reviews}
    rows += [
        {"claim": profile.claim, "role": "left out", "study": one.study_key, "reason": one.reason}
        for one in profile.left_out
        if one.study_key not in shown
    ]
    return _frame(rows, whole=("n_analysed", "participants"), columns=_PROFILE_COLUMNS)


def body_words(body: BodyOfEvidence | None) -> str | None:
    """How a body prints: "randomised", or "randomised, by review"."""
    if body is None:
        return None
    return f"{body.name}, by review" if body.by_review else str(body.name)


def provenance(protocol: str, digest: str, search: SearchDate | None) -> str:
    """One line that says where a table comes from, for every row of an export."""
    searched = f"searched {search.date} ({search.source})" if search else "nothing searched yet"
    return f"ldn_evidence {version('ldn-evidence')}; protocol {protocol}; corpus {digest[:19]}; {searched}. {NOTICE}"


def csv_text(frame: pd.DataFrame, source: str) -> str:
    """A table as CSV, with where it comes from in the last column. A cell that a spreadsheet would run is defused."""
    import pandas as pd

    safe = frame.assign(provenance=source)
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):  # numbers stay what they are
            safe[name] = safe[name].map(_defuse)
    return str(safe.to_csv(index=False, lineterminator="\r\n"))


def _defuse(cell: object) -> object:
    # A spreadsheet takes text that begins with one of these for a formula; an apostrophe makes it text again.
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _lowered(profile: EvidenceProfile) -> list[str]:
    return [
        f"{name.capitalize()}: {one.rating}, {one.reason}."
        for name, one in profile.domains.items()
        if one.rating is not Concern.NONE
    ]


def _dose(study: Study) -> str | None:
    """The dose as a reviewer corrected it, else as the corpus row has it."""
    correction = study.corrected(CorrectionField.DOSE)
    return correction.value if correction else study.main.dose if study.main else None


def _listed(study: Study, rows: Sequence[Appraisal]) -> str | None:
    listed = grading.listed_by(study, grading.grade_rules(), appraised=bool(rows))
    return listed.reason if listed else None


_STUDY_COLUMNS = [
    "study",
    "year",
    "condition",
    "design",
    "design_rule",
    "participants",
    "dose_mg",
    "comparator",
    "primary_outcome",
    "primary_result",
    "can_count",
    "why_not",
    "claims",
    "reports",
    "pmid",
    "doi",
    "registry_ids",
    "correction_status",
    "citation",
]
_ROW_COLUMNS = [
    "finding",
    "outcome_measured",
    "compared_with",
    "measure",
    "scale",
    "estimate",
    "ci_low",
    "ci_high",
    "n_analysed",
    "risk_of_bias",
    "reason",
    "reviewer",
]
_PROFILE_COLUMNS = [
    "claim",
    "role",
    "study",
    "body",
    "design",
    "finding",
    "direction",
    "outcome_measured",
    "compared_with",
    "measure",
    "scale",
    "estimate",
    "ci_low",
    "ci_high",
    "dose",
    "follow_up",
    "n_analysed",
    "participants",
    "population_directness",
    "intervention_directness",
    "comparison_directness",
    "outcome_directness",
    "risk_of_bias",
    "reason",
    "reviewer",
]


def _frame(
    rows: Sequence[Mapping[str, Any]], whole: Sequence[str], columns: Sequence[str] | None = None
) -> pd.DataFrame:
    import pandas as pd  # half a second to import: not for a command that prints no table

    frame = pd.DataFrame(rows, columns=list(columns) if columns is not None else None)
    return frame.astype({name: "Int64" for name in whole if name in frame})
