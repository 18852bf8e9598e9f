"""PubMed's words: `Record` and its parts, as PubMed sends them. Nobody edits them.

Values only: what is `None` or empty, PubMed does not say. docs/record.md gives the place in PubMed's XML that each field comes
from, and what is left out. Never reads XML, never decides what a study is.
"""

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

    language: str | None
    kind: str | None
    sections: tuple[AbstractSection, ...]
    copyright: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A value and the scheme it belongs to: ("doi", ...), ("ORCID", ...), ("ClinicalTrials.gov", ...)."""

    scheme: str | None
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Affiliation:
    """Where an author works, as printed, with what identifies the institution (ROR, RINGGOLD)."""

    name: str | None = None
    identifiers: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """A person, or a group under `collective`.

    `valid` is False for a name that PubMed keeps only because it was once printed wrong: the corrected name stands beside
    it. `group` joins a collective author with its members among the investigators.
    """

    last_name: str | None = None
    fore_name: str | None = None
    initials: str | None = None
    suffix: str | None = None
    collective: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    affiliations: tuple[Affiliation, ...] = ()
    valid: bool = True
    equal_contribution: bool | None = None
    group: str | None = None

    @property
    def name(self) -> str:
        """ "Younger J", or the group's name."""
        return self.collective or " ".join(part for part in (self.last_name, self.initials) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """Where a record appeared. `issn_kind` and `medium`: print or electronic, as PubMed writes them."""

    title: str | None = None
    iso_abbreviation: str | None = None
    medline_abbreviation: str | None = None
    nlm_id: str | None = None
    issn: str | None = None
    issn_kind: str | None = None
    issn_linking: str | None = None
    country: str | None = None
    volume: str | None = None
    issue: str | None = None
    medium: str | None = None
    pages: str | None = None
    first_page: str | None = None
    last_page: str | None = None

    @property
    def abbreviation(self) -> str | None:
        """The ISO abbreviation, or MEDLINE's where there is none."""
        return self.iso_abbreviation or self.medline_abbreviation


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A place in a book: "Chapter 45" of the kind "chapter"."""

    text: str
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSection:
    """One line of a book's table of contents; `level` 1 is the outermost."""

    title: str
    label: Label | None = None
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemList:
    """A list that a book gives beside its text, such as "Synonyms" of a disease."""

    kind: str | None
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The book that a record is, or is a chapter of. Its date of publication is the record's `published`."""

    title: str | None = None
    collection: str | None = None
    volume: str | None = None
    volume_title: str | None = None
    edition: str | None = None
    medium: str | None = None
    report_number: str | None = None
    publisher: str | None = None
    publisher_location: str | None = None
    isbns: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    invalid_identifiers: tuple[Identifier, ...] = ()
    authors: tuple[Author, ...] = ()
    authors_complete: bool | None = None
    editors: tuple[Author, ...] = ()
    investigators: tuple[Author, ...] = ()
    began: PartialDate | None = None
    ended: PartialDate | None = None
    location: tuple[Label, ...] = ()
    pages: str | None = None
    first_page: str | None = None
    last_page: str | None = None
    contents: tuple[BookSection, ...] = ()
    item_lists: tuple[ItemList, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A controlled term with its unique identifier (publication type or substance)."""

    name: str
    ui: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshTerm(Term):
    """A MeSH descriptor, qualifier or supplementary concept.

    `major`: starred. `kind`: "Geographic", "Disease", "Protocol", "Organism". `automatic`: given by NLM's machine.
    """

    major: bool = False
    kind: str | None = None
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshHeading:
    """A descriptor with its qualifiers, each with its own star."""

    descriptor: MeshTerm
    qualifiers: tuple[MeshTerm, ...] = ()

    @property
    def major(self) -> bool:
        """A heading is major if its descriptor or any qualifier is starred: old records star the qualifier alone."""
        return any(one.major for one in (self.descriptor, *self.qualifiers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A keyword; `owner` says whose: "NOTNLM" is the authors' own."""

    text: str
    major: bool = False
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chemical:
    """A substance; `registry_number` is PubMed's "0" where it has none."""

    substance: Term
    registry_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A funding statement. `acronym` is the funding institute's code in an American grant number."""

    number: str | None = None
    acronym: str | None = None
    agency: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedRecord:
    """A comment, correction, retraction or update link. `pmid` may be missing even in retractions."""

    relation: str | None
    source: str | None = None
    pmid: int | None = None
    version: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A cataloguer's remark; `owner` is the collection that made it."""

    text: str
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One citation (PMID and version) as PubMed sends it. Nobody edits it; `None`: PubMed does not say.

    `authors` are a chapter's own, or the book's where it has none. `identifiers` never holds one that PubMed marks as
    invalid. `history` and `article_dates` are pairs of the kind of date and the date.
    """

    pmid: int
    version: int = 1
    version_id: str | None = None
    version_date: PartialDate | None = None
    kind: RecordKind = RecordKind.ARTICLE
    title: str | None = None
    vernacular_title: str | None = None
    book: Book | None = None
    abstract: tuple[AbstractSection, ...] = ()
    copyright: str | None = None
    other_abstracts: tuple[OtherAbstract, ...] = ()
    authors: tuple[Author, ...] = ()
    authors_complete: bool | None = None
    editors: tuple[Author, ...] = ()
    affiliation: str | None = None
    investigators: tuple[Author, ...] = ()
    journal: Journal = field(default_factory=Journal)
    published: PartialDate = field(default_factory=PartialDate)
    article_dates: tuple[tuple[str | None, PartialDate], ...] = ()
    created: PartialDate | None = None
    completed: PartialDate | None = None
    revised: PartialDate | None = None
    contributed: PartialDate | None = None
    history: tuple[tuple[str | None, PartialDate], ...] = ()
    languages: tuple[str, ...] = ()
    publication_types: tuple[Term, ...] = ()
    mesh: tuple[MeshHeading, ...] = ()
    supplementary_mesh: tuple[MeshTerm, ...] = ()
    chemicals: tuple[Chemical, ...] = ()
    gene_symbols: tuple[str, ...] = ()
    personal_name_subjects: tuple[Author, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    invalid_identifiers: tuple[Identifier, ...] = ()
    other_ids: tuple[Identifier, ...] = ()
    registry_ids: tuple[Identifier, ...] = ()
    registry_ids_complete: bool | None = None
    grants: tuple[Grant, ...] = ()
    grants_complete: bool | None = None
    conflict_of_interest: str | None = None
    related: tuple[RelatedRecord, ...] = ()
    number_of_references: int | None = None
    citation_subsets: tuple[str, ...] = ()
    space_flight_missions: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    owner: str | None = None
    status: str | None = None
    indexing_method: str | None = None
    publication_model: str | None = None
    publication_status: str | None = None

    def identifier(self, scheme: str) -> str | None:
        """The first identifier of a scheme: `record.identifier("doi")`."""
        return next((one.value for one in self.identifiers if one.scheme == scheme), None)

    @property
    def abstract_text(self) -> str | None:
        """The whole abstract, one section a line, each with its label."""
        lines = (f"{one.label}: {one.text}" if one.label else one.text for one in self.abstract)
        return "\n".join(lines) or None

    @property
    def published_online(self) -> PartialDate | None:
        """The first electronic date of the article."""
        return next((date for kind, date in self.article_dates if kind == "Electronic"), None)

    @property
    def book_title(self) -> str | None:
        """The title of the book that this is, or is a chapter of."""
        return self.book.title if self.book else None

    @property
    def publisher(self) -> str | None:
        """The publisher of the book."""
        return self.book.publisher if self.book else None

    @property
    def retracted(self) -> bool:
        """PubMed says so in either of two places; a retraction *notice* is not itself retracted."""
        return any(term.name == "Retracted Publication" for term in self.publication_types) or any(
            link.relation == "RetractionIn" for link in self.related
        )

    @property
    def citation(self) -> str:
        """One line: first author, title, journal, year."""
        # A name that was printed wrong stands in the list beside its correction.
        authors = [author for author in self.authors if author.valid]
        first = authors[0].name if authors else None
        others = " et al." if len(authors) > 1 else "."
        journal = self.journal.abbreviation or self.journal.title or self.book_title
        parts = [f"{first}{others}" if first else None, self.title, journal]
        year = str(self.published.year) if self.published.year else self.published.text
        return " ".join([part if part.endswith(".") else f"{part}." for part in (*parts, year) if part])
