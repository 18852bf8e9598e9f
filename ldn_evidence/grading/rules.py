"""The grading rules as typed values. Reads `rules/grade.toml` and nothing else."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ldn_evidence.model import (
    Body,
    Certainty,
    ClaimKind,
    Concern,
    Direction,
    Rise,
    StudyDesign,
    TagSource,
)
from ldn_evidence.textfiles import read_toml

Share = Annotated[float, Field(gt=0, le=1)]


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Listed(_Rules):
    """A reason never to count a study: by a fact of it (`when`) or by its design."""

    id: str
    reason: str
    when: (
        Literal[
            "retracted",
            "excluded",
            "verify",
            "borderline",
            "off the subject",
            "not read",
            "registry only",
            "title alone",
            "design not confirmed",
        ]
        | None
    ) = None
    designs: tuple[StudyDesign, ...] = ()


class Confirmed(_Rules):
    """Which grounds of a design a person has to confirm."""

    not_by: tuple[TagSource, ...]


class BodyRule(_Rules):
    """Which designs form a body of evidence, and where it starts."""

    name: Body
    designs: tuple[StudyDesign, ...]
    start: Certainty


class Ocebm(_Rules):
    """Levels by design, and those that no design gives."""

    review_of_randomised: int
    mechanism: int
    dramatic: int
    uncontrolled: int
    designs: dict[StudyDesign, int]


class Informative(_Rules):
    """What a row needs in order to inform."""

    needs_comparison: tuple[ClaimKind, ...]


class DirectionRule(_Rules):
    """From which share of participants a pool, and the null rows, speak for a body."""

    pool_share: Share
    null_share: Share


class RiskOfBiasRule(_Rules):
    """Shares of participants."""

    low_share: Share
    high_share: Share


class InconsistencyRule(_Rules):
    """Heterogeneity, in per cent."""

    i2: float


class IndirectnessRule(_Rules):
    """Share of participants."""

    share: Share


class ImprecisionRule(_Rules):
    """Participants, or events for a ratio; how many margins an extreme interval reaches to either side."""

    enough: int
    few: int
    extreme: float


class PublicationBiasRule(_Rules):
    """Participants in a study that is small; when a trial without a result is overdue, and how many of them for every result."""

    small: int
    overdue_years: int
    overdue_share: Share


class UpgradeRule(_Rules):
    """Which bodies can be raised, from which ratio, and from which share of participants."""

    bodies: tuple[Body, ...]
    large: float
    very_large: float
    rare: Share
    share: Share


class SearchRule(_Rules):
    """How long a search holds."""

    stale_after_months: int


class GradeRules(_Rules):
    """All of `rules/grade.toml`."""

    listed: tuple[Listed, ...]
    confirmed: Confirmed
    bodies: tuple[BodyRule, ...]
    ocebm: Ocebm
    informative: Informative
    direction: DirectionRule
    steps: dict[Concern, int]
    rises: dict[Rise, int]
    risk_of_bias: RiskOfBiasRule
    inconsistency: InconsistencyRule
    indirectness: IndirectnessRule
    imprecision: ImprecisionRule
    publication_bias: PublicationBiasRule
    upgrades: UpgradeRule
    search: SearchRule
    would_change: dict[str, str]
    statements: dict[Direction, dict[Certainty, str]]
    only_unread: str
    none_supports: str

    def body(self, name: Body) -> BodyRule:
        """The rule of one body."""
        return next(rule for rule in self.bodies if rule.name is name)


@cache
def grade_rules() -> GradeRules:
    """The shipped rules."""
    with as_file(files("ldn_evidence") / "rules" / "grade.toml") as path:
        return read_toml(path, GradeRules)
