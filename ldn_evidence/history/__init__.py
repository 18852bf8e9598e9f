"""What each build concluded and from what: profiles into entries of `history.jsonl`, entries into moves with their causes.

Only ever adds a line. Never grades, never opens the database, never asks the time.
"""

from ldn_evidence.history.entries import (
    SCHEMA_VERSION,
    Cause,
    ClaimThen,
    Entry,
    RowThen,
    SearchThen,
    StudyThen,
    entry,
    profile_digest,
    rules_digests,
    same,
)
from ldn_evidence.history.keeping import append, load, torn
from ldn_evidence.history.moves import TOGETHER, Move, Standing, changes, moves, moves_document, moves_table
from ldn_evidence.history.reopening import Notice, dated, first_noted, notices, of_record, reopened

__all__ = [
    "SCHEMA_VERSION",
    "TOGETHER",
    "Cause",
    "ClaimThen",
    "Entry",
    "Move",
    "Notice",
    "RowThen",
    "SearchThen",
    "Standing",
    "StudyThen",
    "append",
    "changes",
    "dated",
    "entry",
    "first_noted",
    "load",
    "moves",
    "moves_document",
    "moves_table",
    "notices",
    "of_record",
    "profile_digest",
    "reopened",
    "rules_digests",
    "same",
    "torn",
]
