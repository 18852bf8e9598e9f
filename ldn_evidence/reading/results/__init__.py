"""The sentence that tells a trial's main result, and what it says: favours, no difference, mixed, against or unclear.

Takes a Passage; returns a ResultReading with the sentence and the words that decided. Never more than words and figures tell:
what isn't clear is `unclear`, and the direction follows the primary outcome, not the conclusion drawn from it.
"""

from ldn_evidence.reading.results.deciding import result
from ldn_evidence.reading.results.outcome import primary_outcome

__all__ = ["primary_outcome", "result"]
