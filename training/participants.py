"""Weights of the cues that tell a trial's number of participants: `python training/participants.py LABELS.csv`.

Takes a CSV with the columns pmid, abstract and total_participants (as marked in the text, " | " between several, empty where
none was). Prints figures that are cross-validated over records, and writes `ldn_evidence/rules/participants_weights.json`: log-odds of a
logistic regression, in plain JSON. Needs scikit-learn; nothing of the package does. Copies no text into the repository.

Figures: of the abstracts with a marked total, how many were answered, and for how many of those the answer is one of the
marked totals. Ten folds by record; and each half of the records, by odd and even PMID, judged by weights from the other.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sklearn.linear_model import LogisticRegression

from ldn_evidence.model import Passage
from ldn_evidence.reading.numbers import marked
from ldn_evidence.reading.participants import Candidate, Weights, candidates, participants, total

SHIPPED = Path(__file__).parent.parent / "ldn_evidence" / "rules" / "participants_weights.json"
# A tenth to a whole makes no difference that folds could show; smaller weights generalise better to other conditions.
PENALTY = 0.3
FOLDS = 10


@dataclass(frozen=True, slots=True)
class Labelled:
    """One abstract with its candidates and the totals that an annotator marked (none: no total stands in it)."""

    pmid: int
    passage: Passage
    candidates: tuple[Candidate, ...]
    totals: frozenset[int]


def labelled(path: Path) -> list[Labelled]:
    """Every row of the CSV, abstracts without a total too: they teach what no total looks like."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for row in rows:
        passage = Passage.of(None, row["abstract"])
        found.append(
            Labelled(int(row["pmid"]), passage, candidates(passage), marked(row["total_participants"] or ""))
        )
    return found


def fitted(rows: Sequence[Labelled], threshold: float) -> Weights:
    """Weights for the cues that these abstracts show."""
    cues = sorted({cue for row in rows for one in row.candidates for cue in one.cues})
    features, says = [], []
    for row in rows:
        for one in row.candidates:
            features.append([cue in one.cues for cue in cues])
            says.append(one.value in row.totals)
    model = LogisticRegression(C=PENALTY, max_iter=5000).fit(features, says)
    return Weights(
        intercept=round(float(model.intercept_[0]), 3),
        threshold=threshold,
        weights={cue: round(float(weight), 3) for cue, weight in zip(cues, model.coef_[0], strict=True)},
    )


def judged(rows: Sequence[Labelled], weights: Weights) -> list[bool | None]:
    """For each abstract with a marked total: was the answer one of them? None where nothing was answered."""
    verdicts: list[bool | None] = []
    for row in rows:
        if row.totals:
            said = total(participants(row.passage, weights))
            verdicts.append(None if said is None else said in row.totals)
    return verdicts


def interval(hits: int, of: int) -> str:
    """A share with its 95 % interval by Wilson's method."""
    if not of:
        return "none"
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{share:.3f} ({middle - half:.3f} to {middle + half:.3f})"


def report(name: str, verdicts: Sequence[bool | None]) -> None:
    """One line: answered, and exact of the answered."""
    answers = [one for one in verdicts if one is not None]
    print(
        f"{name}: {len(verdicts)} abstracts, answered {interval(len(answers), len(verdicts))}, exact {interval(sum(answers), len(answers))}"
    )


def main() -> None:
    """Figures, then the weights from all abstracts."""
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("labels", type=Path)
    reader.add_argument("--threshold", type=float, default=0.5)
    reader.add_argument("--dry", action="store_true", help="print the figures and write nothing")
    given = reader.parse_args()
    rows = labelled(given.labels)
    for half in (0, 1):
        weights = fitted([row for row in rows if row.pmid % 2 != half], given.threshold)
        report(
            f"{'even' if half == 0 else 'odd'} PMIDs, weights from the others",
            judged([row for row in rows if row.pmid % 2 == half], weights),
        )
    verdicts: list[bool | None] = []
    for fold in range(FOLDS):
        weights = fitted([row for place, row in enumerate(rows) if place % FOLDS != fold], given.threshold)
        verdicts += judged([row for place, row in enumerate(rows) if place % FOLDS == fold], weights)
    report("ten folds", verdicts)
    if not given.dry:
        weights = fitted(rows, given.threshold)
        SHIPPED.write_text(
            json.dumps(weights.model_dump(), indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
        print(f"wrote {SHIPPED}", file=sys.stderr)


if __name__ == "__main__":
    main()
