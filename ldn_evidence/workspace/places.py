"""Where things are on disk, and which protocol and day a workspace is opened for. Opens nothing but its marker."""

from __future__ import annotations

import datetime
import shlex
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from ldn_evidence import (
    history,
)
from ldn_evidence.archive import Archive
from ldn_evidence.errors import InputError
from ldn_evidence.store import Store
from ldn_evidence.textfiles import read_toml
from ldn_evidence.workspace import then
from ldn_evidence.workspace.folders import MARKER, bundled, checked, find

if TYPE_CHECKING:
    pass


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    protocol: str = "ldn"
    encoder: bool = False


class Places:
    """The folder of a workspace and the files in it."""

    def __init__(
        self,
        root: Path | str | None = None,
        protocol: str | None = None,
        as_of: datetime.date | None = None,
        machine_read: bool = False,
    ) -> None:
        """Open `root`, or find one from the current folder. Nothing is written before `refresh`, and with `as_of` or `machine_read` never.

        `machine_read`: grade with what a machine read where nobody has judged a study; every such claim is provisional.
        """
        try:
            self.root = Path(root).expanduser().absolute() if root is not None else find(Path.cwd())
        except RuntimeError as error:  # ~nobody
            raise InputError(f"{root}: there is no such home folder. Write the folder in full.") from error
        if self.root.exists() and not self.root.is_dir():
            raise InputError(f"{self.root}: is a file, not a folder. Choose another with --workspace DIR.")
        marker = self.root / MARKER
        settings = read_toml(marker, _Settings) if marker.exists() else _Settings()
        self.name = checked(settings.protocol if protocol is None else protocol)
        # Said by the workspace, never guessed from what is installed: it has to read the same on every machine.
        self.encoder = settings.encoder
        where = f" --workspace {shlex.quote(str(self.root))}" if root is not None else ""
        which = f" --protocol {self.name}" if self.name != settings.protocol else ""
        self._options = f"{where}{which}"
        self.as_of = then.checked(as_of, now().date()) if as_of is not None else None
        self._aside = TemporaryDirectory(prefix="ldn-evidence-") if self.as_of else None
        self.machine_read = machine_read
        # What the last build, import or correction of this object changed, claim by claim.
        self.changes: tuple[history.Move, ...] = ()

    # ----------------------------------------------------------------- names

    def command(self, words: str) -> str:
        """What to type to run a command on this workspace and protocol."""
        return f"ldn-evidence{self._options} {words}"

    def _now_only(self, what: str) -> None:
        """Refuse to write where an earlier day is looked at, or a machine's rows are."""
        if self.machine_read:
            raise InputError(f"--include-machine-read: only reads, and {what} writes. Leave it out.")
        if self.as_of is not None:
            raise InputError(
                f"--as-of {self.as_of}: only looks at what was held then, and {what} writes. Leave --as-of out."
            )

    def protocol_names(self) -> list[str]:
        """Every protocol that can be named, bundled or own."""
        return sorted({path.stem for folder in self._layers("protocols") for path in folder.glob("*.toml")})

    def _layers(self, *parts: str) -> tuple[Path, Path]:
        return bundled().joinpath(*parts), self.root.joinpath(*parts)

    # ----------------------------------------------------------------- files

    @property
    def database(self) -> Path:
        """The database of the protocol; of an earlier day one that is built aside and goes with this object."""
        if self._aside is not None:
            return Path(self._aside.name) / f"{self.name}.db"
        return self.root / f"{self.name}.db"

    def store(self) -> Store:
        """The database, closed; use it in a `with`."""
        return Store(self.database, self.command("rebuild"))

    @cached_property
    def archive(self) -> Archive:
        """What came from outside, raw, and the manifest of every run."""
        return Archive(self.root / "archive" / self.name, then.end(self.as_of) if self.as_of else None)

    @property
    def exports(self) -> Path:
        """Where exports go by default."""
        return self.root / "exports"

    @property
    def appraisals_file(self) -> Path:
        """Where the workspace's own rows stand."""
        return self._layers("appraisals", f"{self.name}.csv")[1]

    @property
    def corrections_file(self) -> Path:
        """Where reviewers' corrections stand, those of every protocol."""
        return self.root / "corrections.csv"

    @property
    def judgements_file(self) -> Path:
        """Where reviewers' judgements on GRADE domains stand, those of every protocol."""
        return self.root / "judgements.csv"

    @property
    def history_file(self) -> Path:
        """Where every build notes what it concluded and from what, those of every protocol; only ever added to."""
        return self.root / "history.jsonl"


def now() -> datetime.datetime:
    """The moment, in UTC."""
    return datetime.datetime.now(datetime.UTC)
