"""Is everything as it should be: network, key, disk, database, archive, queries, versions. Looks only, mends nothing."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ldn_evidence.entrez import Entrez
from ldn_evidence.errors import EvidenceError
from ldn_evidence.store import SCHEMA_VERSION
from ldn_evidence.workspace import Workspace
from ldn_evidence.workspace.writing import LATER_PATIENCE

if TYPE_CHECKING:
    import pandas as pd

# A refresh of some thousand records needs far less; below this the disk is nearly full anyway.
ENOUGH_BYTES = 100 * 1024 * 1024

Finding = tuple[str, str, str]  # what was looked at; good, note or bad; in words


def examine(workspace: Workspace, service: Entrez | None) -> pd.DataFrame:
    """One row a check: `check`, `state` (good, note, bad), `words`. `service` None: the network is not asked."""
    import pandas as pd

    looks: dict[str, Callable[[], Iterator[Finding]]] = {
        "versions": _versions,
        "disk": lambda: _disk(workspace),
        "protocol": lambda: _protocol(workspace),
        "database": lambda: _database(workspace),
        "archive": lambda: _archive(workspace),
        "history": lambda: _history(workspace),
        "network": lambda: _network(service),
    }
    rows: list[dict[str, Any]] = []
    for name, look in looks.items():
        try:
            rows += [{"check": what, "state": state, "words": words} for what, state, words in look()]
        except (EvidenceError, OSError) as error:
            rows.append({"check": name, "state": "bad", "words": str(error)})
    return pd.DataFrame(rows, columns=["check", "state", "words"])


def _versions() -> Iterator[Finding]:
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("biopython", "lxml", "pandas", "requests", "sqlmodel")
    )
    yield (
        "versions",
        "good",
        f"ldn-evidence {version('ldn-evidence')}, Python {platform.python_version()}, {libraries}",
    )


def _disk(workspace: Workspace) -> Iterator[Finding]:
    place = next(one for one in (workspace.root, *workspace.root.parents) if one.exists())
    free = shutil.disk_usage(place).free
    words = f"{workspace.root}: {free / 1024**3:.1f} GiB free"
    yield (
        "disk",
        "good" if free > ENOUGH_BYTES else "bad",
        words if free > ENOUGH_BYTES else f"{words}. Make room.",
    )


def _protocol(workspace: Workspace) -> Iterator[Finding]:
    from ldn_evidence.query import lint
    from ldn_evidence.refresh import collecting

    queries = collecting.check_queries(workspace.protocol)
    yield (
        "protocol",
        "good",
        f'"{workspace.name}": {len(queries)} queries, none that PubMed would refuse or quietly read otherwise',
    )
    for slug, text in queries.items():
        for remark in lint(text):
            yield "protocol", "note", f'query of "{slug}": {remark.message}'
    known = set(workspace.protocol_names())
    for folder, ending in (("protocols", ".toml"), ("corpus", ".csv"), ("appraisals", ".csv")):
        for path in sorted((workspace.root / folder).glob(f"*{ending}")):
            if path.stem not in known:
                yield (
                    "layers",
                    "note",
                    f"{path}: belongs to no protocol, so nobody reads it. Name it {workspace.name}{ending}.",
                )


def _database(workspace: Workspace) -> Iterator[Finding]:
    if not workspace.database.exists():
        yield (
            "database",
            "note",
            f"{workspace.database}: does not exist yet. Run: {workspace.command('refresh')}",
        )
        return
    with workspace.store() as store:
        wrong = store.wrong()
        built = store.built
    if wrong:
        yield "database", "bad", f"{workspace.database}: {wrong}. Run: {workspace.command('rebuild')}"
    elif not built:
        yield (
            "database",
            "note",
            f"{workspace.database}: of an older version. Run: {workspace.command('refresh')}",
        )
    else:
        yield (
            "database",
            "good",
            f"{workspace.database}: sound, schema {SCHEMA_VERSION}, {len(workspace.studies())} studies",
        )
        for warning in workspace.warnings():
            yield "corpus", "note", warning


def _archive(workspace: Workspace) -> Iterator[Finding]:
    archive = workspace.archive
    damaged = archive.damaged()
    for batch in damaged:
        mend = "refresh" if batch.form.from_pubmed else "import FILE"
        yield (
            "archive",
            "bad",
            f"{batch.digest[:12]} ({batch.source}): missing or damaged. Run: {workspace.command(mend)}",
        )
    runs = archive.runs()
    if not damaged:
        yield (
            "archive",
            "good",
            f"raw answers and files, all as their digests say: {len(archive.batches())}; runs: {len(runs)}",
        )
    archive.settled()  # raises where a run relies on an answer that the list does not know
    if runs and not runs[-1].complete:
        yield "archive", "note", f"the last run was not complete: {runs[-1].why}"


def _history(workspace: Workspace) -> Iterator[Finding]:
    held = workspace.entries()  # raises where a line is damaged
    yield "history", "good", f"{workspace.history_file}: {len(held)} entries, every line whole"


def _network(service: Entrez | None) -> Iterator[Finding]:
    if service is None:
        yield "PubMed", "note", "not asked (--offline)"
        return
    if not service.email:
        yield "e-mail", "note", "NCBI asks for an address with every request. Set NCBI_EMAIL to yours."
    pace = f"{service.pace_per_second} requests a second"
    yield (
        "key",
        "good" if service.key else "note",
        f"NCBI_API_KEY is {'set' if service.key else 'not set'}: {pace}",
    )
    try:
        build = service.greet(LATER_PATIENCE)
    except EvidenceError as error:
        mend = "" if service.is_ncbi else " LDN_EVIDENCE_EUTILS_URL names it: unset that to ask NCBI."
        yield "PubMed", "bad", f"{service.url}: {error}.{mend}"
    else:
        yield "PubMed", "good", f"{service.url} answers ({build or 'without naming its build'})"
