"""Drugs that a text names, and which of them a dose is of.

Takes text and the names of the drug that is examined; returns mentions, and the name joined to a dose. Never reads an amount.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

from pydantic import BaseModel, ConfigDict

from ldn_evidence.model import Span
from ldn_evidence.textfiles import read_toml

# A drug's name farther away than this in an endless sentence is not looked for.
REACH = 400


class _Rules(BaseModel):
    """`rules/drugs.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    stems: tuple[str, ...]
    words: tuple[str, ...]
    endings: tuple[str, ...]
    not_drugs: frozenset[str]
    plain_endings: tuple[str, ...]
    not_letters: frozenset[str]


@cache
def _rules() -> _Rules:
    with as_file(files("ldn_evidence") / "rules" / "drugs.toml") as path:
        return read_toml(path, _Rules)


def alternatives(words: Sequence[str]) -> str:
    """The words as one pattern, the longest first; "*" stands for the rest of a word."""
    longest = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", r"\s") for word in longest)


@dataclass(frozen=True, slots=True)
class Mention:
    """A drug's name in a text, in small letters, and where it stands."""

    start: int
    end: int
    name: str


_DEFINED = re.compile(r"\s\(([A-Z][A-Za-z]{1,5})\)")
_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{4,30}(?![A-Za-z])")


@cache
def _named(names: tuple[str, ...]) -> re.Pattern[str]:
    words = sorted({*names, *_rules().words}, key=len, reverse=True)
    either = "|".join(re.escape(word).replace(r"\ ", r"[\s-]").replace(r"\-", r"[\s-]") for word in words)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", re.I)


def mentions(text: str, names: Sequence[str]) -> list[Mention]:
    """Every drug that the text names, in its order: by `names`, by our list, or by the end of its international name."""
    rules = _rules()
    found = [Mention(*match.span(), match[0].lower()) for match in _named(tuple(names)).finditer(text)]
    taken = {one.start for one in found} | {one.end for one in found}
    for match in _WORD.finditer(text):
        word = match[0].lower()
        if (
            word.removesuffix("s").endswith(rules.stems)
            and word not in rules.not_drugs
            and taken.isdisjoint(match.span())
        ):
            found.append(Mention(*match.span(), word))
    found += _abbreviated(text, found)
    return sorted(found, key=lambda one: one.start)


def _abbreviated(text: str, found: Sequence[Mention]) -> Iterator[Mention]:
    """Letters that stand for a drug once they stood behind its name in brackets: naltrexone (NTX)."""
    meant = {
        match[1]: one.name
        for one in found
        if (match := _DEFINED.match(text, one.end)) and match[1].lower() not in {two.name for two in found}
    }
    if meant:
        letters = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, meant))})(?![A-Za-z0-9])")
        yield from (Mention(*match.span(), meant[match[0]]) for match in letters.finditer(text))


@cache
def _beside() -> tuple[re.Pattern[str], re.Pattern[str]]:
    word = rf"(?P<drug>[A-Za-z]{{2,20}}(?:{'|'.join(_rules().endings)}))"
    return (
        re.compile(rf"(?<![\w-]){word}[\s(,]{{1,3}}(?:at\s(?:an?\s(?:daily\s)?dose\sof\s)?)?$", re.I),
        re.compile(rf"^(?:\s?/day|\sdaily)?\s(?:of\s)?{word}(?![\w-])", re.I),
    )


# "PTX 400 mg", "CLX (400 mg", and a long word in small letters that stands right before a dose
_LETTERS = re.compile(r"(?<![\w-])([A-Z]{2,6})[\s(]{1,2}$")
_CODE = re.compile(r"^\s(?:of\s)?([A-Z]{1,5}[A-Za-z]?-?\d[\w-]*)")
_JOINS = re.compile(r"\s(?:and|or|with|plus|versus|vs|but|then|after|before|beside|to)\b")
_CODE_BEFORE = re.compile(r"(?<![\w-])([A-Z]{2,5}-?\d{2,}[\w-]*)[\s(]{1,2}$")
_LAST = re.compile(r"(?<![\w-])([a-z]{6,20})\s\(?$")
_RELEASE = r"sr|er|xr|hcl|hydrochloride|sustained[- ]release|extended[- ]release|acetate|maleate|mesylate|sul(?:f|ph)ate|sodium|tartrate|citrate|fumarate|succinate|nasal spray"
_FILLERS = r"(?:oral|orally|daily|low-?dose|dose|doses|of|the|a|an|at|in|once|twice|nightly|day|per|sr|er|hydrochloride|hcl|tablets?|capsules?|to|from|up|with|titrated|ranging|range|was|starting|between|maximum)"


def owner(text: str, span: Span, drugs: Sequence[Mention]) -> str | None:
    """The drug that a dose is of: the one joined to it by words, else a word that ends like a drug's, else the nearest."""
    before, after = text[max(0, span.start - 60) : span.start], text[span.end : span.end + 60]
    near = [one for one in drugs if one.end > span.start - REACH and one.start < span.end + REACH]
    preceding = [one for one in near if one.end <= span.start]
    following = [one for one in near if one.start >= span.end]
    last, first = preceding[-1] if preceding else None, following[0] if following else None
    between_after = text[span.end : first.start] if first else ""
    between_before = text[last.end : span.start] if last else ""
    if first and re.fullmatch(
        r"[\s-]*(?:/\s?day)?\s?(?:(?:[A-Za-z.]+[\s-]+){0,4}?of\s+)(?:[A-Za-z-]+[\s-]+){0,3}?", between_after
    ):
        return first.name
    if last and re.fullmatch(rf"(?:\s(?:{_RELEASE}))?[\s([,:-]{{0,3}}", between_before, re.I):
        return last.name
    if first and re.fullmatch(rf"[\s-]*(?:/\s?day)?\s?(?:{_FILLERS}[\s-]+){{0,3}}", between_after, re.I):
        return first.name
    # "naltrexone therapy (4.5 mg)": a word between a drug and its dose is no drug.
    if (
        last
        and re.fullmatch(r"\s[a-z]{2,15}[\s(,]{1,3}", between_before)
        and not _JOINS.match(between_before)
    ):
        return last.name
    return _unknown(before, after) or _nearest(last, first, span)


def _unknown(before: str, after: str) -> str | None:
    """A word right beside a dose that no list holds but that can hardly be anything else than a drug ("PTX 400 mg")."""
    rules = _rules()
    left, right = _beside()
    for match in (left.search(before), right.match(after)):
        if match and match["drug"].lower() not in rules.not_drugs and len(match["drug"]) > 4:
            return match["drug"].lower()
    code = _CODE.match(after) or _CODE_BEFORE.search(before)
    if code:
        return code[1].lower()
    letters = _LETTERS.search(before)
    if letters and letters[1].upper() not in rules.not_letters:
        return letters[1].lower()
    word = _LAST.search(before)
    if (
        word
        and not {word[1], word[1].removesuffix("s")} & rules.not_drugs
        and not word[1].endswith(rules.plain_endings)
    ):
        return word[1]
    return None


def _nearest(last: Mention | None, first: Mention | None, span: Span) -> str | None:
    # A dose mostly follows its drug: one that follows the dose has to be 40 characters nearer.
    if last and (not first or span.start - last.end <= first.start - span.end + 40):
        return last.name
    return first.name if first else None
