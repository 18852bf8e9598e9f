"""Every real PubMed record in the folder named by LDN_EVIDENCE_PUBMED_XML, against independent counts."""

from __future__ import annotations

import gzip
import os
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from ldn_evidence import parse
from ldn_evidence.model import Record

FOLDER = os.environ.get("LDN_EVIDENCE_PUBMED_XML")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="LDN_EVIDENCE_PUBMED_XML names no folder of real PubMed XML"
)


def files() -> list[Path]:
    folder = Path(FOLDER or ".")
    found = sorted([*folder.rglob("*.xml"), *folder.rglob("*.xml.gz")])
    return [path for path in found if "http" not in path.parts]


def raw(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def counted_by_hand(path: Path) -> Counter[str]:
    """The same counts by another reader: the standard library's."""
    found: Counter[str] = Counter()
    root = ET.fromstring(raw(path))
    citations = [*root.iter("MedlineCitation"), *root.iter("BookDocument")]
    for one in citations:
        found["citations"] += 1
        body = one.find("Article") if one.tag == "MedlineCitation" else one
        found["authors"] += len(body.findall("AuthorList/Author")) or len(
            body.findall("Book/AuthorList/Author")
        )
        found["sections"] += sum(
            bool("".join(part.itertext()).split()) for part in body.findall("Abstract/AbstractText")
        )
        found["mesh"] += len(one.findall("MeshHeadingList/MeshHeading"))
        found["types"] += len(
            [*body.findall("PublicationTypeList/PublicationType"), *one.findall("PublicationType")]
        )
        found["related"] += len(one.findall("CommentsCorrectionsList/CommentsCorrections"))
        found["registry ids"] += len(
            body.findall("DataBankList/DataBank/AccessionNumberList/AccessionNumber")
        )
        found["grants"] += len(body.findall("GrantList/Grant"))
        found["chemicals"] += len(one.findall("ChemicalList/Chemical"))
    return found


def counted_by_us(path: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for record in parse.records(raw(path), path.name):
        assert isinstance(record, Record), record
        found["citations"] += 1
        for name, values in (
            ("authors", record.authors),
            ("sections", record.abstract),
            ("mesh", record.mesh),
            ("types", record.publication_types),
            ("related", record.related),
            ("registry ids", record.registry_ids),
            ("grants", record.grants),
            ("chemicals", record.chemicals),
        ):
            found[name] += len(values)
    return found


@pytest.mark.parametrize("path", files() if FOLDER else [], ids=lambda path: path.name)
def test_every_real_record_is_read_and_the_counts_agree(path):
    # Counter keeps zeros out of one side only: compare what is there
    assert +counted_by_us(path) == +counted_by_hand(path)


def test_every_real_record_survives_json():
    adapter = TypeAdapter(Record)
    for path in files():
        for record in parse.records(raw(path), path.name):
            assert adapter.validate_json(adapter.dump_json(record)) == record
