"""The nouns and the vocabularies, each written once. Plain values; nothing here opens a file or decides."""

from ldn_evidence.model.derived import (
    BodyOfEvidence,
    DomainRating,
    EvidenceProfile,
    LeftOut,
    Reading,
    SearchDate,
    Study,
    Tag,
)
from ldn_evidence.model.pubmed import (
    AbstractSection,
    Author,
    Chemical,
    Grant,
    Identifier,
    Journal,
    MeshHeading,
    OtherAbstract,
    PartialDate,
    Record,
    RelatedRecord,
    Term,
)
from ldn_evidence.model.vocabularies import (
    Body,
    Certainty,
    ClaimKind,
    Comparator,
    Concern,
    Direction,
    Directness,
    Domain,
    Expectation,
    Finding,
    RecordKind,
    RiskOfBias,
    StudyDesign,
    TagSource,
)
from ldn_evidence.model.written import (
    RATIOS,
    Appraisal,
    Claim,
    Condition,
    ImportantDifference,
    Intervention,
    Protocol,
    Report,
)

__all__ = [
    "RATIOS", "AbstractSection", "Appraisal", "Author", "Body", "BodyOfEvidence", "Certainty", "Chemical", "Claim",
    "ClaimKind", "Comparator", "Concern", "Condition", "Direction", "Directness", "Domain", "DomainRating",
    "EvidenceProfile", "Expectation", "Finding", "Grant", "Identifier", "ImportantDifference", "Intervention",
    "Journal", "LeftOut", "MeshHeading", "OtherAbstract", "PartialDate", "Protocol", "Reading", "Record",
    "RecordKind", "RelatedRecord", "Report", "RiskOfBias", "SearchDate", "Study", "StudyDesign", "Tag", "TagSource",
    "Term",
]
