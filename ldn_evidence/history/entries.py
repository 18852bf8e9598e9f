"""Profiles and what they rest on into one entry: plain values, compact, the same for the same inputs whatever their order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ldn_evidence.history.reopening import notices
from ldn_evidence.model import (
    Appraisal,
    Correction,
    EvidenceProfile,
    Judgement,
    Protocol,
    SearchDate,
    Study,
    said,
)

SCHEMA_VERSION = 1
# Corrections that an entry gives in full; of more it gives the number.
MOST_CORRECTIONS = 50
# What decides a grade besides people's files: these rooms, and every file of rules.
_ROOMS = (
    "appraisal",
    "corpus",
    "corrections.py",
    "evidence.py",
    "grading",
    "history",
    "judging.py",
    "model",
    "parse.py",
    "query",
    "reading",
    "relevance.py",
    "tagging",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchThen:
    """The search behind an entry: its source and date, and the run's name where PubMed was asked."""

    source: str
    date: str
    run: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowThen:
    """An appraisal that stood: whose, of what, and a digest of all its cells."""

    study: str
    finding: str
    reviewer: str
    date: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyThen:
    """A study with an appraisal: its design and the rule that gave it, its documents, and what was said of them.

    `described` is a digest of its corpus rows, `indexed` of PubMed's records of it.
    """

    design: str
    rule: str
    documents: tuple[str, ...]
    described: str
    indexed: str
    warning: str | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A reviewer's word that an entry was the first to hold: a correction, or a judgement on a domain."""

    subject: str
    field: str
    value: str
    reviewer: str
    date: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimThen:
    """What was said of one claim, and the names of what it rests on.

    `digest` is the SHA-256 of the profile's document. `counted`, `beside` (reviews) and `left_out` (with the reason) name rows;
    `others` is a digest of the studies without a row and their reasons, `unread` one of those that await reading.
    """

    digest: str
    direction: str
    certainty: str
    level: int | None
    provisional: bool
    studies: int
    awaiting: int
    counted: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    others: str = ""
    unread: str = ""
    judgements: tuple[Cause, ...] = ()
    open_questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of `history.jsonl`: what a build concluded, from what, by which rules.

    `at` is UTC, ISO 8601. `corrections` is how many rows there were, `corrections_digest` that of all of them,
    `corrected` those that the entry before did not hold; `rewritten`: rows that it did hold were changed or taken out.
    """

    protocol: str
    at: str
    what: str
    program: str
    code: str
    rules: dict[str, str]
    corpus: str
    search: SearchThen | None
    corrections: int
    corrections_digest: str
    rows: dict[str, RowThen]
    studies: dict[str, StudyThen]
    claims: dict[str, ClaimThen]
    corrected: tuple[Cause, ...] = ()
    rewritten: bool = False
    schema_version: int = SCHEMA_VERSION


def digest(value: Any, letters: int = 16) -> str:
    """A value's SHA-256 in hexadecimal, cut to so many letters; the order of keys does not matter."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:letters]


def profile_digest(document: Mapping[str, Any], search: SearchDate | None) -> str:
    """The digest of what a profile's document says, whenever was searched.

    The sentence of an unanswered claim gives the search: with it, every run would be a change of every such claim.
    """
    said = {
        name: value
        for name, value in document.items()
        if name not in ("last_search", "search_stale_from", "notice")
    }
    if search is not None:
        said["statement"] = said["statement"].replace(f"{search.source}, {search.date}", "")
    return digest(said, 64)


@cache
def rules_digests() -> tuple[dict[str, str], str]:
    """A digest of each file of rules, and one of the code and weights that apply them."""
    package = Path(__file__).parent.parent
    rules = {path.name: _file_digest([path], package) for path in sorted((package / "rules").iterdir())}
    files = [path for room in _ROOMS for path in _within(package / room)]
    return rules, _file_digest(files, package)


def _within(place: Path) -> list[Path]:
    found = sorted(place.rglob("*")) if place.is_dir() else [place]
    return [path for path in found if path.suffix in (".py", ".json", ".npz", ".toml")]


def _file_digest(paths: Iterable[Path], package: Path) -> str:
    hasher = hashlib.sha256()
    for path in paths:
        # A checkout on Windows ends its lines otherwise and says the same.
        raw = path.read_bytes() if path.suffix == ".npz" else path.read_bytes().replace(b"\r\n", b"\n")
        hasher.update(path.relative_to(package).as_posix().encode() + b"\0" + raw)
    return hasher.hexdigest()[:16]


def entry(
    *,
    what: str,
    at: str,
    protocol: Protocol,
    profiles: Mapping[str, EvidenceProfile],
    documents: Mapping[str, Mapping[str, Any]],
    studies: Mapping[str, Study],
    appraisals: Sequence[Appraisal],
    corrections: Sequence[Correction],
    corpus: str,
    search: SearchDate | None,
    run: str | None,
    before: Entry | None,
) -> Entry:
    """What a build concluded. `documents`: each profile as `claim SLUG --json` prints it; `appraisals`: the standing rows, each on
    one of `studies`; `before`: the entry before this one.
    """
    held = [_correction(row) for row in corrections]
    known = before.corrections if before else 0
    kept = before is None or before.corrections_digest == digest([asdict(one) for one in held[:known]])
    rules, code = rules_digests()
    return Entry(
        protocol=protocol.name,
        at=at,
        what=what,
        program=version("ldn-evidence"),
        code=code,
        rules=rules | {"protocol": digest(protocol.model_dump(mode="json"))},
        corpus=corpus,
        search=SearchThen(source=search.source, date=search.date, run=run) if search else None,
        corrections=len(held),
        corrections_digest=digest([asdict(one) for one in held]),
        corrected=tuple(held[known:] if before and kept else ())[:MOST_CORRECTIONS],
        rewritten=not kept,
        rows={row.row_id: _row(row) for row in appraisals},
        studies={key: _study(studies[key]) for key in sorted({row.study_key for row in appraisals})},
        claims={
            slug: _claim(profile, profile_digest(documents[slug], search), appraisals)
            for slug, profile in profiles.items()
        },
    )


def same(one: Entry, other: Entry) -> bool:
    """Whether two entries say the same, whenever and by whatever command they were made.

    A search that changed nothing is noted by its own run in the archive.
    """
    passing = ("at", "what", "search", "corrected", "rewritten")
    return {name: value for name, value in asdict(one).items() if name not in passing} == {
        name: value for name, value in asdict(other).items() if name not in passing
    }


def _row(row: Appraisal) -> RowThen:
    return RowThen(
        study=row.study_key,
        finding=row.finding,
        reviewer=row.reviewer,
        date=said(row.date),
        digest=digest(row.model_dump(mode="json", exclude_defaults=True)),
    )


def _study(study: Study) -> StudyThen:
    names = [f"pmid:{one.pmid}" for one in study.records]
    names += [one.key for one in study.citations] + [one.study_key for one in study.reports]
    return StudyThen(
        design=study.tag.design,
        rule=study.tag.rule,
        documents=tuple(sorted(names)),
        described=digest(
            sorted(one.model_dump_json(exclude_defaults=True) for one in study.reports), letters=12
        ),
        indexed=digest([asdict(one) for one in sorted(study.records, key=lambda one: one.pmid)], letters=12),
        warning=study.warning,
        notices=tuple(sorted({one.name for one in notices(study)})),
    )


def _correction(row: Correction) -> Cause:
    return Cause(
        subject=row.subject,
        field=row.field,
        value=row.value,
        reviewer=row.reviewer,
        date=str(row.model_dump(mode="json")["date"]),
        reason=row.reason,
    )


def _judgement(row: Judgement) -> Cause:
    return Cause(
        subject=row.claim,
        field=row.domain,
        value=row.rating,
        reviewer=row.reviewer,
        date=said(row.date),
        reason=row.reason,
    )


def _claim(
    profile: EvidenceProfile,
    said_now: str,
    appraisals: Sequence[Appraisal],
) -> ClaimThen:
    counted = {one.row.row_id for one in profile.counted}
    beside = {one.row.row_id for one in profile.reviews}
    # A profile tells of what is left out by the study alone; the row is what a person may want to find again.
    names = {row.study_key: row.row_id for row in appraisals if row.claim == profile.claim}
    reasons = {one.study_key: one.reason for one in profile.left_out}
    left_out = {names[key]: reason for key, reason in reasons.items() if key in names}
    others = sorted((key, reason) for key, reason in reasons.items() if key not in names)
    return ClaimThen(
        digest=said_now,
        direction=profile.direction,
        certainty=profile.certainty,
        level=profile.ocebm_level,
        provisional=profile.provisional,
        studies=profile.n_studies,
        awaiting=len(profile.awaiting),
        counted=tuple(sorted(counted)),
        beside=tuple(sorted(beside)),
        left_out={name: reason for name, reason in left_out.items() if name not in beside},
        others=digest(others, letters=12) if others else "",
        unread=digest(sorted(profile.awaiting), letters=12) if profile.awaiting else "",
        judgements=tuple(
            _judgement(row) for row in sorted(profile.judgements, key=lambda one: (one.domain, one.reviewer))
        ),
        open_questions=profile.open_questions,
    )
