"""Title, abstract and cues into one of nine kinds of study, with a calibrated probability and the words that speak for it.

Takes passages with the cues found in them; returns readings. The weights beside this file are plain numbers that
training/study_type.py made. Never learns, never reads publication types, headings or anything else than the words.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from itertools import chain, combinations
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from ldn_evidence.model import Passage, Span
from ldn_evidence.tagging.cues import Hit, plain

KINDS = (
    "systematic review",
    "RCT",
    "non-randomised",
    "case report",
    "narrative review",
    "protocol",
    "animal",
    "in vitro",
    "other",
)
# What of a passage is weighed, each by itself: long abstracts do not drown short titles.
BLOCKS = ("title", "abstract", "opening", "closing", "cues", "cue pairs")
_CUES, _CUE_PAIRS = BLOCKS.index("cues"), BLOCKS.index("cue pairs")

# A word is its first six letters: "randomised" and "randomisation", "rat" and "rats" are near enough to one.
_WORD = re.compile(r"([^\W_]{1,6})[^\W_]*")
# Of a number only its length matters.
_DIGITS = str.maketrans("123456789", "000000000")
# How many words an abstract opens and closes with: they say what was asked and what is concluded.
_ENDS = 40
# A cue in the first third or so of an abstract may tell of others' studies; in the rest, of this one.
_ASKING = 0.35
_PLACES = 3
# What a term counts that stands so many times: ever less. From a table, so that no library's logarithm shows.
_TIMES = np.array([0.0, *(1 + math.log(times) for times in range(1, 1000))])
# So many passages at once: more would only need more memory.
_BATCH = 256

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reading:
    """`kind`: one of `KINDS`, the likeliest. `probabilities`: of each kind, in the order of `KINDS`, summing to 1."""

    kind: str
    probability: float
    probabilities: tuple[float, ...]


def read(passages: Sequence[Passage], hits: Sequence[Sequence[Hit]]) -> list[Reading]:
    """A reading each. `hits` are those of `cues.hits`, passage by passage. One passage reads the same alone and among others.

    >>> from ldn_evidence.tagging import cues
    >>> trial = Passage.of("A randomised, double-blind, placebo-controlled trial of an ointment", None)
    >>> read([trial], [cues.hits(trial)])[0].kind
    'RCT'
    """
    return _shipped().read(passages, hits)


def learnt(passage: Passage) -> bool:
    """Whether the shipped model learnt from this title and abstract: then how it reads them says nothing of how it reads others."""
    return digest(passage) in _shipped().learnt


def digest(passage: Passage) -> int:
    """The same for the same words, however they are spaced or dashed."""
    same = " ".join(re.findall(r"[^\W_]+", plain(passage.text)))
    return int.from_bytes(hashlib.sha256(same.encode("utf-8", "replace")).digest()[:8])


def words(passage: Passage, hits: Sequence[Hit], kind: str, most: int = 8) -> tuple[Span, ...]:
    """The words of a passage that speak most for a kind, the strongest first; words that overlap are one span.

    Words speak for a kind if they make it likelier than kinds are on average. There are fewer than `most` where fewer speak.
    """
    spans: list[tuple[int, int]] = []
    for start, end in _shipped().speaking(passage, hits, KINDS.index(kind)):
        near = [span for span in spans if span[0] < end and start < span[1]]
        if near:
            spans[spans.index(near[0])] = (
                min(start, *(one for one, _ in near)),
                max(end, *(two for _, two in near)),
            )
            spans = [span for span in spans if span not in near[1:]]
        elif len(spans) < most:
            spans.append((start, end))
        else:
            break
    return tuple(passage.span(start, end) for start, end in spans)


@dataclass(frozen=True)
class Terms:
    """Known terms as they stand in passages, one entry each time.

    `row`: which passage. `term`: its number in the block. `first`: of the words of all passages (of the cues of all
    passages) the one it begins with. `length`: how many words or cues.
    """

    row: Ints
    block: Ints
    term: Ints
    first: Ints
    length: Ints

    @classmethod
    def joined(cls, parts: Sequence[Terms]) -> Self:
        """One after the other."""
        names = ("row", "block", "term", "first", "length")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


class Lexicon:
    """Which words, pairs of words and cues are known, and what number each has.

    Of the blocks of text: words first, then pairs. Of cues: the cue and its place. Of pairs of cues: one and the other.
    """

    def __init__(self, known: Sequence[str], pairs: Ints, cue_names: Sequence[str]) -> None:
        """`pairs`, ascending: the number of the first word x how many words there are + the number of the second."""
        self.known = list(known)
        self.pairs = pairs
        self.cue_names = list(cue_names)
        self._words = {word: number for number, word in enumerate(self.known)}
        self._cues = {name: number for number, name in enumerate(self.cue_names)}
        text, cue = len(self.known) + len(self.pairs), len(self.cue_names)
        self.sizes = (text, text, text, text, cue * _PLACES, cue * cue)

    def terms(self, passages: Sequence[Passage], hits: Sequence[Sequence[Hit]]) -> Terms:
        """All known terms of some passages."""
        numbers: list[int] = []
        lengths: list[int] = []
        number = self._words.get
        for passage in passages:
            for found in stems(passage):
                numbers += [number(word, -1) for word in found]
                lengths.append(len(found))
        text_terms = self._of_words(np.array(numbers, dtype=np.int64), np.array(lengths, dtype=np.int64))
        return Terms.joined([text_terms, *self._of_cues(passages, hits)])

    def _of_words(self, word: Ints, lengths: Ints) -> Terms:
        """`word`: of all titles and abstracts in turn, -1 where unknown; `lengths`: of each title and each abstract."""
        stretch = np.repeat(np.arange(len(lengths)), lengths)
        ends = lengths.cumsum()
        single = np.flatnonzero(word >= 0)
        near = np.flatnonzero((word[:-1] >= 0) & (word[1:] >= 0) & (stretch[:-1] == stretch[1:]))
        pair = word[near] * len(self.known) + word[near + 1]
        place = np.searchsorted(self.pairs, pair)
        known = self.pairs[np.minimum(place, len(self.pairs) - 1)] == pair
        near, place = near[known], place[known]
        first = np.concatenate([single, near])
        length = np.repeat([1, 2], [len(single), len(near)])
        term = np.concatenate([word[single], place + len(self.known)])
        in_abstract = stretch[first] % 2 == 1
        from_begin = first - (ends - lengths)[stretch[first]] + length
        to_end = ends[stretch[first]] - first
        chosen = [
            np.flatnonzero(mask)
            for mask in (
                ~in_abstract,
                in_abstract,
                in_abstract & (from_begin <= _ENDS),
                in_abstract & (to_end <= _ENDS),
            )
        ]
        these = np.concatenate(chosen)
        block = np.repeat(np.arange(len(chosen)), [len(one) for one in chosen])
        return Terms(stretch[first[these]] // 2, block, term[these], first[these], length[these])

    def _of_cues(self, passages: Sequence[Passage], hits: Sequence[Sequence[Hit]]) -> Iterator[Terms]:
        placed: list[int] = []
        paired: list[int] = []
        counts: list[tuple[int, int]] = []
        for passage, found in zip(passages, hits, strict=True):
            border = _border(passage)
            asking = border + _ASKING * (len(passage.text) - border)
            cues = [self._cues.get(hit.cue, -1) for hit in found]
            places = [(hit.span.start >= border) + (hit.span.start >= asking) for hit in found]
            placed += [
                cue * _PLACES + place if cue >= 0 else -1 for cue, place in zip(cues, places, strict=True)
            ]
            pairs = combinations(sorted(cue for cue in cues if cue >= 0), 2)
            both = [one * len(self._cues) + two for one, two in pairs]
            paired += both
            counts.append((len(found), len(both)))
        for block, terms, column in ((_CUES, placed, 0), (_CUE_PAIRS, paired, 1)):
            row = np.repeat(np.arange(len(counts)), [count[column] for count in counts])
            term = np.array(terms, dtype=np.int64)
            first = np.flatnonzero(term >= 0)
            yield Terms(row[first], np.full(len(first), block), term[first], first, np.ones_like(first))


class Table:
    """Which of a lexicon's terms count, how rare each is, and so how much each weighs in a passage."""

    def __init__(self, lexicon: Lexicon, terms: Sequence[Ints], rarity: Floats) -> None:
        """`terms`: of each block, ascending; `rarity`: of all of them, block after block."""
        self.lexicon = lexicon
        self.chosen = list(terms)
        self.rarity = rarity
        self.block = np.repeat(np.arange(len(BLOCKS)), [len(one) for one in self.chosen])
        starts = np.cumsum([0, *lexicon.sizes])
        self._starts = starts[:-1]
        self._columns = np.full(starts[-1], -1, dtype=np.int32)
        every = np.concatenate([start + one for start, one in zip(starts[:-1], self.chosen, strict=True)])
        self._columns[every] = np.arange(len(every))

    def columns(self, terms: Terms) -> Ints:
        """The column of each term; -1 where it does not count."""
        return self._columns[self._starts[terms.block] + terms.term].astype(np.int64)

    def values(self, passages: Sequence[Passage], hits: Sequence[Sequence[Hit]]) -> tuple[Ints, Ints, Floats]:
        """Rows, columns and weights. The weights of one block of one passage are together of length 1."""
        terms = self.lexicon.terms(passages, hits)
        column = self.columns(terms)
        counts = column >= 0
        cell, times = np.unique(terms.row[counts] * len(self.rarity) + column[counts], return_counts=True)
        row, column = np.divmod(cell, len(self.rarity))
        value = _TIMES[np.minimum(times, len(_TIMES) - 1)] * self.rarity[column]
        group = row * len(BLOCKS) + self.block[column]
        return row, column, value / np.sqrt(np.bincount(group, value * value))[group]


class Model:
    """A table of terms, what each adds to the score of each kind, and what each kind starts with.

    Over the kinds, what a term adds sums to 0. `share`: of each kind among the records that taught it; `learnt`: their digests.
    """

    def __init__(
        self, table: Table, weights: Floats, bias: Floats, share: Floats, learnt: Collection[int] = ()
    ) -> None:
        self.table = table
        self.weights = weights
        self.bias = bias
        self.share = share
        self.learnt = frozenset(learnt)

    @classmethod
    def load(cls, path: Path) -> Self:
        """From a file that `save` wrote."""
        with np.load(path, allow_pickle=False) as held:
            lexicon = Lexicon(_lines(held["words"]), held["pairs"], _lines(held["cue_names"]))
            terms = [held[f"{block}_terms"].astype(np.int64) for block in BLOCKS]
            table = Table(lexicon, terms, held["rarity"].astype(np.float64))
            learnt = held["learnt"].tolist()
            return cls(table, held["weights"].astype(np.float64), held["bias"], held["share"], learnt)

    def save(self, path: Path) -> None:
        """As arrays that numpy reads without unpickling; weights lose what stands behind the third digit."""
        lexicon = self.table.lexicon
        held: dict[str, npt.NDArray[np.generic]] = {
            "words": _bytes(lexicon.known),
            "pairs": lexicon.pairs,
            "cue_names": _bytes(lexicon.cue_names),
            "rarity": self.table.rarity.astype(np.float32),
            "weights": self.weights.astype(np.float16),
            "bias": self.bias,
            "share": self.share,
            "learnt": np.array(sorted(self.learnt), dtype=np.uint64),
        }
        for block, terms in zip(BLOCKS, self.table.chosen, strict=True):
            held[f"{block}_terms"] = terms.astype(np.int32)
        np.savez_compressed(path, **held)  # type: ignore[arg-type]

    def read(self, passages: Sequence[Passage], hits: Sequence[Sequence[Hit]]) -> list[Reading]:
        """As the function of the same name."""
        readings: list[Reading] = []
        for start in range(0, len(passages), _BATCH):
            here = slice(start, start + _BATCH)
            row, column, value = self.table.values(passages[here], hits[here])
            # Where no word is known, all that is known is how frequent each kind is.
            scores = np.tile(np.log(self.share), (len(passages[here]), 1))
            filled, starts = np.unique(row, return_index=True)
            if len(filled):
                # Each passage is summed by itself, so that its neighbours in a batch change nothing.
                added = np.add.reduceat(value[:, None] * self.weights[column], starts, axis=0)
                scores[filled] = self.bias + added
            readings += [_reading(one) for one in scores.tolist()]
        return readings

    def speaking(self, passage: Passage, hits: Sequence[Hit], kind: int) -> list[tuple[int, int]]:
        """From where to where the terms go that speak for a kind, the strongest first; each where it stands first."""
        _, column, value = self.table.values([passage], [hits])
        added = value * self.weights[column, kind]
        border = _border(passage)
        text = plain(passage.text).translate(_DIGITS)
        spans = [word.span() for word in chain(_WORD.finditer(text, 0, border), _WORD.finditer(text, border))]
        cues = [(hit.span.start, hit.span.end) for hit in hits]
        terms = self.table.lexicon.terms([passage], [hits])
        stands: dict[int, tuple[int, int]] = {}
        where = zip(
            self.table.columns(terms).tolist(),
            terms.block.tolist(),
            terms.first.tolist(),
            terms.length.tolist(),
            strict=True,
        )
        for number, block, first, length in where:
            if block == _CUES:
                stands.setdefault(number, cues[first])
            elif block != _CUE_PAIRS:
                stands.setdefault(number, (spans[first][0], spans[first + length - 1][1]))
        order = sorted(zip((-added).tolist(), column.tolist(), strict=True))
        return [stands[number] for amount, number in order if amount < 0 and number in stands]


def stems(passage: Passage) -> tuple[list[str], list[str]]:
    """The beginnings of the words of the title, and of the abstract."""
    border = _border(passage)
    text = plain(passage.text).translate(_DIGITS)
    return _WORD.findall(text, 0, border), _WORD.findall(text, border)


@cache
def _shipped() -> Model:
    with as_file(files("ldn_evidence") / "tagging" / "study_type.npz") as path:
        return Model.load(path)


def _reading(scores: list[float]) -> Reading:
    top = max(scores)
    odds = [math.exp(score - top) for score in scores]
    whole = math.fsum(odds)
    probabilities = tuple(odd / whole for odd in odds)
    best = scores.index(top)
    return Reading(KINDS[best], probabilities[best], probabilities)


def _border(passage: Passage) -> int:
    """Where the title ends."""
    return passage.parts[1][0] if len(passage.parts) > 1 else len(passage.text)


def _lines(held: npt.NDArray[np.uint8]) -> list[str]:
    return held.tobytes().decode().split("\n")


def _bytes(lines: Sequence[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)
