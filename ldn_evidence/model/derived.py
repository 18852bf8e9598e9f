"""The machine's reading, and what is computed from everything else. Never stored as truth."""

from __future__ import annotations

from dataclasses import dataclass

from ldn_evidence.model.pubmed import Record
from ldn_evidence.model.searching import Citation
from ldn_evidence.model.vocabularies import (
    Body,
    Certainty,
    ClaimKind,
    Concern,
    Direction,
    Domain,
    StudyDesign,
    TagSource,
)
from ldn_evidence.model.written import Appraisal, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """The machine's reading of what a study is, with the rule and the words that decided."""

    design: StudyDesign
    source: TagSource
    rule: str
    words: str
    meta_analysis: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDate:
    """Where the corpus comes from and when it was searched. `date` is ISO 8601, as precise as is known."""

    source: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRating:
    """One GRADE domain: how serious, from which inputs, why, and who says so (`rule` or a reviewer)."""

    rating: Concern
    inputs: dict[str, object]
    reason: str
    by: str = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One investigation with its reports, PubMed records and references from other searches, its main report first.

    `found_by`: the conditions and claims whose last search found one of its records.
    """

    key: str
    condition: str
    tag: Tag
    reports: tuple[Report, ...] = ()
    records: tuple[Record, ...] = ()
    citations: tuple[Citation, ...] = ()
    found_by: tuple[str, ...] = ()
    human: bool | None = None

    @property
    def main(self) -> Report | None:
        """The report whose key the study bears."""
        return self.reports[0] if self.reports else None

    @property
    def citation(self) -> str:
        """One line, from the corpus row if there is one, else from PubMed's record, else from an imported reference."""
        if self.main:
            return self.main.citation
        return self.records[0].citation if self.records else self.citations[0].citation

    @property
    def year(self) -> int | None:
        """The year of the main report."""
        if self.main:
            return self.main.year
        return self.records[0].published.year if self.records else self.citations[0].year

    @property
    def pmid(self) -> int | None:
        """The PMID of the main report."""
        if self.main:
            return self.main.pmid
        return self.records[0].pmid if self.records else self.citations[0].pmid

    @property
    def doi(self) -> str | None:
        """The DOI of the main report."""
        if self.main:
            return self.main.doi
        return self.records[0].identifier("doi") if self.records else self.citations[0].doi

    @property
    def unread(self) -> bool:
        """Whether a search brought it and no person has described it yet; one that PubMed calls retracted needs no reading."""
        return not self.reports and not any(record.retracted for record in self.records)

    def concerns(self, slug: str | None) -> bool:
        """Whether it bears on a condition or a claim: as its reader said, or, while nobody has read it, by the searches."""
        return slug is not None and (self.condition == slug or (not self.reports and slug in self.found_by))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An appraisal in its place: the study, the body of evidence, and the direction derived from the finding."""

    study: Study
    row: Appraisal
    body: Body
    direction: Direction | None  # None: not informative
    note: str = ""

    @property
    def participants(self) -> int | None:
        """People behind the result: those analysed, else those enrolled; None where neither was seen."""
        if self.row.n_analysed is not None:
            return self.row.n_analysed
        return self.study.main.n_participants if self.study.main and self.study.human else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A study that bears on the claim's condition or has a row, and why it is not counted."""

    study_key: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyOfEvidence:
    """Studies of one kind weighed together; counts are of informative rows."""

    name: Body
    direction: Direction
    n_studies: int | None
    n_participants: int | None
    informed: bool = True
    by_review: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceProfile:
    """What can be said of one claim, from what, and how far to trust it. Holds no time of writing."""

    claim: str
    kind: ClaimKind
    direction: Direction
    certainty: Certainty
    starting_certainty: Certainty
    ocebm_level: int | None
    body: BodyOfEvidence | None
    bodies: tuple[BodyOfEvidence, ...]
    counted: tuple[Reading, ...]
    reviews: tuple[Reading, ...]
    left_out: tuple[LeftOut, ...]
    domains: dict[Domain, DomainRating]
    n_studies: int
    n_participants: int
    n_rcts: int
    provisional: bool
    statement: str
    footnotes: tuple[str, ...]
    awaiting: tuple[str, ...] = ()  # keys of studies that a search found for it and nobody has read
