"""The database, and only here SQL. A product: archive and layers rebuild it, so it is replaced whole or not at all.

Takes Reports and Records with their Tags; gives them back as they were. Never decides what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import DatabaseError
from sqlmodel import Field, Session, SQLModel, create_engine, select

from ldn_evidence.errors import StoreError
from ldn_evidence.model import Record, Report, StudyDesign, Tag

# Raised with every change of the tables; a database of another version is rebuilt or refused.
SCHEMA_VERSION = 1

_records: TypeAdapter[Record] = TypeAdapter(Record)
_tags: TypeAdapter[Tag] = TypeAdapter(Tag)


def _word(vocabulary: type[StudyDesign]) -> sa.Enum:
    # SQLModel alone would store a member's NAME and check nothing.
    return sa.Enum(
        vocabulary,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=True,
    )


class ReportRow(SQLModel, table=True):
    """A report as a reader noted it, with the tag it was given; some facts stand apart for readers of the file."""

    __tablename__ = "report"
    study_key: str = Field(primary_key=True)
    report_of: str | None = None
    pmid: int | None = None
    condition: str
    year: int | None = None
    design: StudyDesign = Field(sa_type=_word(StudyDesign))
    report: str
    tag: str


class RecordRow(SQLModel, table=True):
    """A PubMed record, with the tag it was given and the digest of the batch it came in."""

    __tablename__ = "record"
    pmid: int = Field(primary_key=True)
    version: int
    year: int | None = None
    title: str | None = None
    design: StudyDesign = Field(sa_type=_word(StudyDesign))
    batch: str
    record: str
    tag: str


class MetaRow(SQLModel, table=True):
    """What the build notes of itself."""

    __tablename__ = "meta"
    key: str = Field(primary_key=True)
    value: str


class Store:
    """One protocol's database. Use it as a context manager; it closes its connections at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # From parts: pasted into an address, a "?" or "%" in a folder's name would lead somewhere else.
        address = sa.URL.create("sqlite", database=str(path))
        self.engine = create_engine(address, connect_args={"timeout": 10})

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
        if "locked" in str(error.orig):
            return StoreError(
                f"{self.path}: another process is writing it. Wait until that has ended, and try again."
            )
        return StoreError(
            f"{self.path}: {str(error.orig).rstrip('.')}. Nothing is lost with it: mend the folder's "
            "permissions, or move the file away, and run: ldn-evidence refresh"
        )

    @property
    def built(self) -> bool:
        """Whether a refresh has filled it with tables of this version."""
        return self.path.exists() and self._has_tables() and self.meta().get("schema") == str(SCHEMA_VERSION)

    def replace(
        self,
        reports: Sequence[tuple[Report, Tag]],
        records: Sequence[tuple[str, Record, Tag]],
        meta: Mapping[str, str],
    ) -> None:
        """Put all of it in the place of what was there, tables included, in one transaction."""
        try:
            with self._writing() as connection, Session(connection) as session:
                SQLModel.metadata.drop_all(connection)
                SQLModel.metadata.create_all(connection)
                session.add_all(_report_row(report, tag) for report, tag in reports)
                session.add_all(_record_row(batch, record, tag) for batch, record, tag in records)
                session.add_all(
                    MetaRow(key=key, value=value)
                    for key, value in {**meta, "schema": str(SCHEMA_VERSION)}.items()
                )
                session.flush()
        except DatabaseError as error:
            raise self._broken(error) from error

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        # sqlite3 would begin only at the first INSERT, and leave the tables to whoever comes between.
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def reports(self) -> list[tuple[Report, Tag]]:
        """Every report with its tag, by key."""
        with self._reading() as session:
            rows = session.exec(select(ReportRow).order_by(ReportRow.study_key)).all()
            return [(Report.model_validate_json(row.report), _tags.validate_json(row.tag)) for row in rows]

    def records(self) -> list[tuple[Record, Tag]]:
        """Every PubMed record with its tag, by PMID."""
        with self._reading() as session:
            rows = session.exec(select(RecordRow).order_by(sa.column("pmid"))).all()
            return [(_records.validate_json(row.record), _tags.validate_json(row.tag)) for row in rows]

    def meta(self) -> dict[str, str]:
        """What the last build noted of itself."""
        with self._reading() as session:
            return {row.key: row.value for row in session.exec(select(MetaRow)).all()}

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        try:
            with Session(self.engine) as session:
                yield session
        except DatabaseError as error:
            raise self._broken(error) from error
        except (ValidationError, LookupError) as error:
            raise StoreError(
                f"{self.path}: holds a damaged row. Move the file away and run: ldn-evidence refresh"
            ) from error


def _report_row(report: Report, tag: Tag) -> ReportRow:
    return ReportRow(
        study_key=report.study_key,
        report_of=report.report_of,
        pmid=report.pmid,
        condition=report.condition,
        year=report.year,
        design=tag.design,
        report=report.model_dump_json(),
        tag=_tags.dump_json(tag).decode(),
    )


def _record_row(batch: str, record: Record, tag: Tag) -> RecordRow:
    return RecordRow(
        pmid=record.pmid,
        version=record.version,
        year=record.published.year,
        title=record.title,
        design=tag.design,
        batch=batch,
        record=_records.dump_json(record).decode(),
        tag=_tags.dump_json(tag).decode(),
    )
