"""How many of the reports that a reader joined by hand the rules would join, and which they join wrongly.

python benchmarks/joining.py

Takes the bundled corpus with `report_of` blanked: each row as a PubMed record with the title, first author, year, journal, types,
DOI and registry numbers that the row holds, and nothing else (no abstract, no links, no further authors). Prints pairs of documents.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

from ldn_evidence import Workspace, corpus
from ldn_evidence.model import Author, Identifier, Journal, PartialDate, Record, Report, Term
from ldn_evidence.refresh.describing import Describer

# What a row's form says and its publication types may not.
FORMS = {"preprint": "Preprint", "correction notice": "Published Erratum"}


def as_record(place: int, row: Report) -> Record:
    """What PubMed would at least say of the document that a row describes."""
    family, _, given = (row.first_author or "").rpartition(" ")
    types = [*row.publication_types, *(FORMS[form] for form in [row.form or ""] if form in FORMS)]
    return Record(
        pmid=row.pmid or 900_000_000 + place,
        title=row.title,
        authors=(Author(last_name=family or given, initials=given if family else None),)
        if row.first_author
        else (),
        authors_complete=False,
        published=PartialDate(year=row.year),
        journal=Journal(title=row.journal),
        publication_types=tuple(Term(name=name) for name in types),
        identifiers=(Identifier(scheme="doi", value=row.doi),) if row.doi else (),
        registry_ids=tuple(Identifier(scheme=None, value=one) for one in row.registry_ids),
    )


def pairs(groups: Iterable[Sequence[str]]) -> set[frozenset[str]]:
    """Every two documents of a group."""
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def main() -> None:
    """Measure the bundled corpus."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        rows, protocol = workspace.reports(), workspace.protocol
    records = [as_record(place, row) for place, row in enumerate(rows)]
    names = {one.pmid: row.study_key for one, row in zip(records, rows, strict=True)}
    studies = corpus.studies((), list(zip(records, Describer(protocol).records(records), strict=True)))
    by_hand: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_hand[row.report_of or row.study_key].append(row.study_key)
    known = pairs(by_hand.values())
    joined = pairs([names[one.pmid] for one in study.records] for study in studies)
    print(f"{len(rows)} documents, {len(studies)} studies")
    print(
        f"{len(known & joined)} of {len(known)} pairs found, {len(joined - known)} joined that no reader joined"
    )
    for title, some in (("missed", known - joined), ("joined and not known", joined - known)):
        print(title + ":", "; ".join(sorted(" + ".join(sorted(pair)) for pair in some)))


if __name__ == "__main__":
    main()
