"""Corpus files into checked Reports. Takes a file or two layers of rows; returns Reports, or an error that names the row and the mend.

A corpus row is what a reader noted of one document. Never decides which documents are one study beyond `report_of`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ldn_evidence.errors import InputError
from ldn_evidence.model import Protocol, Report, SearchDate
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
