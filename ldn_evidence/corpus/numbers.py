"""Registry numbers in one spelling: "NCT 0123-4567" and "nct01234567" are one number. Takes what is printed; gives what can be compared.

Never looks a number up, and never decides what shares it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from ldn_evidence.corpus.rules import Register, joining_rules

# What is longer is no registry number.
MOST_CHARACTERS = 60


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """A registry number: its register, and what can be compared. `whole` is False where it is too long or too short for its register."""

    register: str
    digits: str
    whole: bool = True

    @property
    def printed(self) -> str:
        """ "NCT01234567"; "EudraCT 2019-000702-30"."""
        if self.register in ("EudraCT", "EU CTIS"):
            return f"{self.register} {self.digits[:4]}-{self.digits[4:10]}-{self.digits[10:]}"
        return self.digits


def number(printed: str, scheme: str | None = None) -> Number | None:
    """What is printed as a number of a register of trials; None where it is none. `scheme`: the register's name, where that stands apart."""
    if len(printed) > MOST_CHARACTERS:
        return None
    bare = re.sub(r"[\W_]+", "", re.sub(r"(?i)\b(?:no|number|id)\b", " ", printed)).upper()
    if not re.search(r"\d", bare) or not bare.isascii():
        return None
    wanted = (scheme or "").strip().casefold()
    for register, whole, odd in _patterns():
        named = wanted in register.schemes
        if found := whole.fullmatch(bare):
            prefixed = found["prefix"] is not None
            if prefixed or named or register.bare:
                return Number(register.name, _spelled(register, found["digits"]))
        elif found := odd.fullmatch(bare):
            return Number(register.name, f"{register.prefix}{found['digits']}", whole=False)
    return None


def misprints(text: str) -> tuple[str, ...]:
    """Numbers in a text that bear a register's letters and have a digit too many or too few, as printed, each once."""
    found = (hit[0].strip() for hit in _odd_in_text().finditer(text))
    return tuple(dict.fromkeys(one for one in found if (it := number(one)) is not None and not it.whole))


def numbers(printed: Iterable[tuple[str | None, str]]) -> frozenset[Number]:
    """Those of (scheme, number) pairs that are registry numbers of trials."""
    found = (number(value, scheme) for scheme, value in printed)
    return frozenset(one for one in found if one is not None)


def slipped(odd: Number, right: Number) -> bool:
    """Whether one digit left out or doubled makes a number of the register into a number that it can't have."""
    if odd.whole or odd.register != right.register:
        return False
    short, long = sorted((odd.digits, right.digits), key=len)
    if len(long) - len(short) != 1:
        return False
    return any(long[:place] + long[place + 1 :] == short for place in range(len(long)))


def _spelled(register: Register, digits: str) -> str:
    return digits if register.bare else f"{register.prefix}{digits}"


@cache
def _patterns() -> tuple[tuple[Register, re.Pattern[str], re.Pattern[str]], ...]:
    return tuple(
        (
            one,
            re.compile(rf"(?P<prefix>(?:{one.prefix}(?:CTR)?)+)?(?P<digits>{one.digits})(?:{one.ignored})?"),
            # Only a register whose numbers are all of one length can have one that is too short.
            re.compile(
                rf"{one.prefix}(?P<digits>\d{{{length - 1}}}|\d{{{length + 1}}})"
                if (length := _length(one))
                else r"(?!)(?P<digits>)"
            ),
        )
        for one in joining_rules().register_
    )


def _length(register: Register) -> int | None:
    found = re.fullmatch(r"\\d\{(\d+)\}", register.digits)
    return int(found[1]) if found and int(found[1]) >= 6 else None


@cache
def _odd_in_text() -> re.Pattern[str]:
    prefixes = "|".join(one.prefix for one in joining_rules().register_ if _length(one))
    return re.compile(rf"\b(?:{prefixes})[\s:.-]?\d{{5,17}}\b", re.IGNORECASE)
