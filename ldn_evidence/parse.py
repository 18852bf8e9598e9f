"""PubMed's XML into Records: PubmedArticle, PubmedBookArticle and the old MedlineCitation roots.

Takes raw bytes; yields a Record, or a Problem that names the citation which could not be read. docs/record.md says which place
in the XML fills which field, and what is left out; a test holds it to this file. XML is hostile input: entities are not expanded,
nothing is fetched, depth and size are bounded by the parser. Never decides what a study is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TypeAlias

from lxml import etree

from ldn_evidence.errors import InputError
from ldn_evidence.model import (
    AbstractSection,
    Affiliation,
    Author,
    Book,
    BookSection,
    Chemical,
    Grant,
    Identifier,
    ItemList,
    Journal,
    Keyword,
    Label,
    MeshHeading,
    MeshTerm,
    Note,
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
MATHML = "{http://www.w3.org/1998/Math/MathML}"
# A terminal obeys control characters, and a reversed or invisible character makes two words that look the same differ.
UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
SUPERSCRIPT_NUMBER = re.compile(r"[+\-\u2212\u2013]?\.?\d")


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
    valid, invalid = _locations(body)
    return Record(
        pmid=_pmid(citation),
        version=_version(citation),
        version_id=_attribute(citation, "VersionID"),
        version_date=_slashed(_attribute(citation, "VersionDate")),
        kind=RecordKind.ARTICLE,
        title=_text(body, "ArticleTitle"),
        vernacular_title=_text(body, "VernacularTitle"),
        abstract=_sections(body.find("Abstract")),
        copyright=_text(body, "Abstract/CopyrightInformation"),
        other_abstracts=tuple(
            OtherAbstract(
                language=_attribute(one, "Language"),
                kind=_attribute(one, "Type"),
                sections=_sections(one),
                copyright=_text(one, "CopyrightInformation"),
            )
            for one in citation.findall("OtherAbstract")
        ),
        authors=_people(body.findall("AuthorList"), "Author"),
        authors_complete=_complete(body.findall("AuthorList")),
        affiliation=_text(body, "Affiliation"),
        investigators=_people(citation.findall("InvestigatorList"), "Investigator"),
        journal=_journal(body, citation.find("MedlineJournalInfo")),
        published=_date(body.find("Journal/JournalIssue/PubDate")),
        article_dates=tuple((_attribute(one, "DateType"), _date(one)) for one in body.findall("ArticleDate")),
        created=_maybe_date(citation.find("DateCreated")),
        completed=_maybe_date(citation.find("DateCompleted")),
        revised=_maybe_date(citation.find("DateRevised")),
        history=_history(data),
        languages=_texts(body, "Language"),
        publication_types=_terms(body.findall("PublicationTypeList/PublicationType")),
        mesh=tuple(
            MeshHeading(descriptor=descriptor, qualifiers=_mesh_terms(one.findall("QualifierName")))
            for one in citation.findall("MeshHeadingList/MeshHeading")
            for descriptor in _mesh_terms([_need(one, "DescriptorName")])
        ),
        supplementary_mesh=_mesh_terms(citation.findall("SupplMeshList/SupplMeshName")),
        chemicals=tuple(
            Chemical(substance=substance, registry_number=_text(one, "RegistryNumber"))
            for one in citation.findall("ChemicalList/Chemical")
            for substance in _terms([_need(one, "NameOfSubstance")])
        ),
        gene_symbols=_texts(citation, "GeneSymbolList/GeneSymbol"),
        personal_name_subjects=_people(citation.findall("PersonalNameSubjectList"), "PersonalNameSubject"),
        keywords=_keywords(citation),
        identifiers=_identifiers(_article_ids(data), valid),
        invalid_identifiers=invalid,
        other_ids=_identified(citation.findall("OtherID"), "Source"),
        registry_ids=tuple(
            Identifier(scheme=_text(bank, "DataBankName"), value=value)
            for bank in body.findall("DataBankList/DataBank")
            for value in _texts(bank, "AccessionNumberList/AccessionNumber")
        ),
        registry_ids_complete=_complete(body.findall("DataBankList")),
        grants=_grants(body.find("GrantList")),
        grants_complete=_complete(body.findall("GrantList")),
        conflict_of_interest=_text(citation, "CoiStatement"),
        related=tuple(
            _related(one) for one in citation.findall("CommentsCorrectionsList/CommentsCorrections")
        ),
        number_of_references=_number(_text(citation, "NumberOfReferences"), least=0),
        citation_subsets=_texts(citation, "CitationSubset"),
        space_flight_missions=_texts(citation, "SpaceFlightMission"),
        notes=tuple(
            Note(text=words, owner=_attribute(one, "Owner"))
            for one, words in _said(citation.findall("GeneralNote"))
        ),
        owner=_attribute(citation, "Owner"),
        status=_attribute(citation, "Status"),
        indexing_method=_attribute(citation, "IndexingMethod"),
        publication_model=_attribute(body, "PubModel"),
        publication_status=_text(data, "PublicationStatus"),
    )


def book(element: Element) -> Record:
    """One PubmedBookArticle: a book, or a chapter whose title stands under ArticleTitle."""
    document = _need(element, "BookDocument")
    data = element.find("PubmedBookData")
    volume = _book(document)
    authors, editors = _authors_and_editors(document)
    return Record(
        pmid=_pmid(document),
        version=_version(document),
        kind=RecordKind.BOOK,
        title=_text(document, "ArticleTitle") or volume.title,
        vernacular_title=_text(document, "VernacularTitle"),
        book=volume,
        abstract=_sections(document.find("Abstract")),
        copyright=_text(document, "Abstract/CopyrightInformation"),
        authors=authors or volume.authors,
        authors_complete=_complete(document.findall("AuthorList")),
        editors=editors,
        investigators=_people(document.findall("InvestigatorList"), "Investigator"),
        published=_date(document.find("Book/PubDate")),
        revised=_maybe_date(document.find("DateRevised")),
        contributed=_maybe_date(document.find("ContributionDate")),
        history=_history(data),
        languages=_texts(document, "Language"),
        publication_types=_terms(document.findall("PublicationType")),
        keywords=_keywords(document),
        identifiers=_identifiers(_article_ids(document), _article_ids(data)),
        grants=_grants(document.find("GrantList")),
        grants_complete=_complete(document.findall("GrantList")),
        publication_status=_text(data, "PublicationStatus"),
    )


def _book(document: Element) -> Book:
    volume = _need(document, "Book")
    valid, invalid = _locations(volume)
    authors, editors = _authors_and_editors(volume)
    return Book(
        title=_text(volume, "BookTitle"),
        collection=_text(volume, "CollectionTitle"),
        volume=_text(volume, "Volume"),
        volume_title=_text(volume, "VolumeTitle"),
        edition=_text(volume, "Edition"),
        medium=_text(volume, "Medium"),
        report_number=_text(volume, "ReportNumber"),
        publisher=_text(volume, "Publisher/PublisherName"),
        publisher_location=_text(volume, "Publisher/PublisherLocation"),
        isbns=_texts(volume, "Isbn"),
        identifiers=valid,
        invalid_identifiers=invalid,
        authors=authors,
        authors_complete=_complete(volume.findall("AuthorList")),
        editors=editors,
        investigators=_people(volume.findall("InvestigatorList"), "Investigator"),
        began=_maybe_date(volume.find("BeginningDate")),
        ended=_maybe_date(volume.find("EndingDate")),
        location=_labels(document),
        pages=_text(document, "Pagination/MedlinePgn"),
        first_page=_text(document, "Pagination/StartPage"),
        last_page=_text(document, "Pagination/EndPage"),
        contents=tuple(_contents(document.find("Sections"))),
        item_lists=tuple(
            ItemList(kind=_attribute(one, "ListType"), items=_texts(one, "Item"))
            for one in document.findall("ItemList")
        ),
    )


def text(element: Element | None) -> str | None:
    """What an element holds as one line, markup flattened. `.text` alone would end at the first <i>."""
    if element is None:
        return None
    if not len(element):
        return _clean(element.text)
    written: list[str] = []
    _write(element, written)
    return _clean("".join(written))


def _clean(words: str | None) -> str | None:
    return " ".join(UNSEEN.sub("", words).split()) or None if words else None


def _write(element: Element, written: list[str]) -> None:
    """Adds the words of mixed content. Letters that print small are joined, as readers write them: CO2, kg/m2, IC50, CD4+."""
    _add(element.text, written)
    for child in element:
        if not isinstance(child.tag, str):  # an entity that is not expanded
            _add(child.text, written)
        elif child.tag == "sup":
            _raise(child, written)
        elif child.tag == "DispFormula":  # stands on a line of its own
            written.append(" ")
            _write(child, written)
            written.append(" ")
        elif child.tag.startswith(MATHML):
            _write_math(child, written)
        else:
            _write(child, written)
        _add(child.tail, written)


def _write_math(element: Element, written: list[str]) -> None:
    """MathML in reading order. Space between its elements is layout: it turned an ion into "PO 4 - 3"."""
    name = str(element.tag).removeprefix(MATHML)
    parts = [child for child in element if isinstance(child.tag, str)]
    if name in ("annotation", "annotation-xml"):  # the same formula a second time, in another notation
        return
    if name == "mfrac" and len(parts) == 2:  # without its bar one half is 12
        written.append(f"{_grouped(parts[0])}/{_grouped(parts[1])}")
    elif name == "msqrt":
        written.append("\u221a" + _grouped(element, inside=True))
    elif name in ("msup", "msubsup") and len(parts) > 1:
        for part in parts[:-1]:
            _write_math(part, written)
        _raise(parts[-1], written)
    elif parts:
        for part in parts:
            _write_math(part, written)
    else:
        _add(" ".join("".join(str(one) for one in element.itertext()).split()), written)


def _grouped(element: Element, *, inside: bool = False) -> str:
    """A formula's part as it can stand beside a bar: in brackets unless it is one word."""
    written: list[str] = []
    for part in element if inside else (element,):
        if isinstance(part.tag, str):
            _write_math(part, written)
    words = "".join(written)
    return words if re.fullmatch(r"[\w.,%]*", words) else f"({words})"


def _raise(element: Element, written: list[str]) -> None:
    """Adds a superscript. After a digit a raised number gets a caret: joined, 2.4 x 10^28 cells would be 1028 cells."""
    inner: list[str] = []
    if element.tag == "sup":
        _write(element, inner)
    else:
        _write_math(element, inner)
    words = "".join(inner)
    if written and written[-1][-1].isdecimal() and SUPERSCRIPT_NUMBER.match(words):
        written.append("^")
    _add(words, written)


def _add(words: str | None, written: list[str]) -> None:
    if words:
        written.append(words)


def _text(element: Element | None, path: str) -> str | None:
    return None if element is None else text(element.find(path))


def _texts(element: Element, path: str) -> tuple[str, ...]:
    return tuple(words for _, words in _said(element.findall(path)))


def _said(elements: Iterable[Element]) -> Iterator[tuple[Element, str]]:
    """Those elements that hold words, with the words: an empty one says nothing."""
    for element in elements:
        words = text(element)
        if words:
            yield element, words


def _attribute(element: Element, name: str) -> str | None:
    return _clean(element.get(name))


def _pmid(holder: Element) -> int:
    element = _need(holder, "PMID")
    digits = (element.text or "").strip()
    # isdigit alone takes superscripts; a child node means that something was hidden in the number.
    if len(element) or not (digits.isascii() and digits.isdigit()) or not 0 < int(digits) < 10**9:
        raise ValueError("its PMID is not a number from 1 to 999999999")
    return int(digits)


def _version(holder: Element) -> int:
    version = _number(_need(holder, "PMID").get("Version"), least=0)
    return 1 if version is None else version


def _need(element: Element, path: str) -> Element:
    found = element.find(path)
    if found is None:
        raise ValueError(f"<{element.tag}> has no <{path}>")
    return found


def _sections(abstract: Element | None) -> tuple[AbstractSection, ...]:
    if abstract is None:
        return ()
    return tuple(
        AbstractSection(text=words, label=_attribute(one, "Label"), category=_attribute(one, "NlmCategory"))
        for one, words in _said(abstract.findall("AbstractText"))
    )


def _people(lists: Iterable[Element], tag: str) -> tuple[Author, ...]:
    return tuple(_person(one, holder) for holder in lists for one in holder.findall(tag))


def _person(element: Element, holder: Element) -> Author:
    collective = element.find("CollectiveName")
    return Author(
        last_name=_text(element, "LastName"),
        fore_name=_text(element, "ForeName"),
        initials=_text(element, "Initials"),
        suffix=_text(element, "Suffix"),
        collective=text(collective),
        identifiers=_identified(element.findall("Identifier"), "Source"),
        affiliations=(
            *(
                Affiliation(
                    name=_text(one, "Affiliation"),
                    identifiers=_identified(one.findall("Identifier"), "Source"),
                )
                for one in element.findall("AffiliationInfo")
            ),
            *(Affiliation(name=name) for name in _texts(element, "Affiliation")),
        ),
        valid=element.get("ValidYN") != "N",
        equal_contribution=_yes(element.get("EqualContrib")),
        group=_attribute(holder, "ID") if collective is None else _attribute(collective, "Investigators"),
    )


def _authors_and_editors(holder: Element) -> tuple[tuple[Author, ...], tuple[Author, ...]]:
    # A book may have several lists of authors. Its editors did not write it.
    lists = holder.findall("AuthorList")
    editing = [one for one in lists if one.get("Type") == "editors"]
    return _people([one for one in lists if one not in editing], "Author"), _people(editing, "Author")


def _complete(lists: Iterable[Element]) -> bool | None:
    """False where PubMed says of any of these lists that it is not whole."""
    said = {_yes(one.get("CompleteYN")) for one in lists} - {None}
    return all(said) if said else None


def _yes(said: str | None) -> bool | None:
    return {"Y": True, "N": False}.get(said or "")


def _journal(body: Element, info: Element | None) -> Journal:
    journal = body.find("Journal")
    issue = body.find("Journal/JournalIssue")
    issn = body.find("Journal/ISSN")
    return Journal(
        title=_text(journal, "Title"),
        iso_abbreviation=_text(journal, "ISOAbbreviation"),
        medline_abbreviation=_text(info, "MedlineTA"),
        nlm_id=_text(info, "NlmUniqueID"),
        issn=text(issn),
        issn_kind=_attribute(issn, "IssnType") if issn is not None and text(issn) else None,
        issn_linking=_text(info, "ISSNLinking"),
        country=_text(info, "Country"),
        volume=_text(issue, "Volume"),
        issue=_text(issue, "Issue"),
        medium=None if issue is None else _attribute(issue, "CitedMedium"),
        pages=_text(body, "Pagination/MedlinePgn"),
        first_page=_text(body, "Pagination/StartPage"),
        last_page=_text(body, "Pagination/EndPage"),
    )


def _date(element: Element | None) -> PartialDate:
    """Year, month and day as far as they are given; a season, a span or a part that is no number stays as text."""
    if element is None:
        return PartialDate()
    spoken, season = _text(element, "MedlineDate"), _text(element, "Season")
    given = [_text(element, name) for name in ("Year", "Month", "Day")]
    year, month, day = _number(given[0]), _month(given[1]), _number(given[2], upto=31)
    if spoken and year is None:
        first = re.search(r"(?<!\d)[0-9]{4}(?!\d)", spoken)
        year = int(first[0]) if first else None
    if season:
        spoken = spoken or " ".join(part for part in (season, given[0]) if part)
    elif any(words and number is None for words, number in zip(given, (year, month, day), strict=True)):
        # "Jul-Aug" in place of a month is not July.
        spoken = spoken or " ".join(part for part in given if part)
    return PartialDate(year=year, month=month, day=day, text=spoken)


def _month(words: str | None) -> int | None:
    return _number(words, upto=12) or (MONTHS.get(words[:3].lower()) if words and words.isalpha() else None)


def _slashed(words: str | None) -> PartialDate | None:
    """The one date that PubMed writes in an attribute: 2013/07/02."""
    if words is None:
        return None
    found = re.fullmatch(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})", words)
    if not found:
        return PartialDate(text=words)
    return PartialDate(year=int(found[1]), month=int(found[2]), day=int(found[3]))


def _maybe_date(element: Element | None) -> PartialDate | None:
    return None if element is None else _date(element)


def _number(value: str | None, upto: int = 99_999, least: int = 1) -> int | None:
    if value and value.isascii() and value.isdigit() and len(value) < 6 and least <= int(value) <= upto:
        return int(value)
    return None


def _history(data: Element | None) -> tuple[tuple[str | None, PartialDate], ...]:
    dates = [] if data is None else data.findall("History/PubMedPubDate")
    return tuple((_attribute(one, "PubStatus"), _date(one)) for one in dates)


def _terms(elements: Iterable[Element]) -> tuple[Term, ...]:
    return tuple(Term(name=name, ui=_attribute(one, "UI")) for one, name in _said(elements))


def _mesh_terms(elements: Iterable[Element]) -> tuple[MeshTerm, ...]:
    return tuple(
        MeshTerm(
            name=name,
            ui=_attribute(one, "UI"),
            major=one.get("MajorTopicYN") == "Y",
            kind=_attribute(one, "Type"),
            automatic=one.get("AutoHM") == "Y",
        )
        for one, name in _said(elements)
    )


def _keywords(holder: Element) -> tuple[Keyword, ...]:
    return tuple(
        Keyword(text=words, major=one.get("MajorTopicYN") == "Y", owner=_attribute(among, "Owner"))
        for among in holder.findall("KeywordList")
        for one, words in _said(among.findall("Keyword"))
    )


def _identified(elements: Iterable[Element], scheme: str) -> tuple[Identifier, ...]:
    return tuple(Identifier(scheme=_attribute(one, scheme), value=value) for one, value in _said(elements))


def _article_ids(holder: Element | None) -> tuple[Identifier, ...]:
    return () if holder is None else _identified(holder.findall("ArticleIdList/ArticleId"), "IdType")


def _locations(holder: Element) -> tuple[tuple[Identifier, ...], tuple[Identifier, ...]]:
    """ELocationID, the valid and the invalid: a DOI that PubMed calls invalid leads to another article."""
    found = holder.findall("ELocationID")
    wrong = [one for one in found if one.get("ValidYN") == "N"]
    return _identified([one for one in found if one not in wrong], "EIdType"), _identified(wrong, "EIdType")


def _identifiers(*groups: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
    """Each once: PubMed gives most DOIs in two places, some in only one of them."""
    return tuple(dict.fromkeys(one for group in groups for one in group))


def _grants(holder: Element | None) -> tuple[Grant, ...]:
    return tuple(
        Grant(
            number=_text(one, "GrantID"),
            acronym=_text(one, "Acronym"),
            agency=_text(one, "Agency"),
            country=_text(one, "Country"),
        )
        for one in ([] if holder is None else holder.findall("Grant"))
    )


def _related(element: Element) -> RelatedRecord:
    # The PMID of a retraction notice may be missing or empty; the link still counts.
    linked = element.find("PMID")
    digits = "" if linked is None else (linked.text or "").strip()
    pmid = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
    return RelatedRecord(
        relation=_attribute(element, "RefType"),
        source=_text(element, "RefSource"),
        pmid=pmid,
        version=None if linked is None or pmid is None else _number(linked.get("Version"), least=0),
        note=_text(element, "Note"),
    )


def _labels(holder: Element) -> tuple[Label, ...]:
    return tuple(
        Label(text=words, kind=_attribute(one, "Type"))
        for one, words in _said(holder.findall("LocationLabel"))
    )


def _contents(holder: Element | None, level: int = 1) -> Iterator[BookSection]:
    """The table of contents from the top; a section's own sections follow it."""
    for one in [] if holder is None else holder.findall("Section"):
        title = _text(one, "SectionTitle")
        if title:
            yield BookSection(title=title, label=next(iter(_labels(one)), None), level=level)
        yield from _contents(one, level + 1)
