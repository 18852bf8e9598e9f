"""P values and intervals in a clause, and whether they tell of a difference. Takes words; returns True, False or None."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"[-−–]?\d*[.·]?\d+"
_P = re.compile(
    r"(?<![\w-])p(?:[- ]?values?)?(?: for [\w -]{1,30}?)?\s?(?:of |was |were )?(?P<sign>[<>=≤≥]+)\s?(?P<value>0?[.·,]\d+|[01](?:[.·,]0+)?(?![.·,]?\d))",
    re.IGNORECASE,
)
_INTERVAL = re.compile(
    rf"(?:\b\d\d(?:[.·]\d+)?\s?(?:%|percent|per cent)?\s?(?:CI|confidence intervals?|CrI|credible intervals?)(?:\s?\[CI\])?[ ,:=(]{{0,3}}|(?<![\d.·])\d{{1,6}}(?:[.·]\d{{1,6}})?(?: (?:points?|kg|mm|kPa|%))?(?: of 100?)? ?[\[(])"
    rf"(?P<low>{_NUMBER})\s?%?\s?(?:to|-|–|−|,|;)\s?(?P<high>{_NUMBER}|infinity|∞)",
    re.IGNORECASE,
)
_RATIO = re.compile(r"hazard|odds|\bratio\b|\bHR\b|\bOR\b|\bRR\b|relative risk", re.IGNORECASE)
_DIFFERENCE = re.compile(r"\bdifference|\bMD\b|\bSMD\b|effect size|treatment effect", re.IGNORECASE)
# "lower with the drug by 0.3 points (-0.4 to 1.0)": the interval is that of a difference.
_BY = re.compile(
    r"\b(?:lower|higher|less|more|greater|fewer|longer|shorter|better|worse|smaller|larger)\b[^;.()]{0,60}\bby\b",
    re.IGNORECASE,
)
# "fell by 1.3 (0.8 to 1.7) with the drug and by 0.9 (...) with placebo": each arm has its own interval.
_ARM = re.compile(
    r"^[\])]{1,2} (?:\w+ ){0,2}?(?:in|with|on|under|for|after|among) (?:[\w.-]+ ){1,5}?(?:and|versus|vs\.?|compared (?:with|to)) ",
    re.IGNORECASE,
)
_HAZARD = re.compile(
    r"(?:hazard ratio|\bHR\b)[^;.()\[]{0,80}?[\])]?[,=: ]{1,3}(?:was |of |is )?(?P<value>\d[.·]\d+)",
    re.IGNORECASE,
)
_ODDS = re.compile(
    r"(?:odds ratio|relative risk|risk ratio|rate ratio|\bOR\b|\bRR\b)[^;.()\[]{0,40}?[\])]?[,=: ]{1,3}(?:was |of |is )?(?P<value>\d[.·]\d+)"
)
_NON_INFERIORITY = re.compile(r"\bfor (?:non-?inferiority|equivalence)", re.IGNORECASE)
# Differences with a P below this are called significant where the abstract names no other threshold.
_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Figure:
    """A p value or an interval: whether it tells of a difference, and where it stands in the clause."""

    different: bool
    start: int
    end: int
    non_inferiority: bool = False


def figure(text: str, after: int = 0) -> Figure | None:
    """The first figure after `after` that tells whether there is a difference: a p value, else a ratio's or a difference's interval."""
    for found in _P.finditer(text, after):
        value = _value(found["value"])
        sign = found["sign"]
        different = value <= _ALPHA if "<" in sign or "≤" in sign else value < _ALPHA
        if ">" in sign or "≥" in sign:
            different = False
        elif "<" in sign and value > _ALPHA:
            continue  # "P < .10" names a threshold
        around = text[max(0, found.start() - 20) : found.end() + 25]
        return Figure(different, found.start(), found.end(), bool(_NON_INFERIORITY.search(around)))
    arms = False
    for found in _INTERVAL.finditer(text, after):
        before = text[max(0, found.start() - 90) : found.start()]
        ratio, difference = _last(_RATIO, before), max(_last(_DIFFERENCE, before), _last(_BY, before))
        if max(ratio, difference) < 0 and (arms or _ARM.match(text[found.end() : found.end() + 90])):
            arms = True
            continue
        low = _value(found["low"])
        # Below nought there are only differences: "greater with the drug (-2.2 kg, 95% CI -3.9 to -0.5)".
        if max(ratio, difference) < 0 and low >= 0:
            continue
        nothing = 1.0 if ratio > difference else 0.0
        high = float("inf") if found["high"].lower() in ("infinity", "∞") else _value(found["high"])
        if low <= high:
            return Figure(not low <= nothing <= high, found.start(), found.end())
    return None


def hazard(text: str) -> float | None:
    """The first hazard ratio in a clause; below 1 the treatment that is named first fared better."""
    found = _HAZARD.search(text)
    return _value(found["value"]) if found else None


def odds(text: str) -> float | None:
    """The first odds, risk or rate ratio in a clause; whether more is better depends on the outcome."""
    found = _ODDS.search(text)
    return _value(found["value"]) if found else None


def _value(words: str) -> float:
    return float(re.sub(r"[−–]", "-", words).replace("·", ".").replace(",", "."))


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((found.start() for found in pattern.finditer(text)), default=-1)
