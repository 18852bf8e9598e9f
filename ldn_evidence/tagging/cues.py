"""The words that betray what kind of study an abstract reports: which cues occur in a passage, and where.

Takes a Passage; returns hits in order of place, each with its span. Never decides what a study is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import re2  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict

from ldn_evidence.model import Part, Passage, Span
from ldn_evidence.textfiles import read_toml, unique

# Printers have many dashes and blanks; patterns know one of each. One character for one, so that offsets hold.
_DASHES = re.compile("[‐‑‒–—−﹣-]")
_BLANKS = re.compile("[\t\r\f\v\u00a0\u2009\u202f\u3000]")


class Cue(BaseModel):
    """One entry of `rules/cues.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    pattern: str
    where: tuple[Part, ...] = ()
    reason: str


class _Cues(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    cues: tuple[Cue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A cue that occurs, by its id, and the first words it matched in a part where it counts."""

    cue: str
    span: Span


@cache
def cues() -> tuple[Cue, ...]:
    """The shipped cues, in the order of their file."""
    with as_file(files("ldn_evidence") / "rules" / "cues.toml") as path:
        found = read_toml(path, _Cues).cues
        unique(path, "cue", (cue.id for cue in found))
    return found


def hits(passage: Passage) -> tuple[Hit, ...]:
    """Each cue that occurs, once, in order of place; of two at one place the earlier in the file comes first.

    >>> [hit.cue for hit in hits(Passage.of("A double-blind crossover", None))]
    ['double-blind', 'crossover']
    """
    return _shipped().hits(passage)


def plain(text: str) -> str:
    """A text in small letters with plain dashes and blanks, as long as it was, so that every offset still holds."""
    small = text.lower()
    if len(small) != len(text):  # "İ" has two small letters
        small = "".join(one if len(one.lower()) != 1 else one.lower() for one in text)
    if not small.isascii():
        small = _DASHES.sub("-", small)
    return _BLANKS.sub(" ", small)


class Matcher:
    """Cues compiled once. A filter over the literal words of all patterns says which could match; only those are searched."""

    def __init__(self, wanted: Iterable[Cue]) -> None:
        self._cues = tuple(wanted)
        options = re2.Options()
        options.never_capture = True
        self._patterns = [re2.compile(cue.pattern, options) for cue in self._cues]
        # One filter for each `where`, so that what counts in titles alone is not sought in whole abstracts.
        self._filters: list[tuple[tuple[Part, ...], list[int], re2.Filter]] = []
        for where in dict.fromkeys(cue.where for cue in self._cues):
            numbers = [number for number, cue in enumerate(self._cues) if cue.where == where]
            candidates = re2.Filter()
            for number in numbers:
                candidates.Add(self._cues[number].pattern, options)
            candidates.Compile()
            self._filters.append((where, numbers, candidates))

    def hits(self, passage: Passage) -> tuple[Hit, ...]:
        """As the function of the same name."""
        coded = plain(passage.text).encode("utf-8", "replace")
        character = _characters(coded)
        found: dict[int, tuple[int, int, int]] = {}
        for where, numbers, candidates in self._filters:
            for begin, text in _stretches(passage, coded, where):
                for place in candidates.Match(text, True) or ():
                    number = numbers[place]
                    match = None if number in found else self._patterns[number].search(text)
                    if match:
                        start, end = match.span()
                        found[number] = character(begin + start), number, character(begin + end)
        return tuple(
            Hit(cue=self._cues[number].id, span=passage.span(start, end))
            for start, number, end in sorted(found.values())
        )


@cache
def _shipped() -> Matcher:
    return Matcher(cues())


def _characters(coded: bytes) -> Callable[[int], int]:
    """From a place in the coded text to the place of the same character in the text."""
    if coded.isascii():
        return lambda byte: byte
    return lambda byte: len(coded[:byte].decode())


def _stretches(passage: Passage, coded: bytes, where: tuple[Part, ...]) -> list[tuple[int, bytes]]:
    """The coded text in which a cue counts, and where it begins: all of it, or the wanted parts in their order."""
    if not where:
        return [(0, coded)]
    stretches = []
    for section in passage.sections:
        if section.part in where:
            start, end = (
                len(passage.text[:place].encode("utf-8", "replace")) for place in (section.start, section.end)
            )
            stretches.append((start, coded[start:end]))
    return stretches
