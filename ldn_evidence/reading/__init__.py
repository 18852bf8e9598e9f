"""Facts in an abstract: participants, doses, effects, the result and what it says. Shown as machine-read; never part of a grade.

Takes a Passage, and the Record for what PubMed gives beside it; returns Extractions, Doses and a ResultReading, each with its rule and
span. `unclear` and nothing are answers.
"""

from ldn_evidence.reading.doses import doses, stated
from ldn_evidence.reading.facts import facts
from ldn_evidence.reading.particulars import registry_numbers
from ldn_evidence.reading.results import result

__all__ = ["doses", "facts", "registry_numbers", "result", "stated"]
