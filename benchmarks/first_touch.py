"""How long the first touch takes: `--help`, a first `refresh` in an empty folder, `claims`. Prints medians.

python benchmarks/first_touch.py [ROUNDS]
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def seconds(*arguments: str) -> float:
    """Wall time of one command as a process of its own."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "ldn_evidence", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main(rounds: int) -> None:
    """Interleaved rounds, one unmeasured first."""
    taken: dict[str, list[float]] = {"--help": [], "first refresh --offline": [], "claims": []}
    for number in range(rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            work = str(Path(folder) / "work")
            round_of = {
                "--help": seconds("--help"),
                "first refresh --offline": seconds("-w", work, "refresh", "--offline"),
                "claims": seconds("-w", work, "claims"),
            }
        if number:
            for name, value in round_of.items():
                taken[name].append(value)
    print(f"Python {platform.python_version()}, {platform.machine()}, {rounds} rounds; seconds")
    for name, values in taken.items():
        print(f"{name:26} median {statistics.median(values):.2f}  ({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
