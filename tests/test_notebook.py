"""The notebook runs top to bottom on the bundled corpus, and what is committed is what it prints."""

from __future__ import annotations

import re

import nbformat
import pytest
from conftest import REPO
from nbclient import NotebookClient

NOTEBOOKS = sorted((REPO / "notebooks").glob("*.ipynb"))


def word(text: str) -> str:
    """A word as it stands, a number however many digits pandas shows of it."""
    try:
        return str(float(text))
    except ValueError:
        return text


def printed(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """The words of every output, cell by cell; how wide pandas sets its columns is not ours to say."""
    return [
        sorted(map(word, re.findall(r"[\w.-]+", str(output.get("text") or output["data"]["text/plain"]))))
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.get("name") != "stderr"  # other versions of pandas warn of other things
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_and_prints_what_is_committed(path, tmp_path):
    committed = nbformat.read(path, as_version=4)
    run = nbformat.read(path, as_version=4)
    NotebookClient(run, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert printed(run) == printed(committed)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_imports_only_the_front_door(path):
    source = "\n".join(
        cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"
    )
    inner = [line for line in source.splitlines() if "ldn_evidence" in line and "import" in line]
    assert inner == ["from ldn_evidence import Workspace"]
