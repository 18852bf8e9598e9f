"""Which way round a comparison stands: whether the control is named first, and whether something happened less and not more.

Takes the words of a clause and a place in them; never says what a treatment did.
"""

from __future__ import annotations

import re
from functools import cache

from ldn_evidence.reading.results.lexicon import lexicon, words

_IN = r"\b(?:in|with|for|on|under|among|after|receiving|taking|given|by)"
_COMPARED = r"\b(?:than|compared|versus|vs|v|relative|over|against|from)\b"
# "fell less with the drug than ...", "the reduction was smaller in the drug group"
_LESS_AFTER = re.compile(
    r"^(?:(?! (?:and|or|but|than|compared|versus|vs)\b) [\w'’/%-]+){0,6}? (?:less|smaller|lesser|to an? (?:lesser|smaller) (?:extent|degree))\b"
    r"(?: \w+ly\b| often| frequent| common| so| marked| pronounced| strong| large)*,?"
    r" (?:with|in|on|under|among|after|for|than|following|when|by|during)\b",
    re.IGNORECASE,
)
_NOUN_OF_CHANGE = re.compile(
    r"(?:reduction|decrease|decline|drop|improvement|increase|benefit|gain)s?$", re.IGNORECASE
)
_LOWER_AFTER = re.compile(
    r"^(?:(?! (?:and|or|but|than|compared|versus|vs)\b) [\w'’/%-]+){0,6}? (?:was|were) (?:\w+ly )?lower\b",
    re.IGNORECASE,
)
# "less improvement", "fewer patients on the drug improved"
_LESS_BEFORE = re.compile(
    r"\b(?:less|smaller|lesser|less (?:often|likely|frequently) to)(?: (?!(?:and|or|for|of|in|to|with|than|on)\b)[\w-]+){0,2} $"
    r"|\bless likely (?:than [^.;]{1,40} )?to (?:have |show |report |experience )?(?:\w+ )?$"
    r"|\b(?:fewer|a (?:smaller|lower) (?:proportion|percentage|share|number) of) (?:\w+ )?(?:patients|people|participants|subjects|women|men|children|adults|of those)\b(?:(?! and | but )[^.;,]){0,70}$",
    re.IGNORECASE,
)
# Of something bad, "delayed", "reduced" and "a lower risk of" tell of less as well.
_LESS_HARM_BEFORE = re.compile(
    r"\b(?:lower|slower|slow(?:s|ed)|reduc(?:es|ed)|delay(?:s|ed)|decreas(?:es|ed)|prevent(?:s|ed)|fewer|lessen(?:s|ed)|attenuat(?:es|ed)|halved)(?: (?!(?:and|or|but|for|with|than|on)\b)[\w-]+){0,3} $",
    re.IGNORECASE,
)


@cache
def _control_first() -> re.Pattern[str]:
    control = "|".join(lexicon().change.control)
    return re.compile(
        rf"^(?:(?!{_COMPARED})[^.;]){{0,60}}?{_IN} (?:the )?(?:\w+ ){{0,2}}?(?:{control})\b(?P<between>[^.;]{{0,50}}?)\b(?:than|compared|versus|vs)\b(?P<other>[^.;]{{0,30}})",
        re.IGNORECASE,
    )


@cache
def _control_alone() -> re.Pattern[str]:
    """ "greater with placebo", and nothing said of the other side."""
    control = "|".join(lexicon().change.strict_control)
    return re.compile(
        rf"^(?:(?!{_COMPARED}| and | or | but )[^.;()]){{0,50}}?{_IN} (?:the )?(?:{control})(?![\w-])(?P<rest>(?:[^.;]|\.\d){{0,70}})",
        re.IGNORECASE,
    )


@cache
def _control_as_subject() -> re.Pattern[str]:
    """ "Placebo was ...", "In the placebo group pain was ...", "Patients taking placebo had ..."."""
    control = "|".join(lexicon().change.strict_control)
    return re.compile(
        r"^[^A-Za-z]*(?:[A-Z]+: )?(?:the )?(?:(?:patients|people|participants|subjects|women|men|children|adults|those) )?"
        r"(?:(?:in|with|on|under|among|taking|receiving|given|who (?:took|received)|(?:assigned|allocated|randomi[sz]ed) to) )?"
        rf"(?:the )?(?:{control})(?:[- ]treated|[- ]assigned)?(?: groups?| arms?| patients| recipients| participants)?(?![\w-])(?! ?(?:and|or|than|versus|vs)\b)",
        re.IGNORECASE,
    )


@cache
def _sooner() -> re.Pattern[str]:
    """ "more patients on placebo than on the drug improved": the control stands before the word that judges."""
    control = "|".join(lexicon().change.strict_control)
    return re.compile(
        rf"\b(?:more|fewer|less|greater|larger|higher|smaller|lower)\b(?:(?!{_COMPARED}| and | or | but )[^.;,]){{0,50}}?{_IN} (?:the )?(?:{control})(?![\w-])(?! (?:and|or)\b)",
        re.IGNORECASE,
    )


# "Compared with the drug, placebo ..."
_LED = re.compile(
    r"\W*(?:[A-Z]+: )?(?:as )?(?:compared (?:with|to)|relative to|in comparison (?:with|to)) [^,;]{1,60}, ",
    re.IGNORECASE,
)
# Words that compare by themselves, other than "fell" or "improved", which may be said of each group alone.
_COMPARATIVE = re.compile(
    r"\b(?:more|less|fewer|greater|larger|higher|smaller|lower|longer|shorter|better|worse|faster|slower|earlier|superior|inferior|poorer)\b",
    re.IGNORECASE,
)


def turned(text: str, start: int, end: int) -> bool | None:
    """Whether the word between `start` and `end` is said of the control: "was lower with placebo than with the drug".

    None where the control is named beside it and it can't be told whether the treatment is meant as well.
    """
    after, before = text[end : end + 200], text[max(0, start - 150) : start]
    strict = words(lexicon().change.strict_control)
    if found := _control_first().search(after):
        return strict.search(found["other"]) is None
    if _sooner().search(before):
        return True
    led = _LED.match(text[:200])
    opening = text[led.end() : 200] if led else text[:200]
    if (subject := _control_as_subject().match(opening)) and subject.end() + (
        led.end() if led else 0
    ) <= start:
        if led is not None:
            return strict.search(led[0]) is None
        rival = re.search(
            r"(?:^ (?:to|over)|\b(?:than|compared (?:with|to)|versus|vs))\b(?P<other>[^.;]{0,30})", after
        )
        if rival is not None and strict.search(rival["other"]) is None:
            return True
        if rival is None:
            return True if _COMPARATIVE.match(text[start:end]) else None
    if found := _control_alone().search(after):
        beside = re.search(r"\b(?:and|or|versus|vs|while|compared|relative)\b", found["rest"])
        if beside is None:
            # "Fell with placebo" may be said of each group in turn.
            return True if _COMPARATIVE.search(text[start:end] + found[0]) else None
        change = lexicon().change
        other = found["rest"][beside.end() :]
        told = words(change.up).search(other) or words(change.down).search(other)
        return True if told else None
    return False


def lessened(text: str, start: int, end: int, *, harm: bool) -> bool:
    """Whether what is told happened less and not more: "fell less with the drug", "fewer patients improved".

    `harm`: the word tells of something bad, of which "a lower risk" and "reduced" tell of less as well.
    """
    after, before = text[end : end + 120], text[max(0, start - 120) : start]
    return bool(
        _LESS_AFTER.search(after)
        or _LESS_BEFORE.search(before)
        or (harm and _LESS_HARM_BEFORE.search(before))
        or (_NOUN_OF_CHANGE.search(text[start:end]) and _LOWER_AFTER.search(after))
    )
