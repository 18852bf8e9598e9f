"""Text into the words that PubMed would compare: lower case, no diacritics, punctuation between words. Never stems."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# These letters have no decomposition in Unicode, and PubMed's index writes them plain.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i"})
_WORD = re.compile(r"[^\W_]+")
_WORD_OR_STAR = re.compile(r"[^\W_]+\*?|\*")


def fold(text: str) -> str:
    """Compatibility forms made plain (NFKC), case and diacritics gone. Greek letters stay: "β" is not "beta".

    >>> fold("Sjögren’s ＴＮＦ-α")
    'sjogren’s tnf-α'
    """
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(one for one in plain if unicodedata.category(one) != "Mn")
    return unicodedata.normalize("NFC", bare.translate(_LETTERS))


def brief(text: str) -> str:
    """A text short enough for a message of one line."""
    return text if len(text) <= 60 else f"{text[:57]}..."


def words(text: str) -> list[str]:
    """The words of a text: `low-dose` is two words, `Crohn's` is "crohn" and "s"."""
    return _WORD.findall(fold(text))


@lru_cache(maxsize=50_000)
def heading(text: str) -> tuple[str, ...]:
    """The words of a value that many records share, such as a MeSH heading: kept, because folding is the slow part."""
    return tuple(words(text))


def wanted(text: str) -> list[str]:
    """The words of a search term; an asterisk stays with the letters before it, or alone where there are none."""
    return _WORD_OR_STAR.findall(fold(text))
