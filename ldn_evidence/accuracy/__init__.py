"""How often the machine's reading is right: a file of human labels and the readings of the same abstracts into figures.

`labels` reads the files, `figures` measures, `picture` draws. Nothing here reads an abstract, prints, or keeps anything.
"""

from ldn_evidence.accuracy.figures import answers, difference, study_types
from ldn_evidence.accuracy.labels import DIRECTIONS, Labelled, directions, fold, kinds, labelled, study_kinds
from ldn_evidence.accuracy.picture import reliability_svg

__all__ = [
    "DIRECTIONS",
    "Labelled",
    "answers",
    "difference",
    "directions",
    "fold",
    "kinds",
    "labelled",
    "reliability_svg",
    "study_kinds",
    "study_types",
]
