"""NCBI's client against a stand-in on loopback that misbehaves, and against recorded answers. PubMed itself was never asked."""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
from datetime import date
from pathlib import Path

import pytest
from conftest import RECORDS
from standin import Fault, StandIn

from ldn_evidence import entrez
from ldn_evidence.entrez import Entrez, Patience
from ldn_evidence.errors import EntrezError, InputError, NotReached

QUICK = Patience(attempts=4, first_wait=0.01, longest_wait=0.02, connect=2.0, silence=0.4, answer=3.0)
QUERY = "(naltrexone[mh] OR naltrexon*[tiab]) AND fibromyalg*[tiab]"
FOLDER = os.environ.get("LDN_EVIDENCE_PUBMED_XML")


@pytest.fixture
def standin():
    with StandIn.of(RECORDS, enforce=False, retry_after="0", stall_seconds=1.5) as running:
        yield running


def client(url: str, **options: object) -> Entrez:
    return Entrez(url=url, **{"per_second": 1000, "patience": QUICK, **options})


def test_a_search_gives_every_pmid_and_what_pubmed_understood(standin):
    found = client(standin.url).search(QUERY)
    assert found.count == len(found.pmids) == len(set(found.pmids)) > 10
    assert 23359310 in found.pmids
    assert "Title/Abstract" in found.translation
    assert b"<eSearchResult>" in found.answers[0]


def test_every_question_is_a_post_with_tool_and_address_and_the_key_goes_nowhere_else(standin):
    asking = client(standin.url, email="reader@example.org", key="0123456789abcdef")
    asking.greet(2)
    asking.search(QUERY)
    asking.fetch([23359310])
    assert {request.method for request in standin.requests} == {"POST"}
    for request in standin.requests:
        assert request.params["tool"] == "ldn_evidence"
        assert request.params["email"] == "reader@example.org"
        assert request.params["api_key"] == "0123456789abcdef"
    assert "0123456789abcdef" not in repr(asking)
    assert asking.asked == 3


def test_what_was_asked_for_and_not_given_is_left_to_the_caller_to_see(standin):
    fetched = client(standin.url).fetch([23359310, 1])
    assert fetched.pmids == {23359310}


@pytest.mark.parametrize(
    "fault", [fault for fault in Fault if fault not in (Fault.OMIT_IDS, Fault.EXPIRED_HISTORY)]
)
@pytest.mark.parametrize("question", ["search", "fetch"])
def test_a_fault_that_passes_is_waited_out(standin, fault, question):
    if fault is Fault.COUNT_CHANGES and question == "fetch":
        question = "search"  # it is a fault of searches alone
    said: list[str] = []
    asking = client(standin.url, say=said.append)
    standin.faults = [fault, fault]
    answer = asking.search(QUERY) if question == "search" else asking.fetch([23359310])
    standin.faults = []
    again = client(standin.url)
    assert answer == (again.search(QUERY) if question == "search" else again.fetch([23359310]))
    assert asking.asked == 3
    assert len(said) == 2


@pytest.mark.parametrize(
    "fault", [Fault.TOO_MANY, Fault.HTML_200, Fault.CUT_OFF, Fault.ERROR_200, Fault.STALL]
)
def test_a_fault_that_stays_is_named_and_ends_the_question(standin, fault):
    standin.faults = lambda request: fault
    with pytest.raises(EntrezError, match=r"NCBI \(esearch\): .*after 4 attempts.*Run it again later"):
        client(standin.url).search(QUERY)


def test_the_wait_that_a_server_asks_for_is_kept(standin):
    standin.retry_after = "1"
    standin.faults = [Fault.TOO_MANY_WAIT]
    began = time.monotonic()
    client(standin.url).search(QUERY)
    assert time.monotonic() - began >= 1.0


def test_a_server_that_asks_for_an_hour_is_left_in_peace(standin):
    standin.retry_after = "3600"
    standin.faults = [Fault.TOO_MANY_WAIT]
    with pytest.raises(EntrezError, match="HTTP 429 and asks to wait 3600 seconds"):
        client(standin.url).search(QUERY)
    assert len(standin.requests) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("2", 2.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), (None, None), ("-4", 0.0)],
)
def test_retry_after_is_read_in_both_its_forms(value, seconds):
    assert entrez._retry_after(value) == seconds


def test_a_wrong_key_is_named_without_being_shown():
    with StandIn.of(RECORDS, enforce=False, keys={"right"}) as standin:
        with pytest.raises(InputError, match="NCBI does not know the key in NCBI_API_KEY") as refused:
            client(standin.url, key="wrong-secret").search(QUERY)
        assert "wrong-secret" not in str(refused.value)
        assert len(standin.requests) == 1


def test_records_that_were_not_asked_for_are_no_answer():
    raw = (RECORDS / "smith2011.xml").read_bytes()
    with pytest.raises(entrez._Passing, match="not asked for"):
        entrez._given(raw, {1})


# --------------------------------------------------------------------------- more than PubMed gives at once


def record(pmid: int, entered: str) -> str:
    year, month, day = entered.split("-")
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article><ArticleTitle>A yeast.</ArticleTitle>'
        f'</Article></MedlineCitation><PubmedData><History><PubMedPubDate PubStatus="pubmed"><Year>{year}</Year>'
        f"<Month>{month}</Month><Day>{day}</Day></PubMedPubDate></History></PubmedData></PubmedArticle>"
    )


@pytest.fixture(scope="module")
def crowded():
    """More records of one word than PubMed lists at once: 10,500, spread over fifty years."""
    days = [f"{1975 + n % 50}-{1 + n % 12}-{1 + n % 28}" for n in range(10_500)]
    with StandIn.of(enforce=False) as running:
        running.put("".join(record(pmid, day) for pmid, day in enumerate(days, start=1)))
        yield running


def test_a_long_list_is_asked_for_by_date_until_its_parts_add_up(crowded):
    asking = client(crowded.url, patience=Patience())
    found = asking.search("yeast[ti]")
    assert set(found.pmids) == set(range(1, 10_501))
    assert found.count == len(found.pmids) == 10_500
    assert asking.asked <= 20


def test_parts_that_do_not_add_up_are_an_error_and_not_a_shorter_list(crowded):
    crowded.put(record(20_000, "2000-1-1").replace('PubStatus="pubmed"', 'PubStatus="medline"'))
    try:
        with pytest.raises(
            EntrezError, match="finds 10501 records for one query, and its parts by date hold 10500"
        ):
            client(crowded.url, patience=Patience()).search("yeast[ti]")
    finally:
        crowded.remove(20_000)


def test_revisions_are_asked_for_by_day(standin):
    revised = "<DateRevised><Year>2026</Year><Month>11</Month><Day>20</Day></DateRevised><Article"
    raw = (RECORDS / "smith2011.xml").read_text("utf-8").replace("<Article", revised, 1)
    standin.put(raw)
    asking = client(standin.url)
    assert asking.search("naltrexon*[tiab]", date(2026, 11, 20)).pmids == (21380937,)
    assert asking.search("naltrexon*[tiab]", date(2026, 11, 21)).pmids == ()


# --------------------------------------------------------------------------- is it there at all


def test_nobody_listening_is_told_at_once():
    began = time.monotonic()
    with pytest.raises(NotReached, match=r"^no connection$"):
        client("http://127.0.0.1:9/").greet(2.5)
    assert time.monotonic() - began < 1


def test_a_server_that_never_answers_is_given_up_in_time():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        with pytest.raises(NotReached, match=r"no answer within 0\.5 seconds"):
            client(f"http://127.0.0.1:{silent.getsockname()[1]}/", patience=Patience()).greet(0.5)
        assert time.monotonic() - began < 1.5


def test_a_server_that_stumbles_at_the_greeting_is_asked_again(standin):
    standin.faults = [Fault.SERVER_ERROR, Fault.HTML_200]
    assert client(standin.url).greet(2.5)


def test_an_address_that_is_none_is_named():
    with pytest.raises(InputError, match="is not an address"):
        client("nonsense").greet(2.5)


# --------------------------------------------------------------------------- pace


def _ask_five(url: str, folder: Path) -> None:
    with Entrez(url=url, pace=folder, per_second=3, patience=QUICK) as asking:
        for _ in range(5):
            asking.search("naltrexon*[tiab]")


def test_all_processes_of_the_machine_keep_one_pace_together(tmp_path):
    with StandIn.of(RECORDS / "smith2011.xml", enforce=True, retry_after=None) as standin:
        times: list[float] = []
        standin.faults = lambda request: times.append(time.monotonic())
        spawn = multiprocessing.get_context("spawn")
        running = [spawn.Process(target=_ask_five, args=(standin.url, tmp_path / "pace")) for _ in range(2)]
        for process in running:
            process.start()
        for process in running:
            process.join(60)
        assert [process.exitcode for process in running] == [0, 0]
    # A window of one second, less the jitter between our clock and the server's.
    assert all(later - earlier > 0.8 for earlier, later in zip(times, times[3:], strict=False))


# --------------------------------------------------------------------------- the recorded exchanges


@pytest.mark.skipif(not FOLDER, reason="LDN_EVIDENCE_PUBMED_XML names no folder of real PubMed XML")
def test_recorded_answers_of_the_real_pubmed_are_read():
    import yaml

    seen = {"esearch": 0, "efetch": 0, "einfo": 0}
    for path in sorted(Path(str(FOLDER)).glob("http/*/*.yaml")):
        for exchange in yaml.safe_load(path.read_text("utf-8"))["interactions"]:
            uri, body = exchange["request"]["uri"], exchange["request"]["body"] or ""
            asked = f"{uri}&{body}"
            raw = exchange["response"]["body"]["string"]
            raw = raw.encode() if isinstance(raw, str) else raw
            if "db=pubmed" not in asked or exchange["response"]["status"]["code"] != 200:
                continue
            if "esearch.fcgi" in uri and "retmax=5000" in asked:
                found = entrez._found(raw)
                assert found.count == len(found.pmids)
                assert found.translation
                seen["esearch"] += 1
            elif "efetch.fcgi" in uri and raw.lstrip().startswith(b"<?xml"):
                pmids = {int(one) for one in _ids(asked)}
                assert entrez._given(raw, pmids) == pmids
                seen["efetch"] += 1
            elif "einfo.fcgi" in uri:
                assert entrez._build(raw)
                seen["einfo"] += 1
    assert seen["esearch"] >= 5
    assert seen["efetch"] >= 10


def _ids(asked: str) -> list[str]:
    import re
    from urllib.parse import unquote

    return re.findall(r"\d+", ",".join(re.findall(r"[?&]id=([^&]*)", unquote(asked))))
