"""Doses in a title and abstract: how much, of which drug, how often, by which way, and whether it rose.

Takes a Passage and the names of the drug that is examined; returns Doses in the order of the text, amounts a day where that can
be said. Never decides whether a dose is a low one, and never takes a concentration, a body weight or a laboratory value for a dose.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import as_file, files
from itertools import pairwise

from pydantic import BaseModel, ConfigDict

from ldn_evidence.model import Dose, Passage, Span
from ldn_evidence.reading.drugs import Mention, alternatives, mentions, owner
from ldn_evidence.reading.regimens import STRENGTH, frequency_after, frequency_before, pieces, route
from ldn_evidence.textfiles import read_toml

# What a sentence may hold; more is a table, or hostile.
MOST_DOSES = 500


class _Rules(BaseModel):
    """`rules/doses.toml`: words before and after a figure that is no dose, and before the spread of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    after: tuple[str, ...]
    before: tuple[str, ...]
    spreads: tuple[str, ...]


@cache
def _rules() -> _Rules:
    with as_file(files("ldn_evidence") / "rules" / "doses.toml") as path:
        return read_toml(path, _Rules)


# ------------------------------------------------------------------------------------------------ figures and units

_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]{1,7}(?:[.·‧∙⋅][0-9]{1,6}|,[0-9]{1,2}(?=[\s-]?[mµμun]c?g))?|[.·][0-9]{1,6})"
_MASS = {
    "mg": 1.0,
    "milligram": 1.0,
    "g": 1000.0,
    "gm": 1000.0,
    "gram": 1000.0,
    "µg": 1e-3,
    "ug": 1e-3,
    "mcg": 1e-3,
    "microg": 1e-3,
    "microgram": 1e-3,
    "ng": 1e-6,
    "nanogram": 1e-6,
    "pg": 1e-9,
    "picogram": 1e-9,
}
_MINUS = r"(?:\^?[(\[]?\s?[-−–‑]\s?1[)\]]?|⁻¹)"
_UNIT = (
    r"(?P<mass>milligrams?|micrograms?|nanograms?|picograms?|grams?|microg|mcg|mgs?|[µμu]g|ng|pg|gm|g)(?![A-Za-z])"
    rf"(?P<kg>\s?/\s?(?:kg|kilogram)\b|[\s-](?:per|a)[\s-](?:kg|kilogram)\b|[\s·.×x]{{0,3}}kg\s?{_MINUS})?"
    r"(?:\s(?:of\s)?(?:body\s?weight|bodyweight|b\.?w\.?)(?![A-Za-z]))?"
    rf"(?P<time>\s?/\s?(?:day|d|(?:6|8|12|24)\s?h(?:ours|rs?)?|night|h|hr|hour|min|minute)(?![A-Za-z])|[\s·.×x]{{0,3}}(?:day|d|h|min)\s?{_MINUS})?"
)
_PER_DAY = {"h": 24.0, "hr": 24.0, "hour": 24.0, "min": 1440.0, "minute": 1440.0}
# "5 mg/dL", "10 mg L-1", "100 mg/m2", "1 mg per 10 kg" and "2 mg/g of tissue" are no doses of a drug given by weight.
_NO_DOSE_UNIT = re.compile(
    r"\s?(?:/|\bper\b)\s?(?:100\s?)?(?:[dcmµμn]?l\b|lit(?:er|re)|mm?ol|m\s?(?:2|²|\(\s?2\s?\)|\^2)|tissue|plate)"
    r"|\s?(?:/|\bper\b)\s?[0-9.]{1,4}\s?kg\b"
    r"|\s?[·.*×x]?\s?(?:h|hr|hours?)\s?[/·]"
    r"|\s?/\s?(?!bid\b|tid\b|qid\b|dose|week|wk\b|day|once|four|rat\b|mice|[a-z]{2,8}\s[0-9])[a-z]{1,4}\b"
    rf"|[\s·.]?(?:[dmµμ]?l|m)\s?(?:{_MINUS}|[-−–]2|\(-2\))",
    re.I,
)
_ANY_UNIT = re.sub(r"[?]P<[a-z]+>", "?:", _UNIT)
_ONE = rf"{_NUMBER}(?:\s{{0,2}}[-‐‑]?\s?{_ANY_UNIT})"
_LINK = r"\s?(?:--|[-–—−‐‑~]|\bto\b|\buntil\b|\bup to\b|\bthrough\b|\band\b|\bor\b|,\s?and\b|,\s?or\b|,|;|(?<=[0-9])/(?=[0-9])|\bvs\.?|\bversus\b|\bincreas(?:ing|ed) to\b|\brising to\b|&)\s?"
_AMOUNTS = re.compile(
    rf"(?<![\w.,·^])(?<![0-9]:)(?:{_NUMBER}(?:\s?[-‐‑]?\s?{_ANY_UNIT})?{_LINK}){{0,8}}{_ONE}",
    re.I,
)
_AMOUNT = re.compile(rf"(?P<number>{_NUMBER})(?:\s{{0,2}}[-‐‑]?\s?{_UNIT})?", re.I)
_RANGE_LINK = re.compile(r"^\s?(?:--|[-–—−‐‑~]|to|until|up to|through|increas\w+ to|rising to)\s?$", re.I)
# In "10.7 ± 1.6 mg" the dose is the mean; the spread is none.
_SPREAD = re.compile(
    rf"(?<![\w.,·^])(?P<number>{_NUMBER})(?:\s?(?P<mass>{_ANY_UNIT}))?\s?(?:Â?±|\+/?[-−–])\s?$", re.I
)
_BETWEEN = re.compile(r"\bbetween\s+$", re.I)

_PERCENT = re.compile(
    rf"(?<![\w.,·-])(?P<number>{_NUMBER})\s?%\s+(?=(?:\(?[\w/-]+\)?\s+){{0,4}}?(?:cream|gel|ointment|lotion|eye\s?drops?|ophthalmic|topical|drops|solution)\b)",
    re.I,
)
_MOLAR = re.compile(
    r"(?<![\w.,·-])(?:(?P<mantissa>[0-9]+(?:[.·][0-9]+)?)\s?[x×]\s?)?"
    r"(?:1e(?P<e>[-−–][0-9]{1,2})|10\s?\^?\(?(?P<power>[-−–]\s?[0-9]{1,2})\)?|(?P<plain>[0-9]{1,6}(?:[.·][0-9]{1,6})?))\s?[-‐‑]?\s?(?P<prefix>[mµμun]?)M(?![\w/])"
)
# An IC50 is a property of a drug, and ">65 nM" a finding.
_AFFINITY = re.compile(
    r"\b(?:[IELT][CD]\s?50|K[idm]|affinit\w*|potency)\b(?:[^.;]|\.(?!\s[A-Z])){0,25}$", re.I
)
_PREFIX = {"": 1.0, "m": 1e-3, "µ": 1e-6, "μ": 1e-6, "u": 1e-6, "n": 1e-9}

# ------------------------------------------------------------------------------------------------ words around a dose

_TITRATED = re.compile(
    r"titrat|escalat|\bincreas|\braised\b|\brising\b|\bstart|\bbegin|\bbegan\b|\binitial|\bstep|\bgradual|\bramp|\bup-?titr|\bgoing up",
    re.I,
)
# "Sleep got worse after 2 to 6 mg" is no titration.
_RISING = re.compile(
    r"titrat|escalat|\bstart|\bbegin|\bbegan\b|\binitial|\bstep|\bgradual|\bramp|\bincreas\w*\s(?:\w+\s){0,2}?from\s+$",
    re.I,
)
_UP_TO_HERE = re.compile(
    r"(?:titrat\w*|escalat\w*|increas\w*|rais\w*|rising)\b(?:[^.;]|\.[0-9]){0,60}?\b(?:to|until)\s+(?:an?\s+|the\s+)?(?:\w+\s+){0,3}$",
    re.I,
)
_TARGET = re.compile(
    r"\b(?:up to|to|until|reach\w*|maxim\w*(?: dose)?(?: of)?|max\.?|target(?: dose)?(?: of)?)\s+(?:an?\s+|the\s+)?(?:(?:max\w*|target|final|full|dose|daily|of|maintenance)\s+){0,4}$",
    re.I,
)
_RISE = re.compile(
    rf"(?:increas|titrat|escalat|rais|ris)\w*\s+(?:\w+\s+){{0,3}}?to\s+(?P<number>{_NUMBER})(?=\s?(?:[.,;)]|$))",
    re.I,
)
_INCREMENT = re.compile(
    r"\b(?:titrat|increas|escalat|rais|rose|rising|reduc|decreas|lower|fell|fall|taper|adjust|differ)\w*\s(?:[\w-]+\s){0,3}?by\s+$|\b(?:increments?|increases?|steps?)\s+of\s+$",
    re.I,
)
_THEN = re.compile(r"\bthen\s+(?:to\s+)?$", re.I)
# A figure that shows what a dose per kilogram comes to is nobody's dose: "10 mg for a child of 20 kg".
_WORKED_OUT = re.compile(
    r"\s(?:for|in)\san?\s(?:[a-z]+\s(?:of|weighing|who\sweighs)\s[0-9.]+\s?kg|[0-9.]+[\s-]?kg\b)", re.I
)
_URINE = re.compile(r"\burin|\bexcre|uria\b", re.I)
_SINGLE_BEFORE = re.compile(
    r"\b(?:(?:single|one-time|one-off|acute)[\s-](?:[a-z]+[\s-]){0,2}?(?:doses?|injections?|administrations?|infusions?|bolus)|bolus|single|loading dose)"
    r"(?:[\s,-]+[a-z]+){0,3}[\s,(-]*$",
    re.I,
)
_SINGLE_AFTER = re.compile(
    r"^[\s-]*(?:\w+\s+){0,3}?(?:as an? (?:single|bolus)|bolus|\(?single dose|once only|in a single dose)",
    re.I,
)
# "6 mg on day 2 of each cycle" is no daily dose.
_DAYS = re.compile(r"[^.;0-9]{0,25}\b(?:on|at)?\s?days?\s[-−]?[0-9]", re.I)
_TAKEN = re.compile(r"\b(?:t[oa]+k\w*|receiv\w+|giv\w+|gave|administ\w+|random\w+|prescri\w+)\b", re.I)


@dataclass(frozen=True, slots=True)
class _Found:
    """One dose while it is being read: `times` a day, `unit` "mg" or "mg/kg", `total`: the words give the amount a day."""

    start: int
    end: int
    low: float
    high: float
    kg: bool
    factor: float | None
    rule: str
    titrated: bool = False


def doses(passage: Passage, names: Sequence[str] = ()) -> tuple[Dose, ...]:
    """Every dose, in the order of the text. `names`: what the examined drug is called, so that its doses are told from others'.

    >>> [(one.low, one.high, one.unit) for one in doses(Passage.of("Naltrexone 1 mg b.i.d.", None), ["naltrexone"])]
    [(2.0, 2.0, 'mg/day')]
    """
    known = mentions(passage.text, names)
    read = _read(passage, known)
    # A drug that no list holds is known by its own dose; then its other doses are not taken for another's.
    unknown = {one.substance for one in read if one.substance} - {one.name for one in known}
    if unknown:
        read = _read(passage, mentions(passage.text, (*names, *sorted(unknown))))
    return tuple(sorted(read, key=lambda one: (one.span.start, one.low)))


def _read(passage: Passage, drugs: Sequence[Mention]) -> list[Dose]:
    starts = [one.start for one in drugs]
    only = {one.name for one in drugs}
    alone = next(iter(only)) if len(only) == 1 else None
    read: list[Dose] = []
    for sentence in passage.sentences:
        near = drugs[bisect_left(starts, sentence.start) : bisect_left(starts, sentence.end)]
        for found in _sentence(passage.text, sentence.start, sentence.end):
            read.append(_dose(passage, found, (sentence.start, sentence.end), near, alone))
        for strength in _strengths(passage.text, sentence.start, sentence.end):
            substance = owner(passage.text, strength.span, near) or alone
            read.append(replace(strength, substance=substance))
    return read


def stated(cell: str, unit: str = "mg") -> tuple[Dose, ...]:
    """Doses in a cell that a person filled ("4.5", "0.75-6", "up to 4.5; 0.1 mg/kg"); a bare figure is in `unit`.

    A figure in a cell where another has a unit is read only with its own.
    """
    read = doses(Passage.of(None, cell))
    if read:
        return read
    bare = re.sub(
        rf"(?<![\w.])({_NUMBER})(?![\w%.]|\s?(?:[-–]|to\b)\s?[0-9]|\s?[µμun]?M\b)", rf"\1 {unit}", cell
    )
    return doses(Passage.of(None, bare))


# ------------------------------------------------------------------------------------------------ amounts


def _value(number: str) -> float:
    if re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+", number):
        return float(number.replace(",", ""))
    return float(re.sub("[·‧∙⋅,]", ".", number))


def _mass(unit: str) -> float:
    word = unit.lower().replace("μ", "µ")
    return _MASS.get(word) or _MASS[word.removesuffix("s")]


def _sentence(text: str, start: int, end: int) -> Iterator[_Found]:
    """The doses of one sentence, titrations joined."""
    found: list[_Found] = []
    for match in _AMOUNTS.finditer(text, start, end):
        if len(found) >= MOST_DOSES:
            break
        found += _amounts(text, start, end, match)
    yield from _joined(text, start, end, found)


def _amounts(text: str, begin: int, stop: int, match: re.Match[str]) -> list[_Found]:
    whole, after = match[0], text[match.end() : min(stop, match.end() + 60)]
    before = text[max(begin, match.start() - 60) : match.start()]
    parts = list(_AMOUNT.finditer(whole))
    if len(parts) > 1 and _rises_by(before, parts):
        # "increased by 0.5 mg to 4.5 mg": the increment is no dose, what it leads to is one
        rest = _AMOUNTS.match(text, match.start() + parts[1].start(), match.end())
        return _amounts(text, begin, stop, rest) if rest else []
    spread = _SPREAD.search(before)
    if not parts or _NO_DOSE_UNIT.match(after) or _other_figure(before, after) or (spread and spread["mass"]):
        return []
    links = [whole[a.end() : b.start()] for a, b in pairwise(parts)]
    ranges = [bool(_RANGE_LINK.match(link)) for link in links]
    if _BETWEEN.search(before) and links:
        ranges[0] = True
    # "65, 4.5 mg" is an age and a dose; "1, 2 and 4 mg" is a list, which ends in a word.
    joined = (
        not links
        or (len(parts) > 2 and before.endswith("("))
        or any(re.search(r"\b(?:and|or|vs|versus)\b|&", link, re.I) for link in links)
    )
    if any("/" in link for link in links) and not _steps(links, parts):
        return []
    joined = joined or "/" in links
    if parts[-1]["time"] and _URINE.search(before + after[:40]):
        return []
    if parts[-1]["mass"].lower().startswith("g") and not _grams_given(before, after, parts[-1]["time"]):
        return []
    # In "8 or 400 ug/kg or 0.1 mg/kg" a bare figure has the unit of the next that has one.
    units = [next(one for one in parts[index:] if one["mass"]) for index in range(len(parts))]
    found: list[_Found] = []
    group: list[float] = []
    start = match.start()
    for index, (part, unit) in enumerate(zip(parts, units, strict=True)):
        number = spread["number"] if spread and index == 0 else part["number"]
        group.append(_value(number) * _mass(unit["mass"]))
        if index < len(ranges) and ranges[index]:
            continue
        low, high = min(group), max(group)
        if low > 0 and (joined or part["mass"]):
            rises = len(group) > 2 or (len(group) > 1 and bool(_RISING.search(before)))
            rule = "range" if low < high else "list" if len(parts) > 1 else "dose"
            rate = unit["time"] or parts[-1]["time"]
            found.append(_Found(start, match.end(), low, high, bool(unit["kg"]), _factor(rate), rule, rises))
        elif index + 1 < len(parts):
            start = match.start() + parts[index + 1].start()
        group = []
    return found


def _rises_by(before: str, parts: Sequence[re.Match[str]]) -> bool:
    first, second = parts[0], parts[1]
    link = first.string[first.end() : second.start()]
    return bool(
        first["mass"] and _INCREMENT.search(before) and re.search(r"[a-z]", link) and _RANGE_LINK.match(link)
    )


def _steps(links: Sequence[str], parts: Sequence[re.Match[str]]) -> bool:
    """Whether strokes divide the steps of one drug, "1.5/3/4.5 mg", and not the parts of a combination, "8/90 mg"."""
    values = [_value(part["number"]) for part in parts]
    return len(parts) > 2 and set(links) == {"/"} and all(a < b for a, b in pairwise(values))


def _factor(time: str | None) -> float | None:
    """How many of a printed rate make a day: 1 for "mg/day", 24 for "mg/h"; None where the unit names no time."""
    if not time:
        return None
    hours = re.search(r"[0-9]+(?=\s?h)", time)
    return 24 / int(hours[0]) if hours else _PER_DAY.get(re.sub(r"[^a-z]", "", time.lower()), 1.0)


_GIVEN_BEFORE = re.compile(r"\bdoses?\s(?:of\s|up\sto\s)?$", re.I)
_GIVEN_AFTER = re.compile(
    r"\s(?:of\s)?(?:[a-z]+\s){0,2}(?:daily|orally|q\.?d|intravenous|iv\b|twice|b\.?i\.?d|per day|a day|once)",
    re.I,
)


def _grams_given(before: str, after: str, time: str | None) -> bool:
    # "20 g" is a mouse and "300 g" a rat unless somebody takes it.
    return bool(time or _GIVEN_BEFORE.search(before) or _GIVEN_AFTER.match(after))


@cache
def _around() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    rules = _rules()
    return (
        re.compile(rf"(?:^|[\s(/])(?:{alternatives(rules.before)})[\s(]*$|[\w)]/\s?$", re.I),
        re.compile(rf"^\s?-?(?:{alternatives(rules.after)})(?![\w])", re.I),
        re.compile(rf"(?:(?<![\w.])(?:{alternatives(rules.spreads)})[\s,:=(]*|[(,]\s?±\s?)$", re.I),
    )


def _other_figure(before: str, after: str) -> bool:
    """Whether the words around a figure say that it is a weight, a laboratory value, an increment or a strength of tablets."""
    precedes, follows, spreads = _around()
    if (
        precedes.search(before)
        or follows.match(after)
        or spreads.search(before)
        or _WORKED_OUT.match(after)
        or _INCREMENT.search(before)
        or _AFFINITY.search(before)
    ):
        return True
    strength = STRENGTH.match(after)
    return bool(strength) and frequency_after(after) is None and not _TAKEN.search(before)


def _joined(text: str, begin: int, stop: int, found: list[_Found]) -> list[_Found]:
    """Titrations: "starting at 0.75 mg ... up to 6 mg", "1.5 mg increasing to 4.5", "titrated over four weeks to 6 mg"."""
    read: list[_Found] = []
    for one in found:
        before = text[max(begin, one.start - 80) : one.start]
        last = read[-1] if read else None
        between = text[last.end : one.start] if last else ""
        rises = bool(_UP_TO_HERE.search(before))
        if (
            last
            and one.kg == last.kg
            and one.high > last.low
            and len(between) <= 120
            and ";" not in between
            and (
                (last.titrated and _THEN.search(between))
                or (
                    _TARGET.search(between)
                    and (
                        _TITRATED.search(between)
                        or _TITRATED.search(text[max(begin, last.start - 40) : last.start])
                    )
                )
            )
        ):
            read[-1] = replace(
                last,
                end=one.end,
                high=one.high,
                titrated=True,
                rule="titration",
                factor=one.factor or last.factor,
            )
            continue
        after = text[one.end : min(stop, one.end + 60)]
        rise = _RISE.search(after)
        if (
            rise
            and rise.start() < 40
            and _value(rise["number"]) > one.low
            and not _AMOUNTS.match(after, rise.start("number"))
        ):
            scale = _scale(text[one.start : one.end])
            one = replace(
                one,
                end=one.end + rise.end(),
                high=_value(rise["number"]) * scale,
                titrated=True,
                rule="titration",
            )
        elif rises or re.match(r"[\s,(]*(?:and\s)?(?:rising|increas|escalat|titrat)", after, re.I):
            one = replace(one, titrated=True, rule="titration")
        elif one.titrated:
            one = replace(one, rule="titration")
        read.append(one)
    return read


def _scale(words: str) -> float:
    units = [part["mass"] for part in _AMOUNT.finditer(words) if part["mass"]]
    return _mass(units[-1]) if units else 1.0


# ------------------------------------------------------------------------------------------------ how often, how, of what


def _dose(
    passage: Passage,
    found: _Found,
    sentence: tuple[int, int],
    drugs: Sequence[Mention],
    alone: str | None,
) -> Dose:
    text = passage.text
    before = text[max(sentence[0], found.start - 60) : found.start]
    long_after = _following(text, found, sentence[1])
    after = re.split(r"[.;:]\s|[0-9]", long_after + " ", maxsplit=1)[0]
    often = frequency_after(long_after) or frequency_before(_own(before))
    together = pieces(before, long_after)
    single = not often and bool(_SINGLE_BEFORE.search(before) or _SINGLE_AFTER.match(after))
    days = not often and _DAYS.match(long_after)
    span = passage.span(found.start, found.end)
    way = route(text, sentence, span)
    times, unit = 1.0, "/day"
    if found.factor is not None:
        times, often = found.factor, None if found.factor == 1 else found.factor
        times *= together if found.factor == 1 else 1
    elif single or days or (often and often < 1) or (not often and way == "intramuscular"):
        # A depot of 380 mg every four weeks is not 14 mg a day: it stays the amount of one administration.
        unit = ""
    else:
        times, often = (often or 1.0) * together, often or (float(together) if together > 1 else None)
    return Dose(
        low=_rounded(found.low * times),
        high=_rounded(found.high * times),
        unit=("mg/kg" if found.kg else "mg") + unit,
        substance=owner(text, span, drugs) or alone,
        frequency=often if found.factor is None or found.factor != 1 else 1.0,
        route=way,
        titrated=found.titrated,
        rule="single" if single and found.rule == "dose" else found.rule,
        span=span,
    )


def _own(before: str) -> str:
    """The words before a dose without those of the dose before it: in "2.5 mg twice daily or 4.5 mg" the first alone is taken twice."""
    last = [one.end() for one in re.finditer(_ONE, before, re.I)]
    rest = before[last[-1] :] if last else ""
    return re.split(r"\b(?:and|or|plus|versus|vs|then)\b|,", rest)[-1] if frequency_after(rest) else before


def _following(text: str, found: _Found, stop: int) -> str:
    """What stands behind a dose, without brackets "(n=12)" and without the further doses of the same list."""
    words = text[found.end : min(stop, found.end + 160)]
    words = re.sub(r"^\)", "", words)
    words = re.sub(r"\s?\([^()]{0,30}\)", "", words)
    words = re.sub(rf"^(?:\s?(?:,|,?\s?and|,?\s?or|versus|vs\.?)\s?{_ONE}){{1,5}}", "", words, flags=re.I)
    return words[:80]


def _rounded(value: float) -> float:
    return float(f"{value:.10g}")


def _strengths(text: str, start: int, end: int) -> Iterator[Dose]:
    """Creams and drops in per cent, baths in mol/l."""
    for match in _PERCENT.finditer(text, start, end):
        yield _strength(text, match, _value(match["number"]), "%", "topical")
    for match in _MOLAR.finditer(text, start, end):
        before = text[max(start, match.start() - 30) : match.start()]
        if _AFFINITY.search(before) or re.search(r"[<>≤≥=]\s?$", before):
            continue
        power = match["e"] or match["power"]
        number = (
            10.0 ** int(re.sub(r"[−–\s]", "-", power.replace(" ", ""))) if power else _value(match["plain"])
        )
        if match["mantissa"]:
            number *= _value(match["mantissa"])
        if number > 0:
            yield _strength(
                text, match, number * _PREFIX[match["prefix"]], "M", route(text, (start, end), None)
            )


def _strength(text: str, match: re.Match[str], number: float, unit: str, route: str | None) -> Dose:
    words = match[0].rstrip()
    span = Span(start=match.start(), end=match.start() + len(words), words=words)
    amount = _rounded(number)
    return Dose(low=amount, high=amount, unit=unit, route=route, rule="strength", span=span)
