"""An evidence-tracking literature database: protocol, corpus, tags, appraisals, grades, evidence tables.

>>> from ldn_evidence import Workspace
>>> Workspace("work").claims()  # doctest: +SKIP

The names in `__all__` are the public ones; the rest may change. They load when first used, so that
`ldn-evidence --help` answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ldn_evidence.entrez import Entrez
    from ldn_evidence.errors import (
        EntrezError,
        EvidenceError,
        InputError,
        NotReached,
        StoreError,
        WorkspaceError,
    )
    from ldn_evidence.model import (
        Appraisal,
        Certainty,
        Claim,
        Condition,
        Direction,
        EvidenceProfile,
        Protocol,
        Record,
        Report,
        SearchRun,
        Study,
        StudyDesign,
        Tag,
    )
    from ldn_evidence.workspace import Workspace

__all__ = [
    "Appraisal",
    "Certainty",
    "Claim",
    "Condition",
    "Direction",
    "Entrez",
    "EntrezError",
    "EvidenceError",
    "EvidenceProfile",
    "InputError",
    "NotReached",
    "Protocol",
    "Record",
    "Report",
    "SearchRun",
    "StoreError",
    "Study",
    "StudyDesign",
    "Tag",
    "Workspace",
    "WorkspaceError",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    homes = {"Workspace": "workspace", "Entrez": "entrez", "NotReached": "errors"}
    home = homes.get(name) or ("errors" if name.endswith("Error") else "model")
    return getattr(import_module(f"{__name__}.{home}"), name)
