"""Numbers in running English, as digits ("13 388", "2,565", "0·34") or as words ("one hundred and ninety-four").

Takes a text; returns values with offsets. Never decides what a number counts, and never gives it a sign: a hyphen before a
number is as often a range as a minus, and only the words around it tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# Journals print a decimal point in the middle of the line in several characters.
MIDDLE_DOTS = "·∙⋅‧•"
# Hyphen, hyphens and dashes of typesetters, and the true minus.
MINUS = "-\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"

_UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = [
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_WORTH = (
    {word: place for place, word in enumerate(_UNITS, start=1)}
    | {word: place for place, word in enumerate(_TEENS, start=10)}
    | {word: 10 * place for place, word in enumerate(_TENS, start=2)}
    | {"zero": 0, "fourty": 40, "ninty": 90}  # two misspellings that journals let pass
)

_SPACE = " \u00a0\u2000-\u200a\u202f\u205f"
_WORD = "|".join(sorted([*_WORTH, *_SCALES], key=len, reverse=True))
# The first line is the quick way past every character that begins no number: by far the most of a text.
_NUMBER = re.compile(
    rf"""
    (?<!\w)(?=[\d.{MIDDLE_DOTS}{"".join(sorted({word[0] for word in [*_WORTH, *_SCALES]}))}])
    (?:(?<![.{MIDDLE_DOTS}])(?P<digits>
        [1-9]\d{{0,2}}(?:,\d{{3}})+(?!,?\d)(?:[.{MIDDLE_DOTS}]\d+)?      # 13,388
      | (?<![{MINUS}/])[1-9]\d{{0,2}}(?:[{_SPACE}]\d{{3}})+(?!\d|[.{MIDDLE_DOTS}]\d)  # 13 388, but not "18-65 120 women"
      | 0,\d+                                                             # 0,34
      | \d*[.{MIDDLE_DOTS}]\d+                                            # 0.34  .34  0·34
      | \d+
    )(?P<scale>[ ](?:hundred|thousand|million)\b)?
    | (?P<words>(?:{_WORD})(?:(?:\s+and\s+|-and-|\s*-\s*|\s+)(?:{_WORD})\b)*)\b)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TOKEN = re.compile(rf"(?P<link>and)|(?P<word>{_WORD})", re.IGNORECASE)


class Number(NamedTuple):
    """A number and where it stands: characters from the beginning, `end` not included."""

    value: float
    start: int
    end: int


def numbers(text: str) -> Iterator[Number]:
    """Every number of a text, in its order, without signs. Digits that belong to a name ("T1", "B12") are none.

    >>> [one.value for one in numbers("Of forty-nine women, 1,024 samples")]
    [49.0, 1024.0]
    """
    for found in _NUMBER.finditer(text):
        if found["words"]:
            yield from _spelled(found["words"], found.start())
        else:
            scale = _SCALES[found["scale"].strip().lower()] if found["scale"] else 1
            yield Number(_digits(found["digits"]) * scale, found.start(), found.end())


def number(words: str) -> float | None:
    """The one number that `words` are, with its sign if it has one; None if they are anything else.

    >>> number("−1·5")
    -1.5
    """
    bare = words.strip()
    negative = bool(bare) and bare[0] in MINUS
    bare = bare[1:].lstrip() if negative else bare.removeprefix("+").lstrip()
    found = list(numbers(bare))
    if len(found) != 1 or (found[0].start, found[0].end) != (0, len(bare)):
        return None
    return -found[0].value if negative else found[0].value


def marked(cell: str) -> frozenset[int]:
    """The totals that an annotator marked in an abstract: whole numbers, as printed there, " | " between several.

    >>> sorted(marked("Forty-nine | 13 388 | 60 patients"))
    [49, 60, 13388]
    """
    return frozenset(
        int(one.value) for words in cell.split("|") for one in numbers(words) if one.value.is_integer()
    )


def _digits(words: str) -> float:
    bare = words.replace(",", ".") if words.startswith("0,") else words.replace(",", "")
    for dot in MIDDLE_DOTS:
        bare = bare.replace(dot, ".")
    return float("".join(bare.split()))


def _spelled(words: str, offset: int) -> Iterator[Number]:
    """Words that stand together, cut where they no longer make one number ("one two" are two)."""
    whole = part = 0
    last = "nothing"
    linked = False
    start = end = 0
    for token in _TOKEN.finditer(words):
        if token["link"]:
            linked = True
            continue
        word = token["word"].lower()
        kind = _kind(word)
        if last != "nothing" and not _follows(kind, last, part, linked):
            yield Number(float(whole + part), offset + start, offset + end)
            whole = part = 0
            last = "nothing"
        if last == "nothing":
            start = token.start()
        if kind == "hundred":
            part = (part or 1) * 100
        elif kind == "scale":
            whole, part = whole + (part or 1) * _SCALES[word], 0
        else:
            part += _WORTH[word]
        last, linked, end = kind, False, token.end()
    yield Number(float(whole + part), offset + start, offset + end)


def _kind(word: str) -> str:
    if word == "hundred":
        return word
    if word in _SCALES:
        return "scale"
    worth = _WORTH[word]
    return "unit" if worth < 10 else "teen" if worth < 20 else "ten"


def _follows(kind: str, last: str, part: int, linked: bool) -> bool:
    """Whether a number may go on: "ninety" "four" may, "four" "ninety" may not, "ninety and four" are two."""
    if kind in ("unit", "teen", "ten"):
        return last in ("hundred", "scale") or (kind == "unit" and last == "ten" and not linked)
    if linked:
        return False
    if kind == "hundred":
        return 0 < part < 100
    return last != "scale"
