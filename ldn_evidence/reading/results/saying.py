"""What one clause says of a comparison. Takes a Clause; returns a Saying with the words that decided, or None. Never looks beyond the clause."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from ldn_evidence.model import ResultDirection
from ldn_evidence.reading.results.clauses import Clause
from ldn_evidence.reading.results.figures import figure, hazard, odds
from ldn_evidence.reading.results.lexicon import Cue, lexicon, words
from ldn_evidence.reading.results.turning import lessened, turned

FAVOURS = ResultDirection.FAVOURS
NULL = ResultDirection.NO_DIFFERENCE
AGAINST = ResultDirection.AGAINST
MIXED = ResultDirection.MIXED
UNCLEAR = ResultDirection.UNCLEAR
# A p value for non-inferiority tells whether the margin was kept, and nothing of a difference.
MARGIN_RULE = "p-for-non-inferiority"
# More or less of something, against the treatment, and no figure.
NO_FIGURE = "change-without-figure"
_CHANGE = "change"
# Said of the control: "was greater with placebo than with the drug".
TURNED = "control-first"
_FEWER = re.compile(r"less$|fewer|smaller|lesser", re.IGNORECASE)
# "favoured placebo" names its own side, and "less effective" tells itself which way it goes.
_OWN_SIDES = re.compile(r"placebo|control|sham", re.IGNORECASE)
_DEGREE = re.compile(r"less|more", re.IGNORECASE)
# Characters on either side of a word of change in which its outcome is looked for.
_NEARBY = 70
# Words between a negation and what it denies.
_TOKENS_DENIED = 6
_SIDES = re.compile(r",? (?:and|versus|vs\.?|v|compared (?:with|to)|than|as against|against) ")
_SHARE = re.compile(r"(\d{1,3}(?:[.·]\d+)?)\s?%()")
_BY_SHARE = re.compile(r"\bby \d{1,3}(?:[.·]\d{1,3})?\s?%", re.IGNORECASE)
_MEAN = re.compile(
    r"(?<![\w.·-])(\d{1,5}(?:[.·]\d+)?)(?![\w·-]|\.\d|\s?(?:%|of\b|weeks?|months?|years?|days?|hours?|mg|people|patients))"
)
_PAIR = r"(?P<x>\d{1,4}(?:[.·]\d+)?)\s?%?[^;\d]{0,30}? (?:and|versus|vs\.?|v) (?P<y>\d{1,4}(?:[.·]\d+)?)(?![\d.·])"
_NAMED = (
    r"\b(?:in|for|with|among|on|under) (?P<one>[^;\d]{2,60}?) (?:and|versus|vs\.?) (?P<two>[^;\d]{2,60}?)"
)
# "25% and 10% in the drug and the placebo group, respectively", and "in the drug and placebo groups were 25% and 10%, respectively"
_RESPECTIVELY = (
    re.compile(rf"{_PAIR}[^;\d]{{0,60}}?{_NAMED},? respectively", re.IGNORECASE),
    re.compile(rf"{_NAMED} (?:was|were) {_PAIR}[^;\d]{{0,40}}?,? respectively", re.IGNORECASE),
)
_BRACKETS = re.compile(r"[(\[][^()\[\]]{0,200}[)\]]")
_SIGNIFICANT = re.compile(r"\bsignificant(?:ly)?\b", re.IGNORECASE)
# "Pain improved in both groups" tells of no difference between them.
_BOTH = re.compile(
    r"\b(?:in|for|with|under) (?:[\w-]+ ){0,3}both\b|^\W*(?:RESULTS: )?(?:nearly |almost )?(?:all|every|both|most)\b(?: (?!than)[\w-]+){0,4} (?:improv|respond|benefit|got better|were better|felt better)",
    re.IGNORECASE,
)
# "did not increase the risk of bleeding", "did not compromise survival": no harm is not no effect.
_UNHARMED = re.compile(
    r"\s*(?:\w+ly )?(?:(?:worsen|impair|compromis|jeopardi|harm|adversely|negatively)\w*"
    r"|increas(?:e|ed|ing) (?:in )?(?:the )?(?:(?:risks?|rates?|incidence|frequency|number) of )?(?:\w+ )?(?:toxicit|adverse|side|complication|infection|bleeding|lymph\w*dema|recurrence|relapse|mortality))",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\b(?P<verb>improved|fell|decreased|declined|dropped|rose|increased|changed|(?:was|were) reduced|reduced) (?:\w+ly )?by (?:an? (?:mean|average|median) of )?(?P<amount>[-−–]?\d{1,5}(?:[.·]\d{1,4})?)",
    re.IGNORECASE,
)
_OTHER_AMOUNT = re.compile(
    r"(?:(?:with|in|on|under) )?(?:[a-z-]+ ){0,4}?(?:by )?(?P<amount>[-−–]?\d{1,5}(?:[.·]\d{1,4})?)(?![\d.·]|\s?(?:weeks?|months?|years?|days?)\b)",
    re.IGNORECASE,
)
_NOUN = re.compile(r"relief|gains?|benefits?|improvements?|advantages?", re.IGNORECASE)
_FROM_TO = re.compile(
    r"\bfrom (?P<begin>\d{1,5}(?:[.·]\d{1,4})?)[^;\d]{0,25} to (?P<end>\d{1,5}(?:[.·]\d{1,4})?)",
    re.IGNORECASE,
)
_COUNT = re.compile(r"(\d{1,5}) (?:out )?of (\d{1,5})")


@dataclass(frozen=True, slots=True)
class Saying:
    """`direction` of one clause, the rule, and the deciding words as offsets in the passage.

    `unclear`: figures tell of a difference and no word tells whom it favours. `weak`: praise that is no finding.
    """

    direction: ResultDirection
    rule: str
    start: int
    end: int
    clause: Clause
    weak: bool = False
    equivalence: bool = False


def declared(clause: Clause) -> Saying | None:
    """A verdict on the trial's own aim: the end point was met, non-inferiority shown, the trial stopped for futility."""
    for cue in lexicon().declared:
        if found := cue.pattern.search(clause.text):
            denied = _denial(clause.text, found.start()) if cue.says is FAVOURS else None
            if denied is not None:
                return _saying(clause, NULL, f"denied-{cue.id}", denied, found.end())
            return _saying(clause, cue.says, cue.id, found.start(), found.end(), equivalence=cue.equivalence)
    return None


def said(clause: Clause, after: int = 0) -> Saying | None:
    """What a clause says: its words first, then its figures; figures overrule words that claim a difference.

    `after`: where in the clause the outcome is named whose figures are meant.
    """
    spoken = _worded(clause)
    told = figure(clause.text, after) or figure(clause.text)
    if spoken is not None and spoken.direction in (FAVOURS, AGAINST, UNCLEAR):
        amount = _amounts(clause.text)
        if amount is not None and amount is not spoken.direction:
            # "Pain fell by 1 point with the drug and by 2 with placebo": both fell, and the numbers tell which one more.
            spoken = replace(spoken, direction=amount if told else UNCLEAR, rule="amounts")
            if told and told.different and not told.non_inferiority:
                return spoken
    if told is None:
        if (
            spoken is not None
            and spoken.direction is AGAINST
            and spoken.rule == _CHANGE
            and not _SIGNIFICANT.search(clause.text)
        ):
            # "Larger increases" of an unknown scale: without a figure, more and less alone accuse nobody.
            return replace(spoken, direction=UNCLEAR, rule=NO_FIGURE)
        if (
            spoken is not None
            and spoken.direction is FAVOURS
            and (_BOTH.search(clause.text) or _shares_alone(clause))
        ):
            return replace(spoken, weak=True)
        return spoken
    if told.non_inferiority:
        return _saying(
            clause,
            FAVOURS if told.different else NULL,
            MARGIN_RULE,
            told.start,
            told.end,
            equivalence=told.different,
        )
    if not told.different:
        if spoken is not None and spoken.direction is NULL:
            return spoken
        return _saying(clause, NULL, "figures-null", told.start, told.end)
    ratio = hazard(clause.text)
    if spoken is None or spoken.weak:
        direction = _amounts(clause.text) or (
            FAVOURS if ratio is not None and ratio < 1 else _counted(clause.text)
        )
        if direction is UNCLEAR and _spared(clause.text):
            direction = FAVOURS
        return _saying(clause, direction, "figures-differ", told.start, told.end)
    if spoken.direction is AGAINST and (
        (ratio is not None and ratio < 1) or _spared(clause.text) or _counted(clause.text) is FAVOURS
    ):
        return _saying(clause, UNCLEAR, "words-against-figures", told.start, told.end)
    return spoken


def _shares_alone(clause: Clause) -> bool:
    """Whether a result gives shares and names no side: "improvement was seen in 60% and 30%" tells not whose they are."""
    compares = words(lexicon().comparison.compares).search(clause.text)
    if compares is not None or _BY_SHARE.search(clause.text):
        return False
    return _SHARE.search(clause.text) is not None


def _amounts(text: str) -> ResultDirection | None:
    """Whom two amounts of one change favour, of which one is the control's; None where there are no two."""
    control = words(lexicon().change.control)
    for left, right in pairwise(_SIDES.split(text)):
        turned_round = control.search(left) is not None
        spans = [_FROM_TO.search(_BRACKETS.sub("", side)) for side in (left, right)]
        if spans[0] and spans[1] and turned_round != (control.search(right) is not None):
            return _risen(text, spans[0], spans[1], turned_round=turned_round)
        one, other = _AMOUNT.search(left), _OTHER_AMOUNT.match(right)
        if one is None or other is None or turned_round == (control.search(right) is not None):
            continue
        first, second = _signed(one["amount"]), _signed(other["amount"])
        good = _nearest(text, one)
        verb = one["verb"].lower()
        if verb.startswith("improv"):
            better = True
        elif good is None:
            return None
        elif verb.startswith("chang"):
            better = good
        else:
            better = good == verb.startswith(("ros", "rais", "increas"))
        if not verb.startswith("chang"):
            first, second = abs(first), abs(second)
        if first == second:
            return None
        return FAVOURS if ((first > second) == better) != turned_round else AGAINST
    return None


def _risen(
    text: str, one: re.Match[str], other: re.Match[str], *, turned_round: bool
) -> ResultDirection | None:
    """Whom two changes favour that are told from where to where."""
    outcome = _outcome(text)
    first, second = (_signed(side["end"]) - _signed(side["begin"]) for side in (one, other))
    if outcome is None or round(first - second, 6) == 0:
        return None
    more_is_better = outcome["good"] is not None
    return FAVOURS if ((first > second) == more_is_better) != turned_round else AGAINST


def _signed(number: str) -> float:
    return float(re.sub(r"[−–]", "-", number).replace("·", "."))


def _spared(text: str) -> bool:
    """Whether an odds or risk ratio tells of more of something good or less of something bad."""
    ratio, outcome = odds(text), _outcome(text)
    return ratio is not None and outcome is not None and (ratio > 1) == (outcome["good"] is not None)


def _outcome(text: str) -> re.Match[str] | None:
    """The first outcome in a clause of which more is known to be good or bad."""
    change = lexicon().change
    return _outcomes(change.good, change.bad).search(text)


def _counted(text: str) -> ResultDirection:
    """Whom two shares favour, of which one is the control's: "16% with the drug and 8% with placebo had a response"."""
    outcome = _outcome(text)
    control = words(lexicon().change.control)
    if outcome is None:
        return UNCLEAR
    for pattern in _RESPECTIVELY:
        if found := pattern.search(text):
            turned = control.search(found["one"]) is not None
            more = float(found["x"].replace("·", ".")) - float(found["y"].replace("·", "."))
            if more and turned != (control.search(found["two"]) is not None):
                return FAVOURS if ((more > 0) != turned) == (outcome["good"] is not None) else AGAINST
            return UNCLEAR
    for left, right in pairwise(_SIDES.split(text)):
        if left.count("(") > left.count(")"):
            continue  # "with placebo (62% v 30%)": the figures follow the order of the sentence, not the bracket
        turned = control.search(left) is not None
        if turned == (control.search(right) is not None):
            continue
        if sides := _numbers(left, right):
            more = sides[0] > sides[1]
            return FAVOURS if (more != turned) == (outcome["good"] is not None) else AGAINST
    return UNCLEAR


def _numbers(left: str, right: str) -> tuple[float, float] | None:
    """Two figures of one kind that stand on two sides of a comparison: per cents, shares, or means; None if they are equal."""
    for kind in (_SHARE, _COUNT):
        one, other = kind.search(left), kind.search(right)
        if one and other:
            first, second = (
                float(side[1].replace("·", ".")) / max(int(side[2] or 1), 1) for side in (one, other)
            )
            return (first, second) if first != second else None
    before, after = _MEAN.findall(_BRACKETS.sub("", left)), _MEAN.findall(_BRACKETS.sub("", right))
    if not before or not after:
        return None
    # The mean stands last before the comparison and first after it: "at week 12 pain was 4.1 with the drug and 5.3 with placebo".
    first, second = float(before[-1].replace("·", ".")), float(after[0].replace("·", "."))
    return (first, second) if first != second else None


def _worded(clause: Clause) -> Saying | None:
    text, rules = clause.text, lexicon()
    nulls = [
        (found, cue)
        for cue in rules.null
        for found in cue.pattern.finditer(text)
        if cue.id != "no-effect" or _of_an_effect(text, found)
    ]
    if nulls:
        first = min(found.start() for found, _ in nulls)
        head = next(found for found, _ in nulls if found.start() == first)
        # "did not" and "not differ" are one phrase
        together = [(found, cue) for found, cue in nulls if found.start() <= head.end()]
        last, cue = max(together, key=lambda one: (one[0].end(), one[0].start()))
        weak = _UNHARMED.match(text, last.end()) is not None or _UNHARMED.search(last[0]) is not None
        return _saying(clause, NULL, cue.id, first, last.end(), weak=weak)
    judged: list[Saying] = []
    for cues, says in ((rules.favours, FAVOURS), (rules.against, AGAINST)):
        for cue in cues:
            for found in cue.pattern.finditer(text):
                denied = _denial(text, found.start())
                if denied is not None:
                    # "No compromise in survival" tells that nothing was lost, and not that nothing was won.
                    judged.append(
                        _saying(clause, NULL, f"denied-{cue.id}", denied, found.end(), weak=says is AGAINST)
                    )
                else:
                    judged.append(_judged(clause, cue, says, found))
    if any(one.direction is AGAINST for one in judged):
        judged = [one for one in judged if one.direction is not FAVOURS or not one.weak]
    strong = [one for one in judged if not one.weak]
    if any(one.direction is AGAINST for one in strong):
        # "Relief was inferior": the noun says what was measured, and not how it went.
        measured = [
            one for one in strong if _NOUN.fullmatch(text[one.start - clause.start : one.end - clause.start])
        ]
        strong = [one for one in strong if one.direction is not FAVOURS or one not in measured]
    if strong:
        return min(strong, key=lambda one: (one.direction is not NULL, one.start))
    return _changed(clause) or next(iter(judged), None)


def _of_an_effect(text: str, found: re.Match[str]) -> bool:
    """Whether what is denied is an effect: "does not" and "neither" deny anything, such as that a number is given."""
    lexical = lexicon().no_effect_of
    near = text[found.start() : found.end() + _NEARBY] if words(lexical.bare).fullmatch(found[0]) else text
    change = lexicon().change
    return words(lexical.words).search(near) is not None or (
        near is text and _outcomes(change.good, change.bad).search(near) is not None
    )


def _judged(clause: Clause, cue: Cue, says: ResultDirection, found: re.Match[str]) -> Saying:
    """What a judging word says, turned round where it is said of the control or of what happened less."""
    start, end = found.span()
    about = turned(clause.text, start, end)
    if cue.weak or _OWN_SIDES.search(found[0]):
        return _saying(clause, says, cue.id, start, end, weak=cue.weak)
    if about is None:
        return _saying(clause, UNCLEAR, "control-beside", start, end, weak=True)
    less = not _DEGREE.match(found[0]) and lessened(clause.text, start, end, harm=says is AGAINST)
    if about != less:
        return _saying(
            clause, AGAINST if says is FAVOURS else FAVOURS, TURNED if about else f"less-{cue.id}", start, end
        )
    return _saying(clause, says, cue.id, start, end)


def _changed(clause: Clause) -> Saying | None:
    """More of a good thing or less of a bad one, by the outcome that is named nearest to the word of change."""
    text, change = clause.text, lexicon().change
    moves = sorted(
        [(one, True) for one in words(change.up).finditer(text)]
        + [(one, False) for one in words(change.down).finditer(text)],
        key=lambda one: one[0].start(),
    )
    for place, (found, up) in enumerate(moves):
        follower = moves[place + 1] if place + 1 < len(moves) else None
        # "greater reduction in pain": the noun says which way, the adjective only how much
        if (
            follower
            and follower[0].start() - found.end() < 15
            and follower[0][0].lower().startswith(("reduc", "decreas", "declin", "increas", "drop"))
        ):
            if up:
                continue
            found, up = follower[0], not follower[1]
        good = _nearest(text, found)
        if (
            good is None
            and words(change.sparing).fullmatch(found[0])
            and (figure(text) or _SIGNIFICANT.search(text))
        ):
            good = False
        if good is None:
            continue
        denied = _denial(text, found.start())
        if denied is not None:
            return _saying(clause, NULL, "denied-change", denied, found.end())
        about = turned(text, found.start(), found.end())
        if about is None:
            return _saying(clause, UNCLEAR, "control-beside", found.start(), found.end())
        # "less" itself is a word of change, and "fewer patients" tells whose number fell
        less = not _FEWER.match(found[0]) and lessened(text, found.start(), found.end(), harm=False)
        favours = ((up == good) != about) != less
        rule = TURNED if about else _CHANGE
        return _saying(clause, FAVOURS if favours else AGAINST, rule, found.start(), found.end())
    return None


def _nearest(text: str, found: re.Match[str]) -> bool | None:
    """Whether the outcome nearest to a word of change is one of which more is good; None if none is near."""
    change = lexicon().change
    best: tuple[int, bool] | None = None
    for one in _outcomes(change.good, change.bad).finditer(
        text, max(0, found.start() - _NEARBY), found.end() + _NEARBY
    ):
        if one.start() < found.end() and one.end() > found.start():
            continue
        gap = one.start() - found.end() if one.start() >= found.end() else found.start() - one.end() + 2
        if best is None or gap < best[0]:
            best = (gap, one["good"] is not None)
    return best[1] if best else None


@cache
def _outcomes(good: tuple[str, ...], bad: tuple[str, ...]) -> re.Pattern[str]:
    # Good ones first: "progression-free survival" and "pain relief" begin like bad ones.
    return re.compile(
        rf"(?<![\w-])(?:(?P<good>{'|'.join(good)})|(?:{'|'.join(bad)}))(?![\w-])", re.IGNORECASE
    )


def _denial(text: str, at: int) -> int | None:
    """Where a negation begins that denies the word at `at`; None if nothing denies it."""
    negation = lexicon().negation
    window = text[max(0, at - 80) : at]
    excused = [one.span() for one in words(negation.not_a_negation).finditer(text)]
    begins = at - len(window)
    for found in words(negation.words).finditer(window):
        start, end = begins + found.start(), begins + found.end()
        if any(low <= start < high for low, high in excused):
            continue
        between = text[end:at]
        if len(between.split()) <= _TOKENS_DENIED and not re.search(r"[;:]|, (?!\w+ly)", between):
            return start
    return None


def _saying(
    clause: Clause,
    direction: ResultDirection,
    rule: str,
    start: int,
    end: int,
    *,
    weak: bool = False,
    equivalence: bool = False,
) -> Saying:
    return Saying(direction, rule, clause.start + start, clause.start + end, clause, weak, equivalence)
