"""The records in tests/records/: what their README says of them is so, and none says what is not known of a real paper.

Takes the files, the README's table and the bundled corpus. Measures nothing: these texts were written for tests.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
from conftest import RECORDS, REPO

from ldn_evidence import parse
from ldn_evidence.model import AbstractSection, Record, RecordKind

MARK = "OUR WORDS"
FIRST_INVENTED = 999_000_001
CORPUS = {
    row["study_key"]: row
    for row in csv.DictReader((REPO / "data/corpus/ldn.csv").read_text("utf-8").splitlines())
}
PROTOCOL = tomllib.loads((REPO / "data/protocols/ldn.toml").read_text("utf-8"))
CONDITIONS = {one["slug"]: one["query"] for one in PROTOCOL["conditions"]}


@dataclass(frozen=True)
class Row:
    """One line of the README's table."""

    key: str
    pmids: tuple[int, ...]
    invented: bool
    subject: str
    traps: tuple[str, ...]


def table() -> dict[str, Row]:
    lines = (RECORDS / "README.md").read_text("utf-8").splitlines()
    found = {}
    for line in lines:
        if not line.startswith("| `"):
            continue
        file, pmids, who, subject, traps = (cell.strip() for cell in line.strip("|").split(" | "))
        key = file.strip("`").removesuffix(".xml")
        assert key not in found, f"{key} stands twice in the README"
        assert who in {"real", "invented"}, line
        found[key] = Row(
            key=key,
            pmids=tuple(int(pmid) for pmid in pmids.split()),
            invented=who == "invented",
            subject=subject,
            traps=tuple(traps.strip("| ").split(", ")),
        )
    return found


TABLE = table()
LDN = [row for row in TABLE.values() if row.subject != "look-alike"]
REAL = [row for row in TABLE.values() if not row.invented]
IN_CORPUS = [row for row in REAL if row.key in CORPUS]


@cache
def records(key: str) -> tuple[Record, ...]:
    """Every citation of a file; a Problem would fail the test that asks."""
    path = RECORDS / f"{key}.xml"
    found = tuple(parse.records(path.read_bytes(), path.name))
    assert all(isinstance(one, Record) for one in found), found
    return tuple(one for one in found if isinstance(one, Record))


def key_of(row: Row) -> str:
    return row.key


def ours(section: AbstractSection) -> bool:
    return section.label == MARK or section.text.startswith("Our words")


def words(record: Record) -> str:
    """Title and abstract as a search sees them, without the sentence that marks the text as ours."""
    told = [section.text for section in record.abstract if section.label != MARK]
    return " ".join([record.title or "", *told]).lower()


def heard(term: str, field: str, record: Record) -> bool:
    term = term.strip('"').lower()
    if field == "tiab":
        end = "" if term.endswith("*") else r"\b"
        return re.search(rf"\b{re.escape(term.rstrip('*'))}{end}", words(record)) is not None
    return field.startswith("mh") and term in {one.descriptor.name.lower() for one in record.mesh}


def found_by(query: str, record: Record) -> bool:
    """A PubMed query in this protocol's form (blocks of OR, joined by AND) against one record."""
    return all(
        any(heard(*term, record) for term in re.findall(r'("[^"]+"|[^\s()"]+)\[([\w:]+)\]', block))
        for block in query.split(" AND ")
    )


def plain(title: str) -> str:
    return re.sub(r"[^a-z0-9]", "", title.lower())


def said(pattern: str) -> Callable[[Record], bool]:
    return lambda record: re.search(pattern, words(record)) is not None


def titled(pattern: str) -> Callable[[Record], bool]:
    return lambda record: re.search(pattern, (record.title or "").lower()) is not None


def typed(name: str) -> Callable[[Record], bool]:
    return lambda record: name in {term.name for term in record.publication_types}


def linked(*relations: str) -> Callable[[Record], bool]:
    return lambda record: bool(set(relations) & {link.relation for link in record.related})


def corpus_says(column: str, *values: str) -> Callable[[dict[str, str]], bool]:
    return lambda row: row[column] in values


RANDOM = r"randomi[sz]ed"
# What a trap looks like in the parsed record. One record of the file has to show it.
IN_THE_RECORD: dict[str, Callable[[Record], bool]] = {
    "book": lambda record: record.kind is RecordKind.BOOK,
    "brackets-in-title": lambda record: (
        "[" in (record.title or "") and not (record.title or "").startswith("[")
    ),
    "case-report-not-so-called": lambda record: not said(r"\bcase\b|case report")(record),
    "cochrane-protocol": lambda record: said("protocol")(record) and linked("UpdateIn")(record),
    "cochrane-version": lambda record: linked("UpdateOf")(record) and linked("UpdateIn")(record),
    "cohort-by-mesh-only": lambda record: (
        "Cohort Studies" in {one.descriptor.name for one in record.mesh}
        and not any("ohort" in term.name for term in record.publication_types)
    ),
    "collective-name": lambda record: any(author.collective for author in record.authors),
    "conflict-of-interest": lambda record: record.conflict_of_interest is not None,
    "corrected-and-republished": linked("CorrectedandRepublishedIn", "CorrectedandRepublishedFrom"),
    "doi-in-elocation-only": lambda record: [one.scheme for one in record.identifiers] == ["doi"],
    "dose-high": said(r"\b(50|380) mg"),
    "dose-mg-at-night": said(r"4\.5 mg at night"),
    "dose-mg-bid": said(r"1 mg b\.i\.d\."),
    "dose-mg-once-daily": said(r"(4\.5|6) mg (once )?daily"),
    "dose-mg-per-day": said(r"4\.5 mg/day"),
    "dose-mg-plain": said(r"\d mg\b"),
    "dose-mg-twice-daily": said(r"2\.5 mg twice daily"),
    "dose-microgram": said(r"\d μg|micrograms"),
    "dose-microgram-per-kg": said(r"\d μg/kg"),
    "dose-nanogram": said(r"\d ng/kg"),
    "dose-per-kg": said(r"\d mg/kg"),
    "dose-range": said(r"\d (to|and) [\d.]+ mg"),
    "dose-titrated": said("titrated"),
    "dose-very-low": said(r"0\.125 mg"),
    "duplicate-publication": typed("Duplicate Publication"),
    "erratum-in": linked("ErratumIn"),
    "erratum-notice": linked("ErratumFor"),
    "every-structure": lambda record: all(
        (
            record.version == 2,
            record.authors[0].identifiers,
            record.authors[0].suffix,
            record.authors[0].affiliations,
            record.investigators,
            record.chemicals,
            record.supplementary_mesh,
            record.mesh,
            record.keywords,
            record.grants,
            record.registry_ids,
            record.other_abstracts,
            record.conflict_of_interest,
            record.history,
            record.completed,
            record.revised,
            record.published_online,
            record.publication_status,
            record.journal.issn,
            record.journal.pages,
            len(record.languages) == 2,
        )
    ),
    "expression-of-concern": linked("ExpressionOfConcernIn"),
    "expression-of-concern-notice": linked("ExpressionOfConcernFor"),
    "grants": lambda record: len(record.grants) > 0,
    "guideline": typed("Practice Guideline"),
    "indexing-automated": lambda record: record.indexing_method == "Automated",
    "journal-not-known": lambda record: record.journal.title is None,
    "keywords": lambda record: len(record.keywords) > 0,
    "letter-or-comment": typed("Letter"),
    "link-without-pmid": lambda record: any(link.pmid is None for link in record.related),
    "look-alike-bupropion-combination": said("bupropion"),
    "look-alike-donor-nephrectomy": said("donor nephrectomy"),
    "look-alike-extended-release": said("xr-ntx"),
    "look-alike-ldn-code": said("ldn-193189"),
    "look-alike-methylnaltrexone": said("methylnaltrexone"),
    "look-alike-naloxone": said("naloxone"),
    "look-alike-standard-dose": lambda record: (
        not record.abstract or said(r"\b(40|50|250) mg|standard dose")(record)
    ),
    "look-alike-ultra-low-dose": titled("ultra-low-dose"),
    "major-on-qualifier-only": lambda record: any(one.major and one.qualifiers for one in record.mesh),
    "many-links": lambda record: len({link.relation for link in record.related}) > 4,
    "medline-date": lambda record: record.published.text is not None and record.published.year is not None,
    "medline-season": lambda record: (record.published.text or "").startswith("Summer"),
    "misprinted-registry-number": lambda record: said("nct0427877 ")(record) and not record.registry_ids,
    "misspelt-drug": lambda record: titled("naltreoxone")(record) and "naltrexon" not in words(record),
    "no-abstract": lambda record: record.abstract == (),
    "no-authors": lambda record: record.authors == (),
    "no-naltrexone": lambda record: "naltrexon" not in words(record),
    "no-randomised-in-text": lambda record: not said("random")(record),
    "old-type-name": typed("Retraction of Publication"),
    "orcid": lambda record: any(one.scheme == "ORCID" for each in record.authors for one in each.identifiers),
    "other-abstract": lambda record: any(one.language != "eng" for one in record.other_abstracts),
    "plain-language-summary": lambda record: any(
        one.kind == "plain-language-summary" for one in record.other_abstracts
    ),
    "qualitative-review-with-type-meta-analysis": typed("Meta-Analysis"),
    "randomised-in-text": said(RANDOM),
    "randomised-word-in-a-non-trial": said(f"lack of {RANDOM}"),
    "registry-id": lambda record: len(record.registry_ids) > 0 or said("nct0427877")(record),
    "retracted": lambda record: record.retracted,
    "retracted-without-a-pmid": lambda record: any(
        link.relation == "RetractionIn" and link.pmid is None for link in record.related
    ),
    "retraction-notice": lambda record: linked("RetractionOf")(record) and not record.retracted,
    "status-publisher": lambda record: record.status == "Publisher" and record.mesh == (),
    "status-pubmed-not-medline": lambda record: record.status == "PubMed-not-MEDLINE",
    "structured-abstract": lambda record: any(one.label not in {None, MARK} for one in record.abstract),
    "systematic-type-on-a-narrative-review": typed("Systematic Review"),
    "title-without-low-dose": lambda record: not titled(r"low[- ]dose")(record),
    "title-without-naltrexone": lambda record: not titled("naltrexon")(record),
    "translated-title": lambda record: (
        (record.title or "").startswith("[") and record.vernacular_title is not None
    ),
    "type-clinical-trial": typed("Clinical Trial"),
    "type-meta-analysis": typed("Meta-Analysis"),
    "type-multicenter": typed("Multicenter Study"),
    "type-rct": typed("Randomized Controlled Trial"),
    "type-rct-on-a-dose-finding-study": typed("Randomized Controlled Trial"),
    "type-without-ui": lambda record: any(term.ui is None for term in record.publication_types),
    "unstructured-abstract": lambda record: (
        len(record.abstract) > 0 and all(one.label in {None, MARK} for one in record.abstract)
    ),
    "update-in": linked("UpdateIn"),
    "update-of": linked("UpdateOf"),
    "withdrawn": titled("^withdrawn:"),
    "year-not-known": lambda record: record.published.year is None,
}
# What a trap rests on in the row of a real report in the bundled corpus.
IN_THE_CORPUS: dict[str, Callable[[dict[str, str]], bool]] = {
    "animal": corpus_says("stated_design", "animal"),
    "borderline": corpus_says("borderline", "y"),
    "case-report": corpus_says("stated_design", "case_report"),
    "case-series": corpus_says("stated_design", "case_series"),
    "cohort": corpus_says("stated_design", "cohort"),
    "cross-sectional": corpus_says("stated_design", "cross_sectional"),
    "crossover": corpus_says("crossover", "y"),
    "database-study": corpus_says("stated_design", "registry/prescription-database (quasi-experimental)"),
    "erratum-in": corpus_says("correction_status", "corrected"),
    "fixed-order-crossover": lambda row: row["randomised"] == "n" and row["crossover"] == "y",
    "in-vitro": corpus_says("stated_design", "in_vitro", "animal"),
    "letter-or-comment": corpus_says("stated_design", "comment"),
    "meta-analysis": corpus_says("stated_design", "meta_analysis"),
    "mixed-result": corpus_says("primary_direction", "mixed"),
    "narrative-review": corpus_says("stated_design", "narrative_review"),
    "null-result": corpus_says("primary_direction", "no_effect"),
    "null-trial": corpus_says("primary_direction", "no_effect"),
    "open-label": corpus_says("stated_design", "open_label_trial"),
    "positive-conclusion-over-null-primary": corpus_says("primary_direction", "no_effect"),
    "rct": corpus_says("stated_design", "rct", "crossover_rct"),
    "secondary-analysis": lambda row: row["report_of"] != "" and row["stated_design"] == "rct",
    "survey": corpus_says("stated_design", "survey"),
    "systematic-review": corpus_says("stated_design", "systematic_review"),
    "trial-protocol": corpus_says("stated_design", "protocol"),
    "type-rct-on-a-dose-finding-study": corpus_says("randomised", "n"),
    "year-not-known": corpus_says("year", ""),
}
# Told by reading alone.
READ = {
    "active-comparator",
    "co-intervention",
    "fixed-combination",
    "human-and-laboratory",
    "hype",
    "mixed-doses",
    "mixed-population",
    "not-an-ldn-study",
    "other-isomer",
    "preprint-and-article",
    "species-hidden-in-title",
    "with-an-opioid",
}
# What the file holds and the parsed record no longer shows.
IN_THE_FILE = {
    "many-records-in-one-file": r"(?s)<PMID Version=.*</Pubmed(Book)?Article>\s*<Pubmed(Book)?Article>",
    "markup-in-abstract": r"<AbstractText[^>]*>[^\n]*<(i|b|sub|sup)>",
    "markup-in-title": r"<ArticleTitle>[^\n]*<(i|b|sub|sup)>",
}
TRAPS = sorted({*IN_THE_RECORD, *IN_THE_CORPUS, *IN_THE_FILE, *READ})


def test_the_readme_names_every_file_and_no_other():
    assert sorted(TABLE) == sorted(path.stem for path in RECORDS.glob("*.xml"))


@pytest.mark.parametrize("row", TABLE.values(), ids=key_of)
def test_a_file_holds_the_records_that_the_readme_says(row):
    assert tuple(record.pmid for record in records(row.key)) == row.pmids
    assert (len(row.pmids) > 1) == ("many-records-in-one-file" in row.traps)


def test_no_pmid_stands_in_two_files():
    pmids = [pmid for row in TABLE.values() for pmid in row.pmids]
    assert len(pmids) == len(set(pmids))


@pytest.mark.parametrize("row", TABLE.values(), ids=key_of)
def test_every_abstract_says_that_it_is_ours(row):
    for record in records(row.key):
        for abstract in (record.abstract, *(other.sections for other in record.other_abstracts)):
            assert not abstract or any(ours(section) for section in abstract)


@pytest.mark.parametrize("row", IN_CORPUS, ids=key_of)
def test_a_real_record_says_what_the_corpus_says(row):
    (record,) = records(row.key)
    known = CORPUS[row.key]
    first = record.authors[0] if record.authors else None
    author = " ".join(part for part in (first.last_name, first.initials) if part) if first else None
    assert known["pmid"] == str(record.pmid)
    assert plain(known["title"]) == plain(record.title or "")
    assert record.identifier("doi") in {None, known["doi"] or None}
    assert str(record.published.year or known["year"]) == known["year"]
    assert author in {None, known["first_author"] or None}
    assert record.journal.title in {None, known["journal"] or None}
    assert {term.name for term in record.publication_types} <= set(known["publication_types"].split("; "))
    assert {one.value for one in record.registry_ids} <= set(re.split(r"[; ]+", known["registry_ids"]))
    assert row.subject == (known["condition"] if known["condition"] in CONDITIONS else "other")


def test_a_real_record_outside_the_corpus_is_a_look_alike():
    assert {row.subject for row in REAL if row not in IN_CORPUS} == {"look-alike"}
    assert not {row["pmid"] for row in CORPUS.values()} & {
        str(pmid) for row in REAL if row not in IN_CORPUS for pmid in row.pmids
    }


@pytest.mark.parametrize("row", REAL, ids=key_of)
def test_a_real_record_bears_no_invented_status(row):
    (record,) = records(row.key)
    known = CORPUS.get(row.key)
    errata = {link.relation for link in record.related} - {"CommentIn"}
    expected = {"ErratumIn"} if known and known["correction_status"] == "corrected" else set()
    if known and "erratum" in known["title"]:
        expected = {"ErratumFor"}
    assert not record.retracted
    assert errata <= expected
    # Conflicts, grants and ORCID of a real person would be guesses.
    assert (record.conflict_of_interest, record.grants) == (None, ())
    assert not any(author.identifiers or author.affiliations for author in record.authors)


@pytest.mark.parametrize("row", [row for row in TABLE.values() if row.invented], ids=key_of)
def test_an_invented_record_says_that_it_is(row):
    for record in records(row.key):
        assert record.pmid >= FIRST_INVENTED
        assert "invented" in f"{record.title} {record.book_title}".lower()
        assert all("nvented" in str(author) or "rfunden" in str(author) for author in record.authors[:1])
        assert (record.identifier("doi") or "10.5555/invented").startswith("10.5555/invented")
    assert row.key.startswith("invented_")


def test_a_real_pmid_is_below_the_invented_ones():
    assert all(pmid < FIRST_INVENTED for row in REAL for pmid in row.pmids)


def test_links_between_invented_records_lead_somewhere():
    held = {pmid for row in TABLE.values() for pmid in row.pmids}
    links = {
        link.pmid
        for row in TABLE.values()
        if row.invented
        for record in records(row.key)
        for link in record.related
    }
    assert links - {None} <= held


def test_there_are_enough_records_and_they_reach_every_condition():
    assert sum(len(row.pmids) for row in LDN) >= 40
    assert {row.subject for row in TABLE.values()} == {*CONDITIONS, "other", "look-alike"}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_has_a_file_that_shows_it(trap):
    rows = [row for row in TABLE.values() if trap in row.traps]
    assert rows, f"no file in tests/records/README.md is listed for the trap {trap}"
    for row in rows:
        if trap in IN_THE_RECORD:
            assert any(IN_THE_RECORD[trap](record) for record in records(row.key)), row.key
        if trap in IN_THE_FILE:
            assert re.search(IN_THE_FILE[trap], (RECORDS / f"{row.key}.xml").read_text("utf-8")), row.key
        if trap in IN_THE_CORPUS and row in IN_CORPUS:
            assert IN_THE_CORPUS[trap](CORPUS[row.key]), row.key


def test_the_readme_names_no_trap_that_nobody_looks_for():
    assert {trap for row in TABLE.values() for trap in row.traps} <= set(TRAPS)


def test_the_search_for_the_drug_finds_every_ldn_record_and_not_the_same_letters():
    query = PROTOCOL["intervention"]["query"]
    missed = [row.key for row in LDN if not all(found_by(query, one) for one in records(row.key))]
    letters = [row.key for row in TABLE.values() if "no-naltrexone" in row.traps]
    assert missed == []
    assert not [key for key in letters for one in records(key) if found_by(query, one)]


BLOCKS = CONDITIONS | {one["slug"]: one["query"] for one in PROTOCOL["claims"] if "query" in one}


@pytest.mark.parametrize("slug", BLOCKS)
def test_a_search_of_the_protocol_finds_a_record(slug):
    query = f"{PROTOCOL['intervention']['query']} AND {BLOCKS[slug]}"
    assert [row.key for row in LDN for one in records(row.key) if found_by(query, one)]


def test_the_records_do_not_travel_in_the_wheel():
    wheel = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    named = [*wheel["packages"], *wheel["force-include"], *wheel["force-include"].values()]
    assert not [path for path in named if "tests" in path or "records" in path]
