"""PubMed queries: what they mean, what a reader is told about them, and which records answer them."""

from __future__ import annotations

import itertools
import re
import time
import unicodedata
import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest
from conftest import RECORDS, REPO
from hypothesis import given, settings
from hypothesis import strategies as st
from search_query.pubmed.parser import PubmedParser
from test_real_records import FOLDER, files, raw

from ldn_evidence import InputError, parse, protocol, query
from ldn_evidence.model import (
    AbstractSection,
    Affiliation,
    Author,
    Chemical,
    Grant,
    Identifier,
    Journal,
    Keyword,
    MeshHeading,
    MeshTerm,
    OtherAbstract,
    PartialDate,
    Record,
    Term,
)
from ldn_evidence.query.linting import _second_reader_agrees, rendered

PROTOCOLS = [protocol.load(path) for path in sorted((REPO / "data" / "protocols").glob("*.toml"))]
QUERIES = [(f"{one.name}: {slug}", text) for one in PROTOCOLS for slug, text in one.queries().items()]
BENEATH = {"Neuralgia": ["Neuralgia, Postherpetic"], "naltrexone": ["methylnaltrexone"]}

RECORD = Record(
    pmid=17,
    title="Low-dose naltrexone in Sjögren’s disease: (+)-isomers & TNF-α",
    vernacular_title="Niedrig dosiert",
    abstract=(
        AbstractSection(label="AIM", text="Does pain get less?"),
        AbstractSection(label="RESULTS", text="Side effects were few; the dose stayed low and naltrexone helped."),
    ),
    other_abstracts=(OtherAbstract(language="ger", kind="Publisher", sections=(AbstractSection(text="Weniger Schmerz"),)),),
    authors=(
        Author(last_name="Younger", fore_name="Jarred", initials="JW", affiliations=(Affiliation(name="Stanford University, California"),)),
        Author(last_name="van der Berg", fore_name="Anna", initials="A", identifiers=(Identifier(scheme="ORCID", value="https://orcid.org/0000-0002-1825-0097"),)),
        Author(collective="Pain Study Group"),
    ),
    journal=Journal(title="Pain Medicine", iso_abbreviation="Pain Med", volume="10", issue="4", pages="663-72", issn="1526-2375", nlm_id="100894201", country="England"),
    published=PartialDate(year=2009, month=5),
    article_dates=(("Electronic", PartialDate(year=2009, month=4, day=22)),),
    revised=PartialDate(year=2021, month=12, day=2),
    completed=PartialDate(year=2009, month=9, day=1),
    history=(("entrez", PartialDate(year=2009, month=4, day=24)), ("pubmed", PartialDate(year=2009, month=4, day=25)), ("medline", PartialDate(year=2009, month=9, day=2))),
    languages=("eng",),
    publication_types=(Term(name="Randomized Controlled Trial", ui="D016449"),),
    mesh=(
        MeshHeading(descriptor=MeshTerm(name="Neuralgia, Postherpetic", ui="D051474", major=True)),
        MeshHeading(descriptor=MeshTerm(name="Pain", ui="D010146"), qualifiers=(MeshTerm(name="drug therapy", ui="Q000188"),)),
    ),
    chemicals=(Chemical(substance=Term(name="methylnaltrexone", ui="C032257"), registry_number="0RK7M7IABE"),),
    keywords=(Keyword(text="immune-modulation"),),
    identifiers=(Identifier(scheme="doi", value="10.1111/J.1526(09)x"), Identifier(scheme="pii", value="PME613")),
    registry_ids=(Identifier(scheme="ClinicalTrials.gov", value="NCT00568555"),),
    grants=(Grant(number="AR-123", agency="NIAMS NIH HHS", country="United States"),),
    conflict_of_interest="The authors declare none.",
    status="MEDLINE",
)  # fmt: skip


def answers(text: str, record: Record = RECORD) -> bool:
    return query.matches(query.parse(text), record, BENEATH)


YES = [
    "naltrexone[tiab]", "naltrexone[Title/Abstract]", "NALTREXONE[TI]", "naltrex*[tiab]", '"low dose"[tiab]',
    "low-dose[tiab]", '"low-dose naltrexone"[ti]', '"side effect*"[tiab]', '"side-effects"[tiab]', '"results side"[tiab]',
    "sjogren's[ti]", "Sjögren[ti]", '"sjogren s disease"[tiab]', "tnf-α[tiab]", "ＴＮＦ[tiab]", 'pain [tiab] OR pain[ TIAB ]',
    "schmerz[tiab]", "immune[tiab]", '"immune modulation"[ot]', '"niedrig dosiert"[tt]', '"dose low"[tiab:~0]',
    '"naltrexone dose"[tiab:~3]', '"low naltrexone"[ti:~1]', "stanford[ad]", '"stanford california"[ad:~1]',
    "neuralgia[mh]", '"neuralgia, postherpetic"[mh:noexp]', "D051474[mh]", "neural*[mh]", "naltrexone[mh]",
    '"neuralgia, postherpetic"[majr]', "neuralgia[majr]", "pain/drug therapy[mh]", '"Pain/Drug Therapy"[MeSH Terms]',
    '"drug therapy"[sh]', '"randomized controlled trial"[pt]', "randomized controlled trial[Publication Type]",
    "methylnaltrexone[nm]", "0rk7m7iabe[rn]", "younger j[au]", '"younger jw"[au]', "younger[1au]", "younger[firstau]",
    "younger jarred[fau]", "jarred younger[au] OR younger[au]", "van der berg a[au]", '"Pain Study Group"[lastau]', "pain study group[cn]",
    "pain med[ta]", '"Pain Medicine"[journal]', "1526-2375[ta]", "100894201[jid]", "eng[la]", "english[la]", "England[pl]",
    "2009[dp]", "2009/04[dp]", "2009/05/01[dp]", "2000:2009[dp]", "2009:3000[dp]", '("2009/04/22"[dp] : "2009/04/22"[dp])',
    "2009/04/24[crdt]", "2009/04/25[edat]", "2009/9/2[mhda]", "2021/12[lr]", "2021[mdat]", "2009/09/01[dcom]",
    "17[pmid]", "17[uid]", '"10.1111/j.1526(09)x"[doi]', '"10.1111/J.1526(09)X"[aid]', "PME613[aid]", "nct00568555[si]",
    "ClinicalTrials.gov/NCT00568555[si]", "AR-123[gr]", "niams[gr]", "10[vi] AND 4[ip] AND 663[pg]", "663-72[pg]",
    "declare[cois]", "0000-0002-1825-0097[auid]", "medline[sb]", "hasabstract", "hasabstract[filter]", "stanford[all]",
    "naltrexone pain", "helped[tw]", '"drug therapy"[tw]', "17", "younger[all]",
]  # fmt: skip
NO = [
    "naltrexon[tiab]", '"dose naltrexone helped"[tiab]', '"disease aim"[tiab]', '"less low"[tiab]', '"neuralgia"[mh:noexp]',
    '"naltrexone"[mh:noexp]', "pain[majr]", "neuralgia/drug therapy[mh]", "pain/adverse effects[mh]", "naltrexone[nm]",
    '"younger j"[au]', "younger ja[au]", "berg a[au]", "young[au]", "group[1au]", "pain[ta]", "ger[la]", "german[la]",
    "2009/06[dp]", "2010:2020[dp]", "2009/04/25[crdt]", "2008[lr]", "1[pmid]", "170[pmid]", "10.1111[doi]", "66[pg]",
    "publisher[sb]", '"low naltrexone"[ti:~0]', '"dose dose dose"[tiab:~9]', "naltrexone cancer",
    "randomized[pt]", '"controlled trial"[pt]', "stanford[tiab]", "alpha[tiab]", '"drug therapy"[tiab]',
]  # fmt: skip


@pytest.mark.parametrize("text", YES)
def test_a_record_answers(text):
    assert answers(text)


@pytest.mark.parametrize("text", NO)
def test_a_record_does_not_answer(text):
    assert not answers(text)


def test_a_record_without_anything_answers_nothing_and_breaks_nothing():
    bare = Record(pmid=1)
    for text in YES:
        if text not in ("17", "17[pmid]", "17[uid]"):
            assert not answers(text, bare), text


def test_a_date_with_an_impossible_day_counts_as_the_first_of_its_month():
    assert answers("2001/06/01[lr]", Record(pmid=1, revised=PartialDate(year=2001, month=6, day=31)))


# what a reader is told: the code of the remark, and the query
ERRORS = {
    "naltrexone": "untagged",
    "low dose naltrexone AND pain[tiab]": "untagged",
    "pain[foo]": "unknown-field",
    "pain[ab]": "unknown-field",
    "pain[tiab:2]": "unknown-field",
    "pain[tiab:noexp]": "unknown-field",
    "opioid antagonists[pa]": "undecidable-field",
    "systematic[sb]": "undecidable-filter",
    "pai*[tiab]": "short-wildcard",
    '"low do*"[tiab]': "short-wildcard",
    "*pain[tiab]": "wildcard-inside",
    "pain*killer[tiab]": "wildcard-inside",
    "pain**[tiab]": "wildcard-inside",
    "a[tiab] and b[tiab]": "lower-case-operator",
    "pain or ache[tiab]": "lower-case-operator",
    "a[tiab] & b[tiab]": "operator-sign",
    "a[tiab] AND b[tiab] OR c[tiab]": "mixed-operators",
    "a[tiab] OR b[tiab] NOT c[tiab]": "mixed-operators",
    "((a[tiab])": "unbalanced-brackets",
    "a[tiab])": "unbalanced-brackets",
    "a[tiab": "unbalanced-brackets",
    "a]": "unbalanced-brackets",
    "()": "empty-brackets",
    "": "empty",
    "  \n": "empty",
    '"low dose[tiab]': "unbalanced-quotes",
    "“low dose”[tiab]": "curly-quotes",
    '"a \\"b"[tiab]': "escape",
    "crohn\\'s[tiab]": "backslash",
    "a[tiab] b[tiab]": "missing-operator",
    '"a b" c[tiab]': "missing-operator",
    "a[tiab](b[tiab])": "missing-operator",
    "10.1000/x(1)[doi]": "brackets-in-term",
    "(a[tiab] OR b[tiab])[tiab]": "tag-on-brackets",
    "[tiab]": "tag-without-term",
    "AND a[tiab]": "operator-alone",
    "NOT a[tiab]": "operator-alone",
    "a[tiab] OR": "operator-alone",
    "a[tiab] AND NOT b[tiab]": "operator-twice",
    '"pain relie*"[tiab:~2]': "wildcard-in-proximity",
    "pain[tiab:~2]": "proximity-phrase",
    '"pain relief"[mh:~2]': "proximity-field",
    '"pain relief"[tiab:~x]': "proximity-number",
    "1:10[vi]": "range-field",
    "a[ti] : b[ti]": "range-field",
    "2010[crdt]:2011[dp]": "range-field",
    "2010:2020": "range",
    "2020:2010[dp]": "range",
    "2010:": "range",
    ":2010[dp]": "range",
    "2010/13[dp]": "date",
    "2010/02/30[dp]": "date",
    "last 5 years[dp]": "date",
    "2010:soon[dp]": "date",
    "abc[pmid]": "not-a-pmid",
    "10.1*[doi]": "wildcard-in-identifier",
    "klingon[la]": "language",
    "pain/dt[mh]": "qualifier",
    "--[tiab]": "empty-term",
    '""[tiab]': "empty-term",
    "a\x00b[tiab]": "control-character",
    "zero\u200bwidth[tiab]": "control-character",
    "#1 AND #2": "history",
    "TI=pain": "foreign-syntax",
}
# PubMed reads these otherwise, and we can still say what they mean from left to right
STILL_READ = {"untagged", "mixed-operators", "backslash"}


@pytest.mark.parametrize(("text", "code"), ERRORS.items(), ids=repr)
def test_what_pubmed_would_refuse_or_read_otherwise_is_an_error_with_a_mend(text, code):
    (remark, *_) = [one for one in query.lint(text) if one.code == code]
    assert remark.severity == "error"
    assert remark.message.count("\n") == 0
    assert remark.message.rstrip()[-1] in ".?"
    if code in STILL_READ:
        query.parse(text)
    else:
        with pytest.raises(InputError, match=r"^here: ") as error:
            query.parse(text, "here")
        assert "\n" not in str(error.value)


def test_a_message_names_the_place_and_the_mend():
    with pytest.raises(InputError) as error:
        query.parse("naltrexone[tiab] AND pain[tibb]", 'ldn.toml: condition "pain"')
    assert str(error.value) == (
        'ldn.toml: condition "pain": at character 22, pain[tibb]: PubMed has no field [tibb]. Did you mean [tiab]?'
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("naltrexone[mh]", "mesh-only"),
        ("low dose[tiab]", "unquoted-phrase"),
        ("a[tiab] NOT animals[mh]", "not-animals"),
        ("a[tiab] OR a[tiab]", "repeated-term"),
        ('"side* effect"[tiab]', "wildcard-not-last"),
        ("a[tiab] AND (b[tiab] OR (c[tiab] AND 2010[dp]))", "date-inside"),
    ],
)
def test_what_is_legal_but_worth_a_look_is_a_warning(text, code):
    assert code in [one.code for one in query.lint(text) if one.severity == "warning"]
    query.parse(text)


@pytest.mark.parametrize("text", [text for _, text in QUERIES], ids=[name for name, _ in QUERIES])
def test_every_query_of_the_protocols_is_read_as_it_is_written(text):
    assert query.lint(text) == []
    query.parse(text)


def test_the_second_reader_agrees_wherever_it_can_read():
    for text in (*YES, *NO, *(text for _, text in QUERIES)):
        assert "second-reader" not in [one.code for one in query.lint(text)], text


@pytest.mark.parametrize("other", ["a[ti] OR b[ti]", "b[ti] AND a[ti]", "a[ti] AND (b[ti] NOT c[ti])"])
def test_the_second_reader_sees_another_tree(other):
    assert _second_reader_agrees("a[ti] AND b[ti]", query.parse("a[ti] AND b[ti]").root)
    assert not _second_reader_agrees("a[ti] AND b[ti]", query.parse(other).root)


def test_a_date_beside_the_whole_query_is_no_remark():
    for text in (
        "ldn[tiab] AND 2010:2020[dp]",
        "ldn[tiab] AND (2010[dp] OR 2012[dp])",
        "a[tiab] NOT 2010[dp]",
    ):
        assert query.lint(text) == []


def test_taking_animals_away_keeps_the_humans():
    # search-query advises to drop these brackets; without them every human study is gone
    text = "pain[tiab] NOT (animals[mh] NOT humans[mh])"
    both = Record(
        pmid=1,
        title="pain",
        mesh=tuple(MeshHeading(descriptor=MeshTerm(name=one)) for one in ("Animals", "Humans")),
    )
    animals = Record(pmid=2, title="pain", mesh=both.mesh[:1])
    assert query.lint(text) == []
    assert (answers(text, both), answers(text, animals)) == (True, False)
    assert not answers("pain[tiab] NOT animals[mh] NOT humans[mh]", both)


def test_nothing_is_printed(capsys):
    for text in (*ERRORS, "a[tiab] OR a[tiab]", *YES):
        query.lint(text)
    assert capsys.readouterr() == ("", "")


def test_a_hostile_query_is_answered_at_once():
    started = time.monotonic()
    for text in (
        "(" * 50_000 + "a[tiab]" + ")" * 50_000,
        "a[tiab]" + " OR a[tiab] AND b[tiab]" * 5_000,
        '"' + "a " * 100_000,
        "[" * 100_000,
        "a" * 1_000_000,
        f"{'a' * 100_000}[dp]",
        f"a[{'b' * 100_000}]",
        f"#{'1' * 100_000}",
        "a b" * 30_000 + "[sb]",
    ):
        with pytest.raises(InputError) as error:
            query.parse(text)
        assert len(str(error.value)) < 400
        query.lint(text)
    long = " OR ".join(f"word{number}[tiab]" for number in range(8_000))  # some 120 kB
    assert query.matches(query.parse(long), Record(pmid=1, title="word7999"))
    assert time.monotonic() - started < 10


@given(st.text(alphabet='ab "[]():*~/\\ANDORNOTtimh,-–ü\n\x00‟', max_size=60))
def test_whatever_is_typed_is_read_or_refused_with_one_line(text):
    remarks = query.lint(text)
    assert not any("\n" in one.message for one in remarks)
    try:
        question = query.parse(text)
    except InputError as error:
        refusal = str(error)
    else:
        query.matches(question, RECORD)
        return
    assert "\n" not in refusal
    assert any(one.severity == "error" for one in remarks)


# ---------------------------------------------------------------- trees against sets

WORDS = ("pain", "dose", "naltrexone", "sleep")
POOL = [
    Record(pmid=number, title=" and ".join(held))
    for number, held in enumerate(
        itertools.chain.from_iterable(itertools.combinations(WORDS, n) for n in range(5)), 1
    )
]
LEAVES = st.sampled_from(WORDS)
TREES = st.recursive(
    LEAVES, lambda inner: st.tuples(st.sampled_from(("AND", "OR", "NOT")), inner, inner), max_leaves=12
)


def bracketed(tree) -> str:
    if isinstance(tree, str):
        return f"{tree}[ti]"
    operator, left, right = tree
    return f"({bracketed(left)} {operator} {bracketed(right)})"


def by_sets(tree) -> set[int]:
    if isinstance(tree, str):
        return {one.pmid for one in POOL if tree in (one.title or "").split()}
    operator, left, right = tree
    return combine(operator, by_sets(left), by_sets(right))


def combine(operator: str, left: set[int], right: set[int]) -> set[int]:
    return left & right if operator == "AND" else left | right if operator == "OR" else left - right


def found(text: str) -> set[int]:
    question = query.parse(text)
    return {one.pmid for one in POOL if query.matches(question, one)}


@given(TREES)
def test_a_tree_with_every_bracket_means_what_sets_mean(tree):
    assert found(bracketed(tree)) == by_sets(tree)


@given(LEAVES, st.lists(st.tuples(st.sampled_from(("AND", "OR", "NOT")), TREES), max_size=6))
def test_without_brackets_pubmed_joins_from_left_to_right(first, rest):
    expected = by_sets(first)
    text = bracketed(first)
    for operator, tree in rest:
        expected = combine(operator, expected, by_sets(tree))
        text += f" {operator} {bracketed(tree)}"
    assert found(text) == expected


@given(TREES, TREES)
def test_de_morgan(one, two):
    every = "(pain[ti] OR hasabstract[sb] OR 1900:3000[dp])"
    a, b = bracketed(one), bracketed(two)
    assert found(f"{every} NOT ({a} OR {b})") == found(f"({every} NOT {a}) AND ({every} NOT {b})")
    assert found(f"{every} NOT ({a} AND {b})") == found(f"({every} NOT {a}) OR ({every} NOT {b})")


@settings(deadline=None)
@given(TREES)
def test_search_query_reads_the_same_tree_where_every_bracket_is_written(tree):
    ours = rendered(query.parse(bracketed(tree)).root)
    theirs = PubmedParser(ours, silent=True).parse()
    assert {one.pmid for one in POOL if _theirs(theirs, one)} == by_sets(tree)


def _theirs(node, record: Record) -> bool:
    if node.is_term():
        return node.value.strip('"') in (record.title or "").split()
    first, *others = (_theirs(child, record) for child in node.children)
    if node.value == "AND":
        return first and all(others)
    return first or any(others) if node.value == "OR" else first and not any(others)


PARTS = st.lists(st.text("abcö", min_size=1, max_size=5), min_size=1, max_size=6)
JOINTS = st.sampled_from((" ", "-", "–", "/", ", ", ". ", "'", "_", "+"))


@given(PARTS, JOINTS, JOINTS, st.data())
def test_a_phrase_is_consecutive_words_whatever_stands_between_them(parts, joint, other, data):
    record = Record(pmid=1, title=joint.join(parts))
    start = data.draw(st.integers(0, len(parts) - 1))
    end = data.draw(st.integers(start + 1, len(parts)))
    assert answers(f'"{other.join(parts[start:end]).upper()}"[ti]', record)
    assert not answers(f'"{" ".join([*parts, "zzz"])}"[ti]', record)


@given(st.text("abcdö", min_size=4, max_size=9), st.text("abcd", max_size=4))
def test_an_asterisk_stands_for_any_ending(beginning, ending):
    assert answers(f"{beginning}*[ti]", Record(pmid=1, title=f"x {beginning}{ending} y"))
    assert not answers(f"{beginning}z*[ti]", Record(pmid=1, title=f"x {beginning}{ending} y"))
    assert not answers(f"{beginning}*[ti]", Record(pmid=1, title=f"xz{beginning}{ending}"))


@given(st.permutations(["low", "dose", "pain"]), st.integers(0, 4), st.integers(0, 4), st.integers(0, 9))
def test_nearness_counts_the_words_between_in_any_order(order, first, second, allowed):
    title = f"{order[0]}{' x' * first} {order[1]}{' x' * second} {order[2]}"
    assert answers(f'"low dose pain"[ti:~{allowed}]', Record(pmid=1, title=title)) == (
        first + second <= allowed
    )


DAYS = st.dates(date(1960, 1, 1), date(2030, 12, 31))


@given(DAYS, DAYS, DAYS)
def test_a_range_holds_its_ends_and_neighbours_share_nothing(day, one, two):
    low, high = sorted((one, two))
    record = Record(pmid=1, revised=PartialDate(year=day.year, month=day.month, day=day.day))
    inside = answers(f'("{low:%Y/%m/%d}"[lr] : "{high:%Y/%m/%d}"[lr])', record)
    after = answers(f'("{high + timedelta(days=1):%Y/%m/%d}"[lr] : "3000"[lr])', record)
    assert (inside, after) == (low <= day <= high, day > high)
    assert answers(f"{day.year}[lr] AND {day:%Y/%m}[lr] AND {day.year}:{day.year}[mdat]", record)


def test_a_real_query_finds_the_real_records():
    ldn = next(one for one in PROTOCOLS if one.name == "ldn")
    drug = query.parse(ldn.intervention.query)
    seen = set()
    for path in sorted(RECORDS.glob("*.xml")):
        for one in ET.parse(path).iter():
            if one.tag not in ("MedlineCitation", "BookDocument"):
                continue
            pmid = int(one.findtext("PMID"))
            named = {name.text for name in one.iter("DescriptorName")}
            by_hand = (
                "Naltrexone" in named
                or re.search(r"(?<![^\W_])(naltrexon|naltreoxon)", _plain(one)) is not None
            )
            (record,) = [
                held
                for held in parse.records(path.read_bytes())
                if isinstance(held, Record) and held.pmid == pmid
            ]
            assert query.matches(drug, record) == by_hand, path.name
            seen.add(by_hand)
    assert True in seen


@pytest.fixture(scope="module")
def held() -> list[tuple[query.Indexed, str]]:
    """Every real record, and its title, abstracts and keywords as another reader finds them."""
    found = []
    for path in files():
        ours = {(one.pmid, one.version): one for one in parse.records(raw(path)) if isinstance(one, Record)}
        for one in ET.fromstring(raw(path)).iter():
            if one.tag in ("MedlineCitation", "BookDocument"):
                pmid = one.find("PMID")
                key = (int(pmid.text), int(pmid.get("Version", "1")))
                found.append((query.Indexed(ours[key]), _plain(one)))
    return found


def _plain(citation: ET.Element) -> str:
    places = (
        "Article/ArticleTitle", "ArticleTitle", "Book/BookTitle", "Article/Abstract/AbstractText",
        "Abstract/AbstractText", "OtherAbstract/AbstractText", "KeywordList/Keyword",
    )  # fmt: skip
    parts = [part for place in places for part in citation.findall(place) if "".join(part.itertext()).strip()]
    text = " ".join(f"{part.get('Label', '')} {''.join(part.itertext())}" for part in parts)
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(one for one in decomposed if not unicodedata.combining(one))


@pytest.mark.skipif(not FOLDER, reason="LDN_EVIDENCE_PUBMED_XML names no folder of real PubMed XML")
@pytest.mark.parametrize(
    "word", ["pain", "dose", "patients", "cancer", "methods", "il", "trial", "opioid", "sjogren", "β"]
)
def test_single_words_agree_with_a_plain_search_of_the_real_xml(word, held):
    question = query.parse(f'"{word}"[tiab]')
    pattern = re.compile(rf"(?<![^\W_]){word}(?![^\W_])")
    wrong = [
        one.record.pmid for one, text in held if query.matches(question, one) != bool(pattern.search(text))
    ]
    assert wrong == []


def test_a_heading_beneath_is_found_as_far_as_the_protocol_declares_it():
    ldn = next(one for one in PROTOCOLS if one.name == "ldn")
    question = query.parse(ldn.queries()["multiple-sclerosis"])
    headings = ("Naltrexone", "Multiple Sclerosis, Relapsing-Remitting")
    record = Record(pmid=1, mesh=tuple(MeshHeading(descriptor=MeshTerm(name=one)) for one in headings))
    assert query.matches(question, record, ldn.descendants())
    assert not query.matches(question, record)
