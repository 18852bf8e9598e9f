"""The import rule: a file imports only from lower floors, and neighbours on a floor never import each other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from conftest import REPO

PACKAGE = REPO / "ldn_evidence"
FLOORS = {
    "errors": 0,
    "model": 1, "textfiles": 1, "drawing": 1,
    "protocol": 2, "corpus": 2, "appraisal": 2, "entrez": 2, "archive": 2, "parse": 2, "tagging": 2, "grading": 2,
    "store": 2, "query": 2, "imports": 2, "reading": 2, "relevance": 2, "corrections": 2, "history": 2, "judging": 2,
    "refresh": 3, "evidence": 3, "ledger": 3, "accuracy": 3, "explaining": 3, "pictures": 3, "proposing": 3,
    "workspace": 4, "screen": 4,
    "doctor": 5,
    "cli": 6,
    "__init__": 7, "__main__": 7,
}  # fmt: skip
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """The module or package directly under ldn_evidence that a file belongs to."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path: Path) -> set[str]:
    """The rooms a file imports, at its head or inside its functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively: write the whole name"
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ldn_evidence"):
            inner = node.module.split(".")[1:]
            found |= {inner[0]} if inner else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {name.name.split(".")[1] for name in node.names if name.name.startswith("ldn_evidence.")}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_from_lower_floors(path):
    here = room(path)
    assert here in FLOORS, f"{here} has no floor: give it one here and in docs/architecture.md"
    wrong = {other for other in imports(path) - {here} if FLOORS[other] >= FLOORS[here]}
    assert not wrong, f"{path.name} (floor {FLOORS[here]}) imports {wrong}"


def test_only_the_store_speaks_sql_only_entrez_speaks_to_ncbi_only_the_cli_reads_the_environment():
    owners = {
        "sqlmodel": {"store"},
        "sqlalchemy": {"store"},
        "requests": {"entrez"},
        "stamina": {"entrez"},
        "pyrate_limiter": {"entrez"},
        "typer": {"cli"},
        "lxml": {"parse", "entrez"},  # entrez only looks whether an answer is whole
        "search_query": {"query"},
        "Bio": {"imports"},
        "rispy": {"imports"},
    }
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for name in names:
                owning = owners.get(name.split(".")[0], {room(path)})
                assert room(path) in owning, f"{path} imports {name}"
        assert room(path) == "cli" or not any(word in text for word in ("environ", "getenv")), path
