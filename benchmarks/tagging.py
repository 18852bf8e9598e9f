"""How many abstracts a second the cues, the model of study types and the rules read, on one core: in one batch and one by one.

python benchmarks/tagging.py [TABLE.csv] [--rounds 5]

The table has the columns title and abstract; without one, the abstracts are invented, 1,700 characters each.
"""

from __future__ import annotations

import argparse
import platform
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ldn_evidence.model import Passage
from ldn_evidence.tagging import Document, cues, linear, tag, tags

LENGTH = 1_700
SENTENCES = (
    "Background: chronic pain is common and current treatment often fails.",
    "We randomly assigned {n} adults with fibromyalgia to the drug or to matching placebo for {m} weeks.",
    "Methods: in this retrospective cohort study the charts of {n} consecutive patients were reviewed.",
    "Male rats (n = {m}) were injected intraperitoneally and their withdrawal thresholds were measured.",
    "We searched MEDLINE and Embase from inception for trials that reported pain or quality of life.",
    "A {m}-year-old woman presented with burning pain of the left foot and was treated for {n} days.",
    "Cultured microglia were incubated with the compound, and the expression of cytokines was measured.",
    "This review discusses what is known of opioid antagonists and how they may act on glial cells.",
    "Participants will be followed up for {m} months; the primary outcome will be the change in pain score.",
    "Results: the mean score fell by {m}.{n} points (95% CI 0.{m} to 2.{n}; p = 0.0{m}) from baseline.",
    "Conclusions: larger studies are needed before the treatment can be recommended.",
    "The questionnaire was answered by {n} respondents, of whom {m}% had used the treatment before.",
)


def invented(count: int) -> list[Passage]:
    """Abstracts of sentences in any order, the same every time."""
    dice = random.Random(1)
    passages = []
    for _ in range(count):
        words = ""
        while len(words) < LENGTH:
            words += dice.choice(SENTENCES).format(n=dice.randint(8, 900), m=dice.randint(2, 80)) + " "
        passages.append(Passage.of(dice.choice(SENTENCES).format(n=40, m=12), words[:LENGTH]))
    return passages


def main() -> None:
    """Alternating rounds, one unmeasured first."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=int, default=1_000)
    given = parser.parse_args()
    if given.table:
        table = pd.read_csv(given.table).head(given.records)
        passages = [Passage.of(*row) for row in zip(table["title"], table["abstract"], strict=True)]
    else:
        passages = invented(given.records)
    found = [cues.hits(passage) for passage in passages]

    documents = [Document(passage=passage) for passage in passages]

    ways: dict[str, Callable[[], object]] = {
        "cues": lambda: [cues.hits(passage) for passage in passages],
        "model": lambda: linear.read(passages, found),
        "cues, model and rules, batch": lambda: tags(documents),
        "cues, model and rules, one by one": lambda: [tag(one) for one in documents],
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(given.rounds + 1):
        for name, way in ways.items():
            began = time.process_time()
            way()
            if number:
                rates[name].append(len(passages) / (time.process_time() - began))
    mean = statistics.mean(len(passage.text) for passage in passages)
    print(
        f"Python {platform.python_version()}, {platform.machine()}; {len(passages)} abstracts of {mean:,.0f} characters"
    )
    for name, values in rates.items():
        print(
            f"{name:33} median {statistics.median(values):7,.0f} a second of processor time  ({min(values):,.0f} to {max(values):,.0f})"
        )


if __name__ == "__main__":
    main()
