"""Sentences into clauses that each tell of one result. Takes a Passage; returns Clauses with addresses. Never says what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ldn_evidence.model import Part, Passage, Stretch

# Longer sentences are tables or lists that lost their line breaks.
_LONGEST_SENTENCE = 2_000
# No abstract has more; what follows is not read, so that no text takes for ever.
MOST_SENTENCES = 400
_BREAK = re.compile(
    r";|\.(?=\s)|,? (?:but|whereas|while|although|though|despite|however|yet)\b|, (?:and|nor|as well as|with|without|which)\b| and (?=(?:was|were|is|are|did|does|caused|had|has|showed|resulted|led|produced|reduced|provided)\b)"
    r"|(?<=[)\]]),? (?:and|or) (?=[^()]{3,60}[([])|--|—"
)
# "; P = .002" and ", and HR was 0.5" are figures of the clause before them.
_FIGURES = re.compile(
    r"[\s;,.—-]*(?:(?:and|but|however,?|although|though|with|the|an?|stratified|adjusted|unadjusted|two-sided|one-sided) )*"
    r"(?:hazard|odds|risk|relative|rate|HR|OR|RR|P\b|p\b|log-?rank|95|9\d|CI|\d|(?:which|this|these|that|it) (?:did|was|were|is|difference|effect|improvement|reduction)"
    r"|difference|effect was|not |median[, ])"
)
_CONCLUDING = re.compile(
    r"^(?:in (?:conclusion|summary)|we conclude|conclusions?\b|taken together|to conclude|overall,(?!.{0,400}\d)|these (?:data|results|findings)|our (?:data|results|findings)|the (?:present )?(?:results|findings|data) (?:suggest|show|indicate|support|confirm))",
    re.IGNORECASE,
)
# Registrations, sponsors and copyright stand after the conclusion where an abstract has no headings.
_COLOPHON = re.compile(
    r"clinical ?trials|controlled trials|trials? regist|\bregist(?:ered|ration|ry)\b|\bISRCTN|\bNCT ?\d|EudraCT|©|\bfunded by|^funding|PsycINFO"
    r"|^(?:supported|sponsored) by|\bgrants?\b|^(?:\S+ ){0,6}(?:foundation|institutes?|research council|programme|pharmaceuticals?|inc|ltd)\.?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of a sentence: its offsets in the passage, its words, the sentence, and its place among the clauses."""

    start: int
    end: int
    text: str
    sentence: Stretch
    part: Part


def clauses(sentence: Stretch, part: Part) -> Iterator[Clause]:
    """The clauses of a sentence. Brackets are never broken, and figures stay with what they measure."""
    if len(sentence.text) > _LONGEST_SENTENCE:
        return
    start = 0
    for stop in _BREAK.finditer(sentence.text):
        at = stop.start()
        before = sentence.text[start:at]
        if before.count("(") > before.count(")") or before.count("[") > before.count("]"):
            continue
        if len(before.split()) < 3 or _FIGURES.match(sentence.text, at if stop[0] in ";.—--" else stop.end()):
            continue
        yield _clause(sentence, start, at, part)
        start = at
    yield _clause(sentence, start, len(sentence.text), part)


def _clause(sentence: Stretch, start: int, end: int, part: Part) -> Clause:
    return Clause(sentence.start + start, sentence.start + end, sentence.text[start:end], sentence, part)


def parted(passage: Passage) -> tuple[tuple[Stretch, Part], ...]:
    """Every sentence with its part. Without headings, the last sentence and those that say so are conclusions."""
    sentences = passage.sentences[:MOST_SENTENCES]
    bare = [one for one in sentences if one.part is Part.ABSTRACT]
    while len(bare) > 2 and (len(bare[-1].text.split()) < 4 or _COLOPHON.search(bare[-1].text)):
        bare.pop()
    found: list[tuple[Stretch, Part]] = []
    for one in sentences:
        part = one.part
        if part is Part.ABSTRACT and len(bare) > 1 and (one is bare[-1] or _CONCLUDING.match(one.text)):
            part = Part.CONCLUSIONS
        found.append((one, part))
    return tuple(found)
