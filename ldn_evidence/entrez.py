"""NCBI's E-utilities, and only here: pace, patience and limits. Queries and PMIDs in, whole raw answers out.

An answer is handed on only when it is one: whole XML of the right kind, without an error inside, with the ids it
promises. Whatever else comes back is asked for again, and in the end named. Never keeps an answer, never reads a record.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias, TypeVar

import requests
import stamina
from lxml import etree
from pyrate_limiter import Duration, InMemoryBucket, Limiter, Rate, SQLiteBucket

from ldn_evidence.errors import EntrezError, InputError, NotReached

EUTILS_URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"
TOOL = "ldn_evidence"
# A search gives no more ids than this, however many it finds, and does not say so.
MOST_IDS = 9_999
# NCBI asks for no more than about 200 ids to one efetch.
BATCH = 200
# Requests a second: without a key, with one.
PER_SECOND, PER_SECOND_WITH_KEY = 3, 10
# Seconds to wait for one's turn; a clock that was once far ahead would have everybody wait until then.
PACE_PATIENCE = 20
# Answers that may be over in a moment; any other that is not 200 will come again.
PASSING = frozenset({408, 429, 500, 502, 503, 504})
# A server that asks for a longer wait than this is left in peace; the next refresh goes on where this one ended.
LONGEST_RETRY_AFTER = 120.0
# More than any answer to 200 ids; a body without an end must not fill the memory.
MOST_BYTES = 256 * 1024 * 1024

# stamina tells the log of each retry; without a handler Python would print that to standard error. We say it ourselves.
logging.getLogger("stamina").addHandler(logging.NullHandler())

Element: TypeAlias = "etree._Element"
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for NCBI, in seconds, and how often to ask before giving up."""

    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 30.0
    connect: float = 10.0
    silence: float = 60.0  # without a byte
    answer: float = 300.0  # for the whole of one answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one search found: every PMID, proven against the count; the raw answers that say so."""

    count: int
    pmids: tuple[int, ...]
    translation: str | None
    remarks: tuple[str, ...]
    unknown_fields: tuple[str, ...]
    answers: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """One raw efetch answer and the PMIDs of the records in it. PubMed leaves out what it does not have."""

    raw: bytes
    pmids: frozenset[int]


class _Passing(Exception):
    """Something that may be over in a moment. `wait`: how long the server asked for, in seconds."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


class _NoWay(_Passing):
    """No connection at all: no name, no route, nobody listening."""


@dataclass
class Entrez:
    """A client that keeps NCBI's rules. `key` and `email` travel in the body of a POST, and nowhere else.

    `pace` is a folder for the count of requests that all processes of a user share; None: this client alone.
    `say` is told, in a few words, what is being waited for.
    """

    url: str = EUTILS_URL
    email: str | None = None
    key: str | None = field(default=None, repr=False)
    pace: Path | None = None
    per_second: int | None = None
    patience: Patience = field(default_factory=Patience)
    say: Callable[[str], None] = lambda words: None
    asked: int = field(default=0, init=False)  # questions sent, each attempt counted

    def __post_init__(self) -> None:
        self.url = self.url.rstrip("/") + "/"
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"{TOOL}/{version('ldn-evidence')}"
        # NCBI counts a key's requests, or those of an address without one.
        name = "with_key" if self.key else "without_key"
        self._limiter = _limiter(self.pace, name, self._limiter_rates())

    def __enter__(self) -> Entrez:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()
        self._limiter.close()

    @property
    def is_ncbi(self) -> bool:
        """Whether NCBI itself is asked, at its own address."""
        return self.url == EUTILS_URL

    @property
    def pace_per_second(self) -> int:
        """Requests a second that this client allows itself."""
        return self.per_second or (PER_SECOND_WITH_KEY if self.key else PER_SECOND)

    def _limiter_rates(self) -> list[Rate]:
        return [Rate(self.pace_per_second, Duration.SECOND)]

    # ----------------------------------------------------------------- questions

    def greet(self, within: float) -> str | None:
        """Ask einfo for PubMed's build. Raises NotReached where no connection is made within `within` seconds."""
        # Name resolution has no time-out of its own, so the first question is given one from outside.
        first: list[bytes | BaseException] = []
        asking = threading.Thread(target=self._keep, args=(first, within), daemon=True)
        asking.start()
        asking.join(within)
        if not first:
            raise NotReached(f"no answer within {within:g} seconds")
        answer = first[0]
        if isinstance(answer, _NoWay):
            raise NotReached(str(answer))
        if isinstance(answer, BaseException) and not isinstance(answer, _Passing):
            raise answer
        try:
            if isinstance(answer, _Passing):
                raise answer
            return _build(answer)
        except _Passing:
            # It answers, if badly: worth asking again.
            return self._ask("einfo", _build, {"db": "pubmed"})[1]

    def _keep(self, first: list[bytes | BaseException], within: float) -> None:
        try:
            first.append(self._post("einfo", {"db": "pubmed"}, within))
        except BaseException as error:  # handed to the thread that waits
            first.append(error)

    def search(self, query: str, revised_since: date | None = None) -> Found:
        """Every PMID that a query finds; with `revised_since`, only of records that PubMed revised from that day on.

        More than PubMed gives at once are asked for by the date of entry, part by part, until the parts add up.
        """
        limits = _between("mdat", revised_since, date(3000, 1, 1)) if revised_since else {}
        for _ in range(3):
            whole = self._search(query, limits)
            if whole.count <= MOST_IDS:
                return whole
            if revised_since:
                raise TooMany(whole.count)
            parts = self._parts(query, date(1700, 1, 1), date(datetime.now(UTC).year + 5, 12, 31))
            pmids = {pmid for part in parts for pmid in part.pmids}
            if len(pmids) == sum(part.count for part in parts) == whole.count:
                return Found(
                    count=whole.count,
                    pmids=tuple(sorted(pmids, reverse=True)),
                    translation=whole.translation,
                    remarks=whole.remarks,
                    unknown_fields=whole.unknown_fields,
                    answers=tuple(raw for part in (whole, *parts) for raw in part.answers),
                )
            self.say("the parts of a long list do not add up; asking for all of it again")
        raise EntrezError(
            f"PubMed finds {whole.count} records for one query, and its parts by date hold {len(pmids)}. "
            "Nothing was changed. Run it again; if that does not help, narrow the query."
        )

    def _parts(self, query: str, first: date, last: date) -> list[Found]:
        part = self._search(query, _between("edat", first, last))
        if part.count <= MOST_IDS:
            return [part]
        if first == last:
            raise EntrezError(
                f"one query finds {part.count} records that entered PubMed on {first}, and PubMed gives at most "
                f"{MOST_IDS}. Narrow the query."
            )
        middle = first + (last - first) // 2
        return self._parts(query, first, middle) + self._parts(query, middle + timedelta(days=1), last)

    def _search(self, query: str, limits: dict[str, str]) -> Found:
        asked = {"db": "pubmed", "term": query, "retmax": str(MOST_IDS), "retmode": "xml", **limits}
        return self._ask("esearch", _found, asked)[1]

    def fetch(self, pmids: Sequence[int]) -> Fetched:
        """One raw answer to at most `BATCH` PMIDs."""
        if not 0 < len(pmids) <= BATCH:
            raise ValueError(f"fetch takes 1 to {BATCH} PMIDs, not {len(pmids)}")
        wanted = frozenset(pmids)
        asked = {"db": "pubmed", "id": ",".join(map(str, sorted(wanted))), "retmode": "xml"}
        raw, given = self._ask("efetch", lambda answer: _given(answer, wanted), asked)
        return Fetched(raw, given)

    # ----------------------------------------------------------------- one question, however often it takes

    def _ask(
        self, endpoint: str, read: Callable[[bytes], Answer], asked: dict[str, str]
    ) -> tuple[bytes, Answer]:
        patience = self.patience
        try:
            for attempt in stamina.retry_context(
                on=self._again,
                attempts=patience.attempts,
                timeout=None,
                wait_initial=patience.first_wait,
                wait_max=patience.longest_wait,
                wait_jitter=patience.first_wait,
            ):
                with attempt:
                    raw = self._post(endpoint, asked, patience.answer)
                    return raw, read(raw)
        except _Passing as error:
            asks = error.wait is not None and error.wait > LONGEST_RETRY_AFTER
            wait = (
                f" and asks to wait {error.wait:.0f} seconds"
                if asks
                else f", even after {patience.attempts} attempts"
            )
            raise EntrezError(
                f"NCBI ({endpoint}): {self._hidden(str(error))}{wait}. What was fetched is kept. Run it again later."
            ) from error
        raise AssertionError("stamina ends with an answer or an error")

    def _hidden(self, words: str) -> str:
        """Words of NCBI's without the key: its errors repeat what they were sent."""
        return words.replace(self.key, "...") if self.key else words

    def _again(self, error: Exception) -> bool | float:
        if not isinstance(error, _Passing):
            return False
        if error.wait is not None and error.wait > LONGEST_RETRY_AFTER:
            return False
        self.say(f"NCBI: {self._hidden(str(error))}; asking again")
        return True if error.wait is None else error.wait

    def _post(self, endpoint: str, question: dict[str, str], within: float) -> bytes:
        """One answer to one POST: a long list of ids would not fit into an address (HTTP 414)."""
        if not self._limiter.try_acquire("ncbi", timeout=PACE_PATIENCE):
            self.say(
                "the count of requests that all processes share can't be waited for; going on without it"
            )
            self._limiter = Limiter(InMemoryBucket(self._limiter_rates()))
        self.asked += 1
        body = {"tool": TOOL, **question}
        body |= {"email": self.email} if self.email else {}
        body |= {"api_key": self.key} if self.key else {}
        deadline = time.monotonic() + within
        timeout = (min(self.patience.connect, within), min(self.patience.silence, within))
        try:
            with self._session.post(
                f"{self.url}{endpoint}.fcgi", data=body, timeout=timeout, stream=True, allow_redirects=False
            ) as response:
                raw = _body(response, deadline)
                self._refuse(response, raw)
                return raw
        except requests.exceptions.SSLError as error:
            raise _NoWay(
                "no secure connection (its certificate is not one this machine trusts; a proxy may stand between)"
            ) from error
        except requests.exceptions.ProxyError as error:
            raise _NoWay("the proxy that this machine is set to use does not answer") from error
        except requests.exceptions.ConnectTimeout as error:
            raise _NoWay("no connection in time") from error
        except requests.exceptions.Timeout as error:
            raise _Passing("no answer in time") from error
        except requests.exceptions.ConnectionError as error:
            if type(getattr(error.args[0] if error.args else None, "reason", None)).__name__ in (
                "NewConnectionError",
                "NameResolutionError",
            ):
                raise _NoWay("no connection") from error
            raise _Passing("the connection broke off") from error
        except requests.exceptions.ChunkedEncodingError as error:
            raise _Passing("the answer was cut off") from error
        except requests.exceptions.ContentDecodingError as error:
            raise _Passing("the answer came damaged") from error
        except requests.exceptions.InvalidProxyURL as error:
            raise _NoWay(
                "the proxy that this machine is set to use has no address; mend HTTPS_PROXY"
            ) from error
        except requests.exceptions.InvalidSchema as error:
            if "SOCKS" in str(error):
                raise _NoWay(
                    "the proxy is a SOCKS proxy; install requests[socks], or unset ALL_PROXY"
                ) from error
            raise self._no_address() from error
        except ValueError as error:  # requests' words for a malformed address
            raise self._no_address() from error
        except requests.exceptions.RequestException as error:
            raise _Passing(type(error).__name__) from error
        except OSError as error:  # such as certificates that are not where they should be
            raise EntrezError(
                f"NCBI can't be asked: {error}. Mend the network settings of this machine."
            ) from error

    def _no_address(self) -> InputError:
        return InputError(
            f"{self.url}: is not an address. Mend it (LDN_EVIDENCE_EUTILS_URL), for example {EUTILS_URL}"
        )

    def _refuse(self, response: requests.Response, raw: bytes) -> None:
        status = response.status_code
        if status == 200:
            return
        if status in PASSING:
            raise _Passing(f"HTTP {status}", _retry_after(response.headers.get("Retry-After")))
        if 300 <= status < 400:
            raise EntrezError(
                f"{self.url}: sends us elsewhere (HTTP {status}). A login page or a proxy stands between; "
                "open a browser to get past it, or mend LDN_EVIDENCE_EUTILS_URL."
            )
        if status == 400 and b"api key" in raw.lower():
            raise InputError(
                "NCBI does not know the key in NCBI_API_KEY. Mend it, or unset it and go on more slowly without."
            )
        said = " ".join(self._hidden(raw[:5000].decode("utf-8", "replace")).split())[:200]
        raise EntrezError(
            f"{self.url}: answers with HTTP {status}: {said or 'nothing more'}. Check that it is NCBI's address."
        )


class TooMany(EntrezError):
    """More records were revised than PubMed lists at once."""

    def __init__(self, count: int) -> None:
        super().__init__(f"PubMed has revised {count} records, more than it lists at once")


def _limiter(folder: Path | None, name: str, rates: list[Rate]) -> Limiter:
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            path = str(folder / "ncbi-pace.sqlite")
            bucket = SQLiteBucket.init_from_file(rates=rates, table=name, db_path=path, use_file_lock=True)
            newest = bucket.peek(0)
            if (
                newest is not None and newest.timestamp > time.time_ns() // 1_000_000 + 1000
            ):  # a clock was ahead
                bucket.flush()
            return Limiter(bucket)
    except Exception:  # noqa: S110 - a folder that can't be written: this process keeps the pace alone
        pass
    return Limiter(InMemoryBucket(rates))


def _body(response: requests.Response, deadline: float) -> bytes:
    parts: list[bytes] = []
    held = 0
    for part in response.iter_content(1 << 16):
        parts.append(part)
        held += len(part)
        if held > MOST_BYTES:
            raise EntrezError(f"{response.url}: its answer has no end. Check that it is NCBI's address.")
        # The time-out of the socket begins anew with every byte: a trickle would never end.
        if time.monotonic() > deadline:
            raise _Passing("no whole answer in time")
    return b"".join(parts)


def _retry_after(value: str | None) -> float | None:
    """Seconds, from either form that HTTP knows."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _between(kind: str, first: date, last: date) -> dict[str, str]:
    return {"datetype": kind, "mindate": f"{first:%Y/%m/%d}", "maxdate": f"{last:%Y/%m/%d}"}


# --------------------------------------------------------------------------- is it an answer, and what does it say


def _tree(raw: bytes, root: str) -> Element:
    """The answer as a tree; raises _Passing where it is not a whole answer of this kind."""
    start = raw[:200].lstrip().lower()
    if not start:
        raise _Passing("an empty answer")
    if start.startswith((b"<!doctype html", b"<html")):
        raise _Passing("a web page in place of data (a proxy or a login page may stand between)")
    if start.startswith(b"{"):
        raise _Passing("an error in place of data")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise _Passing("an answer that is cut off or damaged") from error
    said = tree.findtext("ERROR") or (tree.text if tree.tag == "ERROR" else None)
    if said:
        raise _Passing(f'the error "{" ".join(said.split())[:200]}" inside a good answer')
    if tree.tag != root:
        raise _Passing(f"an answer of another kind (<{tree.tag}>)")
    return tree


def _build(raw: bytes) -> str | None:
    return _tree(raw, "eInfoResult").findtext("DbInfo/DbBuild")


def _found(raw: bytes) -> Found:
    tree = _tree(raw, "eSearchResult")
    try:
        count = int(tree.findtext("Count") or "")
        pmids = tuple(int(one.text or "") for one in tree.findall("IdList/Id"))
    except ValueError as error:
        raise _Passing("a list of ids that are no numbers") from error
    if len(set(pmids)) != min(count, MOST_IDS):
        raise _Passing(f"{len(set(pmids))} of the {count} ids it counts")
    remarks = [
        f"{_WORDS.get(one.tag, one.tag)}: {' '.join((one.text or '').split())}"
        for one in (*tree.findall("ErrorList/*"), *tree.findall("WarningList/*"))
        if one.tag not in ("OutputMessage", "FieldNotFound")
    ]
    return Found(
        count=count,
        pmids=pmids,
        translation=tree.findtext("QueryTranslation"),
        remarks=tuple(remarks),
        unknown_fields=tuple(one.text or "" for one in tree.findall("ErrorList/FieldNotFound")),
        answers=(raw,),
    )


# What PubMed says of a search, in words.
_WORDS = {
    "PhraseNotFound": "PubMed knows no record with",
    "QuotedPhraseNotFound": "PubMed does not have in its list of phrases",
    "PhraseIgnored": "PubMed ignored",
}


def _given(raw: bytes, wanted: Collection[int]) -> frozenset[int]:
    tree = _tree(raw, "PubmedArticleSet")
    given = frozenset(
        int(one.text or 0)
        for path in ("PubmedArticle/MedlineCitation/PMID", "PubmedBookArticle/BookDocument/PMID")
        for one in tree.findall(path)
        if (one.text or "").strip().isdecimal()
    )
    if given - frozenset(wanted):
        raise _Passing("records that were not asked for")
    return given


def batches(pmids: Collection[int]) -> list[list[int]]:
    """The PMIDs in as few efetch questions as NCBI's bound allows."""
    ordered = sorted(pmids)
    return [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]


def versions() -> dict[str, str]:
    """The versions of what asks, for the run's manifest."""
    return {name: version(name) for name in ("ldn-evidence", "requests", "lxml")}
