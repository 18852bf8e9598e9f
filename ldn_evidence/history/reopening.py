"""Retractions, errata and expressions of concern into the claims that they re-open. Never grades, never opens a file.

Who appraised a study before its notice was there has not read the notice: the claim is provisional again, until a person
writes a newer row on that study and claim.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ldn_evidence.model import Appraisal, Record, Study

if TYPE_CHECKING:
    from ldn_evidence.history.entries import Entry

# PubMed's links from a document to what was said of it later, and the words of a corpus row.
_LINKS = {
    "RetractionIn": "a retraction",
    "ErratumIn": "an erratum",
    "ExpressionOfConcernIn": "an expression of concern",
    "CorrectedandRepublishedIn": "a corrected version",
}
_STATED = {
    "retracted": "a retraction",
    "corrected": "an erratum",
    "expression of concern": "an expression of concern",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something was said of a study's main document after it appeared, or another of its reports was retracted.

    `key` tells two notices of one study apart: two errata are two, however often PubMed rewords a retraction it is one.
    `record` is the PMID whose record bears it; None: a corpus row says so. `since`: when it was first held here (UTC, ISO 8601);
    None: nobody can tell, and whoever read the study may not have known it. `report`: the report of the study that was retracted, where that
    is not the main document.
    """

    kind: str
    key: str
    record: int | None = None
    since: str | None = None
    report: str | None = None

    @property
    def name(self) -> str:
        """What tells it apart among all notices of a study: the record of each report calls its retraction by one key."""
        return f"{self.key} of {self.report}" if self.report else self.key


def of_record(record: Record) -> tuple[Notice, ...]:
    """What PubMed's record says was said of its document."""
    found: dict[str, Notice] = {}
    if record.retracted:
        found["a retraction"] = Notice(kind="a retraction", key="a retraction", record=record.pmid)
    for link in record.related:
        kind = _LINKS.get(link.relation or "")
        if kind is None:
            continue
        several = link.relation in ("ErratumIn", "CorrectedandRepublishedIn")
        key = f"{kind} {link.pmid or link.source or ''}".strip() if several else kind
        found.setdefault(key, Notice(kind=kind, key=key, record=record.pmid))
    return tuple(found[key] for key in sorted(found))


def notices(study: Study) -> tuple[Notice, ...]:
    """What was said of a study's main document, by PubMed's records of it and by its corpus row, and which of its other reports were
    retracted; not yet dated."""
    found = [one for record in study.main_records for one in of_record(record)]
    stated = _STATED.get((study.main.correction_status if study.main else None) or "")
    if stated:
        found.append(Notice(kind=stated, key=f"{stated} (corpus row)"))
    for name, pmid in study.retractions_beside:
        key = "a retraction" if pmid else "a retraction (corpus row)"
        found.append(Notice(kind="a retraction", key=key, record=pmid, report=name))
    return tuple(found)


def first_noted(entries: Iterable[Entry], study: str, key: str, now: str | None) -> str | None:
    """When a corpus row bore a notice at the latest: the moment of the first entry with it; `now`, where none has it yet.

    Where it was there when the history began it may be older. But a history can be lost, and no claim is friendlier for that.
    """
    noted = (one.at for one in entries if (then := one.studies.get(study)) and key in then.notices)
    return next(noted, now)


def dated(found: Iterable[Notice], since: Mapping[tuple[int | None, str], str | None]) -> tuple[Notice, ...]:
    """The notices of one study with the moments by which they were held (record and key -> moment; of what a corpus row says None and name).

    A retraction or a concern that row and record both tell of is one, and was there from the earlier moment on.
    """
    known = [
        replace(one, since=since.get((one.record, one.key if one.record else one.name))) for one in found
    ]
    first: dict[tuple[str, str | None], Notice] = {}
    for one in sorted(known, key=lambda one: (one.since is None, one.since or "", one.name)):
        name = one.kind if one.kind in ("a retraction", "an expression of concern") else one.key
        first.setdefault((name, one.report), one)
    return tuple(first.values())


def reopened(
    rows: Iterable[Appraisal], held: Mapping[str, Sequence[Notice]], unconfirmed: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """For each claim why it is open again. `rows`: those that it rests on; `held`: the notices of each study, dated as far as can be told, by key.

    A row dated by the day was written at that day's beginning, as everywhere; a notice without a date is newer than any row.
    """
    found: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda one: (one.claim, one.study_key)):
        if row.reviewer.casefold() in unconfirmed:
            continue  # nobody had confirmed it anyway
        for one in held.get(row.study_key, ()):
            of_report = f" of its report {one.report}" if one.report else ""
            whose = f"{row.reviewer}'s row of {row.date.date().isoformat()}"
            if one.since is None:
                found.setdefault(row.claim, []).append(
                    f"Re-opened: {row.study_key} has {one.kind}{of_report}, and nobody noted since when; {whose} may have been written before it."
                )
            elif row.date.isoformat() < one.since.replace("Z", "+00:00"):
                found.setdefault(row.claim, []).append(
                    f"Re-opened: {row.study_key} has {one.kind}{of_report} since {one.since[:10]}; {whose} was written before it."
                )
    return {slug: tuple(dict.fromkeys(words)) for slug, words in found.items()}
