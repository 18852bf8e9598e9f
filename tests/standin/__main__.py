"""The stand-in by hand: `python -m tests.standin tests/records --port 8765`. Prints what to type, then every request."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

from ldn_evidence import protocol
from ldn_evidence.workspace import bundled

from . import Fault, Request, StandIn


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description="A stand-in for PubMed, on this machine.")  # fmt: skip
    parser.add_argument("places", nargs="+", type=Path, help="folders or files of PubMed XML (.xml, .xml.gz)")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--fault", type=Fault, choices=list(Fault), help="misbehave in this way")
    parser.add_argument(
        "--every", type=int, default=2, metavar="N", help="show the fault at every Nth request"
    )
    parser.add_argument(
        "--latency", type=int, default=0, metavar="MS", help="wait so long before each answer"
    )
    parser.add_argument("--no-limits", action="store_true", help="answer more than 3 requests a second")
    given = parser.parse_args()
    missing = [str(one) for one in given.places if not one.exists()]
    if missing or given.every < 1:
        parser.error(f"there is no {missing[0]}. Name a folder or file that exists" if missing else "--every needs 1 or more")  # fmt: skip
    numbers = itertools.count(1)

    def fault(request: Request) -> Fault | None:
        number = next(numbers)
        shown = given.fault if given.fault and number % given.every == 0 else None
        asked = {
            name: value if len(value) < 80 else f"{value[:77]}..." for name, value in request.params.items()
        }
        print(number, request.method, request.endpoint, asked, f"-> {shown}" if shown else "", flush=True)
        return shown

    beneath: dict[str, tuple[str, ...]] = {}
    for path in (bundled() / "protocols").glob("*.toml"):
        beneath |= protocol.load(path).descendants()
    with StandIn.of(
        given.places,
        port=given.port,
        enforce=not given.no_limits,
        latency=given.latency / 1000,
        descendants=beneath,
    ) as standin:
        standin.faults = fault
        print(
            f"{len(standin.library)} records at {standin.url} (Ctrl-C to stop). In another window:",
            flush=True,
        )
        print(f"LDN_EVIDENCE_EUTILS_URL={standin.url} ldn-evidence --workspace trial refresh", flush=True)
        try:
            standin.closing.wait()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
