"""PubMed's words: `Record` and its parts, as PubMed sends them. Nobody edits them."""

from __future__ import annotations

from dataclasses import dataclass, field

from ldn_evidence.model.vocabularies import RecordKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialDate:
    """A date as far as PubMed gives it. `text` keeps a form such as "2009 Jul-Aug" or "Winter 1998"."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbstractSection:
    """One section of an abstract; `label` as printed, `category` as NLM normalised it."""

    text: str
    label: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherAbstract:
    """An abstract in another language or from another source (`kind`)."""

    language: str
    kind: str
    sections: tuple[AbstractSection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A value and the scheme it belongs to: ("doi", ...), ("ORCID", ...), ("ClinicalTrials.gov", ...)."""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """A person, or a group under `collective`."""

    last_name: str | None = None
    fore_name: str | None = None
    initials: str | None = None
    suffix: str | None = None
    collective: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    affiliations: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """ "Younger J", or the group's name."""
        return self.collective or " ".join(part for part in (self.last_name, self.initials) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """Where a record appeared."""

    title: str | None = None
    abbreviation: str | None = None
    nlm_id: str | None = None
    issn: str | None = None
    country: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A controlled term with its unique identifier (MeSH or publication type)."""

    name: str
    ui: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshHeading:
    """A descriptor with its qualifiers. `major` if the descriptor or any qualifier is starred."""

    descriptor: Term
    qualifiers: tuple[Term, ...] = ()
    major: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chemical:
    """A substance; `registry_number` is PubMed's "0" where it has none."""

    substance: Term
    registry_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A funding statement."""

    number: str | None = None
    agency: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedRecord:
    """A comment, correction, retraction or update link. `pmid` may be missing even in retractions."""

    relation: str
    source: str | None = None
    pmid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One citation (PMID and version) as PubMed sends it. Nobody edits it; `None`: PubMed does not say."""

    pmid: int
    version: int = 1
    kind: RecordKind = RecordKind.ARTICLE
    title: str | None = None
    vernacular_title: str | None = None
    book_title: str | None = None
    publisher: str | None = None
    abstract: tuple[AbstractSection, ...] = ()
    other_abstracts: tuple[OtherAbstract, ...] = ()
    authors: tuple[Author, ...] = ()
    investigators: tuple[Author, ...] = ()
    journal: Journal = field(default_factory=Journal)
    published: PartialDate = field(default_factory=PartialDate)
    published_online: PartialDate | None = None
    created: PartialDate | None = None
    completed: PartialDate | None = None
    revised: PartialDate | None = None
    history: tuple[tuple[str, PartialDate], ...] = ()
    languages: tuple[str, ...] = ()
    publication_types: tuple[Term, ...] = ()
    mesh: tuple[MeshHeading, ...] = ()
    supplementary_mesh: tuple[Term, ...] = ()
    chemicals: tuple[Chemical, ...] = ()
    keywords: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    registry_ids: tuple[Identifier, ...] = ()
    grants: tuple[Grant, ...] = ()
    conflict_of_interest: str | None = None
    related: tuple[RelatedRecord, ...] = ()
    status: str | None = None
    indexing_method: str | None = None
    publication_status: str | None = None

    def identifier(self, scheme: str) -> str | None:
        """The first identifier of a scheme: `record.identifier("doi")`."""
        return next((one.value for one in self.identifiers if one.scheme == scheme), None)

    @property
    def retracted(self) -> bool:
        """PubMed says so in either of two places; a retraction *notice* is not itself retracted."""
        return any(term.name == "Retracted Publication" for term in self.publication_types) or any(
            link.relation == "RetractionIn" for link in self.related
        )

    @property
    def citation(self) -> str:
        """One line: first author, title, journal, year."""
        first = self.authors[0].name if self.authors else None
        others = " et al." if len(self.authors) > 1 else "."
        journal = self.journal.abbreviation or self.journal.title or self.book_title
        parts = [f"{first}{others}" if first else None, self.title, journal]
        year = str(self.published.year) if self.published.year else self.published.text
        return " ".join([part if part.endswith(".") else f"{part}." for part in (*parts, year) if part])
