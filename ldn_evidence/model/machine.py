"""The machine's reading of a title and abstract: what the study is, whether it concerns the protocol, and facts for an appraisal.

Every value names the rule and the words that decided. Nothing here is a person's word, and none of it enters a grade by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from ldn_evidence.model.vocabularies import (
    Blinding,
    FactField,
    PublicationKind,
    ResultDirection,
    Species,
    StudyDesign,
    Substance,
    TagSource,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Words of a `Passage`, and where they stand: characters from its beginning, `end` not included."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One rule that spoke of a study: what it says, on what ground, and the words.

    `spans` are empty for types and headings. `probability` is the model's, where it is the model that spoke.
    """

    rule: str
    source: TagSource
    says: str
    words: str
    spans: tuple[Span, ...] = ()
    probability: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """What a study is, with the rule and the words that decided.

    `probability` is the model's, from title and abstract, of the kind to which the design belongs; None where there is no abstract. `signs` are all
    rules that spoke, the deciding one first. `doubt` says why a person should look; None if nothing does.
    """

    design: StudyDesign
    source: TagSource
    rule: str
    words: str
    meta_analysis: bool = False
    randomised: bool | None = None
    crossover: bool | None = None
    controlled: bool | None = None
    blinding: Blinding | None = None
    species: Species | None = None
    publication: PublicationKind = PublicationKind.ARTICLE
    probability: float | None = None
    signs: tuple[Sign, ...] = ()
    doubt: str | None = None

    @property
    def needs_review(self) -> bool:
        """Whether signs disagree, or too little was read to be sure."""
        return self.doubt is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One dose as an abstract states it, normalised to a day where that can be.

    `low` and `high` are equal unless a range or a titration is stated; `unit` is "mg/day" or "mg/kg/day", or "mg" and "mg/kg"
    for a single dose, or "%" and "M" for creams and baths. `substance`: the drug it is of, in small letters; None where the words do not tell.
    `frequency` is how often a day, None where not said (then one a day is taken for granted).
    """

    low: float
    high: float
    unit: str
    substance: str | None = None
    frequency: float | None = None
    route: str | None = None
    titrated: bool = False
    rule: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """One fact that rules read in an abstract or a record.

    `value` is what a reader sees; `number`, `low`, `high` and `unit` are its figures: people, weeks, or an effect with its 95 %
    interval, whose measure ("MD", "RR", "OR", "HR") is the unit. `p` is its p value, as printed ("<0.001").
    """

    field: FactField
    value: str
    rule: str
    spans: tuple[Span, ...] = ()
    number: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    p: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultReading:
    """The sentence that tells a trial's main result, what it says, and what a reader should beware of.

    `warnings`: such as a positive conclusion over a null primary outcome.
    """

    direction: ResultDirection
    rule: str
    sentence: Span | None = None
    cue: Span | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relevance:
    """Whether a record is about the protocol's intervention at its dose, and which conditions and claims it bears on."""

    substance: Substance
    reason: str
    rule: str
    spans: tuple[Span, ...] = ()
    conditions: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()

    @property
    def out(self) -> bool:
        """Whether the record is left out."""
        return self.substance.out


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineReading:
    """What a machine makes of one document: what the study is, and whether it is about the protocol's intervention.

    `registry_numbers`: those that its title and abstract name, misprinted ones as they are printed.
    """

    tag: Tag
    relevance: Relevance
    registry_numbers: tuple[str, ...] = ()
