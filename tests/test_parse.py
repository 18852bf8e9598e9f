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
    record = one(article(inner))
    assert record.identifier("doi") == "10.1/right"
    # Kept apart, so that nobody joins two records by it.
    assert [one.value for one in record.invalid_identifiers] == ["10.1/wrong"]


MATH = 'xmlns:mml="http://www.w3.org/1998/Math/MathML"'


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("CO<sub>2</sub>, kg/m<sup>2</sup>, CD4<sup>+</sup>, 19<sup>th</sup>", "CO2, kg/m2, CD4+, 19th"),
        ("2.4×10<sup>28</sup> cells, 10<sup>-3</sup>", "2.4×10^28 cells, 10^-3"),
        ("in <b>2019<sup>12,13</sup></b>", "in 2019^12,13"),
        ("line\n   one\u00a0<i>n</i>\u2009=\u20093", "line one n = 3"),
        ("a\u200bb\u202ec\ufeffd\u0085e", "abcd e"),
        ("p &lt; 0.05 &amp; &#945;", "p < 0.05 & α"),
        (
            f"(<mml:math {MATH}>\n <mml:msubsup>\n <mml:mtext>PO</mml:mtext>\n <mml:mn>4</mml:mn>\n"
            " <mml:mrow>\n <mml:mo>-</mml:mo>\n <mml:mn>3</mml:mn>\n </mml:mrow>\n </mml:msubsup>\n</mml:math>)",
            "(PO4^-3)",
        ),
        (
            f"dose <mml:math {MATH}><mml:mfrac><mml:mn>1</mml:mn><mml:mn>2</mml:mn></mml:mfrac></mml:math> mg",
            "dose 1/2 mg",
        ),
        (
            f"<mml:math {MATH}><mml:semantics><mml:msqrt><mml:mi>a</mml:mi><mml:mo>+</mml:mo><mml:mi>b</mml:mi></mml:msqrt>"
            "<mml:annotation>\\sqrt</mml:annotation></mml:semantics></mml:math>",
            "√(a+b)",
        ),
    ],
)
def test_markup_is_flattened_as_a_reader_would_write_it(written, read):
    assert one(article(f"<ArticleTitle>{written}</ArticleTitle>")).title == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<Year>2009</Year><Month>Jul</Month><Day>03</Day>", PartialDate(year=2009, month=7, day=3)),
        ("<Year>2009</Year><Month>Jul-Aug</Month>", PartialDate(year=2009, text="2009 Jul-Aug")),
        ("<Year>2009</Year><Month>13</Month>", PartialDate(year=2009, text="2009 13")),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", PartialDate(year=1998, text="1998 Dec-1999 Jan")),
        ("<MedlineDate>in press</MedlineDate>", PartialDate(text="in press")),
        ("<Year>1998</Year><Season>Winter</Season>", PartialDate(year=1998, text="Winter 1998")),
    ],
)
def test_a_date_is_kept_as_far_as_it_goes_and_in_words_beyond(written, read):
    xml = article(f"<Journal><JournalIssue><PubDate>{written}</PubDate></JournalIssue></Journal>")
    assert one(xml).published == read


def test_a_misspelt_author_is_kept_but_not_cited():
    inner = (
        '<AuthorList><Author ValidYN="N"><LastName>Whitely</LastName></Author>'
        '<Author ValidYN="Y"><LastName>Whitley</LastName></Author><Author><Initials>X</Initials></Author></AuthorList>'
    )
    record = one(article(inner))
    assert [author.name for author in record.authors] == ["Whitely", "Whitley", "X"]
    assert record.citation == "Whitley et al."


def test_members_of_every_group_are_kept_with_their_group():
    inner = '<AuthorList><Author><CollectiveName Investigators="g2">Group 2</CollectiveName></Author></AuthorList>'
    lists = "".join(
        f'<InvestigatorList ID="g{n}"><Investigator><LastName>M{n}</LastName></Investigator></InvestigatorList>'
        for n in (1, 2)
    )
    record = one(article(inner, lists))
    assert [(one.last_name, one.group) for one in record.investigators] == [("M1", "g1"), ("M2", "g2")]
    assert record.authors[0].group == "g2"


def test_a_whole_book_has_its_books_authors_and_its_editors_did_not_write_it():
    xml = """<PubmedBookArticleSet><PubmedBookArticle><BookDocument><PMID>9</PMID>
    <Book><BookTitle>A Book</BookTitle><AuthorList Type="authors"><Author><LastName>A</LastName></Author></AuthorList>
    <AuthorList Type="editors"><Author><LastName>E</LastName></Author></AuthorList></Book>
    </BookDocument></PubmedBookArticle></PubmedBookArticleSet>"""
    record = one(xml)
    writer, editor = Author(last_name="A"), Author(last_name="E")
    assert record == Record(
        pmid=9,
        kind=RecordKind.BOOK,
        title="A Book",
        book=Book(title="A Book", authors=(writer,), editors=(editor,)),
        authors=(writer,),
    )


def test_an_abstract_reads_as_lines_with_their_labels():
    inner = """<Abstract><AbstractText Label="AIM">To see.</AbstractText><AbstractText Label="VIDEO"/>
    <AbstractText>Seen.</AbstractText></Abstract>"""
    assert one(article(inner)).abstract_text == "AIM: To see.\nSeen."
    assert one(article("")).abstract_text is None


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
