"""Effect estimates with their intervals and p values, as an abstract prints them.

Takes a Passage; returns an Extraction for each estimate whose measure is named (`rules/effects.toml`), and one for each p value
that belongs to none. Never computes anything, and gives no figure where the interval does not hold its estimate.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import as_file, files
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ldn_evidence.model import Extraction, FactField, Passage, Stretch
from ldn_evidence.reading.numbers import MIDDLE_DOTS, MINUS, number
from ldn_evidence.textfiles import read_toml


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(_Rules):
    """One name of a measure of effect."""

    id: str
    code: Literal["HR", "OR", "RR", "SMD", "RD", "MD"]
    kind: Literal["ratio", "difference"]
    pattern: str
    alone: bool
    reason: str


class Shares(_Rules):
    """Words by which a difference in per cent is one of two shares."""

    pattern: str
    reason: str


class EffectRules(_Rules):
    """All of `rules/effects.toml`."""

    measure: tuple[Measure, ...]
    shares: Shares


# One character for one, so that offsets stay true: every dash is a hyphen, every decimal point a full stop.
_PLAIN = str.maketrans(
    dict.fromkeys(MINUS, "-")
    | dict.fromkeys(MIDDLE_DOTS, ".")
    | dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f", " ")
)
_FIGURE = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+,\d\d?(?!\d)|0,\d+|\d+(?:\.\d+)?|\.\d+)"
_SIGNED = rf"[-+]?\s?{_FIGURE}"
_TIME = r"(?:weeks?|months?|years?|days?|mg|bpm|beats)\b"


def _p_value(name: str) -> str:
    """The pattern of "P = .02" or "p for trend < 0.001", whose sign and figure are groups that begin with `name`."""
    return (
        r"(?:\b(?:(?:one|two|1|2)-(?:sided|tailed)|log-?rank|(?:un)?adjusted|nominal|stratified) )?"
        r"(?<![A-Za-z0-9-])(?<!ubstance )[Pp](?:[ -]?[Vv]alues?|[-_ ]?\(?(?:trend|interaction|heterogeneity|adj|log-rank)\)?)?"
        r"(?: for [^=<>≤≥()\d;]{1,50}?)?\s*"
        rf"(?P<{name}_sign>[=<>≤≥]|(?:of|was)\b)\s*(?P<{name}_figure>{_FIGURE}(?:\s?[x×]\s?10\s?-?\s?\d{{1,3}})?)(?!\d)"
    )


def _bounds(name: str, between: str) -> str:
    """The pattern of "-2.0 to -0.4" or "0.46-0.92": a hyphen between two figures is a range, not a minus."""
    return rf"(?P<{name}_low>{_SIGNED})\s?%?\s*(?:{between})\s*(?P<{name}_high>{_SIGNED})(?!\d|\.\d)"


_LONE_P = re.compile(_p_value("p"))
_UNIT = r"(?:[^\d()\[\];.,<>=\n]|(?<=m)[23]){0,40}?"
_LABEL = (
    r"(?:(?P<level>\d\d(?:\.\d+)?)\s?(?:%|per ?cent)?[\s-]*)?(?:two-sided\s+)?"
    r"(?:Cr?I\b|C\.I\.|(?i:confidence (?:intervals?|limits?)|credible intervals?))\s*"
    r"(?:[(\[]\s*(?:\d\d\s?%\s*)?Cr?I\s*[)\]])?[\s=:,(\[]*(?:from |of |was |between )?"
)
# Without an interval, a figure is an effect only where it stands at once behind the name: "a difference in 25 women" is none.
# What ends a clause, as far as a reader asks to which words a p value belongs.
_CLAUSE_END = re.compile(
    r"[;:.]\s|[)\]],?\s(?=(?:and|but|while|whereas)\b)|,\s(?=(?:and|but|while|whereas|although)\b)"
)
MOST_OF_A_CLAUSE = 120
_AT_ONCE = re.compile(r"(?:[\s(\[]*\w+[)\]])?[\s(\[]*(?:\b(?:was|were|is|of|by|in means)\b|[=:,])?\s*")
# A trial's plan names the effect that it hopes for.
_ASSUMED = re.compile(r"\b(?:power|detect|assum\w+|sample size|hypothesi[sz]ed|expected)\b", re.IGNORECASE)
_CLOSING = re.compile(r"\s?%?\s*[)\]]")
# What follows a measure's name: "= 0.66 (95% CI 0.46 to 0.92; P = .02)". A time of follow-up may stand before the estimate.
_AFTER = re.compile(
    rf"(?P<between>(?:[^\d;.\n]|\b\d+[\s-]{_TIME}|[(\[]95\s?% ?(?:CI|confidence interval)[)\]]){{0,90}}?)"
    rf"(?<![\d.])(?P<number>{_SIGNED})(?!\d|\.\d|\s?%\s?(?:CI\b|confidence)|\s?(?:to|-)\s?{_FIGURE}|[\s-]{_TIME}(?!\s*[(\[,]\s*9\d))"
    rf"(?P<percent>\s?%|\s?percentage points?)?"
    rf"(?:(?:{_UNIT}[\s,;:(\[]*(?:{_p_value('early')}[\s,;]+)?{_LABEL}{_bounds('labelled', 'to|through|and|[,;]|-')}"
    rf"|{_UNIT},?\s?[(\[]\s*{_bounds('bare', 'to|[,;]|-')}\s?(?:%|(?!{_TIME})[A-Za-z]{{1,15}})?(?=\s*[)\],;]))(?:\s?%?[\s,;)\](]*{_p_value('late')})?"
    rf"|{_UNIT}[\s,;(\[]*{_p_value('only')})?"
)


@cache
def effect_rules() -> EffectRules:
    """The shipped measures."""
    with as_file(files("ldn_evidence") / "rules" / "effects.toml") as path:
        return read_toml(path, EffectRules)


@cache
def _names() -> re.Pattern[str]:
    return re.compile(
        r"(?<![\w-])(?:"
        + "|".join(f"(?P<m{place}>{one.pattern})" for place, one in enumerate(effect_rules().measure))
        + ")"
    )


def effects(passage: Passage) -> tuple[Extraction, ...]:
    """Every effect whose measure is named, then every p value of no effect, each in the order of the text.

    An effect's `unit` is its measure; `low` and `high` are given for a 95 % interval alone, and `p` as printed ("<0.001"). Where
    low <= number <= high does not hold, `value` keeps the words and there are no figures. A lone p value's `value` is the end of its
    clause, some 120 characters at most.
    """
    plain = passage.text.translate(_PLAIN)
    estimates = tuple(_estimates(passage, plain))
    return estimates + tuple(_lone(passage, plain, estimates))


def _estimates(passage: Passage, plain: str) -> Iterator[Extraction]:
    end = 0
    names = list(_names().finditer(plain))
    for place, name in enumerate(names):
        if name.start() < end:
            continue
        measure = _measure(name)
        after = _AFTER.match(plain, name.end())
        # A second name before the figure: the figure is the second's ("OR and HR were 0.8 and 0.7").
        if not after or (place + 1 < len(names) and names[place + 1].start() < after.start("number")):
            continue
        interval = after["labelled_low"] or after["bare_low"]
        p = _printed(after, "late") or _printed(after, "early") or _printed(after, "only")
        plain_enough = interval or (
            (p or (measure.alone and not _ASSUMED.search(_sentence(passage.sentences, name.start()).text)))
            and _AT_ONCE.fullmatch(after["between"])
        )
        if not plain_enough or (measure.kind == "ratio" and after["percent"]):
            continue
        start = name.start()
        # "hazard ratio (HR) 0.66" begins with its long name.
        if (
            place
            and names[place - 1].end() > end
            and plain[names[place - 1].end() : start].strip(" ([") == ""
        ):
            start = names[place - 1].start()
        end = after.end()
        yield _estimate(passage, measure, start, after, p)


def _measure(name: re.Match[str]) -> Measure:
    return effect_rules().measure[int((name.lastgroup or "m0")[1:])]


def _estimate(
    passage: Passage, measure: Measure, start: int, after: re.Match[str], p: str | None
) -> Extraction:
    end = after.end()
    words = passage.text[start:end]
    # The words are shown to a reader: a bracket that they open is closed.
    if closing := _CLOSING.match(passage.text, end):
        end = closing.end() if _opened(words) else end
    bare = Extraction(
        field=FactField.EFFECT,
        value=passage.text[start:end],
        rule=f"effects: {measure.id}",
        spans=(passage.span(start, end),),
        p=p,
    )
    number = _float(after["number"], measure)
    low, high = (
        _float(after[f"labelled_{side}"] or after[f"bare_{side}"], measure) for side in ("low", "high")
    )
    if low is not None and high is not None and not (number is not None and low <= number <= high):
        return replace(bare, rule=f"{bare.rule}, interval-without-its-estimate")
    if number is None:
        return replace(bare, rule=f"{bare.rule}, ratio-below-zero")
    # An interval of 90 % is no interval of 95 %.
    of_95 = after["level"] in (None, "95")
    return replace(
        bare,
        number=number,
        low=low if of_95 else None,
        high=high if of_95 else None,
        unit=_code(passage, measure, start, after),
    )


def _opened(words: str) -> bool:
    """Whether a bracket is open at the end of words."""
    return any(words.count(one) > words.count(other) for one, other in ("()", "[]"))


def _code(passage: Passage, measure: Measure, start: int, after: re.Match[str]) -> str:
    if measure.code != "MD" or not after["percent"]:
        return measure.code
    sentence = _sentence(passage.sentences, start).text
    return "RD" if "point" in after["percent"] or re.search(effect_rules().shares.pattern, sentence) else "MD"


def _float(words: str | None, measure: Measure) -> float | None:
    """A signed figure. A ratio has no sign: "HR -0.66" is a dash; None where there are no words."""
    if not words:
        return None
    bare = re.sub(r",(?=\d\d?$)", ".", words.replace(" ", ""))
    if measure.kind == "ratio":
        bare = bare.lstrip("-")
    return number(bare)


def _lone(passage: Passage, plain: str, estimates: Sequence[Extraction]) -> Iterator[Extraction]:
    starts = [one.spans[0].start for one in estimates]
    for lone in _LONE_P.finditer(plain):
        before = bisect_right(starts, lone.start()) - 1
        p = _printed(lone, "p")
        if p is None or (before >= 0 and lone.start() < estimates[before].spans[0].end):
            continue
        start, end = _clause(passage, lone.start(), lone.end())
        yield Extraction(
            field=FactField.P_VALUE,
            value=passage.text[start:end],
            rule="effects: p-value",
            spans=(passage.span(lone.start(), lone.end()), passage.span(start, end)),
            p=p,
        )


def _clause(passage: Passage, start: int, end: int) -> tuple[int, int]:
    """Where the words begin and end to which a p value belongs: its clause as far as the bracket behind it, cut before a word."""
    sentence = _sentence(passage.sentences, start)
    first = max(sentence.start, min(start, end - MOST_OF_A_CLAUSE))
    before = passage.text[first:start]
    ends = [one.end() for one in _CLAUSE_END.finditer(before) if not _opened(before[: one.end()])]
    cut = before.find(" ") + 1 if first > sentence.start else 0
    first += max([cut, *(at for at in ends if before[at:].strip(" ([,;"))])
    words = passage.text[first:end]
    if words.startswith(("(", "[")) and not _CLOSING.match(passage.text, end):
        first += 1
        words = words[1:]
    closing = _CLOSING.match(passage.text, end) if _opened(words) else None
    return first, closing.end() if closing else end


def _printed(found: re.Match[str], name: str) -> str | None:
    """A p value as printed, without blanks ("<0.001"); None if there is none, or if it is no probability."""
    sign, figure = found[f"{name}_sign"], found[f"{name}_figure"]
    if not figure:
        return None
    figure = "".join(figure.split())
    value = number(figure.split("x")[0].split("×")[0])
    if value is None or (value > 1 and "10" not in figure[1:]):
        return None
    return ("=" if sign in ("of", "was") else sign) + (
        figure.replace(",", ".") if figure.startswith("0,") else figure
    )


def _sentence(sentences: Sequence[Stretch], offset: int) -> Stretch:
    return sentences[max(0, bisect_right(sentences, offset, key=lambda one: one.start) - 1)]
