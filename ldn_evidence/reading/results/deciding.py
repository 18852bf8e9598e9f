"""From what clauses say to one reading of a trial. Takes a Passage; returns a ResultReading. `unclear` unless something speaks."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TypeGuard

from ldn_evidence.model import Part, Passage, ResultReading, Stretch
from ldn_evidence.reading.results.clauses import Clause, clauses, parted
from ldn_evidence.reading.results.comparators import active, grouped
from ldn_evidence.reading.results.figures import figure
from ldn_evidence.reading.results.lexicon import lexicon, words
from ldn_evidence.reading.results.outcome import TOLD, Outcome, find, topics
from ldn_evidence.reading.results.saying import (
    AGAINST,
    FAVOURS,
    MARGIN_RULE,
    MIXED,
    NO_FIGURE,
    NULL,
    UNCLEAR,
    Saying,
    declared,
    said,
)

POSITIVE_OVER_NULL = "a positive conclusion over a null primary outcome"
GUARDED = "the conclusion is more guarded than the result of the primary outcome"
ACTIVE = "no difference from an active comparator is not support"
EQUIVALENCE = "non-inferiority or equivalence was shown, not superiority: no difference from an active comparator is not support"
BY_AIM = "no primary outcome is named: what the aim asks for was read"
UNNAMED = "no primary outcome is named: the first comparison was read"
CONCLUSION_ALONE = (
    "read from the conclusion: no sentence was found that tells the result of the primary outcome"
)
IN_CONCLUSION = "the result of the primary outcome is told in the conclusion alone"
ANOTHER = "no sentence was found that tells the result of the primary outcome: the first comparison was read, with which the conclusion agrees"
ONE_GROUP = "a change from baseline in one group is not a comparison"
BY_CONCLUSION = "the result tells of a difference; whom it favours is the conclusion's word"

_MARGIN = re.compile(
    r"\bnon-?inferior\w*|\bequivalence (?:trial|study|design|margin|was|is|could|confirmed)|\bbiosimilars?\b",
    re.IGNORECASE,
)
# How many sentences before the conclusion may stand in for it.
_EARLIER = 2
_NUMBER = re.compile(r"\d\s?%|\d[.·]\d|\bn ?=|\bp ?[<=>]", re.IGNORECASE)
_EQUIVALENT = re.compile(
    r"(?:(?!not |never )[\w-]+ ){0,4}?(?:equivalent|as (?:effective|good) as)(?: \w+)?", re.IGNORECASE
)
_LEVEL = re.compile(
    r"(?:significance levels?|level of significance|\balpha|α|type I error)[^.;]{0,25}?(?<!\d)(?:0?[.·](?P<share>1|10|15|2|20)(?!\d)|(?P<percent>10|15|20)\s?%)",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(
    r"\W*(?:(?:but|and|however|although|though),? )?(?:the |this |that |an? |there (?:was|were) )?(?:(?!similar)[\w-]+ ){0,4}?difference\b",
    re.IGNORECASE,
)
# "No difference was seen in mood" is not about the pain of the sentence before.
_OF_ANOTHER = re.compile(
    r"\b(?:in|for|on|of|regarding|concerning)\b(?! (?:favou?r|change|the change|(?:the )?(?:two|both) |[-−–]?\d))",
    re.IGNORECASE,
)
_STEM = 5
_GENERAL_HARM = re.compile(
    r"saf|toler|adverse|side|discontin|withdr|grade|ae|te|sae|treatment", re.IGNORECASE
)
_TRAILING_HARM = re.compile(
    r",? (?:and )?(?:with (?:an? )?(?:acceptable|manageable|tolerable|good|favou?rable|mild|limited|minimal|little|no|expected|comparable|similar)"
    r"|without) (?:[\w-]+ ){0,4}?(?:toxicit\w+|safety|tolerab\w+|adverse|side[- ]effects?|complications?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Read:
    """What a passage offers: clauses by where they stand, and the primary outcome if one is named."""

    results: tuple[Clause, ...]
    conclusions: tuple[Clause, ...]
    outcome: Outcome | None
    # Sentences without a figure before the conclusion, nearest first: without headings, the last one may only ask for more research.
    earlier: tuple[tuple[Clause, ...], ...] = ()
    # Beginnings of the harms that the title names: they are what the trial is about.
    sought: frozenset[str] = frozenset()

    @property
    def named(self) -> bool:
        """Whether the abstract calls an outcome its primary one."""
        return self.outcome is not None and self.outcome.extraction.rule in ("named", "heading")


def result(passage: Passage) -> ResultReading:
    """The sentence that tells the main result and what it says. Warnings are sentences for a reader.

    >>> reading = result(Passage.of("A trial", "Naltrexone did not reduce pain more than placebo (p = 0.4)."))
    >>> str(reading.direction), reading.cue.words
    ('no difference', 'did not')
    """
    for cue in lexicon().no_result:
        if found := cue.pattern.search(passage.text):
            return ResultReading(direction=UNCLEAR, rule=cue.id, cue=passage.span(found.start(), found.end()))
    if not words(lexicon().comparison.signs).search(passage.text):
        return ResultReading(direction=UNCLEAR, rule="nothing-compared")
    return _decide(passage, _read(passage))


def _read(passage: Passage) -> Read:
    results: list[Clause] = []
    conclusions: list[Clause] = []
    told: list[Stretch] = []
    outcome = find(passage)
    for sentence, part in parted(passage):
        if part is Part.ABSTRACT and _names(sentence, outcome):
            # Without headings, what stands before the outcome is background and method.
            results.clear()
            told.clear()
        elif part in (Part.RESULTS, Part.ABSTRACT):
            results += clauses(sentence, part)
            told += [sentence] if part is Part.ABSTRACT else []
        elif part is Part.CONCLUSIONS:
            conclusions += clauses(sentence, part)
    earlier: list[tuple[Clause, ...]] = []
    while told and len(earlier) < _EARLIER and not _NUMBER.search(told[-1].text):
        earlier.append(tuple(clauses(told.pop(), Part.CONCLUSIONS)))
    return Read(
        tuple(one for one in results if not _asked(one) and not _remark(one)),
        tuple(one for one in conclusions if not _remark(one)),
        outcome,
        tuple(tuple(one for one in lot if not _remark(one)) for lot in earlier),
        _sought(passage),
    )


def _sought(passage: Passage) -> frozenset[str]:
    """Beginnings of the harms that a title names ("prevention of neutropenia"); safety in general is not one."""
    title = " ".join(one.text for one in passage.sentences if one.part is Part.TITLE)
    return frozenset(
        found[0][:_STEM].lower()
        for cue in lexicon().aside
        if cue.id == "harms"
        for found in cue.pattern.finditer(title)
        if not _GENERAL_HARM.match(found[0])
    )


def _harms(read: Read, clause: Clause) -> bool:
    """Whether a clause tells of harms, unless they are what the trial set out to spare, or trail behind a result ("with acceptable toxicity")."""
    tail = _TRAILING_HARM.search(clause.text)
    text = clause.text[: tail.start()] if tail else clause.text
    return any(
        found[0][:_STEM].lower() not in read.sought
        for cue in lexicon().aside
        if cue.id == "harms"
        for found in cue.pattern.finditer(text)
    )


def _asked(clause: Clause) -> bool:
    """Whether a clause, without headings, tells what was asked and not what was found."""
    return clause.part is Part.ABSTRACT and _aside(clause, "aim") and figure(clause.text) is None


def _remark(clause: Clause) -> bool:
    """Whether a clause tells what somebody thought of a result, or argues from one."""
    return figure(clause.text) is None and any(
        _aside(clause, what) for what in ("opinion", "argument", "definition")
    )


def _names(sentence: Stretch, outcome: Outcome | None) -> bool:
    """Whether a sentence is the one that names the outcome, and tells no figure of it."""
    if outcome is None or figure(sentence.text):
        return False
    return any(sentence.start <= span.start < sentence.end for span in outcome.extraction.spans)


def _decide(passage: Passage, read: Read) -> ResultReading:
    verdict, primary, concluded = _declared(read), _primary(read), _concluded(read)
    deciding = verdict or primary
    on_margin = verdict is not None or (primary is not None and primary.rule == MARGIN_RULE)
    if not on_margin and _MARGIN.search(passage.text):
        alike = next((one for one in (primary, concluded) if _equivalent(passage, one)), None)
        if alike is not None:
            return _reading(passage, replace(alike, direction=FAVOURS), (EQUIVALENCE,))
        # Where a margin was to be kept, neither a difference nor its absence tells whether it was.
        return _unclear(passage, "margin-not-told", deciding or concluded)
    warnings: list[str] = []
    if deciding is not None:
        warnings += _spin(deciding, concluded)
        if deciding is primary and read.outcome is not None and read.outcome.extraction.rule == "aim":
            warnings = [BY_AIM]
            if concluded is not None and {deciding.direction, concluded.direction} == {FAVOURS, NULL}:
                # An aim names no primary outcome: what the authors conclude may be about another one.
                return _unclear(passage, "result-against-conclusion", deciding, (BY_AIM,))
    else:
        first = _first(read)
        strong = _strong(read, concluded, first)
        if first and strong and _contrary(first, strong):
            return _unclear(passage, "result-against-conclusion", first)
        # Where an outcome is named and no result tells of it, another outcome's result is not its own.
        if read.named and first and not (strong and strong.direction is first.direction):
            first = None
        deciding = first if first and (strong is None or first.direction is strong.direction) else strong
        if deciding is not None:
            warnings += _source(read, deciding, first)
    if deciding is None:
        return _unclear(passage, "praise-alone" if concluded else "nothing-said", concluded)
    if verdict is None and _parts_disagree(read, deciding):
        return _reading(passage, replace(deciding, direction=MIXED, rule="parts-disagree"), tuple(warnings))
    if deciding.direction is UNCLEAR and _tells_whom(concluded, deciding):
        deciding = replace(deciding, direction=concluded.direction)
        warnings.append(BY_CONCLUSION)
    if deciding.direction is AGAINST and concluded is not None and concluded.direction is FAVOURS:
        return _unclear(passage, "result-against-conclusion", deciding)
    if deciding.rule == "figures-null" and _own_level(passage, deciding):
        return _unclear(passage, "own-level-of-significance", deciding)
    if _doubtful(passage, deciding):
        return _unclear(passage, "not-a-trial", deciding)
    comparator = _comparator(passage, deciding)
    if comparator == [ONE_GROUP] and verdict is None and figure(deciding.clause.text) is None:
        return _unclear(passage, "nothing-tested", deciding, (*warnings, ONE_GROUP))
    if comparator == [ACTIVE] and not read.named and verdict is None and _content(deciding, concluded):
        # Nobody says whether being alike was the aim.
        return _unclear(passage, "alike-an-active-comparator", deciding, (*warnings, *comparator))
    return _reading(passage, deciding, (*warnings, *comparator))


def _contrary(first: Saying, strong: Saying) -> bool:
    """Whether a first result and a conclusion can't both be of the main outcome."""
    if strong.direction is NULL and first.direction is UNCLEAR:
        return first.rule == "figures-differ"
    return {first.direction, strong.direction} == {FAVOURS, NULL}


def _source(read: Read, deciding: Saying, first: Saying | None) -> list[str]:
    """What to say of a sentence that was read in the place of a primary outcome's result."""
    if deciding is first:
        return [ANOTHER if read.named else UNNAMED]
    if read.outcome is None or not read.named or read.outcome.told_in(deciding.clause.text) < TOLD:
        return [CONCLUSION_ALONE]
    # Without headings, the sentence that stands last may be the result itself.
    return [] if figure(deciding.clause.text) else [IN_CONCLUSION]


def _strong(read: Read, concluded: Saying | None, first: Saying | None) -> Saying | None:
    """A conclusion that is no mere praise. A sentence before it may agree with a result and never speaks against one."""
    if concluded is None or concluded.weak:
        return None
    agrees = first is not None and first.direction is concluded.direction
    return concluded if agrees or concluded.clause in read.conclusions else None


def _equivalent(passage: Passage, saying: Saying | None) -> bool:
    """Whether a clause calls treatments equivalent; "similar" alone tells of no margin."""
    return (
        saying is not None
        and saying.rule == "alike"
        and _EQUIVALENT.fullmatch(passage.text[saying.start : saying.end]) is not None
    )


def _own_level(passage: Passage, saying: Saying) -> bool:
    """Whether a P value that is null at 5% is below the level that the trial had set itself."""
    level = _LEVEL.search(passage.text)
    value = re.search(r"=\s?0?[.·](\d+)", passage.text[saying.start : saying.end])
    if level is None or value is None:
        return False
    return float(f"0.{value[1]}") <= float(f"0.{level['share'] or level['percent']}")


def _tells_whom(concluded: Saying | None, deciding: Saying) -> TypeGuard[Saying]:
    """Whether a conclusion says whom a difference favours that the results leave open."""
    if concluded is None:
        return False
    return concluded.direction is AGAINST or (concluded.direction is FAVOURS and deciding.rule != NO_FIGURE)


def _reading(passage: Passage, saying: Saying, warnings: tuple[str, ...]) -> ResultReading:
    sentence = saying.clause.sentence
    return ResultReading(
        direction=saying.direction,
        rule=saying.rule,
        sentence=passage.span(sentence.start, sentence.end),
        cue=passage.span(saying.start, saying.end),
        warnings=warnings,
    )


def _unclear(
    passage: Passage, rule: str, shown: Saying | None, warnings: tuple[str, ...] = ()
) -> ResultReading:
    """No direction, and the sentence that a reader should look at, if there is one."""
    if shown is None:
        return ResultReading(direction=UNCLEAR, rule=rule, warnings=warnings)
    return _reading(passage, replace(shown, direction=UNCLEAR, rule=rule), warnings)


def _declared(read: Read) -> Saying | None:
    for clause in (*read.results, *read.conclusions):
        aside = _aside(clause, "subgroup") and "primary" not in clause.text
        if not aside and not _aside(clause, "condition") and (saying := declared(clause)):
            return saying
    return None


def _primary(read: Read) -> Saying | None:
    """What the results say of the primary outcome; `mixed` where several were named and they disagree."""
    if read.outcome is None:
        return None
    sayings = [one for part in read.outcome.several() if (one := _told(read, part))]
    directions = {one.direction for one in sayings}
    if len(directions) > 1 and FAVOURS in directions and directions & {NULL, AGAINST}:
        return replace(sayings[0], direction=MIXED, rule="primary-outcomes-disagree")
    return next(iter(sayings), None) or _told(read, read.outcome)


def _told(read: Read, outcome: Outcome) -> Saying | None:
    """The first clause of the results that tells of an outcome and says something of it."""
    harms = any(cue.id == "harms" and cue.pattern.search(outcome.extraction.value) for cue in lexicon().aside)
    told = [
        (outcome.told_in(one.text), one, following)
        for one, following in zip_longest(read.results, read.results[1:])
        if not _aside(one, "subgroup")
        and not _aside(one, "baseline")
        and (figure(one.text) is not None or not _aside(one, "flow"))
        and (harms or not _harms(read, one))
    ]
    best = max((share for share, _, _ in told), default=0.0)
    for share, clause, following in told:
        if share >= max(TOLD, best - 0.25):
            saying = _with_difference(_hedged(clause, outcome.mention(clause.text)), clause, following)
            if saying is not None and not saying.weak:
                return saying
    return None


def _with_difference(saying: Saying | None, clause: Clause, following: Clause | None) -> Saying | None:
    """What a clause says, or what the next one does that tells the difference: "... The difference was 0.3 (-0.4 to 1.0)"."""
    tested = figure(clause.text) is not None and saying is not None and saying.direction is not UNCLEAR
    if following is None or tested or (saying is not None and saying.direction is NULL):
        return saying
    if not _DIFFERENCE.match(following.text) or _OF_ANOTHER.search(following.text):
        return saying
    if any(_aside(following, what) for what in ("subgroup", "harms")):
        return saying
    difference = said(following)
    if difference is None or difference.weak or difference.direction is UNCLEAR:
        return saying
    return difference


def _parts_disagree(read: Read, saying: Saying) -> bool:
    """Whether parts of one outcome go different ways: mental quality of life improved and physical did not."""
    parts = words(lexicon().parts.words)
    own, about = parts.search(saying.clause.text), topics(saying.clause.text)
    if own is None or saying.clause not in read.results:
        return False
    if read.outcome is not None and parts.search(read.outcome.extraction.value):
        return False
    for clause in read.results:
        other = parts.search(clause.text)
        if other is None or other[0].lower() == own[0].lower() or not about & topics(clause.text):
            continue
        if _harms(read, clause) or any(_aside(clause, what) for what in ("subgroup", "baseline")):
            continue
        beside = _hedged(clause)
        if beside is None or beside.weak:
            continue
        if FAVOURS in (both := {saying.direction, beside.direction}) and both & {NULL, AGAINST}:
            return True
    return False


def _first(read: Read) -> Saying | None:
    """The first clause of the results that compares; harms, subgroups and numbers of people aside."""
    for clause, following in zip_longest(read.results, read.results[1:]):
        if _harms(read, clause) or any(_aside(clause, what) for what in ("subgroup", "flow", "baseline")):
            continue
        saying = _with_difference(said(clause), clause, following)
        # Without headings a method can sound like a result; a figure or a comparison tells them apart.
        if saying is not None and not saying.weak and (clause.part is Part.RESULTS or _compares(clause)):
            return saying
    return None


def _compares(clause: Clause) -> bool:
    return (
        figure(clause.text) is not None
        or words(lexicon().comparison.compares).search(clause.text) is not None
    )


def _concluded(read: Read) -> Saying | None:
    """What the conclusion says of the primary outcome if it names it; else its first strong clause, or a sentence that says both."""
    sayings = _sayings(read, read.conclusions)
    strong = [one for one in sayings if not one.weak]
    for sentence in read.earlier:
        strong = strong or [one for one in _sayings(read, sentence) if not one.weak]
    if read.outcome is not None:
        for saying in strong:
            if read.outcome.told_in(saying.clause.text) >= TOLD:
                return saying
    if not strong:
        return next(iter(sayings), None)
    first = strong[0]
    beside = {one.direction for one in strong if one.clause.sentence is first.clause.sentence}
    if {FAVOURS, NULL} <= beside:
        return replace(first, direction=MIXED, rule="sentence-says-both")
    return first


def _sayings(read: Read, conclusions: tuple[Clause, ...]) -> list[Saying]:
    return [
        one
        for clause in conclusions
        if not _harms(read, clause)
        and not _aside(clause, "subgroup")
        and not _aside(clause, "flow")
        and (one := _hedged(clause))
    ]


def _hedged(clause: Clause, after: int = 0) -> Saying | None:
    """What a clause says; praise or blame of what may be, without a figure, is weak."""
    saying = said(clause, after)
    if saying is None or saying.direction not in (FAVOURS, AGAINST) or figure(clause.text):
        return saying
    upto = clause.sentence.text[: clause.end - clause.sentence.start]
    return replace(saying, weak=saying.weak or bool(words(lexicon().hedges.words).search(upto)))


def _spin(deciding: Saying, concluded: Saying | None) -> list[str]:
    if concluded is None:
        return []
    if deciding.direction is NULL and concluded.direction is FAVOURS:
        return [POSITIVE_OVER_NULL]
    if deciding.direction is FAVOURS and concluded.direction in (NULL, AGAINST) and not deciding.equivalence:
        return [GUARDED]
    return []


def _content(deciding: Saying, concluded: Saying | None) -> bool:
    """Whether the authors call the treatments alike, or praise what did not differ."""
    return "alike" in (deciding.rule, concluded and concluded.rule) or (
        concluded is not None and concluded.direction is FAVOURS
    )


def _doubtful(passage: Passage, deciding: Saying) -> bool:
    """Whether a review, a case report or laboratory work is praised without a figure that compares."""
    return (
        words(lexicon().other_texts.words).search(passage.text) is not None
        and figure(deciding.clause.text) is None
        and deciding.clause.part is not Part.RESULTS
    )


def _comparator(passage: Passage, deciding: Saying) -> list[str]:
    if deciding.equivalence:
        return [EQUIVALENCE]
    if deciding.direction is UNCLEAR:
        return []
    if not grouped(passage):
        return [ONE_GROUP]
    return [ACTIVE] if deciding.direction is NULL and active(passage) else []


def _aside(clause: Clause, what: str) -> bool:
    # A list of what was alike at baseline runs over many clauses.
    text = clause.sentence.text if what in ("baseline", "opinion") else clause.text
    return any(cue.id == what and cue.pattern.search(text) for cue in lexicon().aside)
