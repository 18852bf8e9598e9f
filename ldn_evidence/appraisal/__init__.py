"""Reviewers' rows on studies and claims: which of them stands, where reviewers differ, what a reviewer is asked, how far they agree.

Plain functions on plain values. Never edits a row, never derives a direction, never asks the time.
"""

from ldn_evidence.appraisal.agreement import ALPHA, KAPPA, PERCENT, agreement_table, dispute_table
from ldn_evidence.appraisal.forms import (
    Question,
    cells,
    form_rules,
    overall,
    question_about,
    questions,
    taken,
    unanswered,
)
from ldn_evidence.appraisal.resolving import on_retracted, resolved
from ldn_evidence.appraisal.risk import risk_rules, rob_without_confounding, suggested, tool_named, tools_for
from ldn_evidence.appraisal.rows import (
    Dispute,
    Standing,
    current,
    differing,
    load,
    row_id,
    standing,
)
from ldn_evidence.appraisal.settling import named_by, settled
from ldn_evidence.model import UNCONFIRMED, name_of

__all__ = [
    "ALPHA",
    "KAPPA",
    "PERCENT",
    "UNCONFIRMED",
    "Dispute",
    "Question",
    "Standing",
    "agreement_table",
    "cells",
    "current",
    "differing",
    "dispute_table",
    "form_rules",
    "load",
    "name_of",
    "named_by",
    "on_retracted",
    "overall",
    "question_about",
    "questions",
    "resolved",
    "risk_rules",
    "rob_without_confounding",
    "row_id",
    "settled",
    "standing",
    "suggested",
    "taken",
    "tool_named",
    "tools_for",
    "unanswered",
]
