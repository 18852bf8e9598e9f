"""The command line as a user meets it: a process of its own, its words and its exit codes.

The process is forked from this one, which has imported pandas and the statistics once, instead of started: that saves seconds a command, of
which there are hundreds. That a started one does the same is shown where it matters (closed output, pipes, kills, the installed wheel).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import pandas  # noqa: F401
import pymare  # noqa: F401
import statsmodels.stats.meta_analysis  # noqa: F401

from ldn_evidence.cli import main

# Seconds after which a command hangs; a loaded machine takes its time.
PATIENCE = 120


def run(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command, in a folder, with an environment of its own."""
    env = _environment(cwd, environment)
    command = ["ldn-evidence", *map(str, arguments)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _be(command, cwd, env, out.fileno(), err.fileno())
        code = _waited_for(child, command)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8"))
    return subprocess.CompletedProcess(command, code, *texts)


def start(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same, started afresh: for a command that draws or runs the encoder, whose engines do not outlive a fork."""
    command = [sys.executable, "-m", "ldn_evidence", *map(str, arguments)]
    env = _environment(cwd, environment)
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE
    )


def _environment(cwd: Path, more: dict[str, str]) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("LDN_EVIDENCE")}
    return env | {"HOME": str(cwd), "XDG_DATA_HOME": str(cwd / "data-home"), "COLUMNS": "120", **more}


def refused(*arguments: object, cwd: Path, code: int = 2) -> str:
    """The one line in which a command refuses; never a traceback."""
    done = run(*arguments, cwd=cwd)
    assert (done.returncode, done.stdout) == (code, ""), done
    assert "Traceback" not in done.stderr
    return done.stderr


def _be(command: list[str], cwd: Path, env: dict[str, str], out: int, err: int) -> None:
    """Become the command: never comes back."""
    code = 1
    try:
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(env)
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        coding = env.get("PYTHONIOENCODING", "utf-8")
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding=coding, closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding=coding, errors="backslashreplace", closefd=False)  # noqa: SIM115
        sys.argv = command
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _waited_for(child: int, command: list[str]) -> int:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError(f"{' '.join(command)} did not end in {PATIENCE} seconds")
