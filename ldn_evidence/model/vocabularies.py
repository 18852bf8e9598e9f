"""The vocabularies. A value is the word that tables print."""

from __future__ import annotations

from enum import StrEnum


class StudyDesign(StrEnum):
    """What kind of study a report describes ("study type" in users' words)."""

    SYSTEMATIC_REVIEW = "systematic review"
    RANDOMISED_TRIAL = "randomised trial"
    NON_RANDOMISED_TRIAL = "non-randomised comparative trial"
    SINGLE_ARM_TRIAL = "single-arm trial"
    COHORT = "cohort"
    CASE_CONTROL = "case-control"
    CROSS_SECTIONAL = "cross-sectional"
    DATABASE_STUDY = "database study"
    CASE_SERIES = "case series"
    CASE_REPORT = "case report"
    QUALITATIVE = "qualitative"
    GUIDELINE = "guideline"
    NARRATIVE_REVIEW = "narrative review"
    TRIAL_PROTOCOL = "trial protocol"
    REGISTRY_ENTRY = "registry entry"
    COMMENT = "editorial, letter or comment"
    ANIMAL = "animal"
    IN_VITRO = "in vitro"
    OTHER = "other"
    UNCLASSIFIED = "unclassified"


class TagSource(StrEnum):
    """What a tag rests on."""

    STATED_CODE = "stated code"
    PUBLICATION_TYPE = "publication type"
    MESH = "MeSH heading"
    CUE = "words"
    MODEL = "model"
    CORRECTION = "correction"
    NOTHING = "nothing"


class ClaimKind(StrEnum):
    """What sort of question a claim asks; it decides which evidence can answer."""

    BENEFIT = "benefit"
    HARM = "harm"
    MECHANISM = "mechanism"
    DOSING = "dosing"


class Expectation(StrEnum):
    """What the claim says happens to its outcome."""

    DECREASE = "decrease"
    INCREASE = "increase"
    NO_MORE = "no more than comparator"


class Comparator(StrEnum):
    """What the intervention was compared with in the contrast that a row reports."""

    NONE = "none"
    PLACEBO = "placebo"
    ACTIVE = "active"
    UNTREATED = "untreated"
    OTHER_DOSE = "other dose"
    UNCLEAR = "unclear"


class Finding(StrEnum):
    """What one study found on the claim's outcome, in the outcome's own direction."""

    INCREASE = "increase"
    DECREASE = "decrease"
    NO_DIFFERENCE = "little or no difference"
    MIXED = "mixed"
    UNCLEAR = "unclear"


class Direction(StrEnum):
    """Where the evidence points, seen from the claim. Always derived, never typed."""

    SUPPORTS = "supports"
    NO_DIFFERENCE = "no difference"
    MIXED = "mixed"
    AGAINST = "against"
    INSUFFICIENT = "insufficient"


class Certainty(StrEnum):
    """GRADE's four levels, and the case in which there is nothing to grade."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"
    VERY_LOW = "very low"
    NO_EVIDENCE = "no evidence"


class Concern(StrEnum):
    """How serious a GRADE domain is; each step costs one level."""

    NONE = "no concern"
    SERIOUS = "serious"
    VERY_SERIOUS = "very serious"
    EXTREMELY_SERIOUS = "extremely serious"


class Domain(StrEnum):
    """The five reasons for which GRADE lowers certainty."""

    RISK_OF_BIAS = "risk of bias"
    INCONSISTENCY = "inconsistency"
    INDIRECTNESS = "indirectness"
    IMPRECISION = "imprecision"
    PUBLICATION_BIAS = "publication bias"


class Upgrade(StrEnum):
    """The three reasons for which GRADE raises the certainty of non-randomised evidence."""

    LARGE_EFFECT = "large effect"
    DOSE_RESPONSE = "dose-response"
    CONFOUNDING = "plausible confounding"


class Rise(StrEnum):
    """By how many levels a reason raises certainty."""

    NONE = "not raised"
    ONE = "raised by one"
    TWO = "raised by two"


class Directness(StrEnum):
    """How near a study's population, intervention, comparator or outcome is to the claim's."""

    DIRECT = "direct"
    PARTLY = "partly"
    INDIRECT = "indirect"
    UNCLEAR = "unclear"


class RiskOfBias(StrEnum):
    """A reader's overall judgement on one result; `unassessed` until somebody assessed it."""

    LOW = "low"
    SOME_CONCERNS = "some concerns"
    HIGH = "high"
    UNASSESSED = "unassessed"


class RobTool(StrEnum):
    """What a risk of bias was assessed with; `rules/risk_of_bias.toml` holds the domains of each."""

    ROB2 = "RoB 2"
    ROBINS_I = "ROBINS-I"
    SHORT = "short form"


class RobAnswer(StrEnum):
    """A judgement on one domain of risk of bias, in the words of RoB 2 and ROBINS-I."""

    LOW = "low"
    SOME_CONCERNS = "some concerns"
    MODERATE = "moderate"
    HIGH = "high"
    SERIOUS = "serious"
    CRITICAL = "critical"
    NO_INFORMATION = "no information"


class Confounding(StrEnum):
    """What confounding that nobody adjusted for would do to the effect that was seen."""

    WOULD_REDUCE = "would reduce it"
    WOULD_INCREASE = "would increase it"
    UNCLEAR = "unclear"


class FundingSource(StrEnum):
    """Who paid for a study, as a reviewer read it."""

    INDUSTRY = "industry"
    INDEPENDENT = "independent"
    BOTH = "both"
    NOT_STATED = "not stated"


class Body(StrEnum):
    """A body of evidence: studies that can be weighed together. Best first."""

    RANDOMISED = "randomised"
    NON_RANDOMISED = "non-randomised comparative"
    SINGLE_ARM = "single-arm"
    PRECLINICAL = "preclinical"


class RecordKind(StrEnum):
    """Which of PubMed's two shapes a record has."""

    ARTICLE = "article"
    BOOK = "book"


class BatchForm(StrEnum):
    """What an archived batch is: an answer from PubMed, or a file that a person brought."""

    EFETCH = "efetch"
    ESEARCH = "esearch"
    PUBMED_XML = "pubmed-xml"
    NBIB = "nbib"
    RIS = "ris"
    PMIDS = "pmids"

    @property
    def from_pubmed(self) -> bool:
        """Whether a refresh fetched it, and can fetch it again."""
        return self in (BatchForm.EFETCH, BatchForm.ESEARCH)


class RunOutcome(StrEnum):
    """How a refresh from PubMed ended. An incomplete one changes no database; the next completes it."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


class Part(StrEnum):
    """Where in a title and abstract something stands. `abstract`: the abstract has no headings."""

    TITLE = "title"
    ABSTRACT = "abstract"
    BACKGROUND = "background"
    METHODS = "methods"
    RESULTS = "results"
    CONCLUSIONS = "conclusions"


class PublicationKind(StrEnum):
    """What sort of document a record describes, whatever the design of the study."""

    ARTICLE = "article"
    PREPRINT = "preprint"
    PROTOCOL = "protocol"
    ERRATUM = "erratum"
    NOTICE = "notice"
    COMMENT = "comment"
    BOOK = "book"


class Blinding(StrEnum):
    """Who did not know the allocation, as the abstract says it."""

    OPEN = "open"
    SINGLE = "single"
    DOUBLE = "double"
    TRIPLE = "triple"


class Species(StrEnum):
    """Whom or what was studied."""

    HUMAN = "human"
    ANIMAL = "animal"
    HUMAN_AND_ANIMAL = "human and animal"
    NEITHER = "neither"


class Substance(StrEnum):
    """Whether a record is about the protocol's intervention at the protocol's dose."""

    LOW_DOSE = "low dose"
    ULTRA_LOW_DOSE = "ultra-low dose"
    STANDARD_DOSE = "standard dose"
    LOOK_ALIKE = "look-alike substance"
    OTHER_MEANING = "another meaning of the abbreviation"
    NOT_MENTIONED = "not mentioned"
    UNCLEAR = "unclear"

    @property
    def out(self) -> bool:
        """Whether a record of this kind is left out. What is unclear stays in, for a person to look at."""
        return self not in (Substance.LOW_DOSE, Substance.UNCLEAR)


class FactField(StrEnum):
    """What a machine reads in an abstract to help whoever appraises it. `participants`: those randomised, or enrolled where nobody was."""

    ENROLLED = "participants"
    ANALYSED = "participants analysed"
    DOSE = "dose"
    DURATION = "duration"
    COMPARATOR = "comparator"
    PRIMARY_OUTCOME = "primary outcome"
    EFFECT = "effect"
    P_VALUE = "p value"
    REGISTRY = "registry number"
    FUNDING = "funding"
    CONFLICTS = "conflicts of interest"
    RESULT = "result"


class Screening(StrEnum):
    """A person's decision whether a study belongs into the review."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


class CorrectionField(StrEnum):
    """What a correction may override."""

    DESIGN = "design"
    META_ANALYSIS = "meta_analysis"
    RANDOMISED = "randomised"
    CROSSOVER = "crossover"
    CONTROLLED = "controlled"
    BLINDING = "blinding"
    SPECIES = "species"
    PUBLICATION = "publication"
    RELEVANCE = "relevance"
    DOSE = "dose"
    CONDITIONS = "conditions"
    CLAIMS = "claims"
    STUDY = "study"
    SCREENING = "screening"


class ResultDirection(StrEnum):
    """What a trial says of its own primary result, as words tell it. `unclear` is the default."""

    FAVOURS = "favours"
    NO_DIFFERENCE = "no difference"
    MIXED = "mixed"
    AGAINST = "against"
    UNCLEAR = "unclear"
