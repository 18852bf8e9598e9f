"""References from other searches: read whole or refused with the mend, linked to what is known, never dropped, never counted."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from conftest import RECORDS
from hypothesis import given
from hypothesis import strategies as st
from standin import StandIn

from ldn_evidence import InputError, Workspace, imports
from ldn_evidence.entrez import Entrez
from ldn_evidence.model import BatchForm, Citation

FOLDER = os.environ.get("LDN_EVIDENCE_PUBMED_XML")

NBIB = """PMID- 23359310
STAT- MEDLINE
DP  - 2013 Feb
TI  - Low-dose naltrexone for the treatment of fibromyalgia: findings of a small,
      randomized, double-blind, placebo-controlled, counterbalanced, crossover trial
      assessing daily pain levels.
LID - 10.1002/art.37734 [doi]
AU  - Younger J
PT  - Randomized Controlled Trial
TA  - Arthritis Rheum

PMID- 999123456
DP  - 2025
TI  - An invented study of naltrexone that nobody else has found.
AU  - Invented A
AU  - Invented B
PT  - Journal Article
"""
RIS = """TY  - JOUR
AU  - Younger, Jarred
TI  - Low-Dose Naltrexone for the Treatment of Fibromyalgia: findings of a small, randomized, double-blind, placebo-controlled, counterbalanced, crossover trial assessing daily pain levels
PY  - 2013
JO  - Arthritis and Rheumatism
ER  - 

TY  - JOUR
AU  - Invented, A
TI  - A second invented study of naltrexone, found in another database alone
PY  - 2024/05/03/
DO  - https://doi.org/10.5555/invented.ris
AB  - Twelve people were invented for a test.
ER  - 
"""  # noqa: W291


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# --------------------------------------------------------------------------- read whole


def test_nbib_becomes_citations():
    assert imports.citations(NBIB.encode(), BatchForm.NBIB, "PubMed by hand", "abcdefghijk") == [
        Citation(
            key="import:abcdefghij:1",
            source="PubMed by hand",
            title="Low-dose naltrexone for the treatment of fibromyalgia: findings of a small, randomized, double-blind, "
            "placebo-controlled, counterbalanced, crossover trial assessing daily pain levels.",
            pmid=23359310,
            doi="10.1002/art.37734",
            authors=("Younger J",),
            year=2013,
            journal="Arthritis Rheum",
            publication_types=("Randomized Controlled Trial",),
        ),
        Citation(
            key="import:abcdefghij:2",
            source="PubMed by hand",
            title="An invented study of naltrexone that nobody else has found.",
            pmid=999123456,
            authors=("Invented A", "Invented B"),
            year=2025,
            publication_types=("Journal Article",),
        ),
    ]


def test_ris_becomes_citations_without_a_pmid_that_is_none():
    first, second = imports.citations(RIS.encode(), BatchForm.RIS, "Embase", "k")
    assert (first.pmid, first.year, first.authors) == (None, 2013, ("Younger, Jarred",))
    assert second == Citation(
        key="import:k:2",
        source="Embase",
        title="A second invented study of naltrexone, found in another database alone",
        doi="10.5555/invented.ris",
        authors=("Invented, A",),
        year=2024,
        abstract="Twelve people were invented for a test.",
    )


@given(
    st.lists(st.integers(1, 999_999_999), min_size=1, max_size=50),
    st.sampled_from(["\n", ", ", "\r\n", ";", " PMID: "]),
)
def test_a_list_of_pmids_is_read_whatever_stands_between_them(pmids, between):
    raw = between.join(map(str, pmids)).encode()
    assert imports.form(raw, "list") is BatchForm.PMIDS
    assert [one.pmid for one in imports.citations(raw, BatchForm.PMIDS, "list", "k")] == pmids


@pytest.mark.skipif(not FOLDER, reason="LDN_EVIDENCE_PUBMED_XML names no folder of real PubMed XML")
def test_real_medline_files_are_read():
    counts = {}
    for path in sorted(Path(str(FOLDER)).glob("http/biopython/pubmed_result*.txt")):
        raw = path.read_bytes()
        assert imports.form(raw, path.name) is BatchForm.NBIB
        found = imports.citations(raw, BatchForm.NBIB, path.name, "k")
        assert all(one.pmid and one.title and one.year and one.authors for one in found)
        counts[path.name] = (len(found), raw.count(b"PMID- "))
    assert counts
    assert all(read == there for read, there in counts.values())


# --------------------------------------------------------------------------- or refused with the mend


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("<!DOCTYPE html><html></html>", "is a web page"),
        ("<html/>", "is a web page"),
        ("<Other/>", "is not PubMed XML"),
        ("study,title\n1,x\n", "is neither PubMed XML, nbib, RIS nor a list of PMIDs"),
        ("TY  - JOUR\nTI  - Cut off before its end", 'begin with "TY" and 0 end with "ER"'),
        ("PMID- \n", "is neither"),
        ("0123456789012", "is neither"),
        ("23359310\n21380937\n2335931O\n", '"2335931O" is no PMID'),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_and_nothing_is_kept(workspace, tmp_path, content, words):
    with pytest.raises(InputError, match=words):
        workspace.bring([put(tmp_path, "references.ris", content)])
    assert workspace.archive.batches() == []


def test_a_file_in_another_encoding_is_refused(workspace, tmp_path):
    path = tmp_path / "latin.ris"
    path.write_bytes(RIS.replace("Invented, A", "Erfundén, A").encode("latin-1"))
    with pytest.raises(InputError, match="is not UTF-8"):
        workspace.bring([path])


# --------------------------------------------------------------------------- linked, never dropped, never counted


def test_what_is_known_is_linked_and_what_is_new_waits_for_a_reader(workspace, tmp_path):
    before = workspace.status()
    grades = workspace.claims()
    brought = workspace.bring([put(tmp_path, "a.nbib", NBIB), put(tmp_path, "b.ris", RIS)], "other searches")
    assert [(one.references, one.new, one.known) for one in brought.files] == [(2, 1, ("younger2013",))] * 2
    after = workspace.status()
    assert after["references"] == 4
    assert after["studies"] == before["studies"] + 2
    assert after["studies_that_can_count"] == before["studies_that_can_count"]
    assert workspace.claims().equals(grades)
    younger = workspace.study("younger2013")
    assert [one.source for one in younger.citations] == [
        "other searches"
    ] * 2  # by PMID, and by title and year
    new = workspace.study(999123456)
    assert new.citation == "Invented A (2025). An invented study of naltrexone that nobody else has found."
    assert workspace.study_document(new.key)["why_not"] == "found by a search; nobody has read it yet"


def test_the_same_file_twice_is_kept_once(workspace, tmp_path):
    workspace.bring([put(tmp_path, "a.nbib", NBIB)])
    digest = workspace.corpus_digest
    again = workspace.bring([put(tmp_path, "again.nbib", NBIB)], "another name")
    assert not again.built.changed
    assert (again.files[0].before, again.files[0].source) == (True, "a.nbib")
    assert workspace.corpus_digest == digest


def test_packed_files_are_unpacked(workspace, tmp_path):
    path = tmp_path / "a.nbib.gz"
    path.write_bytes(gzip.compress(NBIB.encode()))
    workspace.bring([path])
    assert workspace.study(999123456).citations


def test_the_record_takes_the_place_of_a_reference_once_it_is_fetched(tmp_path):
    workspace = Workspace(tmp_path / "work")
    workspace.bring([put(tmp_path, "list.txt", "28768313 21380937\n999000004")])
    assert workspace.study(999000004).key.startswith("import:")
    with StandIn.of(RECORDS, enforce=False) as standin:
        workspace.refresh(Entrez(url=standin.url, per_second=1000))
    study = workspace.study(999000004)
    assert study.key == "pmid:999000004"
    assert (len(study.records), len(study.citations)) == (1, 1)
    assert workspace.study(28768313).records


def test_titles_too_short_to_tell_papers_apart_link_nothing(workspace, tmp_path):
    letter = "TY  - JOUR\nAU  - A, B\nTI  - Author reply\nPY  - 2020\nER  - \n"
    workspace.bring([put(tmp_path, "a.ris", letter), put(tmp_path, "b.ris", letter.replace("A, B", "C, D"))])
    alone = [study for study in workspace.studies().values() if study.key.startswith("import:")]
    assert len(alone) == 2


def test_a_reference_without_a_title_is_kept(workspace, tmp_path):
    workspace.bring(
        [put(tmp_path, "a.ris", "TY  - JOUR\nDO  - 10.5555/invented.bare\nPY  - 2020\nER  - \n")], "Embase"
    )
    (study,) = [one for one in workspace.studies().values() if one.key.startswith("import:")]
    assert (study.doi, study.year) == ("10.5555/invented.bare", 2020)


def test_two_papers_of_one_title_stay_two_if_their_identifiers_differ(workspace, tmp_path):
    other = RIS.replace("PY  - 2013", "PY  - 2013\nDO  - 10.5555/another.paper", 1)
    workspace.bring([put(tmp_path, "b.ris", other)])
    assert workspace.study("younger2013").citations == ()
