"""The primary outcome that an abstract names, and how well a clause tells of it. Takes a Passage; never says what was found."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ldn_evidence.model import Extraction, FactField, Part, Passage
from ldn_evidence.reading.results.clauses import MOST_SENTENCES
from ldn_evidence.reading.results.lexicon import lexicon, words

_THING = r"(?:efficacy |study |clinical |trial |safety |composite |non-?inferiority |superiority )*(?:end ?-?points?|outcomes?|objectives?|aims?|(?:outcome |efficacy )?(?:measures?|variables?|parameters?)|hypothesis)"
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("named", rf"\b(?:co-?)?(?:primary|principal|main)(?: and (?:co-?)?secondary)? {_THING}(?: (?:of|for|in) (?:the |this |our )?[^.;:]{{1,60}}?)? (?:was|were|is|are|included|comprised|consisted of|being)(?: to (?:assess|evaluate|determine|compare|test|show|demonstrate|examine|investigate|establish|estimate))?(?: whether)?:? (?P<outcome>[^;]+)"),
    ("named", rf"\bprimary {_THING} ?[:,(] ?(?P<outcome>[^;:,)]+)"),
    ("named", rf"(?:^|[.;:,] )(?P<outcome>[^.;:]{{4,160}}?),? (?:was|were|is|are|served as|as|being|being used as) (?:the |our |a |considered )*(?:co-?)?primary(?: and secondary)? {_THING}"),
    ("named", rf"\bprimary {_THING} of (?P<outcome>[^,;:.]+)"),
    ("named", r"(?<![\w-])(?P<outcome>[A-Za-z][^.;:,()]{3,80}) \((?:[^()]{0,40}, ?)?(?:the )?primary (?:end ?-?point|outcome)"),
    ("heading", r"^(?:main|primary) (?:outcomes?|outcomes? and measures?|outcome measures?|end ?-?points?) ?(?:and measures?|measures?)?[:.] ?(?P<outcome>[^;]+)"),
    ("designed", r"(?:designed|powered|planned|required|needed|aimed|aim|sample size)[^.;]{0,80}? (?:to )?(?:show|detect|demonstrate|test|assess|establish|prove|determine|compare|evaluate|examine|investigate)\b[^.;]{0,100}? (?:in|of|for|improves?|on|prolongs?|reduces?) (?P<outcome>[^.;]+)"),
    ("designed", r"\bto (?:detect|show|demonstrate)\b[^.;]{0,60} (?:improvements?|differences?|increases?|reductions?|decreases?|benefits?) (?:of [^.;]{0,40} )?(?:in|for) (?P<outcome>[^.;]+)"),
    ("aim", r"\b(?:effects?|impact|influence|efficacy|effectiveness|role) of [^.;]{3,120}? (?:on|(?:in|for) (?:the )?(?:prevention|reduction|treatment|management|relief) of|(?:in|for) (?:reducing|preventing|improving|increasing|relieving|decreasing)|to (?:reduce|prevent|improve|relieve)) (?P<outcome>[^.;]+)"),
    ("hypothesis", r"(?:hypothesi[sz]ed?|hypothesis was|tested whether|primary null hypothesis)[^.;]{0,140}? (?:improves?d?|prolongs?|reduces?|increases?|in|of|decreases?) (?P<outcome>[^.;]+)"),
)  # fmt: skip
_COMPILED = tuple((rule, re.compile(pattern, re.IGNORECASE)) for rule, pattern in _PATTERNS)
_END = re.compile(
    r"\.(?:\s|$)|;|,? (?:as )?(?:defined|assessed|measured|analy[sz]ed|evaluated|determined|calculated|scored|based on|according to|using|by means of)\b(?! (?:PFS|OS|DFS|EFS|progression|overall|disease|event|objective|response|pathological|tumou?r|pain|survival))"
    r"| (?:in|among|for) (?:the )?(?:[\w-]+ ){0,2}(?:women|men|patients|adults|children|people|participants|subjects|survivors|those)\b| (?:induced|produced) by\b"
    r"|,? (?:and|with) (?:the )?(?:key )?secondary|,? secondary|, (?:which|where|whereas|while|from|and (?:was|were))\b|,? and (?:was|were) |\((?!.{0,12}\))"
    r"| (?:was|were) (?:achieved|observed|met|reached|seen|noted)\b| \d+(?:[.·]\d+)?% (?:vs?\.?|versus|and|compared)|,? (?:with|by) (?:blinded |an? |independent |masked )"
)
_ABBREVIATED = re.compile(r"(?<![\w/'’-])((?:[\w/'’-]{1,40} ){1,7})[(\[]([A-Z][A-Za-z0-9-]{1,9})[)\],;]")
_LONGEST = 200
# Where an abstract has no headings, what stands after this share of it is result and conclusion.
_LATE = 0.7
_NAMES = re.compile(
    r"\b(?!CI\b|HR\b|OR\b|RR\b|OS\b|PFS\b|DFS\b|EFS\b|RFS\b|ITT\b|SD\b)[A-Z]{2,6}(?:-?\d{1,2})?(?=\b|[α-ω])"
)
# An outcome is told of where a clause bears at least this share of its keys.
TOLD = 0.6


def _weight(key: str) -> float:
    """A name from the table of outcomes tells much more than a single word beside it."""
    return 1.0 if any(key == one.name for one in lexicon().same_outcome) else 0.3


@dataclass(frozen=True)
class Outcome:
    """The words of an outcome, the rule that found them, and the keys by which it is known again."""

    extraction: Extraction
    keys: frozenset[str]
    full: dict[str, str]

    def told_in(self, text: str) -> float:
        """The share of the outcome's keys that `text` bears, from 0 to 1."""
        if not self.keys:
            return 0.0
        found = _keys(text, self.full)
        return sum(_weight(one) for one in self.keys & found) / sum(_weight(one) for one in self.keys)

    def mention(self, text: str) -> int:
        """Where in `text` the outcome is best told of: "response in 5 v 4% (p = .6), relapse in 3 v 24% (p < .01)"."""
        at, best, where = 0, 0.0, 0
        for segment in re.split(r"(?<=,)", text):
            share = self.told_in(segment)
            if share > best:
                best, where = share, at
            at += len(segment)
        return where

    def several(self) -> tuple[Outcome, ...]:
        """Each of several outcomes that are named together ("pain and fatigue"); itself if it is one."""
        parts = re.split(r",? (?:and|or) |, ", self.extraction.value)
        keyed = [(part, frozenset(_keys(part, self.full))) for part in parts]
        lone = [
            Outcome(replace(self.extraction, value=part), keys, self.full) for part, keys in keyed if keys
        ]
        return tuple(lone) if len(lone) > 1 else (self,)


def primary_outcome(passage: Passage) -> Extraction | None:
    """The primary outcome that an abstract names; None where it names none. `value` is its own words."""
    found = find(passage)
    return found.extraction if found and found.extraction.rule in ("named", "heading") else None


def find(passage: Passage) -> Outcome | None:
    """The primary outcome that an abstract names, or the one for which the study was designed; the surest rule wins."""
    full = _abbreviations(passage.text)
    for rule, pattern in _COMPILED:
        for sentence in passage.sentences[:MOST_SENTENCES]:
            if sentence.part is Part.TITLE or len(sentence.text) > 2_000:
                continue
            # "The first study designed to assess ..." is said in conclusions, and names no outcome.
            late = sentence.part in (Part.RESULTS, Part.CONCLUSIONS) or (
                sentence.part is Part.ABSTRACT and sentence.start > _LATE * len(passage.text)
            )
            if late and rule in ("designed", "aim", "hypothesis", "heading"):
                continue
            for found in pattern.finditer(sentence.text):
                start, end = _trimmed(found["outcome"], found.start("outcome"))
                span = passage.span(sentence.start + start, sentence.start + end)
                keys = _keys(span.words, full)
                if not keys or _VERDICT.match(span.words):
                    continue
                return Outcome(
                    Extraction(field=FactField.PRIMARY_OUTCOME, value=span.words, rule=rule, spans=(span,)),
                    frozenset(keys),
                    full,
                )
    return None


# "the primary end point was not met", "(log-rank P = .12)" and "recruitment was stopped" name no outcome
_VERDICT = re.compile(
    r"(?:not |also |successfully |the )?(?:met|reached|achieved|similar|significant\w*|improved|different|observed|assessed)\b"
    r"|.*\bp ?[=<>]|.*\b(?:was|were) (?:stopped|available|obtained|collected)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"\s*(?:the |an? |to |whether |improvement in |(?:defined|measured|assessed) (?:as|by|with) "
    r"|(?:record|measure|determine|assess|evaluate|compare|test|estimate|examine|investigate) )*",
    re.IGNORECASE,
)


def _trimmed(outcome: str, start: int) -> tuple[int, int]:
    stop = _END.search(outcome)
    outcome = outcome[: stop.start() if stop and stop.start() > 3 else _LONGEST][:_LONGEST]
    lead = _LEAD.match(outcome)
    begin = lead.end() if lead and lead.end() < len(outcome) else 0
    return start + begin, start + len(outcome.rstrip(" ,.;:"))


def _abbreviations(text: str) -> dict[str, str]:
    """Abbreviations that the text explains, with the words that they stand for."""
    found: dict[str, str] = {}
    for long, short in _ABBREVIATED.findall(text):
        # as many words as letters: "of patient-reported outcome (PRO)" stands for the last ones
        found.setdefault(short.lower(), " ".join(long.split()[-max(2, len(short)) :]).lower())
    return found


def _keys(text: str, full: dict[str, str]) -> set[str]:
    """What an outcome is known by: names from the table of outcomes, and the stems of the words that are left."""
    lowered = text.lower()
    # "TNF-alpha", "IL-6" and "BMD" are names although they are short
    keys = {
        one.lower()
        for one in _NAMES.findall(text)
        if one.lower() not in full and not words(lexicon().outcome_words.empty).fullmatch(one)
    }
    for short in set(re.findall(r"[a-z][a-z0-9-]+", lowered)) & full.keys():
        lowered += " ; " + full[short]
    for outcome in lexicon().same_outcome:
        lowered, times = words(outcome.patterns).subn(" ; ", lowered)
        if times:
            keys.add(outcome.name)
    empty = words(lexicon().outcome_words.empty)
    for word in re.findall(r"[a-z]{4,}", lowered):
        if not empty.fullmatch(word):
            keys.add(word[:6])
    return keys


def topics(text: str) -> frozenset[str]:
    """The names, from the table of outcomes, of those that `text` tells of."""
    return frozenset(one.name for one in lexicon().same_outcome if words(one.patterns).search(text))
