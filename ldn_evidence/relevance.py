"""Whether a record is about the protocol's drug at the protocol's dose, or about something that looks like it.

Takes a Passage, the doses read in it, the protocol's Intervention and PubMed's headings; returns a Relevance with the rule, the
reason and the words. What the drug is stands in the protocol, what decides first in `rules/relevance.toml`. Never reads a condition.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import as_file, files
from itertools import islice

from pydantic import BaseModel, ConfigDict

from ldn_evidence.model import (
    Bounds,
    Dose,
    DoseWindow,
    Intervention,
    LookAlike,
    Passage,
    Relevance,
    Span,
    Substance,
)
from ldn_evidence.textfiles import read_toml

# Spans shown with a reason: enough to see why, few enough to read.
MOST_SPANS = 5
# A name that stands in a text for the hundredth time tells nothing new.
MOST_MENTIONS = 100

# How the kinds of look-alike are called in the facts that rules ask for.
_KINDS = {
    Substance.LOOK_ALIKE: "look-alike",
    Substance.ULTRA_LOW_DOSE: "ultra-low",
    Substance.STANDARD_DOSE: "standard",
    Substance.OTHER_MEANING: "another meaning",
    Substance.UNCLEAR: "doubtful",
}


class Rule(BaseModel):
    """One line of `rules/relevance.toml`: it decides where all facts of `when` hold and none of `unless`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    says: Substance
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    reason: str


class Rules(BaseModel):
    """The whole of `rules/relevance.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    low: tuple[str, ...]
    apart: tuple[str, ...]
    joining: tuple[str, ...]
    never: tuple[str, ...]
    denials: tuple[str, ...]
    attaching: tuple[str, ...]
    licensed: tuple[str, ...]
    given: tuple[str, ...]
    high: tuple[str, ...]
    studies: tuple[str, ...]
    dose_finding: tuple[str, ...]
    rules: tuple[Rule, ...]


@cache
def relevance_rules() -> Rules:
    """The shipped rules, in their order."""
    with as_file(files("ldn_evidence") / "rules" / "relevance.toml") as path:
        return read_toml(path, Rules)


@dataclass
class _Facts:
    """What was seen: each fact by its name, with the words that show it and the look-alike or dose that it concerns."""

    spans: dict[str, list[Span]] = field(default_factory=dict)
    look_alikes: dict[str, LookAlike] = field(default_factory=dict)
    doses: dict[str, list[Dose]] = field(default_factory=dict)

    def see(self, name: str, span: Span | None = None) -> None:
        self.spans.setdefault(name, []).extend([span] if span else [])


def judge(
    passage: Passage,
    doses: Sequence[Dose],
    intervention: Intervention,
    *,
    mesh: Collection[str] = (),
    substances: Collection[str] = (),
    stated: Sequence[Dose] = (),
) -> Relevance:
    """What the record is about, with the reason.

    `doses`: as `reading.doses` gives them, of whatever drug. `mesh`, `substances`: names or unique identifiers of PubMed's
    headings and substances; empty where it is not indexed. `stated`: doses of the intervention that a person noted; they replace those read.
    """
    facts = _facts(passage, doses, intervention, mesh, substances, stated)
    held = facts.spans.keys()
    rule = next(
        one for one in relevance_rules().rules if held >= set(one.when) and held.isdisjoint(one.unless)
    )
    spans = [span for name in rule.when for span in facts.spans[name]]
    return Relevance(
        substance=rule.says, reason=_reason(rule, facts, intervention), rule=rule.id, spans=_few(spans)
    )


def _few(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The first spans, each once, none inside another."""
    kept: list[Span] = []
    for span in spans:
        if not any(one.start <= span.start and span.end <= one.end for one in kept):
            kept.append(span)
    return tuple(kept[:MOST_SPANS])


def _reason(rule: Rule, facts: _Facts, intervention: Intervention) -> str:
    look_alike = next((facts.look_alikes[name] for name in rule.when if name in facts.look_alikes), None)
    doses = next((facts.doses[name] for name in rule.when if name in facts.doses), [])
    window = intervention.dose
    weighed = bool(doses) and window.per_kg is not None and doses[0].unit.startswith("mg/kg")
    low, high = window.per_kg.in_scope if weighed and window.per_kg else window.in_scope
    shown = facts.spans[rule.when[-1]] if rule.when else []
    words = rule.reason.format(
        drug=intervention.names[0],
        name=intervention.name,
        short=intervention.short,
        look_alike=look_alike.name if look_alike else "",
        why=look_alike.why if look_alike else "",
        dose=", ".join(dict.fromkeys(_printed(one) for one in doses[:3])),
        window=f"{low:g} to {high:g} {window.unit}{'/kg' if weighed else ''} a day",
        words="; ".join(dict.fromkeys(f'"{one.words}"' for one in shown[:3])),
    )
    return words[0].upper() + words[1:]


def _printed(dose: Dose) -> str:
    amount = f"{dose.low:g}" if dose.low == dose.high else f"{dose.low:g} to {dose.high:g}"
    return f"{amount} {dose.unit}"


# ------------------------------------------------------------------------------------------------ what was seen


def _facts(
    passage: Passage,
    doses: Sequence[Dose],
    intervention: Intervention,
    mesh: Collection[str],
    substances: Collection[str],
    stated: Sequence[Dose],
) -> _Facts:
    facts = _Facts()
    words = _words(intervention)
    covered = _see_look_alikes(facts, passage, words)
    if not passage.abstract.strip():
        facts.see("title alone")
    _see_names(facts, passage, words, covered)
    _see_high_doses(facts, passage, words)
    if stated:
        facts.see("stated")
        _see_doses(facts, passage, stated, intervention.dose, stated=True)
    else:
        _see_doses(facts, passage, _of_drug(doses, intervention), intervention.dose, stated=False)
    _see_headings(facts, intervention, {*mesh, *substances})
    return facts


def _see_look_alikes(facts: _Facts, passage: Passage, words: _Words) -> list[tuple[int, int]]:
    """Look-alikes, by the part that they stand in; returns where their words stand: a drug's name within them is not the drug alone."""
    found: list[tuple[int, int]] = []
    title_end = len(passage.title)
    for look_alike, pattern in words.look_alikes:
        for match in islice(pattern.finditer(passage.text), MOST_MENTIONS):
            part = "title" if match.end() <= title_end else "abstract"
            name = f"{part}: {_KINDS[look_alike.kind]}"
            if name in facts.spans:
                facts.see(f"{name} twice", passage.span(*match.span()))
            facts.see(name, passage.span(*match.span()))
            facts.look_alikes.setdefault(name, look_alike)
            facts.look_alikes.setdefault(f"{name} twice", look_alike)
            found.append(match.span())
    return found


def _see_names(facts: _Facts, passage: Passage, words: _Words, covered: list[tuple[int, int]]) -> None:
    """The drug, its abbreviation, and whether it is called low, by the part where that stands."""
    text, title_end = passage.text, len(passage.title)
    for match in islice(words.drug.finditer(text), MOST_MENTIONS):
        span = passage.span(*match.span())
        facts.see("mentions drug", span)
        if not _inside(match.span(), covered):
            facts.see("names drug", span)
            if match.end() <= title_end:
                facts.see("title names drug", span)
    for match in islice(words.abbreviation.finditer(text), MOST_MENTIONS) if words.abbreviation else ():
        facts.see("letters", passage.span(*match.span()))
        if not _inside(match.span(), covered):
            facts.see("abbreviation", passage.span(*match.span()))
            if match.end() <= title_end:
                facts.see("title abbreviation", passage.span(*match.span()))
    for match in islice(words.definition.finditer(text), MOST_MENTIONS) if words.definition else ():
        defined = _defined_otherwise(text, match, words)
        if defined:
            facts.see("abbreviation defined otherwise", passage.span(*defined))
    low = [match.span() for match in islice(words.called_low.finditer(text), MOST_MENTIONS)]
    low = [span for span in low if not _inside(span, covered) and not _denied(passage, span[0], words)]
    if "names drug" in facts.spans and "abbreviation defined otherwise" not in facts.spans:
        low += [
            (one.start, one.end)
            for one in facts.spans.get("abbreviation", ())
            if not _inside((one.start, one.end), low) and not _denied(passage, one.start, words)
        ]
    for start, end in low:
        span = passage.span(start, end)
        if "calls it low" in facts.spans:
            facts.see("calls it low twice", span)
        facts.see("calls it low", span)
        facts.see("title calls it low" if end <= title_end else "abstract calls it low", span)
        if end <= title_end or _sentence_has(passage, span, words.given):
            facts.see("gives it low", span)
    for match in islice(words.low.finditer(text), MOST_MENTIONS):
        span = passage.span(*match.span())
        if not _inside(match.span(), covered):
            facts.see("speaks of low dose", span)
            if match.end() <= title_end:
                facts.see("title speaks of low dose", span)
            if not any(start <= match.start() < end for start, end in low) and match.end() <= title_end:
                rest = text[match.start() : match.end() + 30].split("\n")[0]
                facts.see("low dose of another thing", passage.span(match.start(), match.start() + len(rest)))


def _see_high_doses(facts: _Facts, passage: Passage, words: _Words) -> None:
    """Studies of high doses among those reviewed: "seven articles had a low dose, fourteen a high one"."""
    for match in islice(words.high.finditer(passage.text), MOST_MENTIONS):
        span = passage.span(*match.span())
        if _sentence_has(passage, span, words.studies):
            facts.see("studies of high doses", span)


def _sentence_has(passage: Passage, span: Span, words: re.Pattern[str]) -> bool:
    return any(
        words.search(passage.text, one.start, one.end)
        for one in passage.sentences
        if one.start <= span.start < one.end
    )


def _inside(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    """Whether a span overlaps one of the others."""
    return any(start < span[1] and span[0] < end for start, end in others)


def _denied(passage: Passage, at: int, words: _Words) -> bool:
    before = passage.text[max(0, at - 60) : at]
    return bool(words.denied.search(re.split(r"[.;:\n]\s", before)[-1]))


def _defined_otherwise(text: str, match: re.Match[str], words: _Words) -> tuple[int, int] | None:
    """Where "(LDN)" explains other words: a look-alike's, or words whose initials it is, low-density neutrophils (LDN).

    Never where the drug is among them, nor where they say "low dose": a drug's name may be misspelt.
    """
    before = text[max(0, match.start() - 120) : match.start()]
    start = next(
        (
            named.start()
            for one, pattern in words.look_alikes
            if one.kind is Substance.OTHER_MEANING
            for named in pattern.finditer(text, match.start() - len(before), match.start())
            if named.end() == match.start()
        ),
        None,
    )
    spelt = list(re.finditer(r"[A-Za-z]+", before))[-len(match["letters"]) :]
    if start is None and [one[0][0].lower() for one in spelt] == list(match["letters"].lower()):
        start = match.start() - len(before) + spelt[0].start()
    if start is None or any(one.search(text, start, match.start()) for one in (words.drug, words.low)):
        return None
    return start, match.end("letters")


def _of_drug(doses: Sequence[Dose], intervention: Intervention) -> list[Dose]:
    """Doses of the drug; where none is, those of which the text does not say whose they are."""
    names = {name.lower() for name in (*intervention.names, *intervention.abbreviations, intervention.name)}
    own = [dose for dose in doses if dose.substance in names]
    return own or [dose for dose in doses if dose.substance is None]


def _see_doses(
    facts: _Facts, passage: Passage, doses: Sequence[Dose], window: DoseWindow, *, stated: bool
) -> None:
    title_end = len(passage.title)
    finding = _looks_for_dose(passage.text)
    above: list[Dose] = []
    for dose in doses:
        place = _place(dose, window)
        if place is None:
            continue
        span = None if stated else dose.span
        names = [f"dose {place}"]
        if place == "in scope":
            names += ["stated in scope"] if stated else ["title dose in scope"] * (dose.span.end <= title_end)
            if window.dose_finding_above is not None and "kg" not in dose.unit and not finding:
                above += [dose] * (dose.low > window.dose_finding_above)
        else:
            names += ["dose elsewhere"]
        if place == "standard" and not stated:
            names += _how_named(passage, dose.span, facts.spans.get("calls it low", ()))
        for name in names:
            facts.see(name, span)
            facts.doses.setdefault(name, []).append(dose)
    if len(facts.doses.get("dose licensed", ())) == len(facts.doses.get("dose standard", ())) > 0:
        facts.see("dose standard as licensed only")
        facts.doses["dose standard as licensed only"] = facts.doses["dose standard"]
    scoped = facts.doses.get("dose in scope", [])
    if scoped and not stated and all(one.unit.startswith("mg/kg") for one in scoped):
        facts.see("dose in scope per kilogram only")
        facts.doses["dose in scope per kilogram only"] = scoped
    if above and len(above) == len(scoped):
        facts.see("dose finding only")
        facts.doses["dose finding only"] = above


def _how_named(passage: Passage, dose: Span, called_low: Iterable[Span]) -> list[str]:
    """Whether a standard dose is itself called low ("low-dose naltrexone (50 mg)"), or is that of the licence or of the tablets."""
    attached, licensed = _around_dose()
    joined = any(
        attached.fullmatch(passage.text, one.end, dose.start)
        or attached.fullmatch(passage.text, dose.end, one.start)
        for one in called_low
    )
    if joined:
        return ["standard dose called low"] + ["title standard dose called low"] * (
            dose.end <= len(passage.title)
        )
    before = re.split(r"[.;:\n]\s", passage.text[max(0, dose.start - 80) : dose.start])[-1]
    after = re.split(r"[.;:,\n]\s", passage.text[dose.end : dose.end + 60])[0]
    return ["dose licensed"] * bool(licensed.search(before) or licensed.search(after))


def _place(dose: Dose, window: DoseWindow) -> str | None:
    """Where a dose lies. A range counts by its upper end, unless that lies beyond the window: then it is mixed."""
    bounds: Bounds | None = window.per_kg if dose.unit.startswith("mg/kg") else window
    if bounds is None or window.unit != "mg" or not dose.unit.startswith("mg"):
        return None
    low, high = bounds.in_scope
    if bounds.ultra_low_below is not None and dose.high < bounds.ultra_low_below:
        return "ultra-low"
    if bounds.standard_from is not None and dose.low >= bounds.standard_from:
        return "standard"
    if low <= dose.high <= high:
        return "in scope"
    return "mixed" if dose.low <= high < dose.high else "between"


def _see_headings(facts: _Facts, intervention: Intervention, headings: set[str]) -> None:
    if not headings:
        return
    facts.see("indexed")
    if any(term.ui in headings or term.heading in headings for term in intervention.mesh):
        facts.see("indexed as drug")
    for look_alike in intervention.look_alikes:
        name = f"indexed as {_KINDS[look_alike.kind]}"
        # A supplementary concept is the look-alike itself; a descriptor such as Naloxone stands on papers about both drugs.
        if look_alike.mesh in headings and (look_alike.mesh or "").startswith("C"):
            facts.see(name)
            facts.look_alikes.setdefault(name, look_alike)


# ------------------------------------------------------------------------------------------------ patterns


@dataclass(frozen=True)
class _Words:
    drug: re.Pattern[str]
    abbreviation: re.Pattern[str] | None
    definition: re.Pattern[str] | None
    called_low: re.Pattern[str]
    low: re.Pattern[str]
    denied: re.Pattern[str]
    given: re.Pattern[str]
    high: re.Pattern[str]
    studies: re.Pattern[str]
    look_alikes: tuple[tuple[LookAlike, re.Pattern[str]], ...]


_GAP = r"[\s\-‐‑–—/]{0,2}"
# "LDN-193189" is a compound, "LDN 4.5 mg" a dose and "LDN 2014-2020" a time.
_CODE_GAP = r"[\-‐‑–]?"


def _written(word: str) -> str:
    """A protocol's word as a pattern: "*" is the rest of a word, "#" a digit, a space, hyphen or stroke any of them or nothing.

    Before "#" only a hyphen or nothing stands: the number is then a part of the name.
    """
    first, *rest = re.split(r"[\s\-/]+", word.strip(" -/"))
    return _letters(first) + "".join(
        (_CODE_GAP if part.startswith("#") else _GAP) + _letters(part) for part in rest
    )


def _letters(part: str) -> str:
    return re.escape(part).replace(r"\*", r"\w*").replace(r"\#", "[0-9]")


def _any(words: Iterable[str], *, never_after: Iterable[str] = ()) -> str:
    """Any of the words, whole, the longest first."""
    either = "|".join(_written(word) for word in sorted(words, key=len, reverse=True))
    never = "".join(rf"(?<!\b{re.escape(word)}[\s-])" for word in never_after)
    return rf"(?<![A-Za-z0-9]){never}(?:{either})(?![A-Za-z0-9])"


@cache
def _around_dose() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What joins a dose to the words that call it low, and what shows that it is the dose of the licence."""
    rules = relevance_rules()
    joins = "|".join(map(re.escape, sorted(rules.attaching, key=len, reverse=True)))
    return (
        re.compile(
            rf"(?:[\s,:(\[-]|(?:\([A-Za-z]{{2,6}}\))|/day|/d|(?<![a-z])(?:{joins})(?![a-z])){{0,12}}", re.I
        ),
        re.compile(_any(rules.licensed), re.I),
    )


@cache
def _finding() -> re.Pattern[str]:
    return re.compile(_any(relevance_rules().dose_finding), re.I)


def _looks_for_dose(text: str) -> bool:
    return bool(_finding().search(text))


@lru_cache(maxsize=8)
def _words(intervention: Intervention) -> _Words:
    rules = relevance_rules()
    drug = _any(intervention.names)
    low = _any(rules.low, never_after=rules.never)
    apart = "|".join(map(re.escape, rules.apart))
    joining = "|".join(map(re.escape, sorted(rules.joining, key=len, reverse=True)))
    between = rf"[\s\-‐‑–]{{0,2}}(?:\([^()]{{1,40}}\)\s|(?!(?:{apart})\b)[\w./%-]+\s|of\s){{0,4}}?"
    called_low = rf"{low}{between}{drug}|{drug}(?:\s(?:{joining})\s(?:an?\s|the\s)?|\s?\(\s?){low}"
    letters = "|".join(map(re.escape, intervention.abbreviations))
    return _Words(
        drug=re.compile(drug, re.I),
        abbreviation=re.compile(_any(intervention.abbreviations)) if letters else None,
        # with the plural, in which the letters are mostly explained: "(LDNs)"
        definition=re.compile(rf"\s\(\s?(?P<letters>{letters})s?(?![A-Za-z0-9-])") if letters else None,
        called_low=re.compile(called_low, re.I),
        low=re.compile(low, re.I),
        denied=re.compile(rf"\b(?:{'|'.join(map(re.escape, rules.denials))})\b", re.I),
        given=re.compile(_any(rules.given), re.I),
        high=re.compile(_any(rules.high), re.I),
        studies=re.compile(_any(rules.studies), re.I),
        look_alikes=tuple(
            (one, re.compile(_any(one.words), re.I)) for one in intervention.look_alikes if one.words
        ),
    )
