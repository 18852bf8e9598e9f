"""Corpus files into Reports, and Reports and Records into Studies. Never opens the database, never grades.

A corpus row is what a reader noted of one document; rows and PubMed records of one investigation are one Study.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ldn_evidence.errors import InputError
from ldn_evidence.model import OWN, Citation, MachineReading, Protocol, Record, Report, SearchDate, Study
from ldn_evidence.textfiles import read_rows, read_toml, unique


def load(path: Path, codes: Collection[str]) -> list[Report]:
    """Read and check one corpus file; an absent file is an empty corpus."""
    if not path.exists():
        return []
    reports = read_rows(path, Report)
    unique(path, "study_key", [report.study_key for report in reports])
    for report in reports:
        if report.stated_design not in codes:
            raise InputError(
                f'{path} ({report.study_key}): stated_design = "{report.stated_design}" is not a code we know. '
                f"Use one of: {', '.join(sorted(codes))}."
            )
    return reports


def fits(report: Report, protocol: Protocol) -> bool:
    """Whether a row's condition is one of the protocol's, `general`, or outside it by its own word."""
    known = {condition.slug for condition in protocol.conditions}
    return report.condition in known or report.condition == "general" or report.condition.startswith("other:")


def check(path: Path, reports: Sequence[Report], protocol: Protocol) -> None:
    """Refuse a row whose condition the protocol does not have."""
    for report in reports:
        if not fits(report, protocol):
            known = ", ".join(sorted(condition.slug for condition in protocol.conditions))
            raise InputError(
                f'{path} ({report.study_key}): condition = "{report.condition}" is not in the protocol '
                f'"{protocol.name}". Use one of: {known}, general, or "other: ...".'
            )


def load_search(path: Path) -> SearchDate | None:
    """Where a corpus comes from and when it was searched; None if the file is absent."""
    if not path.exists():
        return None
    found = read_toml(path, _Search)
    return SearchDate(source=found.source, date=found.date)


class _Search(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    source: Annotated[str, StringConstraints(min_length=1)] = Field(examples=["PubMed, by hand"])
    date: Annotated[str, StringConstraints(pattern=r"^\d{4}(-(0[1-9]|1[0-2])(-\d{2})?)?$")] = Field(
        examples=["2026-11"]
    )


def layered(bundled: Sequence[Report], own: Sequence[Report]) -> list[Report]:
    """The workspace's rows over the bundled ones: the same study_key supersedes."""
    rows = {report.study_key: report for report in (*bundled, *own)}
    for report in rows.values():
        if report.report_of is None:
            continue
        main = rows.get(report.report_of)
        if main is None:
            raise InputError(
                f'corpus row {report.study_key}: report_of = "{report.report_of}" is not a study_key of the corpus. '
                "Add that row or mend the key."
            )
        if main.report_of is not None:
            raise InputError(
                f'corpus row {report.study_key}: report_of = "{main.study_key}" is itself a report of "{main.report_of}". '
                "Name the main row."
            )
    for name in ("pmid", "doi"):
        holders: dict[str, str] = {}
        for key in sorted(rows):
            value = str(getattr(rows[key], name) or "").lower()
            if value and value in holders:
                first = holders[value]
                raise InputError(
                    f'corpus row {key}: {name} {value} is already that of "{first}". One study counts once: '
                    f"use study_key = {first} to supersede that row, or drop this one."
                )
            holders[value] = key
    return [rows[key] for key in sorted(rows)]


def studies(
    reports: Sequence[tuple[Report, MachineReading]],
    records: Sequence[tuple[Record, MachineReading]] = (),
    citations: Sequence[tuple[Citation, MachineReading]] = (),
    found_by: Mapping[int, Sequence[str]] | None = None,
    conditions: Collection[str] = (),
    grouping: Mapping[str, str] | None = None,
) -> list[Study]:
    """Which documents are one study: here, and only here.

    A report belongs to the row that its `report_of` names. A PubMed record belongs to the row with its PMID or DOI;
    a record that no row names is a study of its own under `pmid:...`, and bears on the conditions whose search found
    it. A reference from another search belongs to whatever has its PMID, its DOI, or its title and year; a reference that fits
    nothing is a study of its own under `import:...`. Nothing is dropped: what was found twice is listed in one place.
    `grouping` is reviewers' word on where a document belongs (its name -> a study's key, or `own`), and stands above all that.
    """
    found_by = found_by or {}
    places = _told(_found(reports, records, citations), grouping or {}, {one.study_key for one, _ in reports})
    drafts: dict[str, _Draft] = {}
    for report, reading in sorted(reports, key=lambda one: one[0].report_of is not None):  # main rows first
        drafts.setdefault(places[report.study_key], _Draft()).take(report.study_key, reading).reports.append(
            report
        )
    for record, reading in records:
        name = f"pmid:{record.pmid}"
        drafts.setdefault(places[name], _Draft()).take(name, reading).records.append(record)
    for one, reading in citations:
        drafts.setdefault(places[one.key], _Draft()).take(one.key, reading).citations.append(one)
    return [draft.study(key, found_by, conditions) for key, draft in drafts.items()]


def _found(
    reports: Sequence[tuple[Report, MachineReading]],
    records: Sequence[tuple[Record, MachineReading]],
    citations: Sequence[tuple[Citation, MachineReading]],
) -> dict[str, str]:
    """The key of the study to which each document belongs by what it says of itself."""
    places: dict[str, str] = {}
    known = _Known()
    for report, _ in reports:
        key = report.report_of or report.study_key
        places[report.study_key] = key
        known.add(key, report.pmid, report.doi, report.title, report.year)
    for record, _ in records:
        doi = record.identifier("doi")
        key = known.same(record.pmid, doi) or f"pmid:{record.pmid}"
        places[f"pmid:{record.pmid}"] = key
        known.add(key, record.pmid, doi, record.title, record.published.year)
    for one, _ in citations:
        key = known.same(one.pmid, one.doi, one.title, one.year) or one.key
        places[one.key] = key
        known.add(key, one.pmid, one.doi, one.title, one.year)
    return places


def _told(places: Mapping[str, str], grouping: Mapping[str, str], rows: Collection[str]) -> dict[str, str]:
    """The same after reviewers' word. What is moved takes along what belongs to it; a move to nowhere, or in a circle, is not made.

    `rows`: the keys of corpus rows, which only a study of the corpus can take in.
    """

    def place(name: str, passed: frozenset[str]) -> str:
        key = places[name]
        target = grouping.get(name)
        if target == OWN:
            return name
        if target is not None and target in places and target not in passed:
            there = place(target, passed | {name})
            return there if name not in rows or there in rows else key
        if key != name and key not in passed:
            return place(key, passed | {name})
        return key

    return {name: place(name, frozenset({name})) for name in places}


@dataclass
class _Draft:
    readings: dict[str, MachineReading] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)

    def take(self, name: str, reading: MachineReading) -> _Draft:
        """Note what the machine made of a document; then the document itself can be added."""
        self.readings[name] = reading
        return self

    def study(self, key: str, found_by: Mapping[int, Sequence[str]], conditions: Collection[str]) -> Study:
        main = next((one for one in self.reports if one.study_key == key), None)
        others = sorted((one for one in self.reports if one is not main), key=lambda one: one.study_key)
        slugs = tuple(dict.fromkeys(slug for one in self.records for slug in found_by.get(one.pmid, ())))
        condition = next((slug for slug in slugs if slug in conditions), "not read")
        if self.reports and main is None:
            raise ValueError(
                f"{key}: a report of a study that is not there"
            )  # corpus.layered refuses such rows
        # The main report's own, else the first document's.
        reading = self.readings.get(key) or next(iter(self.readings.values()))
        # The document whose name the study bears comes first.
        self.records.sort(key=lambda one: f"pmid:{one.pmid}" != key)
        self.citations.sort(key=lambda one: one.key != key)
        return Study(
            key=key,
            condition=main.condition if main else condition,
            tag=reading.tag,
            relevance=reading.relevance,
            readings=tuple(self.readings.items()),
            reports=(main, *others) if main else (),
            records=tuple(self.records),
            citations=tuple(self.citations),
            found_by=slugs,
            human=main.human if main else None,
        )


class _Known:
    """By which study a PMID, a DOI or a title is held. The first to come keeps it."""

    def __init__(self) -> None:
        self._pmids: dict[int, str] = {}
        self._dois: dict[str, str] = {}
        self._titles: dict[str, list[tuple[int, int | None, str | None, str]]] = {}

    def add(self, key: str, pmid: int | None, doi: str | None, title: str | None, year: int | None) -> None:
        if pmid:
            self._pmids.setdefault(pmid, key)
        if doi:
            self._dois.setdefault(doi.lower(), key)
        if (words := _title(title)) and year:
            self._titles.setdefault(words, []).append((year, pmid, doi and doi.lower(), key))

    def same(
        self, pmid: int | None, doi: str | None, title: str | None = None, year: int | None = None
    ) -> str | None:
        found = (self._pmids.get(pmid) if pmid else None) or (self._dois.get(doi.lower()) if doi else None)
        if found or not year:
            return found
        for then, its_pmid, its_doi, key in self._titles.get(_title(title), ()):
            # Two identifiers that differ are two papers, whatever their titles say.
            differ = (pmid and its_pmid and pmid != its_pmid) or (doi and its_doi and doi.lower() != its_doi)
            # Print and online years differ by one; the same title years apart is another paper.
            if abs(then - year) <= 1 and not differ:
                return key
        return None


def _title(title: str | None) -> str:
    """A title's letters and digits; empty where it is too short to tell two papers apart ("Reply", "Editorial")."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKD", title or "").casefold())
    return " ".join(words) if len(words) >= 4 else ""
