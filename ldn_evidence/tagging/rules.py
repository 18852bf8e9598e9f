"""The rules that say what a study is, as typed values. Reads `rules/study_design.toml` and `rules/axes.toml` and nothing else."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ldn_evidence.model import Blinding, PublicationKind, Species, StudyDesign, Tag
from ldn_evidence.textfiles import read_toml

Axis = Literal["randomised", "crossover", "controlled", "blinding", "species", "publication", "meta_analysis"]


class Grounds(BaseModel):
    """What has to hold for a rule to speak: every line that is given; of the names in one line, any.

    `controlled = false`: only where there was no comparison. `kind`: what the model read from title and abstract. `abstract = false`:
    only where there is none to read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    reason: str
    stated_codes: tuple[str, ...] = ()
    controlled: bool | None = None
    publication_types: tuple[str, ...] = ()
    mesh: tuple[str, ...] = ()
    without_mesh: tuple[str, ...] = ()
    kind: str | None = None
    abstract: bool | None = None
    cues: tuple[str, ...] = ()
    and_cues: tuple[str, ...] = ()
    without_cues: tuple[str, ...] = ()
    designs: tuple[StudyDesign, ...] = ()

    @model_validator(mode="after")
    def _grounded(self) -> Self:
        if not (
            self.stated_codes or self.publication_types or self.mesh or self.kind or self.cues or self.designs
        ):
            raise ValueError(
                f'rule "{self.id}" has no ground. Give stated_codes, publication_types, mesh, kind, cues or designs.'
            )
        return self


class Rule(Grounds):
    """One line of `rules/study_design.toml`: the design that it speaks for."""

    design: StudyDesign
    meta_analysis: bool = False


class AxisRule(Grounds):
    """One line of `rules/axes.toml`: the value that it gives one axis."""

    axis: Axis
    value: bool | Blinding | Species | PublicationKind


class Doubt(BaseModel):
    """When a person should look.

    `sure`: the probability from which the model's reading may contradict PubMed's type; `unlikely`: the one below which a type is doubtful
    though the model is sure of no other.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    sure: Annotated[float, Field(gt=0.5, lt=1)]
    unlikely: Annotated[float, Field(gt=0, lt=0.5)]


class Results(BaseModel):
    """Which designs have a comparison to tell of."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    none_of_their_own: tuple[StudyDesign, ...]


class Rules(BaseModel):
    """The whole of `rules/study_design.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    primary_directions: dict[str, str]
    kinds: dict[StudyDesign, str]
    results: Results
    doubt: Doubt
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if missing := set(StudyDesign) - set(self.kinds):
            raise ValueError(
                f"[kinds] lacks {', '.join(sorted(missing))}. Say for each design which kind it is."
            )
        return self


class _Axes(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    rules: tuple[AxisRule, ...]


@cache
def design_rules() -> Rules:
    """The shipped rules of design, in their order."""
    with as_file(files("ldn_evidence") / "rules" / "study_design.toml") as path:
        return read_toml(path, Rules)


@cache
def axis_rules() -> tuple[AxisRule, ...]:
    """The shipped rules of the axes beside the design, in their order."""
    with as_file(files("ldn_evidence") / "rules" / "axes.toml") as path:
        return read_toml(path, _Axes).rules


def primary_direction(code: str | None) -> str | None:
    """A reader's code for a report's primary result, in words. For display alone: it never enters a grade."""
    return design_rules().primary_directions[code] if code else None


def stated_codes() -> frozenset[str]:
    """Every code that a corpus row may state."""
    return frozenset(code for rule in design_rules().rules for code in rule.stated_codes)


def compares(tag: Tag) -> bool:
    """Whether a study of this kind has a comparison whose result its abstract can tell."""
    return tag.controlled is not False and tag.design not in design_rules().results.none_of_their_own


def kind_of(design: StudyDesign) -> str:
    """Which of the nine kinds that the model tells apart a design belongs to."""
    return design_rules().kinds[design]
