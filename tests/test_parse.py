"""PubMed's XML into Records: what is kept, and what hostile or broken XML does."""

from __future__ import annotations

import pytest
from conftest import RECORDS

from ldn_evidence import InputError, parse
from ldn_evidence.model import (
    AbstractSection,
    Author,
    Book,
    Journal,
    MeshHeading,
    MeshTerm,
    PartialDate,
    Record,
    RecordKind,
    RelatedRecord,
    Term,
)
from ldn_evidence.parse import Problem


def one(xml: str | bytes) -> Record | Problem:
    """The only citation of a file."""
    (found,) = parse.records(xml if isinstance(xml, bytes) else xml.encode())
    return found


def article(inner: str, around: str = "") -> str:
    return (
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>7</PMID>"
        f"<Article>{inner}</Article>{around}</MedlineCitation></PubmedArticle></PubmedArticleSet>"
    )


def test_markup_collective_authors_stars_on_qualifiers_and_links_without_pmid_are_kept():
    assert one((RECORDS / "albers2017.xml").read_bytes()) == Record(
        pmid=28768313,
        title="Treatment of Hailey-Hailey Disease With Low-Dose Naltrexone",
        abstract=(
            AbstractSection(
                text="Our words: three patients; dose 3 to 4.5 mg/d, effect of TH17 not measured."
            ),
        ),
        authors=(
            Author(last_name="Albers", initials="LN"),
            Author(collective="A Group Made Up For This Test"),
        ),
        authors_complete=False,
        journal=Journal(title="JAMA Dermatology"),
        published=PartialDate(year=2017, text="2017 Oct-Nov"),
        publication_types=(Term(name="Case Reports", ui="D002363"),),
        related=(
            RelatedRecord(relation="ErratumIn", pmid=28877290, version=1),
            RelatedRecord(relation="CommentIn", source="no PMID is given"),
        ),
        mesh=(
            MeshHeading(
                descriptor=MeshTerm(name="Naltrexone", ui="D009271"),
                qualifiers=(MeshTerm(name="therapeutic use", ui="Q000627", major=True),),
            ),
        ),
        status="MEDLINE",
        indexing_method="Curated",
    )


def test_a_book_chapter_has_its_own_title_and_its_book():
    xml = """<PubmedArticleSet><PubmedBookArticle><BookDocument><PMID Version="1">9</PMID>
    <Book><Publisher><PublisherName>A Press</PublisherName></Publisher><BookTitle>A Book</BookTitle>
    <PubDate><Year>2020</Year><Season>Winter</Season></PubDate></Book>
    <ArticleTitle>A Chapter</ArticleTitle><PublicationType UI="D016454">Review</PublicationType>
    </BookDocument></PubmedBookArticle></PubmedArticleSet>"""
    assert one(xml) == Record(
        pmid=9,
        kind=RecordKind.BOOK,
        title="A Chapter",
        book=Book(title="A Book", publisher="A Press"),
        published=PartialDate(year=2020, text="Winter 2020"),
        publication_types=(Term(name="Review", ui="D016454"),),
    )


def test_the_old_root_holds_bare_citations():
    xml = (
        "<MedlineCitationSet><MedlineCitation><PMID>5</PMID><Article/></MedlineCitation></MedlineCitationSet>"
    )
    assert one(xml) == Record(pmid=5)


@pytest.mark.parametrize(
    ("related", "types", "retracted"),
    [
        (
            '<CommentsCorrections RefType="RetractionIn"><PMID/></CommentsCorrections>',
            "Journal Article",
            True,
        ),
        ("", "Retracted Publication", True),
        (
            '<CommentsCorrections RefType="RetractionOf"><PMID>1</PMID></CommentsCorrections>',
            "Retraction Notice",
            False,
        ),
        (
            '<CommentsCorrections RefType="ErratumIn"><PMID>1</PMID></CommentsCorrections>',
            "Journal Article",
            False,
        ),
    ],
)
def test_a_retraction_is_told_from_either_place_and_from_its_notice(related, types, retracted):
    inner = f"<PublicationTypeList><PublicationType>{types}</PublicationType></PublicationTypeList>"
    around = f"<CommentsCorrectionsList>{related}</CommentsCorrectionsList>"
    assert one(article(inner, around)).retracted is retracted


def test_a_doi_is_found_where_only_the_article_gives_it():
    inner = (
        '<ELocationID EIdType="doi" ValidYN="N">10.1/wrong</ELocationID>'
        '<ELocationID EIdType="doi" ValidYN="Y">10.1/right</ELocationID>'
    )
    assert one(article(inner)).identifier("doi") == "10.1/right"


def test_a_citation_is_one_line():
    assert one((RECORDS / "bruun2020.xml").read_bytes()).citation == (
        "Low-Dose Naltrexone for the Treatment of Fibromyalgia: Investigation of Dose-Response Relationships. "
        "Pain Medicine. 2020."
    )


def test_a_citation_that_cannot_be_read_is_named_and_the_others_go_on():
    good = "<PubmedArticle><MedlineCitation><PMID>2</PMID><Article/></MedlineCitation></PubmedArticle>"
    bad = "<PubmedArticle><MedlineCitation><PMID>1</PMID></MedlineCitation></PubmedArticle>"
    found = list(parse.records(f"<PubmedArticleSet>{bad}{good}</PubmedArticleSet>".encode()))
    assert found == [Problem("1", "<MedlineCitation> has no <Article>"), Record(pmid=2)]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not xml",
        b"<html><body>Too many requests</body></html>",
        b"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID>",
        b"<PubmedArticleSet>" + b"<a>" * 100_000,
        b"<PubmedArticleSet>\x00</PubmedArticleSet>",
        "<PubmedArticleSet>\xe4</PubmedArticleSet>".encode("latin-1"),
    ],
    ids=["empty", "text", "html", "cut off", "deep", "NUL", "wrong encoding"],
)
def test_what_is_not_whole_pubmed_xml_is_refused(raw):
    with pytest.raises(InputError):
        list(parse.records(raw, "answer.xml"))


def test_an_entity_bomb_is_refused():
    pairs = zip("abcdefgh", "bcdefghi", strict=True)
    bomb = '<!ENTITY a "lol">' + "".join(
        f'<!ENTITY {after} "{f"&{before};" * 10}">' for before, after in pairs
    )
    xml = f"<!DOCTYPE PubmedArticleSet [{bomb}]>" + article("<ArticleTitle>&i;</ArticleTitle>")
    with pytest.raises(InputError):
        one(xml)


def test_an_entity_is_not_expanded_and_nothing_is_fetched():
    outside = '<!ENTITY inside "secret"><!ENTITY file SYSTEM "file:///etc/hostname">'
    xml = f"<!DOCTYPE PubmedArticleSet [{outside}]>" + article(
        "<ArticleTitle>x&inside;&file;y</ArticleTitle>"
    )
    assert one(xml).title == "x&inside;&file;y"
