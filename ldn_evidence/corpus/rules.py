"""The joining rules as typed values. Reads `rules/joining.toml` and nothing else."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ldn_evidence.model import PublicationKind, StudyDesign
from ldn_evidence.textfiles import read_toml

Share = Annotated[float, Field(gt=0, le=1)]


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Relation(_Rules):
    """One of PubMed's links between records, and what the record at its other end is."""

    name: str
    other: Literal["notice", "tells", "newer", "older", "copy", "original", "apart"]
    words: str = ""
    reason: str


class MainRule(_Rules):
    """Which document of a study that no row describes is its main one."""

    order: tuple[PublicationKind, ...]
    never: frozenset[PublicationKind]
    plan: tuple[str, ...]
    secondary: tuple[str, ...]


class NumberRule(_Rules):
    """Which documents a registry number says nothing of."""

    never_designs: frozenset[StudyDesign]
    never_if_sure: frozenset[StudyDesign]
    never_kinds: frozenset[PublicationKind]
    pooled: tuple[str, ...]
    most: int
    sorts: tuple[frozenset[StudyDesign], ...]


class Register(_Rules):
    """A register of trials, and how its numbers look once blanks, dots and hyphens are gone. `bare`: known without the prefix too."""

    name: str
    prefix: str
    digits: str
    ignored: str = ""
    bare: bool = False
    schemes: tuple[str, ...]


class LikenessRule(_Rules):
    """How alike two documents have to be. Shares are of words and of authors."""

    not_telling: frozenset[str]
    opposed: tuple[frozenset[str], ...]
    spelled: tuple[tuple[str, str], ...]
    preprint: Share
    preprint_first_author_only: Share
    authors: Share
    years: int
    most: int


class CochraneRule(_Rules):
    """Under which names the Cochrane Database goes, in small letters."""

    journals: frozenset[str]


class JoiningRules(_Rules):
    """The whole of `rules/joining.toml`."""

    relation: tuple[Relation, ...]
    main: MainRule
    numbers: NumberRule
    register_: tuple[Register, ...] = Field(alias="register")
    cochrane: CochraneRule
    likeness: LikenessRule


@cache
def joining_rules() -> JoiningRules:
    """The shipped rules."""
    with as_file(files("ldn_evidence") / "rules" / "joining.toml") as path:
        return read_toml(path, JoiningRules)


@cache
def relations() -> dict[str, Relation]:
    """The links by PubMed's name."""
    return {one.name: one for one in joining_rules().relation}
