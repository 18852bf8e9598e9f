"""Whether groups were compared, and whether the comparator is a treatment that works. Takes a Passage; never reads a result."""

from __future__ import annotations

import re
from functools import cache

from ldn_evidence.model import Passage
from ldn_evidence.reading.results.clauses import MOST_SENTENCES
from ldn_evidence.reading.results.lexicon import lexicon, words

_DUMMY = re.compile(
    r"\b(?:random\w*|assigned|allocated|received|receive|took|given|or|versus|vs\.?|with|on) (?:[\w.-]+ ){0,6}?(?:placebo|sham|dummy)\b|(?:placebo|sham)[- ]controlled",
    re.IGNORECASE,
)


def grouped(passage: Passage) -> bool:
    """Whether a text tells of more than one group or period; "there was no control group" does not."""
    return words(lexicon().comparison.groups).search(_told_of(passage.text)) is not None


def active(passage: Passage) -> bool:
    """Whether the comparator is a treatment that works."""
    comparators, text = lexicon().comparators, _told_of(passage.text)
    if words(comparators.certainly_active).search(text):
        return True
    if words(comparators.active).search(text) and not words(comparators.inert).search(text):
        return True
    # A named drug beside which the treatment was put, where nobody took a dummy: "23 took naltrexone alone; 31 took interferon"
    return _DUMMY.search(text) is None and any(
        _beside().search(_told_of(one.text)) for one in passage.sentences[:MOST_SENTENCES]
    )


def _told_of(text: str) -> str:
    """The text without comparisons that it says were not made, or that are of people with themselves."""
    return words(lexicon().comparison.denied).sub(" ", text)


@cache
def _beside() -> re.Pattern[str]:
    return re.compile(
        r"(?:\b(?:against|versus|vs\.?|compared (?:with|to)|comparison with|or|than)|[;,] (?:and )?(?:\w+ )?(?:took|received|were given|had))"
        rf" (?:to )?(?:an? |the )?(?:\w+ )?(?:{'|'.join(lexicon().comparators.named)})(?![\w-])",
        re.IGNORECASE,
    )
