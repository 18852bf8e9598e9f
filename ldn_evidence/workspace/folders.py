"""Where a workspace lies on disk, and how anything is written there: whole or not at all, by one process at a time."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ldn_evidence.errors import InputError, WorkspaceError
from ldn_evidence.model import SLUG
from ldn_evidence.refresh import Progress

MARKER = "ldn-evidence.toml"
MARKER_TEXT = """\
# This file marks a workspace of ldn-evidence: everything you own lies beside it.
#
#   ldn.db              the database; a product, `ldn-evidence refresh` rebuilds it
#   archive/            what came from PubMed and other searches, raw, by digest, with every run's manifest
#   history.jsonl       what every build concluded and from what; only added to
#   corpus/ldn.csv      studies of your own, over the bundled ones (the same study_key supersedes)
#   corrections.csv     your word over what the machine read
#   judgements.csv      your rating of a GRADE domain, over the rule's
#   appraisals/ldn.csv  readings of your own (a person's row stands over a bundled one)
#   protocols/          protocols of your own
#   exports/            what `ldn-evidence export` writes

# The protocol that commands use when --protocol is not given.
protocol = "ldn"

# true: study types are read by a small encoder too, more often rightly and a hundred times more slowly. Everyone who opens this
# workspace then needs it: pip install "ldn-evidence[encoder]"
# encoder = true
"""
_PACKAGE = Path(__file__).parent.parent
# Seconds to wait for another refresh of the same workspace.
LOCK_PATIENCE = 600


def bundled() -> Path:
    """The folder of what ships: inside the package in a wheel, at the top of a checkout otherwise."""
    inside = _PACKAGE / "data"
    return inside if inside.exists() else _PACKAGE.parent / "data"


def find(start: Path) -> Path:
    """The nearest folder from `start` upwards that holds the marker, else the user's data folder."""
    import platformdirs

    for folder in (start, *start.parents):
        if (folder / MARKER).is_file():
            return folder
    return Path(platformdirs.user_data_dir("ldn-evidence", appauthor=False))


def init(folder: Path) -> Path:
    """Make a workspace: the folder and its commented marker. An existing marker is left as it is."""
    marker = folder / MARKER
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file, not a folder. Choose another name.")
    if marker.exists():
        raise InputError(f"{marker}: already exists; the folder is a workspace. Nothing was changed.")
    write(marker, MARKER_TEXT)
    return marker


@contextmanager
def alone(root: Path, name: str, progress: Progress) -> Iterator[None]:
    """Writers of one workspace come one after another. The lock goes with its process, however that ends."""
    from filelock import FileLock, Timeout

    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / f".{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress.say("another refresh of this workspace is running; waiting for it")
            lock.acquire(timeout=LOCK_PATIENCE)
    except Timeout as error:
        raise WorkspaceError(
            f"{root}: another refresh has been running for {LOCK_PATIENCE // 60} minutes. Wait until it has ended, "
            "and try again."
        ) from error
    except OSError as error:
        raise unwritable(root, error) from error
    try:
        yield
    except OSError as error:
        raise unwritable(Path(error.filename) if error.filename else root, error) from error
    finally:
        lock.release()


def checked(name: str) -> str:
    """A protocol's name is also a file name: nothing in it may lead out of the folder."""
    if not re.fullmatch(SLUG, name):
        raise InputError(
            f'protocol name "{name}": use lower-case letters, digits and single hyphens, such as my-drug.'
        )
    return name


def write(path: Path, text: str, option: str = "--workspace DIR") -> None:
    """The whole file or none of it."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder. Name a file.")
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", newline="")
        os.replace(part, path)
    except OSError as error:
        raise unwritable(path, error, option) from error


def unwritable(path: Path, error: OSError, option: str = "--workspace DIR") -> WorkspaceError:
    """The error for a place where nothing can be written, with the mend that fits its cause."""
    mend = "make room on the disk" if error.errno == errno.ENOSPC else "mend its permissions"
    return WorkspaceError(
        f"{path}: can't be written ({error.strerror or error}). Choose another place with {option}, or {mend}."
    )
