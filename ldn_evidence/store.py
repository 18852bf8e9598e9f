"""The database, and only here SQL. A product: archive and layers rebuild it, so a damaged one is no loss.

Takes Reports, Records and Citations with what a machine made of them; gives them back as they were, and finds words in them. Never
decides what they mean.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError
from sqlmodel import Field, Session, SQLModel, create_engine, select

from ldn_evidence.errors import DamagedStore, StoreError
from ldn_evidence.model import Citation, MachineReading, Record, Report, StudyDesign

# Raised with every change of the tables or of what a Record holds; an older database is rebuilt, a newer one refused.
SCHEMA_VERSION = 3
# Rows to one statement: row by row costs many times more.
ROWS = 500

_records: TypeAdapter[Record] = TypeAdapter(Record)
_citations: TypeAdapter[Citation] = TypeAdapter(Citation)
_readings: TypeAdapter[MachineReading] = TypeAdapter(MachineReading)


def _word(vocabulary: type[StudyDesign]) -> sa.Enum:
    # SQLModel alone would store a member's NAME and check nothing.
    return sa.Enum(
        vocabulary,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=True,
    )


class ReportRow(SQLModel, table=True):
    """A report as a reader noted it, with what a machine made of it; some facts stand apart for readers of the file."""

    __tablename__ = "report"
    study_key: str = Field(primary_key=True)
    report_of: str | None = None
    pmid: int | None = None
    condition: str
    year: int | None = None
    design: StudyDesign = Field(sa_type=_word(StudyDesign))
    report: str
    reading: str


class BatchRow(SQLModel, table=True):
    """An archived batch that the database has taken in, and the moment for which it speaks."""

    __tablename__ = "batch"
    key: str = Field(primary_key=True)
    source: str
    added: str


class RecordRow(SQLModel, table=True):
    """A PubMed record, with what a machine made of it and the batch it came in."""

    __tablename__ = "record"
    pmid: int = Field(primary_key=True)
    version: int
    age: str
    retracted: bool
    year: int | None = None
    title: str | None = None
    design: StudyDesign = Field(sa_type=_word(StudyDesign))
    batch: str = Field(foreign_key="batch.key")
    record: str
    reading: str


class HitRow(SQLModel, table=True):
    """How a record came to belong to a condition or claim: the last complete search for it found the record."""

    __tablename__ = "hit"
    pmid: int = Field(primary_key=True, foreign_key="record.pmid")
    slug: str = Field(primary_key=True)
    place: int


class CitationRow(SQLModel, table=True):
    """A reference from another search."""

    __tablename__ = "citation"
    key: str = Field(primary_key=True)
    pmid: int | None = None
    doi: str | None = None
    batch: str = Field(foreign_key="batch.key")
    citation: str
    reading: str


class DocumentRow(SQLModel, table=True):
    """What `find` looks through: title and abstract of every report, record and reference."""

    __tablename__ = "document"
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    title: str
    abstract: str


class ProblemRow(SQLModel, table=True):
    """A citation in a batch that could not be read."""

    __tablename__ = "problem"
    id: int | None = Field(default=None, primary_key=True)
    batch: str = Field(foreign_key="batch.key")
    pmid: str | None = None
    reason: str


class MetaRow(SQLModel, table=True):
    """What the build notes of itself."""

    __tablename__ = "meta"
    key: str = Field(primary_key=True)
    value: str


_TABLES: tuple[type[SQLModel], ...] = (
    MetaRow,
    DocumentRow,
    ProblemRow,
    HitRow,
    CitationRow,
    RecordRow,
    ReportRow,
    BatchRow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one batch brings: records and citations with their readings, and what in it could not be read.

    `added` orders batches: when a file was brought, or the name of the run that last relied on an answer. `from_pubmed`:
    PubMed's own answer outranks a person's file.
    """

    key: str
    source: str
    added: str
    from_pubmed: bool = False
    records: Sequence[tuple[Record, MachineReading]] = ()
    citations: Sequence[tuple[Citation, MachineReading]] = ()
    problems: Sequence[tuple[str | None, str]] = ()


class Store:
    """One protocol's database. Use it as a context manager; it closes its connections at the end."""

    def __init__(self, path: Path, rebuild: str = "ldn-evidence rebuild") -> None:
        """`rebuild`: what to type to have it built anew, for messages."""
        self.path = path
        self._rebuild = rebuild
        # From parts: pasted into an address, a "?" or "%" in a folder's name would lead somewhere else.
        if path.exists() and not os.access(path.parent, os.W_OK):
            # Beside a WAL database SQLite wants to write even to read; here nobody can, so nobody does.
            address = sa.URL.create(
                "sqlite",
                database=path.absolute().as_uri(),
                query={"mode": "ro", "immutable": "1", "uri": "true"},
            )
        else:
            address = sa.URL.create("sqlite", database=str(path))
        self.engine = create_engine(address, connect_args={"timeout": 10})
        sa.event.listen(self.engine, "connect", _enforce)

    def __enter__(self) -> Store:
        self._check()
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()

    def _check(self) -> None:
        if not self.path.exists():
            return
        if self._foreign():
            raise StoreError(
                f"{self.path}: is a database of another program. Move it away, or choose another workspace."
            )
        found = self.meta().get("schema", "") if self._has_tables() else ""
        if found.isdigit() and int(found) > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path}: was written by a newer version of ldn_evidence (schema {found}, this one reads "
                f"{SCHEMA_VERSION}). Install that version, or choose another workspace."
            )

    def _has_tables(self) -> bool:
        try:
            return sa.inspect(self.engine).has_table("meta")
        except DatabaseError as error:
            raise self._broken(error) from error

    def _foreign(self) -> bool:
        return not self._has_tables() and bool(sa.inspect(self.engine).get_table_names())

    def _broken(self, error: DatabaseError) -> StoreError:
        said = str(error.orig)
        if "locked" in said:
            return StoreError(
                f"{self.path}: another process is writing it. Wait until that has ended, and try again."
            )
        if "full" in said:
            return StoreError(
                f"{self.path}: the disk is full. Nothing was changed. Make room, and try again."
            )
        return DamagedStore(
            f"{self.path}: {said.rstrip('.')}. Nothing is lost with it. Run: {self._rebuild} (if that does not help, move the "
            "file away first, and see that the folder can be written)"
        )

    @property
    def built(self) -> bool:
        """Whether a refresh has filled it with tables of this version."""
        return self.path.exists() and self._has_tables() and self.meta().get("schema") == str(SCHEMA_VERSION)

    def wrong(self) -> str | None:
        """What SQLite's own check finds wrong with the file, in a few words; None if nothing."""
        with self._reading() as connection:
            said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            words = connection.exec_driver_sql("SELECT count(*) FROM document_words").scalar()
            documents = connection.exec_driver_sql("SELECT count(*) FROM document").scalar()
        if said != "ok":
            return str(said)
        if words != documents:
            return "the index of words is not in step with the documents"
        return f"a row of {lost[0]} points to nothing" if lost else None

    # ----------------------------------------------------------------- in

    @contextmanager
    def writing(self, afresh: bool) -> Iterator[Draft]:
        """Everything that is written inside, in one transaction; `afresh`: in the place of what was there."""
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
                # sqlite3 would begin only at the first INSERT, and leave the tables to whoever comes between.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                if afresh or not self.built:
                    _create(connection)
                draft = Draft(connection)
                yield draft
                draft.note({"schema": str(SCHEMA_VERSION)})
                connection.commit()
        except DatabaseError as error:
            raise self._broken(error) from error

    # ----------------------------------------------------------------- out

    def reports(self) -> list[tuple[Report, MachineReading]]:
        """Every report with its reading, by key."""
        with self._reading() as connection:
            return _reports(connection)

    def records(self) -> list[tuple[Record, MachineReading]]:
        """Every PubMed record with its reading, by PMID."""
        with self._reading() as connection:
            return _all_records(connection)

    def contents(self) -> _Contents:
        """Reports, records, references and hits, all as they were at one moment, whoever writes meanwhile."""
        with self._reading() as connection:
            connection.exec_driver_sql("BEGIN")
            return _contents(connection)

    def problems(self) -> list[tuple[str | None, str]]:
        """PMID, where it could be read, and reason: citations of the archive that could not be read, and are held from nowhere else."""
        with self._reading() as connection:
            rows = Session(connection).exec(select(ProblemRow).order_by(sa.column("id"))).all()
            held = {str(pmid) for pmid in connection.execute(sa.select(_t(RecordRow).c.pmid)).scalars()}
            return [(row.pmid, row.reason) for row in rows if row.pmid not in held]

    def meta(self) -> dict[str, str]:
        """What the last build noted of itself."""
        with self._reading() as connection:
            return {row.key: row.value for row in Session(connection).exec(select(MetaRow)).all()}

    def find(self, words: str) -> list[str]:
        """The documents whose title or abstract holds every word, best first: study keys, `pmid:N`, citation keys.

        "Quoted words" stand together, and a word may end in *.
        """
        with self._reading() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT document.key FROM document_words JOIN document ON document.id = document_words.rowid "
                    "WHERE document_words MATCH :words ORDER BY bm25(document_words, 4, 1), document.key"
                ),
                {"words": _match(words)},
            )
            return [str(key) for (key,) in rows]

    def described(self) -> tuple[int, int]:
        """How many documents `find` looks through, and how many of them have an abstract."""
        table = _t(DocumentRow)
        with self._reading() as connection:
            whole = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            abstracts = sa.select(sa.func.count()).select_from(table).where(table.c.abstract != "")
            return whole, connection.execute(abstracts).scalar_one()

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        try:
            with self.engine.connect() as connection:
                yield connection
        except DatabaseError as error:
            raise self._broken(error) from error
        except (ValidationError, LookupError) as error:
            raise DamagedStore(
                f"{self.path}: holds a damaged row. Move the file away and run: {self._rebuild}"
            ) from error


class Draft:
    """An open transaction: what is written, and what is there so far."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def taken(self) -> dict[str, str]:
        """The keys of the batches that have been taken in, each with the moment for which it spoke."""
        table = _t(BatchRow)
        return {row.key: row.added for row in self._connection.execute(sa.select(table))}

    def clear(self) -> None:
        """Begin anew, with empty tables."""
        _create(self._connection)

    def take(self, batch: Taken) -> None:
        """Take a batch in. Of two copies of one record stays what PubMed gave last, else the later revision."""
        self._upsert(BatchRow, [{"key": batch.key, "source": batch.source, "added": batch.added}])
        self._connection.execute(sa.delete(_t(ProblemRow)).where(_t(ProblemRow).c.batch == batch.key))
        newest: dict[int, tuple[Record, dict[str, Any]]] = {}
        for record, reading in batch.records:
            row = _record_row(batch, record, reading)
            # Twice in one batch: the later one, if it is not older.
            if record.pmid not in newest or row["age"] >= newest[record.pmid][1]["age"]:
                newest[record.pmid] = record, row
        held = self._ages(newest)
        newer = [one for pmid, one in newest.items() if pmid not in held or one[1]["age"] >= held[pmid]]
        self._upsert(RecordRow, [row for _, row in newer])
        self._describe([(f"pmid:{record.pmid}", record.title, record.abstract_text) for record, _ in newer])
        cited = [_citation_row(batch, citation, reading) for citation, reading in batch.citations]
        self._upsert(CitationRow, cited)
        self._describe([(one.key, one.title, one.abstract) for one, _ in batch.citations])
        if batch.problems:
            self._connection.execute(
                sa.insert(_t(ProblemRow)),
                [{"batch": batch.key, "pmid": pmid, "reason": why} for pmid, why in batch.problems],
            )

    def lay(
        self, reports: Sequence[tuple[Report, MachineReading]], found_by: Mapping[int, Sequence[str]]
    ) -> None:
        """Put the reports and the hits in the place of what was there. A hit without its record is left out."""
        old = sa.select(_t(ReportRow).c.study_key)
        self._connection.execute(sa.delete(_t(DocumentRow)).where(_t(DocumentRow).c.key.in_(old)))
        self._connection.execute(sa.delete(_t(ReportRow)))
        self._upsert(ReportRow, [_report_row(report, reading) for report, reading in reports])
        self._describe([(report.study_key, report.title, None) for report, _ in reports])
        held = set(self._connection.execute(sa.select(_t(RecordRow).c.pmid)).scalars())
        self._connection.execute(sa.delete(_t(HitRow)))
        self._upsert(
            HitRow,
            [
                {"pmid": pmid, "slug": slug, "place": place}
                for pmid, slugs in sorted(found_by.items())
                if pmid in held
                for place, slug in enumerate(slugs)
            ],
        )

    def note(self, meta: Mapping[str, str]) -> None:
        """Note something of the build itself."""
        self._upsert(MetaRow, [{"key": key, "value": value} for key, value in meta.items()])

    def contents(self) -> _Contents:
        """Everything that the database holds now, for joining it to studies."""
        return _contents(self._connection)

    def digest(self) -> str:
        """SHA-256 over every report, record, reference and hit, whatever machine or order they came from."""
        hasher = hashlib.sha256()
        for table, columns, order in (
            (ReportRow, ("report",), ("study_key",)),
            (RecordRow, ("record",), ("pmid",)),
            (CitationRow, ("citation",), ("key",)),
            (HitRow, ("pmid", "slug"), ("pmid", "slug")),
        ):
            rows = sa.select(*(_t(table).c[name] for name in columns)).order_by(
                *(_t(table).c[name] for name in order)
            )
            for row in self._connection.execute(rows):
                hasher.update("\t".join(map(str, row)).encode() + b"\n")
        return f"sha256:{hasher.hexdigest()}"

    def _ages(self, pmids: Iterable[int]) -> dict[int, str]:
        table = _t(RecordRow)
        found: dict[int, str] = {}
        for some in _slices(sorted(pmids)):
            rows = self._connection.execute(
                sa.select(table.c.pmid, table.c.age).where(table.c.pmid.in_(some))
            )
            found |= {row.pmid: row.age for row in rows}
        return found

    def _upsert(
        self, model: type[SQLModel], rows: Sequence[dict[str, Any]], keys: Sequence[str] | None = None
    ) -> None:
        table = _t(model)
        keys = keys or [column.name for column in table.primary_key]
        statement = insert(table)
        others = {name: statement.excluded[name] for name in (rows[0] if rows else ()) if name not in keys}
        statement = (
            statement.on_conflict_do_update(index_elements=keys, set_=others)
            if others
            else statement.on_conflict_do_nothing()
        )
        for some in _slices(rows):
            self._connection.execute(statement, some)

    def _describe(self, documents: Sequence[tuple[str, str | None, str | None]]) -> None:
        rows = [
            {"key": key, "title": title or "", "abstract": abstract or ""}
            for key, title, abstract in documents
        ]
        self._upsert(DocumentRow, rows, keys=("key",))


_Contents = tuple[
    list[tuple[Report, MachineReading]],
    list[tuple[Record, MachineReading]],
    list[tuple[Citation, MachineReading]],
    dict[int, tuple[str, ...]],
]


def _enforce(connection: Any, _: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")


def _t(model: type[SQLModel]) -> sa.Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


def _create(connection: sa.Connection) -> None:
    connection.exec_driver_sql("DROP TABLE IF EXISTS document_words")
    for model in _TABLES:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_t(model).name}")
    SQLModel.metadata.create_all(connection, tables=[_t(model) for model in reversed(_TABLES)])
    for statement in _WORDS:
        connection.exec_driver_sql(statement)


# The index of words beside the documents, kept in step by the database itself.
_ADD = "INSERT INTO document_words (rowid, title, abstract) VALUES (new.id, new.title, new.abstract);"
_REMOVE = (
    "INSERT INTO document_words (document_words, rowid, title, abstract) "
    "VALUES ('delete', old.id, old.title, old.abstract);"
)
_WORDS = (
    "CREATE VIRTUAL TABLE document_words USING fts5 (title, abstract, content = 'document', content_rowid = 'id', "
    "tokenize = 'porter unicode61 remove_diacritics 2')",
    f"CREATE TRIGGER document_added AFTER INSERT ON document BEGIN {_ADD} END",
    f"CREATE TRIGGER document_removed AFTER DELETE ON document BEGIN {_REMOVE} END",
    f"CREATE TRIGGER document_changed AFTER UPDATE ON document BEGIN {_REMOVE} {_ADD} END",
)


_Any = TypeVar("_Any")


def _slices(rows: Sequence[_Any]) -> Iterator[Sequence[_Any]]:
    for start in range(0, len(rows), ROWS):
        yield rows[start : start + ROWS]


def _match(words: str) -> str:
    """A reader's words as FTS5 wants them: each in quotation marks, so that none is taken for an operator."""
    terms = []
    for phrase, word in re.findall(r'"([^"]*)"|(\S+)', words):
        bare = (phrase or word).replace('"', "")
        star = "*" if bare.endswith("*") else ""
        if re.search(r"\w", bare):
            either = " OR ".join(f'"{one}"{star}' for one in _spellings(bare.rstrip("*")))
            terms.append(f"({either})")
    return " AND ".join(terms) or '""'


def _spellings(word: str) -> list[str]:
    """Titles say randomised and randomized; who looks for one means both."""
    other = re.sub(
        r"([a-z]{3})i([sz])(?=(e|ed|es|ing|ation)$)", lambda m: f"{m[1]}i{'z' if m[2] == 's' else 's'}", word
    )
    return list(dict.fromkeys((word, other)))


def _age(batch: Taken, record: Record) -> str:
    """Orders copies of one record. PubMed's answers come in their own order; of files the later version or revision counts."""
    revised = record.revised
    day = f"{revised.year or 0:04}-{revised.month or 0:02}-{revised.day or 0:02}" if revised else "0000"
    copy = f"{record.version:05} {day}"
    return f"1 {batch.added} {copy}" if batch.from_pubmed else f"0 {copy} {batch.added}"


def _record_row(batch: Taken, record: Record, reading: MachineReading) -> dict[str, Any]:
    return {
        "pmid": record.pmid,
        "version": record.version,
        "age": _age(batch, record),
        "retracted": record.retracted,
        "year": record.published.year,
        "title": record.title,
        "design": reading.tag.design,
        "batch": batch.key,
        "record": _records.dump_json(record).decode(),
        "reading": _readings.dump_json(reading).decode(),
    }


def _citation_row(batch: Taken, citation: Citation, reading: MachineReading) -> dict[str, Any]:
    return {
        "key": citation.key,
        "pmid": citation.pmid,
        "doi": citation.doi,
        "batch": batch.key,
        "citation": _citations.dump_json(citation).decode(),
        "reading": _readings.dump_json(reading).decode(),
    }


def _report_row(report: Report, reading: MachineReading) -> dict[str, Any]:
    return {
        "study_key": report.study_key,
        "report_of": report.report_of,
        "pmid": report.pmid,
        "condition": report.condition,
        "year": report.year,
        "design": reading.tag.design,
        "report": report.model_dump_json(),
        "reading": _readings.dump_json(reading).decode(),
    }


def _contents(connection: sa.Connection) -> _Contents:
    return _reports(connection), _all_records(connection), _all_citations(connection), _hits(connection)


def _reports(connection: sa.Connection) -> list[tuple[Report, MachineReading]]:
    table = _t(ReportRow)
    rows = connection.execute(sa.select(table.c.report, table.c.reading).order_by(table.c.study_key))
    return [
        (Report.model_validate_json(report), _readings.validate_json(reading)) for report, reading in rows
    ]


def _all_records(connection: sa.Connection) -> list[tuple[Record, MachineReading]]:
    table = _t(RecordRow)
    rows = connection.execute(sa.select(table.c.record, table.c.reading).order_by(table.c.pmid))
    return [(_records.validate_json(record), _readings.validate_json(reading)) for record, reading in rows]


def _all_citations(connection: sa.Connection) -> list[tuple[Citation, MachineReading]]:
    table = _t(CitationRow)
    rows = connection.execute(sa.select(table.c.citation, table.c.reading).order_by(table.c.key))
    return [
        (_citations.validate_json(citation), _readings.validate_json(reading)) for citation, reading in rows
    ]


def _hits(connection: sa.Connection) -> dict[int, tuple[str, ...]]:
    table = _t(HitRow)
    found: dict[int, tuple[str, ...]] = {}
    for pmid, slug in connection.execute(
        sa.select(table.c.pmid, table.c.slug).order_by(table.c.pmid, table.c.place)
    ):
        found[pmid] = (*found.get(pmid, ()), slug)
    return found
