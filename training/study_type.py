"""Trains the model that reads study types, and writes its weights as plain numbers.

python training/study_type.py TRAIN.csv VAL.csv ldn_evidence/tagging/study_type.npz
python training/study_type.py TRAIN.csv VAL.csv --check 2

The tables hold title, abstract and accepted_label (14 study types by human annotators). Needs scikit-learn; the product
does not. The same tables, libraries and machine give the same file, byte for byte.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from scipy.linalg import cho_factor, cho_solve
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from ldn_evidence.accuracy import fold
from ldn_evidence.model import Passage
from ldn_evidence.tagging import cues
from ldn_evidence.tagging.cues import Hit
from ldn_evidence.tagging.linear import BLOCKS, KINDS, Lexicon, Model, Table, digest, stems

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# How much each block may say, how often a term must occur to be learnt: chosen by cross-validation, see
# docs/accuracy-variants.md. The choice is broad: halving or doubling any of them changes accuracy by less than a point.
LOUDNESS = {"title": 0.6, "abstract": 1.0, "opening": 0.4, "closing": 0.4, "cues": 0.8, "cue pairs": 0.4}
FEWEST = 3
PENALTY = 0.3
# Calibration: parts of which each is held out once, and how freely it may follow their scores.
FOLDS = 10
STIFFNESS = 3.0


@dataclass(frozen=True)
class Examples:
    """Records with the cues found in them, and their labels: one of 14 in `fine`, of `KINDS` in `kinds`."""

    passages: list[Passage]
    hits: list[tuple[Hit, ...]]
    fine: Ints
    kinds: Ints

    @classmethod
    def of(cls, records: pd.DataFrame) -> Examples:
        """From a table with title, abstract and accepted_label."""
        pairs = zip(records["title"], records["abstract"], strict=True)
        passages = [Passage.of(title, abstract) for title, abstract in pairs]
        labels = records["accepted_label"].tolist()
        names = sorted(set(labels))
        return cls(
            passages,
            [cues.hits(passage) for passage in passages],
            np.array([names.index(label) for label in labels]),
            np.array([KINDS.index(str(fold(label))) for label in labels]),
        )

    def only(self, chosen: Ints) -> Examples:
        """Some of them."""
        return Examples(
            [self.passages[one] for one in chosen],
            [self.hits[one] for one in chosen],
            self.fine[chosen],
            self.kinds[chosen],
        )


def often(examples: Iterable[Iterable[Any]]) -> list[Any]:
    """What stands in enough records, in ascending order."""
    counts = Counter(thing for one in examples for thing in set(one))
    return sorted(thing for thing, count in counts.items() if count >= FEWEST)


def table_of(examples: Examples) -> Table:
    """The terms that stand in enough records."""
    texts = [stems(passage) for passage in examples.passages]
    known = often(chain(title, abstract) for title, abstract in texts)
    number = {word: place for place, word in enumerate(known)}
    pairs = often(
        (
            number[one] * len(known) + number[two]
            for text in both
            for one, two in pairwise(text)
            if one in number and two in number
        )
        for both in texts
    )
    lexicon = Lexicon(known, np.array(pairs, dtype=np.int64), [cue.id for cue in cues.cues()])
    whole = Table(lexicon, [np.arange(size) for size in lexicon.sizes], np.ones(sum(lexicon.sizes)))
    _, column, _ = whole.values(examples.passages, examples.hits)
    records = np.bincount(column, minlength=len(whole.rarity))
    rarity = np.log((1 + len(examples.passages)) / (1 + records)) + 1
    starts = np.cumsum([0, *lexicon.sizes])
    frequent = [np.flatnonzero(records[start:stop] >= FEWEST) for start, stop in pairwise(starts)]
    return Table(lexicon, frequent, rarity[records >= FEWEST])


def features(table: Table, examples: Examples) -> sp.csr_matrix:
    """Records x columns, each block as loud as it may be."""
    row, column, value = table.values(examples.passages, examples.hits)
    loud = np.sqrt([LOUDNESS[block] for block in BLOCKS])[table.block[column]]
    return sp.csr_matrix((value * loud, (row, column)), shape=(len(examples.passages), len(table.rarity)))


def solved(alike: Floats, fine: Ints) -> Floats:
    """How much each record speaks for each of the 14 labels: ridge regression on +1 and -1, rare labels weighing more.

    Solved between records rather than between terms: there are two thousand of the one and fifty thousand of the other.
    """
    classes = int(fine.max()) + 1
    wanted = np.where(np.eye(classes)[fine] > 0, 1.0, -1.0)
    weight = 1 / np.sqrt(np.bincount(fine, minlength=classes)[fine])
    weight /= weight.mean()
    return np.asarray(cho_solve(cho_factor(alike + np.diag(PENALTY / weight)), wanted))


def calibrated(examples: Examples) -> tuple[Floats, Floats]:
    """From 14 scores to 9 log odds, learnt from records that were held out: 14 x 9, and 9 to start with.

    Words are counted anew without the records held out: with them, rare words would be known that in a new record are not,
    and readings would be too sure.
    """
    scores = np.zeros((len(examples.fine), int(examples.fine.max()) + 1))
    for there, here in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(scores, examples.fine):
        seen = examples.only(there)
        table = table_of(seen)
        known = features(table, seen)
        held = features(table, examples.only(here))
        alike = 1.0 + (known @ known.T).toarray()
        scores[here] = (1.0 + (held @ known.T).toarray()) @ solved(alike, seen.fine)
    fit = LogisticRegression(C=STIFFNESS, max_iter=2000, tol=1e-6).fit(scores, examples.kinds)
    return fit.coef_.T, fit.intercept_


def trained(examples: Examples) -> Model:
    """The model of some records."""
    turned, start = calibrated(examples)
    table = table_of(examples)
    known = features(table, examples)
    speaking = solved(1.0 + (known @ known.T).toarray(), examples.fine) @ turned
    speaking -= speaking.mean(axis=1, keepdims=True)
    bias = speaking.sum(axis=0) + start
    loud = np.sqrt([LOUDNESS[block] for block in BLOCKS])[table.block]
    share = np.bincount(examples.kinds, minlength=len(KINDS)) / len(examples.kinds)
    learnt = [digest(passage) for passage in examples.passages]
    return Model(table, loud[:, None] * (known.T @ speaking), bias - bias.mean(), share, learnt)


def figures(probabilities: Floats, kinds: Ints) -> dict[str, float]:
    """How well some readings agree with the annotators. ECE: 15 bins of the top probability. Sure: at .8 or more."""
    top, said = probabilities.max(axis=1), probabilities.argmax(axis=1)
    right = said == kinds
    each = [
        2 * (right & (kinds == kind)).sum() / max(1, (said == kind).sum() + (kinds == kind).sum())
        for kind in range(len(KINDS))
    ]
    bins = np.minimum((top * 15).astype(int), 14)
    gaps = [abs(top[bins == one].sum() - right[bins == one].sum()) for one in range(15)]
    trial, sure = KINDS.index("RCT"), top >= 0.8
    return {
        "accuracy": right.mean(),
        "macro-F1": float(np.mean(each)),
        "ECE": sum(gaps) / len(kinds),
        "RCT precision": right[said == trial].mean(),
        "RCT recall": right[kinds == trial].mean(),
        "sure of": sure.mean(),
        "accuracy where sure": right[sure].mean(),
    } | {f"F1 {kind}": one for kind, one in zip(KINDS, each, strict=True)}


def told(name: str, rounds: Sequence[tuple[Floats, Ints]]) -> None:
    """Print the mean over the rounds, and the middle 95 % of 1,000 draws of records with replacement."""
    dice = np.random.default_rng(0)
    drawn = []
    for probabilities, kinds in rounds:
        for _ in range(1000 // len(rounds)):
            chosen = dice.integers(0, len(kinds), len(kinds))
            drawn.append(figures(probabilities[chosen], kinds[chosen]))
    found = [figures(*one) for one in rounds]
    print(name)
    for figure in found[0]:
        low, high = np.percentile([one[figure] for one in drawn], [2.5, 97.5])
        print(f"  {figure:22} {np.mean([one[figure] for one in found]):.3f}  ({low:.3f} to {high:.3f})")


def read_by(model: Model, examples: Examples) -> Floats:
    """Probabilities: records x kinds."""
    return np.array([one.probabilities for one in model.read(examples.passages, examples.hits)])


def checked(examples: Examples, last: int, rounds: int) -> None:
    """Print figures from records that the model did not see: in turn one of five parts of all; and the last table."""
    found = []
    for seed in range(rounds):
        probabilities = np.zeros((len(examples.kinds), len(KINDS)))
        folds = StratifiedKFold(5, shuffle=True, random_state=100 + seed)
        for there, here in folds.split(probabilities, examples.fine):
            probabilities[here] = read_by(trained(examples.only(there)), examples.only(here))
        found.append((probabilities, examples.kinds))
    told(f"{rounds} x 5-fold cross-validation, {len(examples.kinds)} records", found)
    first, second = np.split(np.arange(len(examples.kinds)), [len(examples.kinds) - last])
    model, rest = trained(examples.only(first)), examples.only(second)
    told(f"trained on the first {len(first)}, read the last {last}", [(read_by(model, rest), rest.kinds)])


def main() -> None:
    """Train on the records of both tables, or check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("train", type=Path)
    parser.add_argument("val", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument(
        "--check", type=int, metavar="ROUNDS", help="cross-validate instead; nothing is written"
    )
    given = parser.parse_args()
    tables = [pd.read_csv(table) for table in (given.train, given.val)]
    examples = Examples.of(pd.concat(tables, ignore_index=True))
    if given.check:
        checked(examples, len(tables[1]), given.check)
        return
    if given.out is None:
        parser.error("say where the weights go, or --check ROUNDS")
    trained(examples).save(given.out)
    print(f"{len(examples.kinds)} records, {given.out.stat().st_size:,} bytes: {given.out}")


if __name__ == "__main__":
    main()
