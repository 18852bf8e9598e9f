"""Documents into what a machine makes of them: what each study is, and whether it is about the protocol's intervention.

Takes reports, records and references with a protocol; returns a MachineReading each, in their order. Never reads a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from ldn_evidence import corpus, query, reading, relevance, tagging
from ldn_evidence.model import (
    AbstractSection,
    Citation,
    Dose,
    MachineReading,
    Passage,
    Protocol,
    Record,
    RecordKind,
    Relevance,
    Report,
    Tag,
    Term,
)


class Describer:
    """Reads documents for one protocol; its queries are read once."""

    def __init__(self, protocol: Protocol, *, encoder: bool = False) -> None:
        """`encoder`: study types are read by the encoder too; see `tagging.tags`."""
        self._protocol = protocol
        self._encoder = encoder

    def reports(self, reports: Sequence[Report]) -> list[MachineReading]:
        """Corpus rows: a reader's code says what the study is, the dose that the reader noted is taken for the study's."""
        passages = [Passage.of(one.title, None) for one in reports]
        documents = [
            tagging.Document(
                passage=passage,
                publication_types=one.publication_types,
                stated_code=one.stated_design,
                controlled=one.controlled,
            )
            for one, passage in zip(reports, passages, strict=True)
        ]
        relevances = [
            self._relevance(passage, stated=_stated(one))
            for one, passage in zip(reports, passages, strict=True)
        ]
        return _joined(self._tags(documents), relevances, passages)

    def records(self, records: Sequence[Record]) -> list[MachineReading]:
        """PubMed records."""
        passages = [Passage.of_record(one) for one in records]
        documents = [
            tagging.Document(
                passage=passage,
                publication_types=_types(one),
                mesh=tuple(heading.descriptor.name for heading in one.mesh),
            )
            for one, passage in zip(records, passages, strict=True)
        ]
        relevances = [
            self._relevance(passage, record=one) for one, passage in zip(records, passages, strict=True)
        ]
        return _joined(self._tags(documents), relevances, passages)

    def citations(self, citations: Sequence[Citation]) -> list[MachineReading]:
        """References from other searches."""
        passages = [Passage.of(one.title, one.abstract) for one in citations]
        documents = [
            tagging.Document(passage=passage, publication_types=one.publication_types)
            for one, passage in zip(citations, passages, strict=True)
        ]
        relevances = [
            self._relevance(passage, record=_as_record(one))
            for one, passage in zip(citations, passages, strict=True)
        ]
        return _joined(self._tags(documents), relevances, passages)

    def _tags(self, documents: Sequence[tagging.Document]) -> list[Tag]:
        return tagging.tags(documents, encoder=self._encoder)

    def _relevance(
        self,
        passage: Passage,
        *,
        record: Record | None = None,
        stated: Sequence[Dose] = (),
    ) -> Relevance:
        headings = record.mesh if record else ()
        judged = relevance.judge(
            passage,
            reading.doses(passage, self._protocol.intervention.all_names),
            self._protocol.intervention,
            mesh=[one.descriptor.name for one in headings],
            substances=[one.substance.ui or one.substance.name for one in record.chemicals] if record else [],
            stated=stated,
        )
        return judged if record is None else self._bearing(judged, record)

    def _bearing(self, judged: Relevance, record: Record) -> Relevance:
        """With the conditions whose block the record answers, and the claims that ask for them or for it."""
        indexed = query.Indexed(record)
        beneath = self._protocol.descendants()
        fitting = {slug for slug, block in self._blocks.items() if query.matches(block, indexed, beneath)}
        conditions = tuple(one.slug for one in self._protocol.conditions if one.slug in fitting)
        claims = tuple(
            one.slug for one in self._protocol.claims if one.slug in fitting or one.condition in conditions
        )
        return replace(judged, conditions=conditions, claims=claims)

    @cached_property
    def _blocks(self) -> dict[str, query.Query]:
        blocks = {one.slug: one.query for one in self._protocol.conditions}
        blocks |= {one.slug: one.query for one in self._protocol.claims if one.query}
        return {slug: query.parse(text) for slug, text in blocks.items()}


def _stated(report: Report) -> tuple[Dose, ...]:
    """The dose that a reader noted, by the way that the reader noted."""
    found = reading.stated(report.dose) if report.dose else ()
    return tuple(replace(one, route=one.route or report.route) for one in found)


def _types(record: Record) -> tuple[str, ...]:
    book = ("Book",) if record.kind is RecordKind.BOOK else ()
    return tuple(term.name for term in record.publication_types) + book


def _as_record(citation: Citation) -> Record:
    """A reference in the form in which queries can be asked of it."""
    return Record(
        pmid=citation.pmid or 0,
        title=citation.title,
        abstract=(AbstractSection(text=citation.abstract),) if citation.abstract else (),
        publication_types=tuple(Term(name=name) for name in citation.publication_types),
    )


def _joined(
    tags: Sequence[Tag], relevances: Sequence[Relevance], passages: Sequence[Passage]
) -> list[MachineReading]:
    return [
        MachineReading(tag=tag, relevance=one, registry_numbers=_numbers(passage))
        for tag, one, passage in zip(tags, relevances, passages, strict=True)
    ]


def _numbers(passage: Passage) -> tuple[str, ...]:
    """The registry numbers that a text names, and those that it has a digit too long or too short."""
    return (*reading.registry_numbers(passage), *corpus.misprints(passage.text))
