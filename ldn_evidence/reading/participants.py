"""How many people a trial randomised, and how many it analysed.

Takes a Passage; returns at most one Extraction of each, with the words that carry the number. Every number of the text that might
count people is a candidate; words around it (`rules/participants.toml`) speak for it or against it with weights that were
learned (`training/participants.py`), and the best one is the answer if it is likely enough. Never adds up anything but arms
of one sentence, and never answers where it is not sure.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import as_file, files
from itertools import islice, pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ldn_evidence.model import Extraction, FactField, Part, Passage, Span, Stretch
from ldn_evidence.reading.numbers import Number, numbers
from ldn_evidence.textfiles import read_toml

# An abstract has some sixty numbers. The bounds keep a pasted table from taking for ever.
MOST_NUMBERS = 800
MOST_CANDIDATES = 400
# How far a cue may lie from its number, in characters.
REACH = 200
MOST_PEOPLE = 50_000_000


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cue(_Rules):
    """Words beside a number, and why they matter.

    `reach`: how many characters beside the number are looked at. `needs`: another cue, named before, without which this never speaks.
    """

    id: str
    side: Literal["before", "after", "sentence"]
    pattern: str
    reason: str
    reach: int = REACH
    needs: str | None = None
    says: Literal["randomised", "analysed"] | None = None


class ParticipantRules(_Rules):
    """All of `rules/participants.toml`."""

    people: str
    allocation: str
    never: tuple[Cue, ...]
    cue: tuple[Cue, ...]
    plain: tuple[Cue, ...]


class Weights(_Rules):
    """All of `rules/participants_weights.json`: log-odds, and the probability below which nothing is answered."""

    intercept: float
    threshold: float
    weights: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A number that may count the participants. `cues` are the ids of what speaks of it; `at` its offsets."""

    value: int
    at: Number
    sentence: Stretch
    cues: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Patterns:
    never: tuple[tuple[Cue, re.Pattern[str]], ...]
    beside: tuple[tuple[Cue, re.Pattern[str]], ...]
    around: tuple[tuple[Cue, re.Pattern[str]], ...]
    plain: tuple[tuple[Cue, re.Pattern[str]], ...]


@cache
def participant_rules() -> ParticipantRules:
    """The shipped cues."""
    with as_file(files("ldn_evidence") / "rules" / "participants.toml") as path:
        return read_toml(path, ParticipantRules)


@cache
def shipped_weights() -> Weights:
    """The shipped weights."""
    raw = (files("ldn_evidence") / "rules" / "participants_weights.json").read_text(encoding="utf-8")
    return Weights.model_validate(json.loads(raw))


@cache
def _patterns() -> _Patterns:
    rules = participant_rules()
    words = {"VERB": "".join(rules.allocation.split()), "PEOPLE": "".join(rules.people.split())}
    words["GAP"] = (
        rf"(?:(?!\b\d+\s+(?:[\w-]+\s+){{0,2}}(?:{words['PEOPLE']})\b|(?:\band|,)\s+\d+\s+(?:were|completed|finished|withdrew|dropped|had)\b)[^.;])"
    )
    names = re.compile("|".join(words))

    def compiled(cues: Iterable[Cue]) -> tuple[tuple[Cue, re.Pattern[str]], ...]:
        return tuple(
            (
                one,
                re.compile(names.sub(lambda name: words[name[0]], one.pattern), re.IGNORECASE),
            )
            for one in cues
        )

    return _Patterns(
        never=compiled(rules.never),
        beside=compiled(one for one in rules.cue if one.side != "sentence"),
        around=compiled(one for one in rules.cue if one.side == "sentence"),
        plain=compiled(rules.plain),
    )


def candidates(passage: Passage) -> tuple[Candidate, ...]:
    """Every number of a passage that might count its participants, in the order of the text, with its cues."""
    found = list(islice(_plausible(passage), MOST_CANDIDATES))
    wholes, arms = _sums([one.at for one in found])
    siblings = _siblings(found)
    counts: dict[int, int] = {}
    for one in found:
        counts[one.value] = counts.get(one.value, 0) + 1
    counted = [one.value for one in found if one.cues & {"people-next", "people-near", "n-equals"}]
    first = next(
        (one.at for one in found if one.cues & {"people-next", "people-near", "people-n-equals"}), None
    )
    largest = max(counted, default=0)
    return tuple(
        replace(
            one,
            cues=one.cues
            | _place(passage, one)
            | {
                name
                for name, holds in (
                    ("adds-up", one.at in wholes),
                    ("one-of-a-sum", one.at in arms),
                    ("beside-another-n", one.at in siblings and one.at not in wholes),
                    ("first-people", one.at == first),
                    ("largest-people", one.value == largest),
                    ("smaller-half", one.value * 2 < largest),
                    ("told-again", counts[one.value] > 1),
                    ("in-words", not passage.text[one.at.start].isdigit()),
                    ("under-ten", one.value < 10),
                    ("under-twenty", one.value < 20),
                    ("over-ten-thousand", one.value > 10_000),
                )
                if holds
            },
        )
        for one in found
    )


def _plausible(passage: Passage) -> Iterator[Candidate]:
    patterns = _patterns()
    every = ((sentence, at) for sentence in passage.sentences for at in numbers(sentence.text))
    # What the words around a number say, which are often the same for every number of a sentence.
    said: dict[str, frozenset[str]] = {}
    for sentence, at in islice(every, MOST_NUMBERS):
        text = sentence.text
        # "0307" is the name of a trial.
        if not 2 <= at.value <= MOST_PEOPLE or not at.value.is_integer() or text[at.start] == "0":
            continue
        if any(_speaks(cue, pattern, text, at) for cue, pattern in patterns.never):
            continue
        around = text[max(0, at.start - REACH) : at.end + REACH]
        if around not in said:
            said[around] = frozenset(cue.id for cue, pattern in patterns.around if pattern.search(around))
        cues = set(said[around])
        for cue, pattern in patterns.beside:
            if (cue.needs is None or cue.needs in cues) and _speaks(cue, pattern, text, at):
                cues.add(cue.id)
        if 1900 <= at.value <= 2050 and not cues & {"people-next", "people-near", "n-equals"}:
            continue  # a year
        yield Candidate(
            value=int(at.value),
            at=Number(at.value, sentence.start + at.start, sentence.start + at.end),
            sentence=sentence,
            cues=frozenset(cues),
        )


def _speaks(cue: Cue, pattern: re.Pattern[str], text: str, at: Number) -> bool:
    if cue.side == "after":
        return pattern.match(text[at.end : at.end + cue.reach]) is not None
    return pattern.search(text[max(0, at.start - cue.reach) : at.start]) is not None


def _place(passage: Passage, one: Candidate) -> set[str]:
    part = one.sentence.part
    share = one.at.start / max(1, len(passage.text))
    places = {f"in-{part}"} if part is not Part.ABSTRACT else set()
    if share > 0.75:
        places.add("late")
    if share < 0.12:
        places.add("early")
    return places


def _siblings(found: Sequence[Candidate]) -> set[Number]:
    """Numbers after "n =" that share a sentence with another: arms, as a rule."""
    by_sentence: dict[int, list[Number]] = {}
    for one in found:
        if "n-equals" in one.cues:
            by_sentence.setdefault(one.sentence.start, []).append(one.at)
    return {at for several in by_sentence.values() if len(several) > 1 for at in several}


def _sums(found: Sequence[Number]) -> tuple[set[Number], set[Number]]:
    """Which numbers are the sum of two to six that stand beside each other near by, and which are such parts."""
    wholes: set[Number] = set()
    arms: set[Number] = set()
    for place, one in enumerate(found):
        for direction in (1, -1):
            for first in (1, 2):
                parts: list[Number] = []
                for step in range(first, first + 6):
                    other = place + direction * step
                    if not 0 <= other < len(found) or abs(found[other].start - one.start) > 2 * REACH:
                        break
                    parts.append(found[other])
                    if len(parts) > 1 and sum(part.value for part in parts) == one.value:
                        wholes.add(one)
                        arms.update(parts)
    return wholes, arms


def probability(one: Candidate, weights: Weights) -> float:
    """How likely a candidate is a number that a reader would mark as the trial's participants, 0 to 1."""
    odds = weights.intercept + sum(weights.weights.get(cue, 0.0) for cue in one.cues)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def participants(passage: Passage, weights: Weights | None = None) -> tuple[Extraction, ...]:
    """The number randomised (or enrolled) and the number analysed: at most one of each, in people; none where unsure.

    Where a trial states only its arms, RANDOMISED is their sum, and its spans are the arms'.
    """
    weights = weights or shipped_weights()
    inorder = candidates(passage)
    found = [(probability(one, weights), one) for one in inorder]
    found.sort(key=lambda pair: (-pair[0], pair[1].at.start))
    sure = [one for chance, one in found if chance >= weights.threshold]
    if not sure:
        arms = _arms(inorder)
        return (_summed(passage, arms),) if arms else _plain(passage, inorder)
    best = _preferred(sure[0], found, weights)
    arms = _arms_of(best, inorder, passage)
    if arms:
        return (_summed(passage, arms),)
    says = _says(best)
    answers = [_extraction(passage, best, says, weights)]
    other = FactField.ANALYSED if says is FactField.ENROLLED else FactField.ENROLLED
    # The verb beside an analysed number is plain enough; a second number randomised must be as sure as a first.
    others = [one for _, one in found] if other is FactField.ANALYSED else sure
    second = next((one for one in others if _fits(one, best, other)), None)
    if second:
        answers.append(_extraction(passage, second, other, weights))
    return tuple(sorted(answers, key=lambda one: one.field is not FactField.ENROLLED))


def total(found: Iterable[Extraction]) -> int | None:
    """The one number of participants that `participants` stands for: randomised, or else analysed."""
    by_field = {one.field: one.number for one in found}
    number = by_field.get(FactField.ENROLLED, by_field.get(FactField.ANALYSED))
    return None if number is None else int(number)


# Words that say who was asked, and who might have come; and those that say who was allocated. Where the first speak of the
# likeliest number, another that was allocated needs less to be believed: a tenth of the threshold, and a quarter.
_ASKED = frozenset({"screened", "screened-before"})
_WANTED = frozenset({"eligible", "planned-before", "opening-of"})
_ALLOCATED = frozenset({"randomised-after", "randomised-participle", "randomised-before"})


def _preferred(best: Candidate, found: Sequence[tuple[float, Candidate]], weights: Weights) -> Candidate:
    """The likeliest, unless it counts those who were asked and another counts those who were allocated."""
    if best.cues & _ALLOCATED or not best.cues & (_ASKED | _WANTED):
        return best
    enough = weights.threshold / (10 if best.cues & _ASKED else 4)
    return next(
        (one for chance, one in found if chance >= enough and one.value < best.value and _allocated(one)),
        best,
    )


def _allocated(one: Candidate) -> bool:
    return bool(one.cues & _ALLOCATED) and "one-of-a-sum" not in one.cues


def _says(one: Candidate) -> FactField:
    """Analysed, where nothing says otherwise of those who were analysed; else randomised, or enrolled."""
    said = {cue.says for cue in participant_rules().cue if cue.says and cue.id in one.cues}
    return FactField.ANALYSED if said == {"analysed"} else FactField.ENROLLED


def _fits(one: Candidate, best: Candidate, field: FactField) -> bool:
    """Whether a second number can stand beside the first: nobody is analysed who was not there."""
    if field is FactField.ANALYSED:
        return (
            "analysed-plainly" in one.cues
            and best.value / 2 <= one.value < best.value
            and not one.cues & {"one-of-a-sum", "arm-before"}
        )
    return one.value > best.value and _allocated(one)


def _extraction(passage: Passage, one: Candidate, field: FactField, weights: Weights) -> Extraction:
    return Extraction(
        field=field,
        value=str(one.value),
        number=float(one.value),
        unit="people",
        rule=f"participants: {_strongest(one, weights)}",
        spans=(passage.span(one.at.start, one.at.end),),
    )


def _strongest(one: Candidate, weights: Weights) -> str:
    """The cue that weighs most for a candidate: what the answer is signed with."""
    named = {cue.id for cue in participant_rules().cue} & one.cues
    return max(sorted(named), key=lambda cue: weights.weights.get(cue, 0.0), default="a number alone")


def _plain(passage: Passage, found: Sequence[Candidate]) -> tuple[Extraction, ...]:
    """The first number of which the plainest words speak, and that is no part of another; nothing if there is none."""
    for one in found:
        if one.cues & _OF_ANOTHER:
            continue
        at = Number(one.value, one.at.start - one.sentence.start, one.at.end - one.sentence.start)
        for cue, pattern in _patterns().plain:
            if _speaks(cue, pattern, one.sentence.text, at) and (
                cue.side == "after" or one.cues & {"people-next", "people-near"}
            ):
                return (
                    Extraction(
                        field=FactField.ENROLLED,
                        value=str(one.value),
                        number=float(one.value),
                        unit="people",
                        rule=f"participants: {cue.id}",
                        spans=(passage.span(one.at.start, one.at.end),),
                    ),
                )
    return ()


def _arms(found: Sequence[Candidate]) -> list[Candidate]:
    """Two to six numbers of one sentence that says how people were allocated, each with the words of an arm."""
    by_sentence: dict[int, list[Candidate]] = {}
    for one in found:
        if "says-random" in one.cues and one.cues & {"n-equals", "to-arm", "arm-after"} and one.value >= 3:
            by_sentence.setdefault(one.sentence.start, []).append(one)
    return next((arms for arms in by_sentence.values() if 2 <= len(arms) <= 6), [])


_OF_ANOTHER = frozenset({"one-of-a-sum", "of-many", "denominator", "screened", "planned", "will"})
# What may stand between "21 women were randomised" and the "19" of "19 to placebo": one arm, not the names of both.
_ONE_ARM = re.compile(
    r"\b(?:to|into)\s+(?:(?!\b(?:either|or)\b)[^()]){3,120}?(?:,|;|\band|\bvs\.?|\bversus)\s*$"
)


def _arms_of(best: Candidate, found: Sequence[Candidate], passage: Passage) -> list[Candidate]:
    """The arms, where the likeliest number is only one of them; empty where it is a total."""
    fellows = [one for one in found if one.sentence == best.sentence]
    place = fellows.index(best)
    if "bracketed" in best.cues and not best.cues & {"people-n-equals", "n-equals-sentence"}:
        arms = [one for one in fellows if "bracketed" in one.cues and one.cues & {"n-equals", "people-next"}]
    else:
        arms = [best] if "arm-verb" in best.cues else []
        for before, after in pairwise(fellows[place:]):
            between = passage.text[before.at.end : after.at.start]
            if not arms or "arm-verb" not in after.cues or not _ONE_ARM.search(between):
                break
            arms.append(after)
    others = [one.value for one in arms if one is not best]
    # Arms are of one size, or as 1:2 or 1:3; a number as large as all others together is their total.
    alike = bool(others) and max(others) <= 3 * best.value and best.value <= 3 * min(others)
    whole = len(others) > 1 and best.value >= 0.8 * sum(others)
    allocation = bool(best.cues & (_ALLOCATED | {"says-random"}))
    return arms if allocation and alike and not whole and len(arms) <= 6 else []


def _summed(passage: Passage, arms: Sequence[Candidate]) -> Extraction:
    people = sum(one.value for one in arms)
    spans: tuple[Span, ...] = tuple(passage.span(one.at.start, one.at.end) for one in arms)
    return Extraction(
        field=FactField.ENROLLED,
        value=f"{people} ({' + '.join(str(one.value) for one in arms)})",
        number=float(people),
        unit="people",
        rule="participants: arms summed",
        spans=spans,
    )
