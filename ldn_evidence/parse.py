"""PubMed's XML into Records: PubmedArticle, PubmedBookArticle and the old MedlineCitation roots.

Takes raw bytes; yields a Record, or a Problem that names the citation which could not be read. XML is hostile
input: entities are not expanded, nothing is fetched, depth and size are bounded by the parser. Never decides what a study is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TypeAlias

from lxml import etree

from ldn_evidence.errors import InputError
from ldn_evidence.model import (
    AbstractSection,
    Author,
    Chemical,
    Grant,
    Identifier,
    Journal,
    MeshHeading,
    OtherAbstract,
    PartialDate,
    Record,
    RecordKind,
    RelatedRecord,
    Term,
)

Element: TypeAlias = "etree._Element"
ROOTS = frozenset({"PubmedArticleSet", "PubmedBookArticleSet", "MedlineCitationSet"})
CITATIONS = frozenset({"PubmedArticle", "PubmedBookArticle"})
MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A citation that could not be read; `pmid` where at least that could."""

    pmid: str | None
    reason: str


def records(raw: bytes, name: str = "XML") -> Iterator[Record | Problem]:
    """Every citation in a PubMed file, in its order. Raises InputError where the file is not PubMed XML."""
    depth = 0
    try:
        for event, element in etree.iterparse(
            BytesIO(raw), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False,
            huge_tree=False, remove_comments=True, remove_pis=True,
        ):  # fmt: skip
            if event == "start":
                depth += 1
                if depth == 1 and element.tag not in ROOTS | CITATIONS | {"MedlineCitation"}:
                    raise InputError(
                        f"{name}: is not PubMed XML (its root is <{element.tag}>). Save the records in PubMed's XML form."
                    )
                continue
            depth -= 1
            # MedlineCitation stands alone only in the old sets; elsewhere it is part of PubmedArticle.
            alone = element.tag == "MedlineCitation" and depth <= 1 and _parent(element) != "PubmedArticle"
            if element.tag in CITATIONS or alone:
                yield _record(element)
                element.clear()
    except etree.XMLSyntaxError as error:
        raise InputError(f"{name}: is not whole, valid XML: {error}. Fetch it again.") from error


def _parent(element: Element) -> str | None:
    parent = element.getparent()
    return None if parent is None else str(parent.tag)


def _record(element: Element) -> Record | Problem:
    try:
        return book(element) if element.tag == "PubmedBookArticle" else article(element)
    except ValueError as error:
        return Problem((element.findtext(".//PMID") or "").strip()[:20] or None, str(error))


def article(element: Element) -> Record:
    """One PubmedArticle, or a bare MedlineCitation of the old sets."""
    citation = element if element.tag == "MedlineCitation" else _need(element, "MedlineCitation")
    body = _need(citation, "Article")
    data = element.find("PubmedData")
    return Record(
        pmid=_pmid(citation),
        version=_version(citation),
        kind=RecordKind.ARTICLE,
        title=text(body.find("ArticleTitle")),
        vernacular_title=text(body.find("VernacularTitle")),
        abstract=_sections(body.find("Abstract")),
        other_abstracts=tuple(
            OtherAbstract(
                language=one.get("Language") or "", kind=one.get("Type") or "", sections=_sections(one)
            )
            for one in citation.findall("OtherAbstract")
        ),
        authors=_authors(body.find("AuthorList")),
        investigators=_authors(citation.find("InvestigatorList"), "Investigator"),
        journal=_journal(body, citation.find("MedlineJournalInfo")),
        published=_date(body.find("Journal/JournalIssue/PubDate")),
        published_online=_maybe_date(body.find("ArticleDate[@DateType='Electronic']")),
        created=_maybe_date(citation.find("DateCreated")),
        completed=_maybe_date(citation.find("DateCompleted")),
        revised=_maybe_date(citation.find("DateRevised")),
        history=_history(data),
        languages=_texts(body, "Language"),
        publication_types=tuple(_term(one) for one in body.findall("PublicationTypeList/PublicationType")),
        mesh=tuple(_heading(one) for one in citation.findall("MeshHeadingList/MeshHeading")),
        supplementary_mesh=tuple(_term(one) for one in citation.findall("SupplMeshList/SupplMeshName")),
        chemicals=tuple(
            Chemical(
                substance=_term(_need(one, "NameOfSubstance")),
                registry_number=text(one.find("RegistryNumber")),
            )
            for one in citation.findall("ChemicalList/Chemical")
        ),
        keywords=_texts(citation, "KeywordList/Keyword"),
        identifiers=_identifiers(body, data),
        registry_ids=tuple(
            Identifier(scheme=text(bank.find("DataBankName")) or "", value=value)
            for bank in body.findall("DataBankList/DataBank")
            for value in _texts(bank, "AccessionNumberList/AccessionNumber")
        ),
        grants=_grants(body.find("GrantList")),
        conflict_of_interest=text(citation.find("CoiStatement")),
        related=tuple(
            _related(one) for one in citation.findall("CommentsCorrectionsList/CommentsCorrections")
        ),
        status=citation.get("Status"),
        indexing_method=citation.get("IndexingMethod"),
        publication_status=text(data.find("PublicationStatus")) if data is not None else None,
    )


def book(element: Element) -> Record:
    """One PubmedBookArticle: a book, or a chapter whose title stands under ArticleTitle."""
    document = _need(element, "BookDocument")
    data = element.find("PubmedBookData")
    volume = _need(document, "Book")
    book_title = text(volume.find("BookTitle"))
    return Record(
        pmid=_pmid(document),
        version=_version(document),
        kind=RecordKind.BOOK,
        title=text(document.find("ArticleTitle")) or book_title,
        vernacular_title=text(document.find("VernacularTitle")),
        book_title=book_title,
        publisher=text(volume.find("Publisher/PublisherName")),
        abstract=_sections(document.find("Abstract")),
        authors=_authors(document.find("AuthorList")) or _authors(volume.find("AuthorList")),
        published=_date(volume.find("PubDate")),
        created=_maybe_date(document.find("ContributionDate")),
        revised=_maybe_date(document.find("DateRevised")),
        history=_history(data),
        languages=_texts(document, "Language"),
        publication_types=tuple(_term(one) for one in document.findall("PublicationType")),
        keywords=_texts(document, "KeywordList/Keyword"),
        identifiers=_article_ids(document.find("ArticleIdList")),
        grants=_grants(document.find("GrantList")),
        publication_status=text(data.find("PublicationStatus")) if data is not None else None,
    )


def text(element: Element | None) -> str | None:
    """What an element holds, markup flattened. `.text` alone would end at the first <i>."""
    if element is None:
        return None
    words = "".join(str(part) for part in element.itertext())
    # A terminal obeys control characters, and none of them is text.
    return " ".join("".join(one for one in words if one.isspace() or not _is_control(one)).split()) or None


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc"


def _pmid(holder: Element) -> int:
    element = _need(holder, "PMID")
    digits = (element.text or "").strip()
    # isdigit alone takes superscripts; a child node means that something was hidden in the number.
    if len(element) or not (digits.isascii() and digits.isdigit()) or not 0 < int(digits) < 10**9:
        raise ValueError("its PMID is not a number from 1 to 999999999")
    return int(digits)


def _version(holder: Element) -> int:
    version = _need(holder, "PMID").get("Version") or "1"
    return int(version) if version.isascii() and version.isdigit() and len(version) < 6 else 1


def _need(element: Element, path: str) -> Element:
    found = element.find(path)
    if found is None:
        raise ValueError(f"<{element.tag}> has no <{path}>")
    return found


def _texts(element: Element, path: str) -> tuple[str, ...]:
    return tuple(value for value in (text(one) for one in element.findall(path)) if value)


def _sections(abstract: Element | None) -> tuple[AbstractSection, ...]:
    if abstract is None:
        return ()
    found = ((one, text(one)) for one in abstract.findall("AbstractText"))
    return tuple(
        AbstractSection(text=words, label=one.get("Label"), category=one.get("NlmCategory"))
        for one, words in found
        if words
    )


def _authors(holder: Element | None, tag: str = "Author") -> tuple[Author, ...]:
    if holder is None:
        return ()
    return tuple(
        Author(
            last_name=text(one.find("LastName")),
            fore_name=text(one.find("ForeName")),
            initials=text(one.find("Initials")),
            suffix=text(one.find("Suffix")),
            collective=text(one.find("CollectiveName")),
            identifiers=tuple(
                Identifier(scheme=each.get("Source") or "", value=text(each) or "")
                for each in one.findall("Identifier")
            ),
            affiliations=_texts(one, "AffiliationInfo/Affiliation") or _texts(one, "Affiliation"),
        )
        for one in holder.findall(tag)
    )


def _journal(body: Element, info: Element | None) -> Journal:
    journal = body.find("Journal")
    issue = body.find("Journal/JournalIssue")
    return Journal(
        title=text(journal.find("Title")) if journal is not None else None,
        abbreviation=(text(journal.find("ISOAbbreviation")) if journal is not None else None)
        or (text(info.find("MedlineTA")) if info is not None else None),
        nlm_id=text(info.find("NlmUniqueID")) if info is not None else None,
        issn=text(journal.find("ISSN")) if journal is not None else None,
        country=text(info.find("Country")) if info is not None else None,
        volume=text(issue.find("Volume")) if issue is not None else None,
        issue=text(issue.find("Issue")) if issue is not None else None,
        pages=text(body.find("Pagination/MedlinePgn")),
    )


def _date(element: Element | None) -> PartialDate:
    """Year, month and day as far as they are given; a season or a span stays as text."""
    if element is None:
        return PartialDate()
    spoken = text(element.find("MedlineDate"))
    year = _number(text(element.find("Year")))
    month = text(element.find("Month"))
    season = text(element.find("Season"))
    if spoken and year is None:
        year = next((int(word[:4]) for word in spoken.split() if word[:4].isdigit() and len(word) >= 4), None)
    return PartialDate(
        year=year,
        month=_number(month) if month and month.isdigit() else MONTHS.get((month or "")[:3].lower()),
        day=_number(text(element.find("Day"))),
        text=spoken or (" ".join(str(part) for part in (season, year) if part) if season else None),
    )


def _maybe_date(element: Element | None) -> PartialDate | None:
    return None if element is None else _date(element)


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 6 else None


def _history(data: Element | None) -> tuple[tuple[str, PartialDate], ...]:
    if data is None:
        return ()
    return tuple((one.get("PubStatus") or "", _date(one)) for one in data.findall("History/PubMedPubDate"))


def _term(element: Element) -> Term:
    return Term(name=text(element) or "", ui=element.get("UI"))


def _heading(element: Element) -> MeshHeading:
    descriptor = _need(element, "DescriptorName")
    qualifiers = element.findall("QualifierName")
    # Old records star the qualifier alone: a heading is major if either is.
    major = any(one.get("MajorTopicYN") == "Y" for one in (descriptor, *qualifiers))
    return MeshHeading(descriptor=_term(descriptor), qualifiers=tuple(map(_term, qualifiers)), major=major)


def _article_ids(holder: Element | None) -> tuple[Identifier, ...]:
    if holder is None:
        return ()
    pairs = ((one.get("IdType") or "", text(one)) for one in holder.findall("ArticleId"))
    return tuple(Identifier(scheme=scheme, value=value) for scheme, value in pairs if value)


def _identifiers(body: Element, data: Element | None) -> tuple[Identifier, ...]:
    """ArticleIdList first; ELocationID holds the DOI where the list does not."""
    found = list(_article_ids(data.find("ArticleIdList") if data is not None else None))
    for one in body.findall("ELocationID"):
        value = text(one)
        extra = Identifier(scheme=one.get("EIdType") or "", value=value or "")
        if value and one.get("ValidYN") != "N" and extra not in found:
            found.append(extra)
    return tuple(found)


def _grants(holder: Element | None) -> tuple[Grant, ...]:
    if holder is None:
        return ()
    return tuple(
        Grant(
            number=text(one.find("GrantID")),
            agency=text(one.find("Agency")),
            country=text(one.find("Country")),
        )
        for one in holder.findall("Grant")
    )


def _related(element: Element) -> RelatedRecord:
    # The PMID of a retraction notice may be missing or empty; the link still counts.
    pmid = (element.findtext("PMID") or "").strip()
    return RelatedRecord(
        relation=element.get("RefType") or "",
        source=text(element.find("RefSource")),
        pmid=int(pmid) if pmid.isascii() and pmid.isdigit() and len(pmid) < 10 else None,
    )
