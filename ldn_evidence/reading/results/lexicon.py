"""The words of `rules/results.toml` as compiled patterns. Reads that file and nothing else; decides nothing."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import as_file, files

from pydantic import BaseModel, ConfigDict

from ldn_evidence.model import ResultDirection
from ldn_evidence.textfiles import read_toml

# "~" in a pattern: up to three words without a stop between them. Bounded, so that no sentence takes long.
_GAP = r"(?:[^\s;:.,]{1,40} ){0,3}"


def compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for any of `patterns`, as whole words; the first that fits at a place wins."""
    words = "|".join(one.replace("~ ", _GAP) for one in patterns)
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE)


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cue(_Rules):
    """Words that say the same thing, and why they do."""

    id: str
    reason: str
    patterns: tuple[str, ...]
    says: ResultDirection = ResultDirection.UNCLEAR
    equivalence: bool = False
    weak: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """Any of the words."""
        return _compiled(self.patterns)


class Change(_Rules):
    """Words of more and less, outcomes of which more is good or bad, and the names of a control."""

    reason: str
    up: tuple[str, ...]
    down: tuple[str, ...]
    good: tuple[str, ...]
    bad: tuple[str, ...]
    sparing: tuple[str, ...]
    control: tuple[str, ...]
    strict_control: tuple[str, ...]


class NoEffectOf(_Rules):
    """Words of effects that may be denied, and bare negations that need one after them."""

    reason: str
    words: tuple[str, ...]
    bare: tuple[str, ...]


class Hedges(_Rules):
    """Words by which praise is no longer a finding."""

    reason: str
    words: tuple[str, ...]


class Negation(_Rules):
    """Words that deny, and phrases that only look as if they did."""

    reason: str
    words: tuple[str, ...]
    not_a_negation: tuple[str, ...]


class Comparison(_Rules):
    """Signs that something was compared: in a text, between groups, and in a clause."""

    reason: str
    signs: tuple[str, ...]
    groups: tuple[str, ...]
    denied: tuple[str, ...]
    compares: tuple[str, ...]


class OtherTexts(_Rules):
    """Words of texts that are not trials."""

    reason: str
    words: tuple[str, ...]


class Comparators(_Rules):
    """Comparators that do nothing, and signs of one that does."""

    reason: str
    inert: tuple[str, ...]
    active: tuple[str, ...]
    certainly_active: tuple[str, ...]
    named: tuple[str, ...]


class SameOutcome(_Rules):
    """The names of one outcome."""

    name: str
    reason: str
    patterns: tuple[str, ...]


class Parts(_Rules):
    """Words that tell the parts of one outcome apart."""

    reason: str
    words: tuple[str, ...]


class OutcomeWords(_Rules):
    """Words that do not tell one outcome from another."""

    reason: str
    empty: tuple[str, ...]


class Lexicon(_Rules):
    """All of `rules/results.toml`."""

    declared: tuple[Cue, ...]
    null: tuple[Cue, ...]
    no_effect_of: NoEffectOf
    favours: tuple[Cue, ...]
    against: tuple[Cue, ...]
    hedges: Hedges
    change: Change
    negation: Negation
    aside: tuple[Cue, ...]
    no_result: tuple[Cue, ...]
    comparison: Comparison
    other_texts: OtherTexts
    comparators: Comparators
    same_outcome: tuple[SameOutcome, ...]
    parts: Parts
    outcome_words: OutcomeWords


@cache
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return compiled(patterns)


@cache
def lexicon() -> Lexicon:
    """The shipped words."""
    with as_file(files("ldn_evidence") / "rules" / "results.toml") as path:
        return read_toml(path, Lexicon)


def words(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """`patterns` compiled once."""
    return _compiled(patterns)
