"""docs/record.md is held to the parser: every place in PubMed's XML, every value, every field, in both directions."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import RECORDS
from lxml import etree
from record_page import (
    CITATIONS,
    EXACT,
    MARKUP,
    as_said,
    by_field,
    citations,
    fields_of,
    mapped,
    one_line,
    places,
    squeezed,
    unknown,
    worked_out,
)
from test_real_records import FOLDER, files, raw

from ldn_evidence import parse
from ldn_evidence.model import Record

PAGE = mapped()
VARIANTS = range(3)


def paired(xml: bytes) -> Iterator[tuple[ET.Element, Record]]:
    """Each citation as the other reader sees it, with its Record."""
    for element, record in zip(citations(ET.fromstring(xml)), parse.records(xml), strict=True):
        assert isinstance(record, Record), record
        yield element, record


@cache
def definition(name: str = "pubmed_250101.dtd") -> etree.DTD:
    """NLM's own definition of the format, which Biopython carries; nothing is fetched."""
    bio = pytest.importorskip(
        "Bio", reason="Biopython, which carries NLM's definition of the format, is not here"
    )
    return etree.DTD(file=str(Path(bio.__file__).parent / "Entrez" / "DTDs" / name))


class Everything:
    """XML with everything that NLM's definition allows, twice where it may stand twice. Each text is another.

    Where one thing excludes another (a season, a month), `variant` decides which is written.
    """

    def __init__(self, variant: int) -> None:
        self.variant = variant
        self.elements = {one.name: one for one in definition().iterelements()}
        self.written = 0

    def xml(self) -> bytes:
        root = ET.Element("PubmedArticleSet")
        root.extend(self.element(name, ()) for name in ("PubmedArticle", "PubmedBookArticle"))
        return ET.tostring(root)

    def element(self, name: str, above: tuple[str, ...]) -> ET.Element:
        made, rule = ET.Element(name), self.elements[name]
        for one in rule.iterattributes():
            made.set(one.name, self.attribute(one))
        self.fill(made, rule.content, (*above, name), 0)
        if rule.type == "mixed":
            made.text = self.words(name)
            if rule.content.type == "or":  # the text may hold markup: it must not end there
                ET.SubElement(made, "i").text = f" in italics {self.written}"
        return made

    def fill(self, made: ET.Element, content: Any, above: tuple[str, ...], depth: int) -> None:
        if content is None or self.elements[above[-1]].type == "mixed":
            return
        if content.type == "element":
            if above.count(content.name) < 2:
                for _ in range(2 if content.occur in ("mult", "plus") else 1):
                    made.append(self.element(content.name, above))
        elif content.type == "seq":
            self.fill(made, content.left, above, depth)
            self.fill(made, content.right, above, depth)
        elif content.type == "or":
            second = self.variant == (1 if depth else 2)
            self.fill(made, content.right if second else content.left, above, depth + 1)

    def attribute(self, one: Any) -> str:
        self.written += 1
        fixed = {"Version": str(self.written), "VersionDate": "2013/07/02"}
        if one.type == "enumeration":
            return str(one.values()[-1 if self.variant == 1 else 0])
        return fixed.get(one.name) or one.default_value or f"{one.name} {self.written}"

    def words(self, name: str) -> str:
        self.written += 1
        number = self.written
        return {
            "PMID": str(number),
            "NumberOfReferences": str(number),
            "Year": str(1900 + number % 100),
            "Month": str(1 + number % 12),
            "Day": str(1 + number % 28),
            "MedlineDate": f"{1900 + number % 100} Jul-Aug",
        }.get(name, f"{name} {number}")


def check(element: ET.Element, record: Record, reached: Counter[str]) -> None:
    """Both ways: each value that PubMed sends is in its field; each value in a field was sent. Counts what it saw."""
    sent: dict[str, list[str]] = defaultdict(list)
    loose: set[str] = set()
    for path, value, raised in places(element):
        if value and path in PAGE and PAGE[path].how != "decides":
            sent[path].append(value)
            loose |= {squeezed(value)} if raised else set()
    held = by_field(record)
    for names, paths in groups():
        said = [(path, value) for path in paths for value in sent.get(path, [])]
        if worked_out_here(names, record, {path for path, _ in said}):
            continue
        found = [value for name in names for value in held.get(name, [])]
        hows = {PAGE[path].how for path in paths}
        if hows == {"slashes"}:
            found = ["/".join(f"{part:02}" for part in found)] if found else []
        meant = [as_said(value, PAGE[path].how) for path, value in said]
        meant = [value for value in meant if value is not None]
        if names[0].endswith("_complete"):  # of several lists, all
            meant = [all(meant)] if meant else []
        if "part" in hows:
            dates = {path.rpartition("/")[0] for path in paths}
            around = " ".join(
                word for path in sent if path.rpartition("/")[0] in dates for word in sent[path]
            )
            agreed = all(word in around for value in found for word in str(value).split()) and all(
                any(str(value) in str(one) for one in found) for value in meant
            )
        else:
            found, meant = ([key(value, loose) for value in values] for values in (found, meant))
            if hows - EXACT:
                agreed = set(found) == set(meant)
            elif len(names) == 1 and len({path for path, _ in said}) == 1:
                agreed = found == meant  # in PubMed's order
            else:
                agreed = Counter(found) == Counter(meant)
        assert agreed, (record.pmid, names, paths, found, meant)
        reached.update(path for path, _ in said)
    for path, row in PAGE.items():
        if row.how == "decides":
            reached[path] += decides(path, element, record)


def key(value: Any, loose: set[str]) -> Any:
    return squeezed(value) if isinstance(value, str) and squeezed(value) in loose else value


def worked_out_here(names: tuple[str, ...], record: Record, paths: set[str]) -> bool:
    """The few fields under "Fields that are worked out", where PubMed sends nothing for them."""
    own_authors = any("/AuthorList/" in path for path in paths)
    return (
        (names == ("version",) and not paths)
        or (names == ("title",) and not paths and record.title == record.book_title)
        or (names[0].startswith("authors.") and not own_authors and bool(record.book) and record.authors == record.book.authors)
    )  # fmt: skip


def decides(path: str, element: ET.Element, record: Record) -> int:
    """An invalid identifier and an editor stand apart from the others. How many were looked at."""
    top, *between, _ = path.split("/")
    whole: Any = record.book if "Book" in between else record
    found = [
        one
        for start in element.iter(top)
        for one in start.findall("/".join(between))
        if one.get(path.split("@")[1])
    ]
    for one in found:
        if path.endswith("@ValidYN"):
            apart = {each.value for each in whole.invalid_identifiers}
            assert (one_line(one.text or "") in apart) is (one.get("ValidYN") == "N")
        else:
            people = whole.editors if one.get("Type") == "editors" else whole.authors
            assert {name.text for name in one.iter("LastName")} <= {each.last_name for each in people}
    return len(found)


@cache
def groups() -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Fields that share a place, with all the places that fill them: mostly one field and one or two places."""
    rows = [(set(plain(row.fields, path)), {path}) for path, row in PAGE.items() if row.how != "decides"]
    joined: list[tuple[set[str], set[str]]] = []
    for names, paths in rows:
        apart = [one for one in joined if not one[0] & names]
        for other in (one for one in joined if one[0] & names):
            names, paths = names | other[0], paths | other[1]
        joined = [*apart, (names, paths)]
    return [(tuple(sorted(names, key=order)), tuple(sorted(paths))) for names, paths in joined]


def plain(names: tuple[str, ...], path: str) -> list[str]:
    """A date in one attribute fills three fields; a season or an odd month fills the date's text as well."""
    if PAGE[path].how == "slashes":
        return [f"{names[0]}.{part}" for part in ("year", "month", "day")]
    return list(names)


def order(name: str) -> tuple[str, int, str]:
    first, _, last = name.rpartition(".")
    return first, ("year", "month", "day").index(last) if last in ("year", "month", "day") else 9, last


def test_every_field_of_a_record_is_on_the_page_and_no_other():
    def alike(names: set[str]) -> set[str]:
        """People and MeSH terms are one kind of thing wherever they stand; a date's words stand in for odd numbers."""
        people = r"^(book\.)?(authors|editors|investigators|personal_name_subjects)\."
        dates = {name.removesuffix(".year") for name in fields_of(Record) if name.endswith(".year")}
        kept = {re.sub(people, "person.", name) for name in names if name.removesuffix(".text") not in dates}
        return {re.sub(r"^(mesh\.\w+|supplementary_mesh)\.", "mesh term.", name) for name in kept}

    fields = set(fields_of(Record))
    on_page = {name for names, _ in groups() for name in names} | (worked_out() & fields)
    assert on_page <= fields
    assert alike(on_page) == alike(fields)


@pytest.mark.parametrize(
    "name", ["pubmed_250101.dtd", "pubmed_140101.dtd", "nlmmedlinecitationset_140101.dtd"]
)
def test_every_place_in_nlms_own_definition_is_on_the_page(name):
    elements = {one.name: one for one in definition(name).iterelements() if one.prefix != "mml"}
    seen: set[str] = set()

    def walk(tag: str, path: str) -> None:
        path = f"{path}/{tag}" if path else tag
        seen.update([path, *(f"{path}/@{one.name}" for one in elements[tag].iterattributes())])
        for child in inside(elements[tag].content) & set(elements) - MARKUP - set(path.split("/")):
            walk(child, path)

    for top in {"MedlineCitation", "PubmedData", "BookDocument", "PubmedBookData", "DeleteCitation"} & set(
        elements
    ):
        walk(top, "")
    assert len(seen) > 100
    assert unknown(seen) == set()


def inside(content: Any) -> set[str]:
    """The names of the elements that NLM's definition allows in another."""
    if content is None:
        return set()
    return {content.name} | inside(content.left) | inside(content.right)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_value_that_nlms_definition_allows_reaches_its_field(variant):
    reached: Counter[str] = Counter()
    for element, record in paired(Everything(variant).xml()):
        check(element, record, reached)
    assert len(reached) > 150


def test_no_place_on_the_page_goes_unproved():
    """Over the variants, each place that today's format has is filled at least once."""
    reached: Counter[str] = Counter()
    for variant in VARIANTS:
        for element, record in paired(Everything(variant).xml()):
            check(element, record, reached)
    # Places of older formats, which real records of the NLM samples fill.
    old = {path for path in PAGE if path.endswith("/Affiliation") and "AffiliationInfo" not in path}
    old |= {path for path in PAGE if "/DateCreated/" in path}
    assert set(PAGE) - set(reached) == old


@pytest.mark.parametrize("path", sorted(RECORDS.glob("*.xml")), ids=lambda path: path.stem)
def test_the_test_records_reach_their_fields(path):
    xml = path.read_bytes()
    for element, record in paired(xml):
        check(element, record, Counter())
        assert unknown({place for place, _, _ in places(element)}) == set()


@pytest.mark.skipif(not FOLDER, reason="LDN_EVIDENCE_PUBMED_XML names no folder of real PubMed XML")
@pytest.mark.parametrize("path", files() if FOLDER else [], ids=lambda path: path.name)
def test_every_place_and_every_value_of_the_real_records_is_accounted_for(path):
    xml = raw(path)
    root = ET.fromstring(xml)
    apart = [one for one in root if one.tag not in CITATIONS] if root.tag not in CITATIONS else []
    assert unknown({place for one in [*citations(root), *apart] for place, _, _ in places(one)}) == set()
    for element, record in paired(xml):
        check(element, record, Counter())
