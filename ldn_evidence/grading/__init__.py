"""A claim, its studies and its appraisals into an EvidenceProfile, by the rules of `rules/grade.toml`.

Plain functions on plain values: the same inputs give the same profile. Never reads a database, never asks the time.
"""

from ldn_evidence.grading.bodies import listed_by, unjudged
from ldn_evidence.grading.pooling import pool
from ldn_evidence.grading.profile import grade
from ldn_evidence.grading.published import beside
from ldn_evidence.grading.rules import GradeRules, grade_rules

__all__ = [
    "GradeRules",
    "beside",
    "grade",
    "grade_rules",
    "listed_by",
    "pool",
    "unjudged",
]
