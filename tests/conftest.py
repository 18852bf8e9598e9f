"""A built workspace for the tests that need one, and the rule that no test is skipped where it could run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from ldn_evidence import Workspace

TESTS = Path(__file__).parent
RECORDS = TESTS / "records"
REPO = TESTS.parent

# The first example of a process may wait seconds for a library to be imported; a slow machine is no defect.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "workspace"
    Workspace(root).build()
    return root


@pytest.fixture
def root(_built: Path, tmp_path: Path) -> Path:
    """A workspace folder of one's own, built from the bundle."""
    return Path(shutil.copytree(_built, tmp_path / "workspace"))


@pytest.fixture
def workspace(root: Path) -> Workspace:
    """That folder, opened on the LDN protocol."""
    return Workspace(root)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With LDN_EVIDENCE_NO_SKIPS set, as in CI, a skip is a failure."""
    report = yield
    if report.skipped and os.environ.get("LDN_EVIDENCE_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped where it has to run: {report.longrepr}"
    return report
