"""Every fact that helps a reviewer fill an appraisal, from the abstract and from what PubMed gives beside it.

Takes a Passage and, where there is one, its Record; returns Extractions in the order in which a reviewer asks for them.
"""

from __future__ import annotations

from ldn_evidence.model import Extraction, FactField, Passage, Record
from ldn_evidence.reading.effects import effects
from ldn_evidence.reading.participants import participants
from ldn_evidence.reading.particulars import particulars
from ldn_evidence.reading.results import primary_outcome


def facts(passage: Passage, record: Record | None = None) -> tuple[Extraction, ...]:
    """Facts of the abstract first, then those of the record. A registry number that both give stands once."""
    outcome = primary_outcome(passage)
    found = [
        *participants(passage),
        *((outcome,) if outcome else ()),
        *particulars(passage),
        *effects(passage),
    ]
    return (*found, *_of_record(record, {one.value for one in found}))


def _of_record(record: Record | None, known: set[str]) -> list[Extraction]:
    if record is None:
        return []
    # The abstract's reader spells "EudraCT 2021-002534-16" where PubMed's list has the number alone.
    numbers = [
        one.value for one in record.registry_ids if not any(value.endswith(one.value) for value in known)
    ]
    found = [
        Extraction(field=FactField.REGISTRY, value=one, rule="pubmed-data-bank")
        for one in dict.fromkeys(numbers)
    ]
    agencies = dict.fromkeys(one.agency for one in record.grants if one.agency)
    if agencies:
        found.append(Extraction(field=FactField.FUNDING, value="; ".join(agencies), rule="pubmed-grant-list"))
    if record.conflict_of_interest:
        found.append(
            Extraction(
                field=FactField.CONFLICTS,
                value=record.conflict_of_interest,
                rule="pubmed-conflict-statement",
            )
        )
    return found
