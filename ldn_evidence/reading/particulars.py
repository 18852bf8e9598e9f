"""How long a trial lasted, what it compared with, and under which numbers it is registered, as its abstract says.

Takes a Passage; returns Extractions with their words. Never decides which of several durations a claim needs, and never looks a
registry number up.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from itertools import chain, islice
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ldn_evidence.model import Extraction, FactField, Part, Passage, Span
from ldn_evidence.reading.numbers import Number, numbers
from ldn_evidence.textfiles import read_toml

# How far a cue may lie from a duration, in characters.
REACH = 150
# Days to weeks; a month and a year by the calendar's mean.
_WEEKS = {
    "day": 1 / 7,
    "week": 1.0,
    "wk": 1.0,
    "month": 365.25 / 12 / 7,
    "year": 365.25 / 7,
    "yr": 365.25 / 7,
}
_UNIT = re.compile(r"(?P<joint>\s?-\s?|\s+)(?P<unit>day|week|wk|month|year|yr)s?\b", re.IGNORECASE)
_UNIT_BEFORE = re.compile(r"\b(?P<unit>day|week|month|year)s?\s*$", re.IGNORECASE)
_LOWER_END = re.compile(r"(?P<low>\d+(?:\.\d+)?|[a-z]+)\s*(?:-|–|to|or)\s*$", re.IGNORECASE)
# A longer time is a lifetime, or a year of publication.
MOST_WEEKS = 1600
# An abstract has some sixty numbers. The bounds keep a pasted table from taking for ever.
MOST_NUMBERS = 800
MOST_PLACES = 400


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Registry(_Rules):
    """A register of trials or reviews, and how its numbers are written. `sign`: small letters that every number of it holds."""

    name: str
    sign: str = ""
    pattern: str
    spelling: str


class Not(_Rules):
    """Words by which a time is none of the trial's, or a comparator none that anybody was given."""

    before: str | None = None
    after: str | None = None
    reason: str


class Duration(_Rules):
    """Words by which a time is how long a trial treated, followed or measured. `hyphenated`: as in "8-week"."""

    id: str
    kind: Literal["treatment", "follow-up", "measured"]
    before: str | None = None
    after: str | None = None
    hyphenated: bool = False
    reason: str


class ComparatorWords(_Rules):
    """Words for what a treatment was compared with. `sign`: small letters that all of them hold."""

    id: str
    sign: str = ""
    pattern: str
    reason: str


class Words(_Rules):
    """Words, and why they are listed."""

    words: str
    reason: str


class ParticularsRules(_Rules):
    """All of `rules/particulars.toml`."""

    registry: tuple[Registry, ...]
    not_a_duration: tuple[Not, ...]
    duration: tuple[Duration, ...]
    comparator: tuple[ComparatorWords, ...]
    not_a_comparator: tuple[Not, ...]
    title_compares: Words
    not_drugs: Words


@cache
def particulars_rules() -> ParticularsRules:
    """The shipped words."""
    with as_file(files("ldn_evidence") / "rules" / "particulars.toml") as path:
        return read_toml(path, ParticularsRules)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def particulars(passage: Passage) -> tuple[Extraction, ...]:
    """DURATION in weeks, COMPARATOR and REGISTRY of a passage: each thing once, with every place that names it.

    Durations of treatment come before those of follow-up; a time of measurement is given only where there is neither.
    """
    return tuple(chain(_durations(passage), _comparators(passage), _registries(passage)))


def registry_numbers(passage: Passage) -> tuple[str, ...]:
    """The registry numbers that a passage names, in one spelling, each once."""
    return tuple(one.value for one in _registries(passage))


def _registries(passage: Passage) -> Iterator[Extraction]:
    found: dict[str, tuple[Registry, list[Span]]] = {}
    taken: list[tuple[int, int]] = []
    letters = passage.text.casefold()
    for registry in particulars_rules().registry:
        if registry.sign not in letters:
            continue
        for hit in islice(_compiled(registry.pattern).finditer(passage.text), MOST_PLACES):
            if any(start < hit.end() and hit.start() < end for start, end in taken):
                continue
            taken.append(hit.span())
            spelling = registry.spelling
            for place, group in enumerate(hit.groups(), start=1):
                spelling = spelling.replace(f"{{{place}}}", _spelled(group, registry))
            found.setdefault(spelling, (registry, []))[1].append(passage.span(hit.start(), hit.end()))
    for spelling, (registry, spans) in sorted(found.items(), key=lambda one: one[1][1][0].start):
        yield Extraction(
            field=FactField.REGISTRY, value=spelling, rule=f"registry: {registry.name}", spans=tuple(spans)
        )


def _spelled(group: str, registry: Registry) -> str:
    return group.lower() if registry.name in ("ReBEC", "jRCT") else group.upper()


@dataclass(frozen=True, slots=True)
class _Time:
    """A number with its unit: weeks, the lower end of a range if it is one, and the words before and behind.

    `named`: "week 12", which is a date of the trial and no length.
    """

    weeks: float
    low: float | None
    start: int
    end: int
    hyphenated: bool
    named: bool
    before: str
    after: str


def _durations(passage: Passage) -> Iterator[Extraction]:
    found: dict[tuple[str, float], Extraction] = {}
    every = ((sentence, at) for sentence in passage.sentences for at in numbers(sentence.text))
    for sentence, at in islice(every, MOST_NUMBERS):
        time = _time(sentence.text, at)
        rule = _rule(time) if time and 0 < time.weeks <= MOST_WEEKS else None
        if time and rule:
            span = passage.span(sentence.start + time.start, sentence.start + time.end)
            found.setdefault((rule.kind, round(time.weeks, 1)), _told(time, rule, span))
    trial = [one for (kind, _), one in found.items() if kind == "treatment"]
    trial += [one for (kind, _), one in found.items() if kind == "follow-up"]
    yield from trial or found.values()


def _told(time: _Time, rule: Duration, span: Span) -> Extraction:
    weeks = round(time.weeks, 1)
    return Extraction(
        field=FactField.DURATION,
        value=f"{span.words} ({rule.kind})",
        rule=f"duration: {rule.id}",
        spans=(span,),
        number=weeks,
        low=None if time.low is None else round(time.low, 1),
        high=None if time.low is None else weeks,
        unit="weeks",
    )


def _time(sentence: str, at: Number) -> _Time | None:
    """ "8 to 12 weeks" or "week 12"; None where the number has no unit of time."""
    before = sentence[max(0, at.start - REACH) : at.start]
    if unit := _UNIT.match(sentence, at.end):
        length = _WEEKS[unit["unit"].lower()]
        start, low = at.start, None
        ends = before.rstrip()[-2:].lower()
        lower = _LOWER_END.search(before) if ends in ("to", "or") or ends.endswith(("-", "–")) else None
        first = next(numbers(lower["low"]), None) if lower else None
        if lower and first and 0 < first.value < at.value:
            start, low = at.start - len(before) + lower.start(), first.value * length
            before = before[: lower.start()]
        after = sentence[unit.end() : unit.end() + REACH]
        return _Time(at.value * length, low, start, unit.end(), "-" in unit["joint"], False, before, after)
    last = max(0, len(before.rstrip()) - len("months") - 1)
    if unit := _UNIT_BEFORE.search(before[last:]):
        start = at.start - len(before) + last + unit.start()
        after = sentence[at.end : at.end + REACH]
        weeks = at.value * _WEEKS[unit["unit"].lower()]
        return _Time(weeks, None, start, at.end, False, True, before[: last + unit.start()], after)
    return None


def _rule(time: _Time) -> Duration | None:
    rules = particulars_rules()
    if any(_both(one, time.before, time.after) for one in rules.not_a_duration):
        return None
    fitting = (
        one
        for one in rules.duration
        if (time.hyphenated or not one.hyphenated) and (one.kind == "measured" or not time.named)
    )
    return next((one for one in fitting if _both(one, time.before, time.after)), None)


def _both(words: Not | Duration, before: str, after: str) -> bool:
    return bool(
        (words.before is None or _compiled(words.before).search(before))
        and (words.after is None or _compiled(words.after).match(after))
    )


def _comparators(passage: Passage) -> Iterator[Extraction]:
    rules = particulars_rules()
    none = frozenset(rules.not_drugs.words.split())
    letters = passage.text.casefold()
    found: dict[str, tuple[ComparatorWords, list[Span]]] = {}
    for one in rules.comparator:
        if one.sign not in letters:
            continue
        for hit in islice(_compiled(one.pattern).finditer(passage.text), MOST_PLACES):
            start, end = hit.span(1) if hit.re.groups else hit.span()
            drug = passage.text[start:end].lower().split()[-1] if hit.re.groups else None
            if drug and (drug in none or _tried(drug, passage.text[start:end], passage.title)):
                continue
            if not _wished_for(passage, start, end):
                found.setdefault(drug or one.id, (one, []))[1].append(passage.span(start, end))
    # What a background tells of other trials comes last among a comparator's places.
    for one, spans in found.values():
        ordered = sorted(spans, key=lambda span: (passage.part_at(span.start) is Part.BACKGROUND, span.start))
        yield Extraction(
            field=FactField.COMPARATOR,
            value=_plain(ordered[0].words, is_name=_is_name(passage, spans)),
            rule=f"comparator: {one.id}",
            spans=tuple(ordered),
        )


def _tried(drug: str, words: str, title: str) -> bool:
    """Whether the title names a drug as what was tried: it does not stand behind "versus", and the comparator is no other dose."""
    if re.match(r"(?:low|high|standard)-dose\b", words, re.IGNORECASE) and words.lower() not in title.lower():
        return False
    place = re.search(rf"\b{re.escape(drug)}\b", title, re.IGNORECASE)
    return bool(place) and not _compiled(particulars_rules().title_compares.words).search(
        title[: place.start() if place else 0]
    )


def _wished_for(passage: Passage, start: int, end: int) -> bool:
    """Whether the sentence says that nobody was given a comparator: it is wished for, or was lacking."""
    sentences = passage.sentences
    sentence = sentences[max(0, bisect_right(sentences, start, key=lambda one: one.start) - 1)]
    before = passage.text[max(sentence.start, start - REACH) : start]
    after = passage.text[end : min(sentence.end, end + REACH)]
    return any(_both(one, before, after) for one in particulars_rules().not_a_comparator)


def _is_name(passage: Passage, spans: list[Span]) -> bool:
    """Whether a word has its capital everywhere, and somewhere within a sentence, as a brand does. A title's capitals say nothing."""
    within = [
        span
        for span in spans
        if passage.part_at(span.start) is not Part.TITLE
        and not passage.text[: span.start].rstrip().endswith((".", ":", "?", "!"))
    ]
    return bool(within) and all(span.words[0].isupper() and span.words[1:].islower() for span in within)


def _plain(words: str, *, is_name: bool) -> str:
    """In small letters, but for a name and for abbreviations ("sham TMS")."""
    if is_name:
        return words
    return " ".join(word.lower() if word[1:].islower() or words.isupper() else word for word in words.split())
