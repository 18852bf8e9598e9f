"""Everything on a terminal: profiles, tables, studies, progress, what a machine read, what a reviewer is asked. Words and layout only; every value comes from below."""

from ldn_evidence.screen.appraising import agreement, aside, beside, disputes, question, record, row, waiting
from ldn_evidence.screen.claims import claims
from ldn_evidence.screen.console import notice
from ldn_evidence.screen.history import changes, history, last_moves
from ldn_evidence.screen.measured import answers, directions, study_types, wrong
from ldn_evidence.screen.profile import profile
from ldn_evidence.screen.searches import Telling, checks, difference, queries, refreshed, runs, telling
from ldn_evidence.screen.studies import found, studies, study
from ldn_evidence.screen.tagged import explanation, tags

__all__ = [
    "Telling",
    "agreement",
    "answers",
    "aside",
    "beside",
    "changes",
    "checks",
    "claims",
    "difference",
    "directions",
    "disputes",
    "explanation",
    "found",
    "history",
    "last_moves",
    "notice",
    "profile",
    "queries",
    "question",
    "record",
    "refreshed",
    "row",
    "runs",
    "studies",
    "study",
    "study_types",
    "tags",
    "telling",
    "waiting",
    "wrong",
]
