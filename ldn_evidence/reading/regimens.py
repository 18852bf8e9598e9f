"""How often a day a dose is taken, and by which way it is given, from the words around it.

Takes the text before and behind a dose; returns times a day, pieces taken together, or a route. Never reads an amount.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import as_file, files

from pydantic import BaseModel, ConfigDict

from ldn_evidence.model import Span
from ldn_evidence.reading.drugs import REACH, alternatives
from ldn_evidence.reading.numbers import number
from ldn_evidence.textfiles import read_toml


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Frequency(_Words):
    times: float
    words: tuple[str, ...]


class _Route(_Words):
    route: str
    words: tuple[str, ...]


class _Rules(_Words):
    frequencies: tuple[_Frequency, ...]
    routes: tuple[_Route, ...]


@cache
def _rules() -> _Rules:
    with as_file(files("ldn_evidence") / "rules" / "regimens.toml") as path:
        return read_toml(path, _Rules)


_SMALL = r"[0-9]{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_EVERY_HOURS = re.compile(rf"(?:every|q\.?)\s?(?P<n>{_SMALL})\s?-?h(?:ours?|rs?|\b)", re.I)
_EVERY_LONG = re.compile(
    rf"(?:every|per|q)\s?(?P<n>{_SMALL})(?:\s?(?:to|or|-|–)\s?(?:{_SMALL}))?[\s-]?(?P<what>days?|w(?:ee)?ks?|months?)\b",
    re.I,
)
# "1 mg, increased weekly" tells how often the dose rose, not how often it was taken.
_CHANGE = r"(?:increas|increment|rais|ris(?:es?|ing)\b|rose\b|titrat|uptitrat|escalat|step|adjust|doubl|ramp)"
# Between a dose and its frequency: a few words, none of them a figure.
_GAP_AFTER = rf"^[\s,()/-]*(?:(?!(?:up-?)?{_CHANGE})[A-Za-z()+/.-]+[\s,]+){{0,4}}?"
_CHANGED_BEFORE = re.compile(rf"\b{_CHANGE}\w*\s(?:[A-Za-z]+\s){{0,2}}$", re.I)
# What follows the strength of a tablet.
STRENGTH = re.compile(r"^[\s-]*(?:tablets?|capsules?|pills?|vials?|ampoules?|packs?)\b", re.I)
_COUNTED = "[2-9]|two|three|four|five|six"
_TIMES = re.compile(rf"(?<![\w.,·])(?P<n>{_COUNTED})\s?[x×]\s?$", re.I)
_TIMES_AFTER = re.compile(rf"\s?[x×]\s?(?P<n>{_COUNTED})\s?(?:/\s?d(?:ay)?\b|daily|per\sday|a\sday)", re.I)
# "three 1.5 mg capsules", "two tablets of naltrexone 1.5 mg"
_PIECES = re.compile(
    rf"(?<![\w.,·])(?P<n>{_COUNTED})\s(?P<named>(?:tablets|capsules|pills)\s(?:of\s)?(?:[a-z]+\s){{0,2}})?$",
    re.I,
)


@cache
def _frequencies() -> tuple[re.Pattern[str], re.Pattern[str], dict[str, float]]:
    times = {word: rule.times for rule in _rules().frequencies for word in rule.words}
    words = rf"(?P<word>{alternatives(list(times))})(?![\w])(?!\s{_CHANGE})"
    every = rf"(?P<hours>{_EVERY_HOURS.pattern.replace('(?P<n>', '(?:')})|(?P<long>{_EVERY_LONG.pattern.replace('(?P<n>', '(?:').replace('(?P<what>', '(?:')})"
    return (
        re.compile(rf"{_GAP_AFTER}(?<![\w])(?:{every}|{words})", re.I),
        re.compile(
            rf"(?<![\w])(?:{every}|{words})[\s,-]+(?:[A-Za-z-]+[\s,(-]+){{0,3}}(?:of\s+)?(?:up to\s+)?[(\s]*$",
            re.I,
        ),
        times,
    )


def _often(match: re.Match[str], times: dict[str, float]) -> float:
    if match["word"]:
        return times[re.sub(r"\s", " ", match["word"].lower())]
    hours = _EVERY_HOURS.search(match["hours"] or "")
    if hours:
        return 24 / max(1, counted(hours["n"]))
    long = _EVERY_LONG.search(match["long"])
    assert long
    days = {"d": 1, "w": 7, "m": 28}[long["what"][0].lower()]
    return round(1 / (max(1, counted(long["n"])) * days), 4)


def counted(word: str) -> int:
    """A small number in figures or in words, as our patterns find it."""
    value = number(word)
    assert value is not None
    return int(value)


def frequency_after(after: str) -> float | None:
    """Times a day, from the words right behind a dose; less than 1 for a weekly or monthly one, None where they do not say."""
    pattern, _, times = _frequencies()
    match = pattern.match(after)
    return _often(match, times) if match else None


def frequency_before(before: str) -> float | None:
    """Times a day, from the words right before a dose ("twice-daily naltrexone")."""
    _, pattern, times = _frequencies()
    match = pattern.search(before)
    if not match:
        return None
    often = _often(match, times)
    return None if often < 1 and _CHANGED_BEFORE.search(before[: match.start()]) else often


def pieces(before: str, after: str) -> int:
    """How many of an amount are taken together or in a day: "3 x 1.5 mg", "1.5 mg x 3/day", "three 1.5 mg capsules"; else 1."""
    number_of = _PIECES.search(before)
    if number_of and not (number_of["named"] or STRENGTH.match(after)):
        number_of = None
    found = _TIMES.search(before) or _TIMES_AFTER.match(after) or number_of
    return counted(found["n"]) if found else 1


@cache
def _route_words() -> tuple[re.Pattern[str], dict[str, str]]:
    by_group = {f"r{index}": rule.route for index, rule in enumerate(_rules().routes)}
    groups = "|".join(
        rf"(?P<r{index}>(?:{alternatives(rule.words)}))" for index, rule in enumerate(_rules().routes)
    )
    # DSM-IV and stage IV are no vein
    numbered = "".join(rf"(?<!{word}\s)" for word in ("dsm", "stage", "phase", "type", "grade", "class"))
    return re.compile(rf"(?<![\w.-]){numbered}(?:{groups})(?![\w])", re.I), by_group


def route(text: str, sentence: tuple[int, int], span: Span | None) -> str | None:
    """The way of giving that stands nearest to the dose in its sentence."""
    pattern, routes = _route_words()
    start, end = sentence
    if span:
        start, end = max(start, span.start - REACH), min(end, span.end + REACH)
    found = [
        (match.start(), match.end(), routes[match.lastgroup or ""])
        for match in pattern.finditer(text, start, end)
    ]
    if not found:
        return None
    if span is None:
        return found[0][2]
    return min(found, key=lambda one: max(span.start - one[1], one[0] - span.end))[2]
