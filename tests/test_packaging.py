"""The data lies at the top of the checkout and yet travels: wheel, sdist, and an install in an empty folder."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import REPO

DATA = sorted(
    str(path.relative_to(REPO / "data"))
    for folder in ("protocols", "corpus", "appraisals")
    for path in (REPO / "data" / folder).iterdir()
)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "uv", "build", "--quiet", "--out-dir", str(out), str(REPO)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    return out


def test_the_wheel_carries_the_data(dist):
    (wheel,) = dist.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"ldn_evidence/data/{name}" for name in DATA} <= names
    assert {
        "ldn_evidence/rules/grade.toml",
        "ldn_evidence/rules/study_design.toml",
        "ldn_evidence/py.typed",
        "ldn_evidence/tagging/encoder/model.onnx",
        "ldn_evidence/tagging/encoder/outputs.toml",
        "ldn_evidence/tagging/encoder/tokenizer.json",
    } <= names
    assert any(name.endswith("/licenses/NOTICE") for name in names)
    assert not any(name.startswith(("tests", "data/")) or name.endswith(".db") for name in names)


def test_the_source_archive_can_be_built_from(dist):
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"data/{name}" for name in DATA} | {
        "README.md",
        "LICENSE",
        "NOTICE",
        "pyproject.toml",
        "requirements.lock",
    } <= names


def test_the_wheel_alone_refreshes_in_an_empty_folder(dist, tmp_path):
    """Installed beside the libraries of this environment, with the checkout out of sight."""
    (wheel,) = dist.glob("*.whl")
    site = tmp_path / "site"
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, *install], check=True, capture_output=True, timeout=120)
    probe = (
        f"import sys; sys.path.insert(0, {str(site)!r}); import ldn_evidence; from ldn_evidence import Workspace;"
        "w = Workspace('work'); w.build(); print(ldn_evidence.__file__); print(len(w.claims()))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", probe],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    where, count = done.stdout.split()
    assert Path(where).is_relative_to(site)
    assert count == "27"
