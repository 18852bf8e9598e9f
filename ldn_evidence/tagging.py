"""What a study is: the first rule that matches decides, and signs its id. Never reads a file but its own rules.

Takes a reader's stated code, whether there was a comparison, and PubMed's publication types; returns a Tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from ldn_evidence.model import StudyDesign, Tag, TagSource
from ldn_evidence.textfiles import read_toml

UNCLASSIFIED = Tag(
    design=StudyDesign.UNCLASSIFIED, source=TagSource.NOTHING, rule="no-rule", words="no rule matched"
)


class Rule(BaseModel):
    """One line of `rules/study_design.toml`. `controlled = false`: only where there was no comparison."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    design: StudyDesign
    reason: str
    meta_analysis: bool = False
    stated_codes: tuple[str, ...] = ()
    publication_types: tuple[str, ...] = ()
    controlled: bool | None = None

    @model_validator(mode="after")
    def _one_ground(self) -> Self:
        if bool(self.stated_codes) == bool(self.publication_types):
            raise ValueError(
                f'rule "{self.id}" needs stated_codes or publication_types. Give one of the two.'
            )
        return self


class Rules(BaseModel):
    """The whole of `rules/study_design.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    primary_directions: dict[str, str]
    rules: tuple[Rule, ...]


@cache
def _rules() -> Rules:
    with as_file(files("ldn_evidence") / "rules" / "study_design.toml") as path:
        return read_toml(path, Rules)


def design_rules() -> tuple[Rule, ...]:
    """The shipped rules, in their order."""
    return _rules().rules


def primary_direction(code: str | None) -> str | None:
    """A reader's code for a report's primary result, in words. For display alone: it never enters a grade."""
    return _rules().primary_directions[code] if code else None


def stated_codes() -> frozenset[str]:
    """Every code that a corpus row may state."""
    return frozenset(code for rule in design_rules() for code in rule.stated_codes)


def tag(
    *,
    stated_code: str | None = None,
    controlled: bool | None = None,
    publication_types: Sequence[str] = (),
    rules: Sequence[Rule] | None = None,
) -> Tag:
    """The first rule that matches decides.

    >>> tag(publication_types=["Journal Article", "Randomized Controlled Trial"]).rule
    'type-randomised-trial'
    """
    for rule in design_rules() if rules is None else rules:
        if stated_code in rule.stated_codes and (rule.controlled is None or rule.controlled == controlled):
            return _signed(rule, TagSource.STATED_CODE, str(stated_code))
        if stated_code is None:
            matched = [name for name in publication_types if name in rule.publication_types]
            if matched:
                return _signed(rule, TagSource.PUBLICATION_TYPE, matched[0])
    return UNCLASSIFIED


def _signed(rule: Rule, source: TagSource, words: str) -> Tag:
    return Tag(design=rule.design, source=source, rule=rule.id, words=words, meta_analysis=rule.meta_analysis)
