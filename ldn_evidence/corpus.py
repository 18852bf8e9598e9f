"""Corpus files into Reports, and Reports and Records into Studies. Never opens the database, never grades.

A corpus row is what a reader noted of one document; rows and PubMed records of one investigation are one Study.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from ldn_evidence.errors import InputError
from ldn_evidence.model import Protocol, Record, Report, Study, Tag
from ldn_evidence.textfiles import read_rows, unique


def load(path: Path, codes: Collection[str], protocol: Protocol) -> list[Report]:
    """Read and check one corpus file; an absent file is an empty corpus."""
    if not path.exists():
        return []
    reports = read_rows(path, Report)
    unique(path, "study_key", [report.study_key for report in reports])
    known = {condition.slug for condition in protocol.conditions}
    for report in reports:
        where = f"{path} ({report.study_key})"
        if report.stated_design not in codes:
            raise InputError(
                f'{where}: stated_design = "{report.stated_design}" is not a code we know. '
                f"Use one of: {', '.join(sorted(codes))}."
            )
        if (
            report.condition not in known
            and report.condition != "general"
            and not report.condition.startswith("other:")
        ):
            raise InputError(
                f'{where}: condition = "{report.condition}" is not in the protocol "{protocol.name}". '
                f'Use one of: {", ".join(sorted(known))}, general, or "other: ...".'
            )
    return reports


def layered(bundled: Sequence[Report], own: Sequence[Report]) -> list[Report]:
    """The workspace's rows over the bundled ones: the same study_key supersedes."""
    rows = {report.study_key: report for report in (*bundled, *own)}
    for report in rows.values():
        if report.report_of is None:
            continue
        main = rows.get(report.report_of)
        if main is None:
            raise InputError(
                f'{report.study_key}: report_of = "{report.report_of}" is not a study_key of the corpus. '
                "Add that row or mend the key."
            )
        if main.report_of is not None:
            raise InputError(
                f'{report.study_key}: report_of = "{main.study_key}" is itself a report of "{main.report_of}". '
                "Name the main row."
            )
    return [rows[key] for key in sorted(rows)]


def studies(reports: Sequence[tuple[Report, Tag]], records: Sequence[tuple[Record, Tag]]) -> list[Study]:
    """Which documents are one study: here, and only here.

    A report belongs to the row that its `report_of` names. A PubMed record belongs to the row with its PMID or
    DOI; a record that no row names is a study of its own under `pmid:...`, tagged but not yet read by anybody.
    """
    by_pmid = {report.pmid: report for report, _ in reports if report.pmid}
    by_doi = {report.doi.lower(): report for report, _ in reports if report.doi}
    held: dict[str, list[Record]] = {}
    alone: list[tuple[Record, Tag]] = []
    for record, tag in records:
        doi = record.identifier("doi")
        report = by_pmid.get(record.pmid) or (by_doi.get(doi.lower()) if doi else None)
        if report is None:
            alone.append((record, tag))
        else:
            held.setdefault(report.report_of or report.study_key, []).append(record)
    members: dict[str, list[Report]] = {}
    for report, _ in reports:
        members.setdefault(report.report_of or report.study_key, []).append(report)
    found = []
    for main, tag in reports:
        if main.report_of is not None:
            continue
        others = sorted(
            (one for one in members[main.study_key] if one is not main), key=lambda one: one.study_key
        )
        found.append(
            Study(
                key=main.study_key,
                condition=main.condition,
                tag=tag,
                reports=(main, *others),
                records=tuple(held.get(main.study_key, ())),
                human=main.human,
            )
        )
    found += [
        Study(key=f"pmid:{record.pmid}", condition="not read", tag=tag, records=(record,))
        for record, tag in alone
    ]
    return found
