"""How long a database takes 2,000 PubMed records: our batched upsert beside SQLModel's own ways, in alternating rounds.

Records are those of tests/records, repeated under new PMIDs. Prints medians and ratios: `python benchmarks/upsert.py`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlmodel import Session, SQLModel, create_engine

from ldn_evidence import parse, protocol
from ldn_evidence.model import Record
from ldn_evidence.refresh.describing import Describer
from ldn_evidence.store import RecordRow, Store, Taken, _record_row

REPO = Path(__file__).parent.parent
RECORDS = REPO / "tests" / "records"


def batch(count: int) -> Taken:
    """So many records with what a machine made of them."""
    found = [one for path in sorted(RECORDS.glob("*.xml")) for one in parse.records(path.read_bytes())]
    read = [one for one in found if isinstance(one, Record)]
    readings = Describer(protocol.load(REPO / "data" / "protocols" / "ldn.toml")).records(read)
    records = [
        (replace(read[n % len(read)], pmid=1_000_000 + n), readings[n % len(read)]) for n in range(count)
    ]
    return Taken(key="efetch:" + "0" * 64, source="benchmark", added="2026-01-01", records=records)


def ours(path: Path, taken: Taken) -> None:
    """Batched upserts, with the index of words."""
    with Store(path) as store, store.writing(afresh=True) as draft:
        draft.take(taken)


def _rows(taken: Taken) -> list[RecordRow]:
    return [RecordRow(**_record_row(taken, record, reading)) for record, reading in taken.records]


def add_all(path: Path, taken: Taken) -> None:
    """SQLModel's session.add_all, one commit; no index of words."""
    engine = create_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(_rows(taken))
        session.commit()


def row_by_row(path: Path, taken: Taken) -> None:
    """SQLModel's session.merge and a commit for each record; no index of words."""
    engine = create_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        for row in _rows(taken):
            session.merge(row)
            session.commit()


def main() -> None:
    """Time each way in turn, round after round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    taken = batch(given.records)
    ways: tuple[Callable[[Path, Taken], None], ...] = (ours, add_all, row_by_row)
    times: dict[str, list[float]] = {way.__name__: [] for way in ways}
    for _ in range(given.rounds):
        for way in ways:
            with tempfile.TemporaryDirectory() as folder:
                began = time.perf_counter()
                way(Path(folder) / "one.db", taken)
                times[way.__name__].append(time.perf_counter() - began)
    base = statistics.median(times["ours"])
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:10}  {median:7.2f} s  {median / base:6.1f} x")


if __name__ == "__main__":
    main()
