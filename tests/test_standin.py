"""The stand-in for NCBI's E-utilities: its form is PubMed's, and its misbehaviour is really seen by a client."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import requests
import yaml
from conftest import RECORDS, REPO
from standin import Fault, StandIn
from test_real_records import FOLDER, files, raw

from ldn_evidence import parse
from ldn_evidence.model import Record

real = pytest.mark.skipif(not FOLDER, reason="LDN_EVIDENCE_PUBMED_XML names no folder of real PubMed XML")
# Three by name: the folder grows with every bug.
HELD = [RECORDS / name for name in ("albers2017.xml", "bruun2020.xml", "smith2011.xml")]


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn.of(HELD, descendants={"Neuralgia": ["Naltrexone"]}, enforce=False) as running:
        yield running


def ask(standin: StandIn, endpoint: str, method: str = "GET", **params: object) -> requests.Response:
    given = {"db": "pubmed", **params}
    if method == "POST":
        return requests.post(f"{standin.url}{endpoint}.fcgi", data=given, timeout=10)
    return requests.get(f"{standin.url}{endpoint}.fcgi", params=given, timeout=10)


def ids(standin: StandIn, term: str, **params: object) -> list[int]:
    return [
        int(one.text)
        for one in ET.fromstring(ask(standin, "esearch", term=term, **params).content).iter("Id")
    ]


def small(pmid: int, title: str = "naltrexone", around: str = "", version: int = 1) -> str:
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="{version}">{pmid}</PMID>{around}'
        f"<Article><ArticleTitle>{title}</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
    )


def many(count: int) -> str:
    return f"<PubmedArticleSet>{''.join(small(number) for number in range(1, count + 1))}</PubmedArticleSet>"


# ---------------------------------------------------------------- searching


def test_a_search_gives_ids_newest_first_by_get_and_by_post(standin):
    every = sorted((one.pmid for one in records_of(HELD)), reverse=True)
    assert ids(standin, "1900:3000[dp]") == every
    assert ask(standin, "esearch", "POST", term="1900:3000[dp]").content == ask(standin, "esearch", term="1900:3000[dp]").content  # fmt: skip
    assert ids(standin, "1900:3000[dp]", retstart=1, retmax=1) == every[1:2]


def records_of(paths: list[Path]) -> list[Record]:
    return [one for path in paths for one in parse.records(path.read_bytes()) if isinstance(one, Record)]  # fmt: skip


def test_json_says_what_xml_says(standin):
    term = '"no such phrase"[tiab] OR naltrexone OR foo[bar]'
    found = ET.fromstring(ask(standin, "esearch", term=term, usehistory="y").content)
    spoken = ask(standin, "esearch", term=term, usehistory="y", retmode="json")
    assert spoken.headers["Content-Type"].startswith("application/json")
    result = spoken.json()["esearchresult"]
    assert spoken.json()["header"] == {"type": "esearch", "version": "0.3"}
    assert result["count"] == found.findtext("Count")
    assert result["idlist"] == [one.text for one in found.iter("Id")]
    assert result["querytranslation"] == found.findtext("QueryTranslation")
    assert (
        result["errorlist"]["phrasesnotfound"]
        == [one.text for one in found.iter("PhraseNotFound")]
        == ["foo"]
    )
    assert (
        result["errorlist"]["fieldsnotfound"] == [one.text for one in found.iter("FieldNotFound")] == ["bar"]
    )
    assert result["warninglist"]["quotedphrasesnotfound"] == ['"no such phrase"']
    assert {"querykey", "webenv"} <= set(result)


def test_nothing_found_is_said(standin):
    found = ET.fromstring(ask(standin, "esearch", term="xyzabc[tiab]").content)
    assert found.findtext("WarningList/OutputMessage") == "No items found."
    assert found.find("IdList") is not None
    assert ids(standin, "xyzabc[tiab]") == []


def test_a_count_alone(standin):
    assert ET.fromstring(ask(standin, "esearch", term="naltrexone[mh]", rettype="count").content).findtext("Count") == "1"  # fmt: skip
    assert ask(standin, "esearch", term="naltrexone[mh]", rettype="count", retmode="json").json()["esearchresult"] == {"count": "1"}  # fmt: skip
    assert ids(standin, "neuralgia[mh]") == [28768313]  # through the descendants it was given


def test_dates_may_stand_beside_the_query():
    with StandIn.of(enforce=False) as standin:
        for pmid, year in ((1, 2019), (2, 2020), (3, 2021)):
            standin.put(small(pmid, around=f"<DateRevised><Year>{year}</Year><Month>05</Month><Day>01</Day></DateRevised>"))  # fmt: skip
        dated = {"datetype": "mdat", "mindate": "2020", "maxdate": "2020/05/01"}
        assert ids(standin, "naltrexone[ti]", **dated) == [2]
        translation = ET.fromstring(ask(standin, "esearch", term="naltrexone[ti]", **dated).content).findtext("QueryTranslation")  # fmt: skip
        assert translation == '"naltrexone"[Title] AND 2020/01/01:2020/05/01[Date - Modification]'
        assert "belong together" in ask(standin, "esearch", term="naltrexone[ti]", mindate="2020").text


def test_more_than_9999_ids_are_never_listed_and_nobody_says_so():
    with StandIn.of(enforce=False) as standin:
        standin.put(many(10_050))
        found = ET.fromstring(ask(standin, "esearch", term="naltrexone[ti]", retmax=100_000).content)
        assert (found.findtext("Count"), len(list(found.iter("Id")))) == ("10050", 9_999)
        assert found.find("ErrorList") is None
        assert found.find("WarningList") is None
        assert (
            "cannot be larger than 9998"
            in ask(standin, "esearch", term="naltrexone[ti]", retstart=9_999).text
        )


def test_a_query_that_cannot_be_read_is_an_error_under_http_200(standin):
    for term in ("", "(pain[tiab]", "systematic[sb]", "opioids[pa]"):
        answer = ask(standin, "esearch", term=term)
        assert answer.status_code == 200
        assert ET.fromstring(answer.content).findtext("ERROR")
    assert "ERROR" in ask(standin, "esearch", term="(", retmode="json").json()["esearchresult"]
    assert ET.fromstring(ask(standin, "esearch", db="nothing", term="x").content).findtext("ERROR") == "Invalid db name specified: nothing"  # fmt: skip


# ---------------------------------------------------------------- fetching


def test_records_are_sent_as_their_file_has_them(standin):
    for path in HELD:
        inner = re.search(rb"<PubmedArticle>.*</PubmedArticle>", path.read_bytes(), re.DOTALL)
        (record,) = parse.records(path.read_bytes())
        answer = ask(standin, "efetch", id=record.pmid, retmode="xml")
        assert inner.group(0) in answer.content
        assert list(parse.records(answer.content)) == [record]


def test_a_pmid_that_is_gone_is_absent_and_a_malformed_one_is_an_error(standin):
    answer = ask(standin, "efetch", "POST", id="28768313,999,28768313")
    assert [one.pmid for one in parse.records(answer.content)] == [28768313]
    assert list(parse.records(ask(standin, "efetch", id="999").content)) == []
    for wrong in ("abc", "28768313,12x", ""):
        answer = ask(standin, "efetch", id=wrong)
        assert answer.status_code == 400
        assert ET.fromstring(answer.content).findtext("ERROR")
    # PubMed was recorded answering id=-1 with record 1
    assert [one.pmid for one in parse.records(ask(standin, "efetch", id="-28768313").content)] == [28768313]


def test_ids_may_be_repeated_parameters(standin):
    pmids = [one.pmid for one in records_of(HELD)][:2]
    answer = requests.post(f"{standin.url}efetch.fcgi", data={"db": "pubmed", "id": pmids}, timeout=10)
    assert [one.pmid for one in parse.records(answer.content)] == pmids


def test_five_thousand_ids_go_by_post_and_not_by_get():
    with StandIn.of(enforce=False) as standin:
        standin.put(many(5_000))
        wanted = ",".join(map(str, range(1, 5_001)))
        answer = ask(standin, "efetch", "POST", id=wanted)
        assert answer.content.count(b"<PubmedArticle>") == 5_000
        assert ask(standin, "efetch", id=wanted).status_code == 414
        assert ask(standin, "epost", "POST", id=wanted).status_code == 200


def test_a_history_is_kept_paged_and_expires(standin):
    found = ET.fromstring(ask(standin, "esearch", term="1900:3000[dp]", usehistory="y", retmax=0).content)
    kept = {"WebEnv": found.findtext("WebEnv"), "query_key": found.findtext("QueryKey")}
    pages = [[one.pmid for one in parse.records(ask(standin, "efetch", retstart=start, retmax=2, **kept).content)] for start in (0, 2)]  # fmt: skip
    assert [pmid for page in pages for pmid in page] == ids(standin, "1900:3000[dp]")
    posted = ET.fromstring(ask(standin, "epost", "POST", id="28768313", WebEnv=kept["WebEnv"]).content)
    assert (posted.findtext("QueryKey"), posted.findtext("WebEnv")) == ("2", kept["WebEnv"])
    standin.expire_history()
    gone = ask(standin, "efetch", **kept)
    assert (gone.status_code, ET.fromstring(gone.content).findtext("ERROR")) == (
        400,
        "Unable to obtain query #1",
    )


def test_a_history_expires_by_itself():
    with StandIn.of(HELD, enforce=False, history_seconds=0.1) as standin:
        posted = ET.fromstring(ask(standin, "epost", id="28768313").content)
        kept = {"WebEnv": posted.findtext("WebEnv"), "query_key": "1"}
        assert ask(standin, "efetch", **kept).status_code == 200
        time.sleep(0.15)
        assert ask(standin, "efetch", **kept).status_code == 400


def test_the_library_changes_while_it_runs(standin):
    pmid = standin.put(small(7, "sleep"))[0]
    assert ids(standin, "sleep[ti]") == [pmid]
    standin.put(small(7, "dreams", version=2))
    standin.put(small(7, "an older version", version=1))
    assert (ids(standin, "sleep[ti]"), ids(standin, "dreams[ti]")) == ([], [7])
    retracted = small(7, "dreams", version=2).replace("</MedlineCitation>", '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>x</RefSource></CommentsCorrections></CommentsCorrectionsList></MedlineCitation>')  # fmt: skip
    standin.put(retracted)
    (record,) = parse.records(ask(standin, "efetch", id=7).content)
    assert record.retracted
    standin.remove(7)
    assert ids(standin, "dreams[ti]") == []


def test_old_roots_zipped_files_books_and_broken_records_are_served(tmp_path):
    old = '<MedlineCitationSet><MedlineCitation Status="MEDLINE"><PMID>5</PMID><Article><ArticleTitle>old</ArticleTitle></Article></MedlineCitation></MedlineCitationSet>'  # fmt: skip
    book = "<PubmedBookArticleSet><PubmedBookArticle><BookDocument><PMID>6</PMID><Book><BookTitle>a book</BookTitle></Book></BookDocument></PubmedBookArticle></PubmedBookArticleSet>"  # fmt: skip
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?><PubmedArticleSet>' + small(8, "Sjögren") + "</PubmedArticleSet>"  # fmt: skip
    broken = "<PubmedArticle><MedlineCitation><PMID>9</PMID></MedlineCitation></PubmedArticle>"
    (tmp_path / "old.xml").write_text(old)
    (tmp_path / "book.xml.gz").write_bytes(gzip.compress(book.encode()))
    (tmp_path / "latin.xml").write_bytes(latin.encode("latin-1"))
    (tmp_path / "broken.xml").write_text(broken)
    (tmp_path / "esearch.xml").write_text("<eSearchResult><Count>1</Count></eSearchResult>")
    with StandIn.of(tmp_path, enforce=False) as standin:
        assert ids(standin, "sjogren[ti] OR old[ti] OR book[ti]") == [8, 6, 5]
        answer = ask(standin, "efetch", id="5,6,8,9")
        assert [getattr(one, "title", None) for one in parse.records(answer.content)] == ["old", "a book", "Sjögren", None]  # fmt: skip


def test_summaries_name_what_is_missing(standin):
    found = ET.fromstring(ask(standin, "esummary", id="28768313,999").content)
    assert [one.findtext("Id") for one in found.iter("DocSum")] == ["28768313"]
    assert found.findtext("ERROR") == "UID=999: cannot get document summary"
    result = ask(standin, "esummary", id="28768313,999", retmode="json").json()["result"]
    assert result["uids"] == ["28768313", "999"]
    assert result["28768313"]["title"].startswith("Treatment of Hailey")
    assert "error" in result["999"]


# ---------------------------------------------------------------- form, against recorded exchanges


def recorded() -> Iterator[tuple[str, dict[str, str], dict[str, list[str]], bytes]]:
    """Every recorded exchange: endpoint, parameters as sent, headers, body."""
    for path in sorted((Path(FOLDER or ".") / "http").rglob("*.yaml")):
        for one in yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]:
            endpoint = re.search(r"eutils/(\w+)\.fcgi", one["request"]["uri"])
            body = one["response"]["body"]["string"]
            body = body if isinstance(body, bytes) else body.encode()
            body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
            if endpoint:
                sent = requests.models.PreparedRequest()
                sent.prepare_url("http://x/?" + _text(one["request"]["body"]), {})
                pairs = dict(requests.compat.urlparse(sent.url).query and _pairs(sent.url))
                yield endpoint[1], pairs, one["response"]["headers"], body


def _text(body: object) -> str:
    return body.decode() if isinstance(body, bytes) else str(body or "")


def _pairs(url: str) -> list[tuple[str, str]]:
    from urllib.parse import parse_qsl, urlsplit

    return parse_qsl(urlsplit(url).query)


def shape(body: bytes, name: str) -> list[str]:
    """The element names directly under `name` (the root where it is the root), in order, each run once."""
    root = ET.fromstring(body)
    found = root if root.tag == name else root.find(f".//{name}")
    assert found is not None, name
    return [tag for tag, _ in itertools.groupby(one.tag for one in found)]


def saved(name: str) -> bytes:
    return (Path(FOLDER or ".") / "http" / "biopython" / name).read_bytes()


def head(body: bytes) -> bytes:
    """The declaration and the DOCTYPE, without the line breaks that vary between recordings."""
    return b"".join(body.partition(b"<!DOCTYPE")[1:])[: body.find(b">", body.find(b"<!DOCTYPE")) - body.find(b"<!DOCTYPE") + 1]  # fmt: skip


@real
def test_esearch_has_the_form_of_the_recorded_ones(standin):
    seen = 0
    for endpoint, params, headers, body in recorded():
        if endpoint != "esearch" or params.get("db") != "pubmed":
            continue
        seen += 1
        asked = {
            "retmax": params.get("retmax"),
            "usehistory": params.get("usehistory"),
            "rettype": params.get("rettype"),
        }
        answer = ask(standin, "esearch", "POST", term="low dose AND naltrexone", **{name: value for name, value in asked.items() if value})  # fmt: skip
        theirs = [one for one in shape(body, "eSearchResult") if one not in ("ErrorList", "WarningList")]
        assert shape(answer.content, "eSearchResult") == theirs
        assert head(answer.content) == head(body)
        assert answer.headers["Content-Type"] == headers["Content-Type"][0]
        assert {"X-RateLimit-Limit", "X-RateLimit-Remaining"} <= set(answer.headers)
    assert seen >= 5
    assert shape(ask(standin, "esearch", term="low dose").content, "Translation") == ["From", "To"]


@real
def test_an_esearch_that_finds_nothing_has_the_form_of_the_recorded_one(standin):
    answer = ask(standin, "esearch", term="abcXYZ").content
    theirs = saved("esearch8.xml")
    assert shape(answer, "eSearchResult") == shape(theirs, "eSearchResult")
    assert ET.fromstring(answer).findtext("ErrorList/PhraseNotFound") == ET.fromstring(theirs).findtext("ErrorList/PhraseNotFound")  # fmt: skip
    assert shape(answer, "WarningList") == shape(theirs, "WarningList")


@real
def test_epost_has_the_form_of_the_recorded_ones(standin):
    for name, params in (("epost1.xml", {"id": "28768313"}), ("epost2.xml", {"db": "nothing", "id": "1"}), ("epost3.xml", {"id": "x"})):  # fmt: skip
        ours, theirs = ask(standin, "epost", "POST", **params).content, saved(name)
        assert shape(ours, "ePostResult") == shape(theirs, "ePostResult")
        assert head(ours) == head(theirs)
        assert [one.text for one in ET.fromstring(ours).iter("ERROR")] == [one.text for one in ET.fromstring(theirs).iter("ERROR")]  # fmt: skip


@real
def test_esummary_has_the_form_of_the_recorded_one(standin):
    ours, theirs = ask(standin, "esummary", id="28768313").content, saved("esummary1.xml")
    items = [[(one.get("Name"), one.get("Type")) for one in ET.fromstring(body).find("DocSum").findall("Item")] for body in (ours, theirs)]  # fmt: skip
    assert items[0] == items[1]
    assert head(ours) == head(theirs)


@real
def test_einfo_has_the_form_of_the_recorded_ones(standin):
    listed = requests.get(f"{standin.url}einfo.fcgi", timeout=10).content
    assert shape(listed, "eInfoResult") == shape(saved("einfo1.xml"), "eInfoResult") == ["DbList"]
    ours, theirs = ask(standin, "einfo").content, saved("einfo2.xml")
    for name in ("eInfoResult", "DbInfo", "Field"):
        assert shape(ours, name) == shape(theirs, name)
    names = [{one.findtext("Name"): one.findtext("FullName") for one in ET.fromstring(body).iter("Field")} for body in (ours, theirs)]  # fmt: skip
    assert {name: full for name, full in names[0].items() if names[1].get(name) != full} == {}


@real
def test_efetch_has_the_form_of_the_recorded_ones(standin):
    seen = 0
    for endpoint, params, _, body in recorded():
        if endpoint == "efetch" and params.get("db") == "pubmed":
            seen += 1
            pmids = standin.put(body)
            answer = ask(standin, "efetch", "POST", id=",".join(map(str, pmids)))
            assert list(parse.records(answer.content)) == list(parse.records(body))
            assert answer.content.startswith(
                body[: body.index(b"Medline") if b"PubMedArticle, 1st" not in body else 40]
            )
    assert seen >= 10


@real
def test_every_real_record_comes_back_as_it_was():
    with StandIn.of(enforce=False) as standin:
        for path in files():
            ours = [one for one in parse.records(raw(path)) if isinstance(one, Record)]
            standin.put(raw(path))
            if not ours:  # what PubMed sends for a PMID that is gone: a set without records
                continue
            latest = {one.pmid: one for one in sorted(ours, key=lambda one: one.version)}
            answer = ask(standin, "efetch", "POST", id=",".join(map(str, latest)))
            back = {one.pmid: one for one in parse.records(answer.content) if isinstance(one, Record)}
            assert set(back) == set(latest)
            # the same PMID may stand in an earlier file under a higher version
            assert all(back[pmid] == one or back[pmid].version > one.version for pmid, one in latest.items())


# ---------------------------------------------------------------- limits


def test_three_requests_a_second_without_a_key_and_ten_with_one():
    for key, limit in ((None, 3), ("mine", 10)):
        with StandIn.of(HELD, enforce=True, keys={"mine"}) as standin:
            extra = {"api_key": key} if key else {}
            with ThreadPoolExecutor(14) as pool:
                answers = list(pool.map(lambda _, extra=extra: ask(standin, "einfo", **extra), range(14)))
            refused = [one for one in answers if one.status_code == 429]
            assert len(refused) >= 14 - 2 * limit
            assert sum(one.status_code == 200 for one in answers) >= limit
            assert {one.headers["X-RateLimit-Limit"] for one in answers} == {str(limit)}
            body = refused[0].json()
            assert (body["error"], body["limit"], refused[0].headers["Retry-After"]) == ("API rate limit exceeded", str(limit), "2")  # fmt: skip
            assert set(body) == {"error", "api-key", "count", "limit"}
            time.sleep(1.05)
            assert ask(standin, "einfo", **extra).headers["X-RateLimit-Remaining"] == str(limit - 1)


def test_an_unknown_key_is_refused_and_the_requests_are_noted():
    with StandIn.of(HELD, keys={"mine"}) as standin:
        answer = ask(standin, "einfo", api_key="other")
        assert (answer.status_code, answer.json()) == (400, {"error": "API key invalid", "api-key": "other"})
        ask(standin, "esearch", "POST", term="x[tiab]", api_key="mine")
        assert standin.requests == [
            ("einfo", {"db": "pubmed", "api_key": "other"}, "GET"),
            ("esearch", {"db": "pubmed", "term": "x[tiab]", "api_key": "mine"}, "POST"),
        ]


def test_another_address_is_not_found(standin):
    assert requests.get(standin.url + "nothing.fcgi", timeout=10).status_code == 404


# ---------------------------------------------------------------- misbehaviour


def seen(standin: StandIn, fault: Fault, endpoint: str = "efetch", **params: object) -> requests.Response:
    standin.faults = [fault]
    return ask(standin, endpoint, **(params or {"id": "28768313"}))


@pytest.mark.parametrize(
    ("fault", "status", "kind", "inside"),
    [
        (Fault.TOO_MANY, 429, "application/json", '"error":"API rate limit exceeded"'),
        (Fault.TOO_MANY_WAIT, 429, "application/json", '"count":"4","limit":"3"'),
        (Fault.SERVER_ERROR, 500, "text/plain", "Internal Server Error"),
        (Fault.BAD_GATEWAY_HTML, 502, "text/html", "<html>"),
        (Fault.UNAVAILABLE, 503, "text/html", "503"),
        (Fault.HTML_200, 200, "text/html", "<html>"),
        (Fault.ERROR_200, 200, "text/xml", "<ERROR>"),
        (Fault.ERROR_JSON_200, 200, "application/json", '"error"'),
        (Fault.EMPTY_BODY, 200, "text/xml", ""),
    ],
)
def test_a_fault_is_shown_once_and_then_it_behaves(standin, fault, status, kind, inside):
    answer = seen(standin, fault)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (status, kind)
    assert inside in answer.text
    assert ("Retry-After" in answer.headers) == (fault is Fault.TOO_MANY_WAIT)
    assert (answer.text == "") == (fault is Fault.EMPTY_BODY)
    assert ask(standin, "efetch", id="28768313").status_code == 200


def test_a_connection_that_breaks(standin):
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        seen(standin, Fault.CUT_OFF)
    with pytest.raises(requests.ConnectionError):
        seen(standin, Fault.RESET)
    standin.stall_seconds = 1
    standin.faults = [Fault.STALL]
    with pytest.raises(requests.Timeout):
        requests.get(standin.url + "einfo.fcgi", timeout=0.2)
    assert ask(standin, "einfo").status_code == 200


def test_a_stalled_request_does_not_keep_the_stand_in_from_closing():
    with StandIn.of(HELD, enforce=False, stall_seconds=60) as standin, ThreadPoolExecutor(1) as pool:
        standin.faults = [Fault.STALL]
        waiting = pool.submit(ask, standin, "einfo")
        while not standin.requests:
            time.sleep(0.01)
        standin.close()
        assert isinstance(waiting.exception(timeout=5), requests.ConnectionError)


def test_xml_that_arrives_broken(standin):
    for fault in (Fault.CUT_OFF_QUIET, Fault.BIT_FLIP):
        answer = seen(standin, fault)
        assert answer.status_code == 200
        assert len(answer.content) == int(answer.headers["Content-Length"])
        with pytest.raises(ET.ParseError):
            ET.fromstring(answer.content)


def test_answers_that_are_whole_and_wrong(standin):
    every = ids(standin, "1900:3000[dp]")
    fetched = seen(standin, Fault.OMIT_IDS, id=",".join(map(str, every)))
    assert [one.pmid for one in parse.records(fetched.content)] == every[1::2]
    assert list(parse.records(seen(standin, Fault.OMIT_IDS, id=str(every[0])).content)) == []
    found = ET.fromstring(seen(standin, Fault.COUNT_CHANGES, "esearch", term="1900:3000[dp]").content)
    assert int(found.findtext("Count")) == len(every) + 1 == len(list(found.iter("Id"))) + 1
    spoken = seen(standin, Fault.COUNT_CHANGES, "esearch", term="1900:3000[dp]", retmode="json").json()
    assert spoken["esearchresult"]["count"] == str(len(every) + 1)
    posted = ET.fromstring(ask(standin, "epost", id="28768313").content)
    kept = {"WebEnv": posted.findtext("WebEnv"), "query_key": "1"}
    assert "Unable to obtain query #1" in seen(standin, Fault.EXPIRED_HISTORY, **kept).text


def test_every_fault_is_one_that_a_client_sees(standin):
    """None is missing from the tests above."""
    source = Path(__file__).read_text(encoding="utf-8")
    assert [one for one in Fault if f"Fault.{one.name}" not in source] == []


def test_faults_may_be_decided_by_the_request(standin):
    standin.faults = lambda request: Fault.UNAVAILABLE if request.endpoint == "efetch" else None
    assert (ask(standin, "einfo").status_code, ask(standin, "efetch", id=1).status_code) == (200, 503)


# ---------------------------------------------------------------- by hand


def test_by_hand_it_says_what_to_type():
    command = [
        sys.executable,
        "-m",
        "tests.standin",
        *map(str, HELD),
        "--fault",
        "unavailable",
        "--every",
        "1",
    ]
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    with subprocess.Popen(command, cwd=REPO, env=env, stdout=subprocess.PIPE, text=True) as running:
        try:
            count, line = running.stdout.readline(), running.stdout.readline()
            assert count.startswith(f"{len(records_of(HELD))} records at ")
            url = re.fullmatch(r"LDN_EVIDENCE_EUTILS_URL=(http://127.0.0.1:\d+/entrez/eutils/) ldn-evidence --workspace trial refresh\n", line)[1]  # fmt: skip
            assert requests.get(url + "einfo.fcgi", timeout=10).status_code == 503
            assert "einfo" in running.stdout.readline()
        finally:
            running.terminate()


def test_json_errors_are_json(standin):
    json.loads(ask(standin, "esummary", id="", retmode="json").text)
