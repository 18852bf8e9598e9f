"""What was searched, found and changed: runs and studies into tables and documents. Never opens a file, never asks the time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ldn_evidence import grading
from ldn_evidence.model import Appraisal, Protocol, Report, SearchRun, Study

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
DATABASE = "PubMed (MEDLINE and more; National Library of Medicine)"
PLATFORM = "NCBI E-utilities (esearch)"
CHANGES = ("new", "revised", "gone", "retracted")


def run_document(run: SearchRun, before: SearchRun | None) -> dict[str, Any]:
    """One run: what each query found and what changed, as PMIDs. `before`: the complete run before it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "run": run.id,
        "protocol": run.protocol,
        "outcome": run.outcome,
        "why": run.why,
        "started": run.started,
        "ended": run.ended,
        "service": run.service,
        "of_ncbi": run.of_ncbi,
        "pubmed_build": run.pubmed_build,
        "requests": run.requests,
        "revised_since": run.revised_since,
        "found": len(run.found),
        **{name: list(getattr(run, name)) for name in (*CHANGES, "unreadable", "missing", "not_given")},
        "queries": [_query_entry(run, before, slug) for slug in (one.slug for one in run.searches)],
        "versions": run.versions,
    }


def _query_entry(run: SearchRun, before: SearchRun | None, slug: str) -> dict[str, Any]:
    search = run.search(slug)
    if search is None:
        raise LookupError(slug)
    found = set(search.pmids)
    earlier = before.search(slug) if before else None
    return {
        "slug": slug,
        "found": search.count,
        "new": sorted(found & set(run.new)),
        "revised": sorted(found & set(run.revised)),
        "gone": sorted(set(earlier.pmids) - found) if earlier else [],
        "retracted": sorted(found & set(run.retracted)),
        "query_changed": earlier is not None and earlier.query != search.query,
        "remarks": list(search.remarks),
    }


def awaiting(protocol: Protocol, studies: Iterable[Study], rows: Iterable[Appraisal]) -> dict[str, list[str]]:
    """For each claim the keys of studies that wait for a row: a search found them and nobody has read them, or nobody has judged them on it."""
    read = {(row.claim, row.study_key) for row in rows}
    held, rules = list(studies), grading.grade_rules()
    return {
        claim.slug: [
            one.key
            for one in held
            if (claim.slug, one.key) not in read and grading.unjudged(claim, one, rules)
        ]
        for claim in protocol.claims
    }


def missed(reports: Iterable[Report], run: SearchRun) -> list[dict[str, Any]]:
    """Known studies of a condition that its query did not find: each says that the query, or the PMID, needs a look."""
    found = []
    for report in reports:
        search = run.search(report.condition)
        if search is not None and report.pmid and report.pmid not in search.pmids:
            found.append(
                {
                    "study": report.study_key,
                    "pmid": report.pmid,
                    "query": report.condition,
                    "elsewhere": report.pmid in run.found,
                }
            )
    return found


def known(reports: Iterable[Report], run: SearchRun) -> int:
    """How many known studies the recall check could look for."""
    return sum(1 for one in reports if one.pmid and run.search(one.condition))


def runs_table(runs: Sequence[SearchRun]) -> pd.DataFrame:
    """One row a run, oldest first. Counts are of PMIDs; `revised` counts records whose content changed."""
    return _frame(
        [
            {
                "run": run.id,
                "started": run.started,
                "outcome": str(run.outcome),
                "queries": len(run.searches),
                "found": len(run.found),
                **{name: len(getattr(run, name)) for name in (*CHANGES, "missing")},
                "requests": run.requests,
                "why": run.why,
            }
            for run in runs
        ],
        ["run", "started", "outcome", "queries", "found", *CHANGES, "missing", "requests", "why"],
    )


def difference_table(first: SearchRun, second: SearchRun, between: Sequence[SearchRun]) -> pd.DataFrame:
    """What changed from one run to another: a row for each PMID and query.

    `change` is found (the query finds it now), no longer found, revised or retracted; the last two are of every run after the
    first up to the second (`between`), and stand without a query.
    """
    rows: list[dict[str, Any]] = []
    slugs = dict.fromkeys(one.slug for run in (first, second) for one in run.searches)
    for slug in slugs:
        then, now = first.search(slug), second.search(slug)
        old, new = set(then.pmids if then else ()), set(now.pmids if now else ())
        rows += [{"query": slug, "change": "found", "pmid": pmid} for pmid in sorted(new - old)]
        rows += [{"query": slug, "change": "no longer found", "pmid": pmid} for pmid in sorted(old - new)]
        if then and now and then.query != now.query:
            rows.append({"query": slug, "change": "the query itself was changed", "pmid": None})
    for name in ("revised", "retracted"):
        pmids = {pmid for run in between for pmid in getattr(run, name)}
        rows += [{"query": None, "change": name, "pmid": pmid} for pmid in sorted(pmids)]
    frame = _frame(rows, ["query", "change", "pmid"])
    return frame.astype({"pmid": "Int64"})


def queries_table(protocol: Protocol, run: SearchRun | None) -> pd.DataFrame:
    """One row a query, with what PRISMA-S asks to be reported: database, platform, date, full strategy, limits, count.

    `query` is what would be sent now; `sent` what the last complete run sent, with PubMed's `translation` and `found`.
    """
    rows = []
    for slug, text in protocol.queries().items():
        search = run.search(slug) if run else None
        rows.append(
            {
                "serves": slug,
                "query": text,
                "database": DATABASE,
                "platform": PLATFORM,
                "searched": search.asked if search else None,
                "sent": search.query if search else None,
                "translation": search.translation if search else None,
                "found": search.count if search else None,
                "limits": "none",
                "remarks": "; ".join(search.remarks) or None if search else None,
                "run": run.id if run else None,
            }
        )
    return _frame(rows, list(rows[0]) if rows else []).astype({"found": "Int64"})


def prisma_s(protocol: Protocol, run: SearchRun | None) -> str:
    """The search as a methods section would report it after PRISMA-S, without the strategies themselves."""
    if run is None:
        return "PubMed has not been searched yet."
    if not run.of_ncbi:
        return (
            f"Run {run.id} asked {run.service}, which is not NCBI's address: what it found is no search of PubMed, and there is "
            "nothing to report."
        )
    total = sum(one.count for one in run.searches)
    drug = protocol.intervention.query
    return (
        f"{DATABASE} was searched through {PLATFORM} on {run.started[:10]} with {len(run.searches)} queries, "
        f"each joining the names of the drug, {drug}, with one condition or question; no limits on dose, date, language or "
        f"publication type; no filter. The queries found {total} records, {len(run.found)} after those found by more "
        f"than one query were counted once (by PMID). Full strategies exactly as sent: run {run.id}."
    )


def found_table(documents: Sequence[str], studies: Mapping[str, Study]) -> pd.DataFrame:
    """One row a study, in the order in which its best document was found."""
    by_document: dict[str, Study] = {}
    for study in studies.values():
        for report in study.reports:
            by_document[report.study_key] = study
        for record in study.records:
            by_document[f"pmid:{record.pmid}"] = study
        for citation in study.citations:
            by_document[citation.key] = study
    found = dict.fromkeys(by_document[one].key for one in documents if one in by_document)
    rows = [
        {
            "study": key,
            "year": studies[key].year,
            "condition": studies[key].condition,
            "design": str(studies[key].tag.design),
            "pmid": studies[key].pmid,
            "citation": studies[key].citation,
        }
        for key in found
    ]
    frame = _frame(rows, ["study", "year", "condition", "design", "pmid", "citation"])
    return frame.astype({"year": "Int64", "pmid": "Int64"})


def _frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd  # half a second to import: not for a command that prints no table

    return pd.DataFrame(rows, columns=list(columns))
