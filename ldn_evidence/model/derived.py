"""What is computed from everything else. Never stored as truth."""

from __future__ import annotations

from dataclasses import dataclass

from ldn_evidence.model.appraised import Appraisal, Judgement
from ldn_evidence.model.corrected import Correction
from ldn_evidence.model.machine import MachineReading, Relevance, Tag
from ldn_evidence.model.pooled import Pool, PublishedPool
from ldn_evidence.model.pubmed import Record
from ldn_evidence.model.searching import Citation
from ldn_evidence.model.vocabularies import (
    Body,
    Certainty,
    ClaimKind,
    Concern,
    CorrectionField,
    Direction,
    Domain,
    FundingSource,
    PublicationKind,
    Rise,
    Screening,
    StudyDesign,
    Substance,
    Upgrade,
)
from ldn_evidence.model.written import Claim, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDate:
    """Where the corpus comes from and when it was searched. `date` is ISO 8601, as precise as is known."""

    source: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRating:
    """One reason to lower or to raise: how far, from which inputs, why, and who says so (`rule` or a reviewer).

    `rule` and `rule_reason`: what the rule says, where a reviewer's judgement stands over it.
    """

    rating: Concern | Rise
    inputs: dict[str, object]
    reason: str
    by: str = "rule"
    rule: Concern | Rise | None = None
    rule_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One investigation with its reports, PubMed records and references from other searches, its main report first.

    `found_by`: the conditions and claims whose last search found one of its records. `readings`: what the machine made of each of
    its documents, by key; `corrections`: what reviewers have put over it. `tag` and `relevance` are what stands after them.
    `joined`: each document but the main one, by name, with the reason why it is here. `unsettled`: what could not be settled on which
    documents belong together. `undescribed`: papers that were joined to a study of the corpus and that no row describes.
    """

    key: str
    condition: str
    tag: Tag
    relevance: Relevance
    reports: tuple[Report, ...] = ()
    records: tuple[Record, ...] = ()
    citations: tuple[Citation, ...] = ()
    found_by: tuple[str, ...] = ()
    human: bool | None = None
    readings: tuple[tuple[str, MachineReading], ...] = ()
    corrections: tuple[Correction, ...] = ()
    joined: tuple[tuple[str, str], ...] = ()
    unsettled: tuple[str, ...] = ()
    undescribed: tuple[str, ...] = ()

    @property
    def main(self) -> Report | None:
        """The report whose key the study bears."""
        return self.reports[0] if self.reports else None

    @property
    def _found(self) -> Record | Citation:
        """The main document of a study that nobody described. Another record of it, such as a notice, never speaks in its place."""
        of_record = self.records and (not self.citations or self.citations[0].key != self.key)
        return self.records[0] if of_record else self.citations[0]

    @property
    def citation(self) -> str:
        """One line, from the corpus row if there is one, else from PubMed's record, else from an imported reference."""
        return self.main.citation if self.main else self._found.citation

    @property
    def year(self) -> int | None:
        """The year of the main report."""
        if self.main:
            return self.main.year
        found = self._found
        return found.published.year if isinstance(found, Record) else found.year

    @property
    def pmid(self) -> int | None:
        """The PMID of the main report."""
        return self.main.pmid if self.main else self._found.pmid

    @property
    def doi(self) -> str | None:
        """The DOI of the main report."""
        if self.main:
            return self.main.doi
        found = self._found
        return found.identifier("doi") if isinstance(found, Record) else found.doi

    @property
    def unread(self) -> bool:
        """Whether a search brought it and no person has described it yet; one that PubMed calls retracted needs no reading."""
        return not self.reports and not any(record.retracted for record in self.main_records)

    @property
    def main_records(self) -> tuple[Record, ...]:
        """PubMed's records of the main report: by its PMID, and by its DOI only where the row has no PMID. The main document, if nobody described it."""
        main = self.main
        if main is None:
            return tuple(one for one in self.records if one is self._found)
        if main.pmid:
            return tuple(one for one in self.records if one.pmid == main.pmid)
        doi = (main.doi or "").lower()
        return tuple(one for one in self.records if doi and (one.identifier("doi") or "").lower() == doi)

    @property
    def beside_rows(self) -> frozenset[str]:
        """The names of PubMed records that stand in a described study and that none of its rows names."""
        pmids = {one.pmid for one in self.reports}
        dois = {(one.doi or "").lower() for one in self.reports} - {""}
        return frozenset(
            f"pmid:{one.pmid}"
            for one in self.records
            if self.reports and one.pmid not in pmids and (one.identifier("doi") or "").lower() not in dois
        )

    @property
    def warning(self) -> str | None:
        """What everybody has to know of it first: that its main document was retracted, or that an editor voiced concern."""
        said = self.main.correction_status if self.main else None
        records = self.main_records
        if said == "retracted" or any(record.retracted for record in records):
            return "retracted"
        concern = any(
            link.relation == "ExpressionOfConcernIn" for record in records for link in record.related
        )
        return "expression of concern" if concern or said == "expression of concern" else None

    @property
    def retractions_beside(self) -> tuple[tuple[str, int | None], ...]:
        """Its documents other than the main one that are called retracted, with the PMID of the record that says so; None: a corpus row does."""
        names: dict[int | str, str] = {}
        found: list[tuple[str, int | None]] = []
        for report in self.reports[1:]:
            names |= {one: report.study_key for one in (report.pmid, (report.doi or "").lower()) if one}
            if report.correction_status == "retracted":
                found.append((report.study_key, None))
        main = self.main_records
        for one in self.records:
            if one.retracted and one not in main:
                named = names.get(one.pmid) or names.get((one.identifier("doi") or "").lower())
                found.append((named or f"pmid:{one.pmid}", one.pmid))
        return tuple(found)

    @property
    def retracted_reports(self) -> tuple[str, ...]:
        """The names of its documents other than the main one that PubMed or a corpus row calls retracted, each once."""
        return tuple(dict.fromkeys(name for name, _ in self.retractions_beside))

    @property
    def excluded(self) -> str | None:
        """Why a person left it out: at screening, or by correcting what it is about."""
        decision = self.corrected(CorrectionField.SCREENING)
        if decision:
            excluded = decision.value == Screening.EXCLUDE
            return f"excluded by {decision.reviewer}: {decision.reason}" if excluded else None
        if self.corrected(CorrectionField.RELEVANCE) and self.relevance.out:
            return f"{self.relevance.substance}: {self.relevance.reason}"
        return None

    @property
    def left_out(self) -> str | None:
        """Why nobody waits for it to be read: a person left it out, or nobody described it and the machine finds it off the subject."""
        decided = self.corrected(CorrectionField.SCREENING) or self.corrected(CorrectionField.RELEVANCE)
        if decided or self.reports:
            return self.excluded
        if self.tag.publication in (PublicationKind.NOTICE, PublicationKind.ERRATUM):
            return f"{self.tag.publication}: it tells of another record"
        return f"{self.relevance.substance}: {self.relevance.reason}" if self.relevance.out else None

    @property
    def awaits(self) -> bool:
        """Whether it waits for a person to read it: nobody has, or people described its plan alone and a paper has come since."""
        planned = self.tag.design in (StudyDesign.TRIAL_PROTOCOL, StudyDesign.REGISTRY_ENTRY)
        return (self.unread or (planned and bool(self.undescribed))) and not self.left_out

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why a person should look: at which documents belong together, and, while nobody described the study, at the machine's reading.

        Empty where it is left out anyway.
        """
        if self.left_out:
            return ()
        if self.reports:
            return self.unsettled
        unclear = self.relevance.substance is Substance.UNCLEAR
        found = (
            self.tag.doubt,
            f"unclear whether it belongs here: {self.relevance.reason}" if unclear else None,
        )
        return (*(one for one in found if one), *self.unsettled)

    def corrected(self, field: CorrectionField) -> Correction | None:
        """The correction that stands on a field."""
        return next((one for one in self.corrections if one.field is field), None)

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions on which it bears: as a person said, or, while nobody has, by the searches and the machine's reading."""
        if correction := self.corrected(CorrectionField.CONDITIONS):
            return correction.members
        if self.reports:
            return (self.condition,)
        return tuple(dict.fromkeys((*self.found_by, *self.relevance.conditions)))

    def bears_on(self, claim: Claim) -> bool:
        """Whether it bears on a claim: as a person said, or through its conditions, or, while nobody has read it, by the claim's own query."""
        if correction := self.corrected(CorrectionField.CLAIMS):
            return claim.slug in correction.members
        if claim.condition is not None:
            return claim.condition in self.conditions
        return not self.reports and claim.slug in (*self.found_by, *self.relevance.claims)


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
class StudyFunding:
    """Who paid for a counted study and whether its authors have an interest in it.

    `funding` and `conflicts` are a reviewer's words, None where nobody has read it; `grants` are the agencies that PubMed names,
    `statement` is whether its record holds a statement of interests.
    """

    study_key: str
    funding: FundingSource | None
    conflicts: str | None
    grants: tuple[str, ...] = ()
    statement: bool = False


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
    upgrades: dict[Upgrade, DomainRating]
    judgements: tuple[Judgement, ...]  # those that stand over a rule's rating
    funding: tuple[StudyFunding, ...]
    pool: Pool  # of the rows that inform the body which sets the grade
    published: tuple[PublishedPool, ...]  # what reviews pooled for the claim, beside ours
    compared: tuple[
        tuple[str, tuple[str, ...]], ...
    ]  # by review: where it agrees with our reading, what of it we hold
    would_change: tuple[str, ...]
    n_studies: int
    n_participants: int
    n_rcts: int
    provisional: bool
    read_by_people: bool  # whether every counted row is a person's; a question may be open still
    confirmed_by: tuple[str, ...]  # the persons whose rows count, where every counted row is a person's
    open_questions: tuple[str, ...]  # what keeps it provisional whoever confirmed it
    statement: str
    footnotes: tuple[str, ...]
    awaiting: tuple[str, ...] = ()  # keys of studies that a search found for it and nobody has read

    @property
    def pointing(self) -> dict[str, tuple[str, ...]]:
        """The keys of the counted studies by where they point: null and contrary evidence beside what supports."""
        words = [*(str(one) for one in Direction if one is not Direction.INSUFFICIENT), "not informative"]
        found = {
            word: tuple(one.study.key for one in self.counted if (one.direction or "not informative") == word)
            for word in words
        }
        return {word: keys for word, keys in found.items() if keys}
