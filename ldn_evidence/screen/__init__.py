"""Everything on a terminal: profiles, tables, studies, progress, what a machine read. Words and layout only; every value comes from below."""

from ldn_evidence.screen.claims import claims, profile
from ldn_evidence.screen.console import notice
from ldn_evidence.screen.history import changes, history, last_moves
from ldn_evidence.screen.measured import answers, directions, study_types, wrong
from ldn_evidence.screen.searches import Telling, checks, difference, queries, refreshed, runs, telling
from ldn_evidence.screen.studies import found, studies, study
from ldn_evidence.screen.tagged import explanation, tags

__all__ = [
    "Telling",
    "answers",
    "changes",
    "checks",
    "claims",
    "difference",
    "directions",
    "explanation",
    "found",
    "history",
    "last_moves",
    "notice",
    "profile",
    "queries",
    "refreshed",
    "runs",
    "studies",
    "study",
    "study_types",
    "tags",
    "telling",
    "wrong",
]
