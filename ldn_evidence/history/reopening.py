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
    None: nobody can tell. `report`: the report of the study that was retracted, where that is not the main document.
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
    """When a corpus row first bore a notice: the first entry with it, where an earlier one held the study without.

    `now` where none has it yet. None: it was there when the history began, and nobody can tell since when.
    """
    without = False
    for one in entries:
        then = one.studies.get(study)
        if then is not None and key in then.notices:
            return one.at if without else None
        without = without or then is not None
    return now if without else None


def dated(found: Iterable[Notice], since: Mapping[tuple[int | None, str], str | None]) -> tuple[Notice, ...]:
    """The notices of one study with the moments by which they were held (record and key -> moment; of what a corpus row says None and name); those without one are dropped.

    A retraction or a concern that row and record both tell of is one, and was there from the earlier moment on.
    """
    moments = [(one, since.get((one.record, one.key if one.record else one.name))) for one in found]
    known = [replace(one, since=moment) for one, moment in moments if moment]
    first: dict[tuple[str, str | None], Notice] = {}
    for one in sorted(known, key=lambda one: (one.since or "", one.name)):
        name = one.kind if one.kind in ("a retraction", "an expression of concern") else one.key
        first.setdefault((name, one.report), one)
    return tuple(first.values())


def reopened(
    rows: Iterable[Appraisal], held: Mapping[str, Sequence[Notice]], unconfirmed: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """For each claim why it is open again. `rows`: those that it rests on; `held`: the dated notices of each study, by key.

    A row dated by the day was written at that day's beginning, as everywhere.
    """
    found: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda one: (one.claim, one.study_key)):
        if row.reviewer.casefold() in unconfirmed:
            continue  # nobody had confirmed it anyway
        for one in held.get(row.study_key, ()):
            of_report = f" of its report {one.report}" if one.report else ""
            if one.since is not None and row.date.isoformat() < one.since.replace("Z", "+00:00"):
                found.setdefault(row.claim, []).append(
                    f"Re-opened: {row.study_key} has {one.kind}{of_report} since {one.since[:10]}; {row.reviewer}'s row of "
                    f"{row.date.date().isoformat()} was written before it."
                )
    return {slug: tuple(dict.fromkeys(words)) for slug, words in found.items()}
