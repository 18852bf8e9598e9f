"""Every real PubMed record in the folder named by LDN_EVIDENCE_PUBMED_XML, against independent counts."""

from __future__ import annotations

import gzip
import os
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import fields
from io import BytesIO
from operator import attrgetter
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from record_page import citations

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


# Each field with the places that fill it, from the citation (or BookDocument) on; "+" reaches into what stands beside it.
PLACES = {
    "pmid": ["PMID"],
    "title": ["Article/ArticleTitle", "ArticleTitle"],
    "vernacular_title": ["Article/VernacularTitle", "VernacularTitle"],
    "book": ["Book"],
    "abstract": ["Article/Abstract/AbstractText", "Abstract/AbstractText"],
    "copyright": ["Article/Abstract/CopyrightInformation", "Abstract/CopyrightInformation"],
    "other_abstracts": ["OtherAbstract"],
    "authors": ["Article/AuthorList/Author", "AuthorList/Author"],
    "affiliation": ["Article/Affiliation"],
    "investigators": ["InvestigatorList/Investigator"],
    "article_dates": ["Article/ArticleDate"],
    "created": ["DateCreated"],
    "completed": ["DateCompleted"],
    "revised": ["DateRevised"],
    "contributed": ["ContributionDate"],
    "history": ["+History/PubMedPubDate"],
    "languages": ["Article/Language", "Language"],
    "publication_types": ["Article/PublicationTypeList/PublicationType", "PublicationType"],
    "mesh": ["MeshHeadingList/MeshHeading"],
    "supplementary_mesh": ["SupplMeshList/SupplMeshName"],
    "chemicals": ["ChemicalList/Chemical"],
    "gene_symbols": ["GeneSymbolList/GeneSymbol"],
    "personal_name_subjects": ["PersonalNameSubjectList/PersonalNameSubject"],
    "keywords": ["KeywordList/Keyword"],
    "other_ids": ["OtherID"],
    "registry_ids": ["Article/DataBankList/DataBank/AccessionNumberList/AccessionNumber"],
    "grants": ["Article/GrantList/Grant", "GrantList/Grant"],
    "conflict_of_interest": ["CoiStatement"],
    "related": ["CommentsCorrectionsList/CommentsCorrections"],
    "number_of_references": ["NumberOfReferences"],
    "citation_subsets": ["CitationSubset"],
    "space_flight_missions": ["SpaceFlightMission"],
    "notes": ["GeneralNote"],
    "publication_status": ["+PublicationStatus"],
    "journal.title": ["Article/Journal/Title"],
    "journal.iso_abbreviation": ["Article/Journal/ISOAbbreviation"],
    "journal.medline_abbreviation": ["MedlineJournalInfo/MedlineTA"],
    "journal.nlm_id": ["MedlineJournalInfo/NlmUniqueID"],
    "journal.issn": ["Article/Journal/ISSN"],
    "journal.issn_linking": ["MedlineJournalInfo/ISSNLinking"],
    "journal.country": ["MedlineJournalInfo/Country"],
    "journal.volume": ["Article/Journal/JournalIssue/Volume"],
    "journal.issue": ["Article/Journal/JournalIssue/Issue"],
    "journal.pages": ["Article/Pagination/MedlinePgn"],
    "journal.first_page": ["Article/Pagination/StartPage"],
    "journal.last_page": ["Article/Pagination/EndPage"],
    "published.month": ["Article/Journal/JournalIssue/PubDate/Month", "Book/PubDate/Month"],
    "published.day": ["Article/Journal/JournalIssue/PubDate/Day", "Book/PubDate/Day"],
    "published.text": [f"Article/Journal/JournalIssue/PubDate/{one}" for one in ("MedlineDate", "Season")],
}
ATTRIBUTES = {
    "version_id": ".@VersionID",
    "version_date": ".@VersionDate",
    "owner": ".@Owner",
    "status": ".@Status",
    "indexing_method": ".@IndexingMethod",
    "publication_model": "Article@PubModel",
    "journal.issn_kind": "Article/Journal/ISSN@IssnType",
    "journal.medium": "Article/Journal/JournalIssue@CitedMedium",
    "authors_complete": "Article/AuthorList@CompleteYN",
    "registry_ids_complete": "Article/DataBankList@CompleteYN",
    "grants_complete": "Article/GrantList@CompleteYN",
}


def counted_by_hand(path: Path) -> Counter[str]:
    """How often each field is filled, by another reader: the standard library's."""
    found: Counter[str] = Counter()
    for holder in citations(ET.fromstring(raw(path))):
        one = holder.find("BookDocument") if holder.tag == "PubmedBookArticle" else holder
        one = holder.find("MedlineCitation") if holder.tag == "PubmedArticle" else one
        beside = holder.find("PubmedBookData" if holder.tag == "PubmedBookArticle" else "PubmedData")
        for field, places in PLACES.items():
            for place in places:
                start = (beside if beside is not None else ET.Element("none")) if place[0] == "+" else one
                held = start.findall(place.removeprefix("+"))
                # An element without a word in it says nothing.
                found[field] += sum(bool("".join(each.itertext()).strip()) for each in held)
        for field, place in ATTRIBUTES.items():
            found[field] += sum(
                each.get(place.split("@")[1]) is not None for each in one.findall(place.split("@")[0])
            )
        if one.tag == "BookDocument":
            found["authors_complete"] += any(each.get("CompleteYN") for each in one.findall("AuthorList"))
            found["grants_complete"] += one.find("GrantList") is not None
        dates = [*one.findall("Article/Journal/JournalIssue/PubDate"), *one.findall("Book/PubDate")]
        found["published.year"] += sum(
            any(re.search(r"\d{4}", text) for text in each.itertext()) for each in dates
        )
        ids = [
            *[(each.get("IdType"), each.text) for each in (beside.findall("ArticleIdList/ArticleId") if beside is not None else [])],
            *[(each.get("IdType"), each.text) for each in one.findall("ArticleIdList/ArticleId")],
            *[(each.get("EIdType"), each.text) for each in one.findall("Article/ELocationID") if each.get("ValidYN") != "N"],
        ]  # fmt: skip
        found["identifiers"] += len({(kind, value.strip()) for kind, value in ids if value and value.strip()})
    return found


def counted_by_us(path: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for record in parse.records(raw(path), path.name):
        assert isinstance(record, Record), record
        for name in [*PLACES, *ATTRIBUTES, "identifiers", "published.year"]:
            value = attrgetter(name)(record)
            found[name] += len(value) if isinstance(value, tuple) else value is not None
    return found


@pytest.mark.parametrize("path", files() if FOLDER else [], ids=lambda path: path.name)
def test_every_real_record_is_read_and_the_counts_of_every_field_agree(path):
    # Counter keeps zeros out of one side only: compare what is there
    assert +counted_by_us(path) == +counted_by_hand(path)


def test_every_field_is_counted_and_most_are_seen_in_real_records():
    seen = sum(map(counted_by_us, files()), Counter[str]())
    others = {"version", "kind", "journal", "published", "editors", "invalid_identifiers"}
    assert {name.split(".")[0] for name in seen} | others == {one.name for one in fields(Record)} | {
        "published",
        "journal",
    }
    assert not [name for name, count in seen.items() if not count]


def defined(path: Path) -> bool:
    """Whether a file names a definition that Biopython carries: it would fetch any other. The MedlineCitation sets do not."""
    return b"/pubmed_" in raw(path)[:500]


@pytest.mark.parametrize("path", [*filter(defined, files())] if FOLDER else [], ids=lambda path: path.name)
def test_biopython_reads_the_same(path):
    """A third reader, which follows NLM's own definition of the format, on the fields that most people use."""
    entrez = pytest.importorskip("Bio.Entrez", reason="Biopython is not here")
    read = entrez.read(BytesIO(raw(path)))
    # A book stands in another list of Biopython's; it has a test with made-up XML.
    ours = [record for record in parse.records(raw(path)) if record.kind == "article"]
    assert len(ours) == len(read["PubmedArticle"])
    for record, theirs in zip(ours, read["PubmedArticle"], strict=True):
        citation = theirs["MedlineCitation"]
        body = citation["Article"]
        assert str(record.pmid) == citation["PMID"]
        if "<" not in body["ArticleTitle"]:  # Biopython keeps the markup
            assert (record.title or "") == " ".join(body["ArticleTitle"].split())
        names = [(one.get("LastName") or "").strip() for one in body.get("AuthorList", [])]
        assert [one.last_name or "" for one in record.authors] == names
        assert [one.name for one in record.publication_types] == [
            str(one) for one in body["PublicationTypeList"]
        ]
        headings = citation.get("MeshHeadingList", [])
        assert [one.descriptor.name for one in record.mesh] == [
            one["DescriptorName"].strip() for one in headings
        ]
        assert [[each.name for each in one.qualifiers] for one in record.mesh] == [
            [each.strip() for each in one["QualifierName"]] for one in headings
        ]
        assert {one.strip() for one in theirs["PubmedData"]["ArticleIdList"]} <= {
            one.value for one in record.identifiers
        }
        links = citation.get("CommentsCorrectionsList", [])
        assert [one.relation for one in record.related] == [one.attributes["RefType"] for one in links]
        assert [kind for kind, _ in record.history] == [
            one.attributes["PubStatus"] for one in theirs["PubmedData"].get("History", [])
        ]


def test_every_real_record_survives_json():
    adapter = TypeAdapter(Record)
    for path in files():
        for record in parse.records(raw(path), path.name):
            assert adapter.validate_json(adapter.dump_json(record)) == record
