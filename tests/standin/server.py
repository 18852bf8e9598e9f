"""The stand-in on the wire: requests in, answers out, limits kept, faults shown. Only on loopback."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from lxml import etree

from . import answers
from .answers import JSON, Answer, History
from .faults import BACKEND, HTML, TOO_LONG, Fault, flipped
from .library import Library

PATH = "/entrez/eutils/"
LONGEST_ADDRESS = 4_000
LIMITS = {False: 3, True: 10}  # requests a second, without and with a key


class Request(NamedTuple):
    """What was asked: "esearch", its parameters as received (repeated ones joined by commas), "GET" or "POST"."""

    endpoint: str
    params: dict[str, str]
    method: str


class StandIn:
    """A running stand-in: `url` to ask, `requests` that came, `faults` to come. Use it in a `with`."""

    def __init__(
        self, library: Library, *, enforce: bool = True, keys: Collection[str] | None = None, port: int = 0,
        retry_after: str | None = "2", latency: float = 0.0, stall_seconds: float = 5.0,
        history_seconds: float = 3600.0,
    ) -> None:  # fmt: skip
        """`enforce`: refuse more than 3 requests a second (10 with a key). `keys`: the only keys that are valid."""
        self.library = library
        self.history = History(history_seconds)
        self.enforce, self.keys, self.retry_after = enforce, keys, retry_after
        self.latency, self.stall_seconds = latency, stall_seconds
        self.requests: list[Request] = []
        # One entry a request, None to behave; or a function of the request that decides.
        self.faults: list[Fault | None] | deque[Fault | None] | Callable[[Request], Fault | None] = []
        self.closing = threading.Event()
        self._times: dict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.RLock()
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @classmethod
    def of(
        cls, places: str | Path | Iterable[str | Path] = (), *,
        descendants: Mapping[str, Collection[str]] | None = None, **options: object,
    ) -> StandIn:  # fmt: skip
        """A stand-in over the XML in these folders or files; `options` as for StandIn."""
        library = Library(descendants)
        library.load(places)
        return cls(library, **options)  # type: ignore[arg-type]

    @property
    def url(self) -> str:
        """The address that takes the place of NCBI's; ends in /entrez/eutils/."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{PATH}"

    def put(self, xml: bytes | str | etree._Element) -> list[int]:
        """Add or revise records; returns their PMIDs."""
        return self.library.put(xml)

    def remove(self, pmid: int) -> None:
        """Take a record away, as PubMed does with a DeleteCitation."""
        self.library.remove(pmid)

    def expire_history(self) -> None:
        """Forget every WebEnv."""
        self.history.clear()

    def start(self) -> StandIn:
        """Answer from now on, in a thread of its own."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop answering; a stalled request ends too."""
        self.closing.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(5)
        self._server.server_close()

    def __enter__(self) -> StandIn:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------ for the handler

    def received(self, request: Request) -> tuple[Fault | None, dict[str, str], Answer | None]:
        """Note a request: the fault it gets, the limit headers, and a refusal where a limit or key is at stake."""
        with self._lock:
            self.requests.append(request)
            fault = self._next_fault(request)
            key = request.params.get("api_key")
            if key and self.keys is not None and key not in self.keys:
                return fault, {}, _plain_json({"error": "API key invalid", "api-key": key}, 400)
            limit = LIMITS[bool(key)]
            now, times = time.monotonic(), self._times[key or "127.0.0.1"]
            while times and now - times[0] >= 1:
                times.popleft()
            times.append(now)
            headers = {
                "X-RateLimit-Limit": str(limit),
                "X-RateLimit-Remaining": str(max(0, limit - len(times))),
            }
            if self.enforce and len(times) > limit:
                if self.retry_after is not None:
                    headers["Retry-After"] = self.retry_after
                return fault, headers, too_many(key or "127.0.0.1", len(times), limit)
            return fault, headers, None

    def _next_fault(self, request: Request) -> Fault | None:
        if callable(self.faults):
            return self.faults(request)
        if not self.faults:
            return None
        return self.faults.popleft() if isinstance(self.faults, deque) else self.faults.pop(0)

    def answer(self, request: Request, fault: Fault | None) -> Answer:
        """The answer to a request, with those faults that lie in what is said and not in how it is sent."""
        with self._lock:
            if fault is Fault.EXPIRED_HISTORY:
                self.history.clear()
            given = answers.answer(request.endpoint, request.params, self.library, self.history)
        if fault is Fault.COUNT_CHANGES and request.endpoint == "esearch":
            return _counting_one_more(given)
        if fault is Fault.OMIT_IDS and request.endpoint == "efetch" and given.status == 200:
            return _every_second(given)
        return given


def too_many(key: str, count: int, limit: int) -> Answer:
    """NCBI's words for more requests than a second allows."""
    return _plain_json({"error": "API rate limit exceeded", "api-key": key, "count": str(count), "limit": str(limit)}, 429)  # fmt: skip


def _plain_json(body: dict[str, str], status: int) -> Answer:
    return Answer((json.dumps(body, separators=(",", ":")) + "\n").encode(), status, JSON)


def _counting_one_more(given: Answer) -> Answer:
    for start, end in ((b"<Count>", b"</Count>"), (b'"count": "', b'"')):
        before, found, rest = given.body.partition(start)
        if found:
            number, _, after = rest.partition(end)
            return replace(given, body=before + start + str(int(number) + 1).encode() + end + after)
    return given


def _every_second(given: Answer) -> Answer:
    library = Library()
    if b"<PMID" not in given.body:
        return given
    held = [library.get(pmid) for pmid in library.put(given.body)]
    return answers.fetched(one for one in held[1::2] if one is not None)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news; a fault of the stand-in's own is printed."""
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _handler(standin: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "StandIn", ""
        timeout = 30
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            if len(self.path) > LONGEST_ADDRESS:
                self._send(Answer(TOO_LONG.encode(), 414, "text/html; charset=utf-8"), {})
                return
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            written = self.headers.get("Content-Length", "0")
            length = int(written) if written.isdigit() else 0
            body = self.rfile.read(length).decode("utf-8", "replace")
            self._answer("&".join(part for part in (urlsplit(self.path).query, body) if part))

        def _answer(self, written: str) -> None:
            path = urlsplit(self.path).path
            endpoint = path.removeprefix(PATH).removesuffix(".fcgi")
            if not path.startswith(PATH) or endpoint not in answers.ENDPOINTS:
                self._send(Answer(HTML.format(title="404 Not Found").encode(), 404, "text/html"), {})
                return
            params: dict[str, str] = {}
            for name, value in parse_qsl(written, keep_blank_values=True):
                params[name] = f"{params[name]},{value}" if name in params else value
            request = Request(endpoint, params, self.command)
            fault, headers, refusal = standin.received(request)
            if standin.latency:
                standin.closing.wait(standin.latency)
            if fault is not None and self._misbehave(fault, request, headers):
                return
            answer = refusal or standin.answer(request, fault)
            if fault is Fault.CUT_OFF_QUIET:
                answer = replace(answer, body=answer.body[: len(answer.body) // 2])
            elif fault is Fault.BIT_FLIP:
                answer = replace(answer, body=flipped(answer.body))
            self._send(answer, headers, cut=fault is Fault.CUT_OFF)

        def _misbehave(self, fault: Fault, request: Request, headers: dict[str, str]) -> bool:
            """Show a fault that needs no answer; False where the answer itself is what is wrong."""
            if fault is Fault.RESET:
                # Closing with a linger time of zero sends a reset, not an orderly end.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return True
            if fault is Fault.STALL:
                standin.closing.wait(standin.stall_seconds)
                self.close_connection = True
                return True
            key = request.params.get("api_key")
            limit = LIMITS[bool(key)]
            if fault in (Fault.TOO_MANY, Fault.TOO_MANY_WAIT):
                extra = {"Retry-After": standin.retry_after or "2"} if fault is Fault.TOO_MANY_WAIT else {}
                kept = {name: value for name, value in headers.items() if name != "Retry-After"}
                self._send(too_many(key or "127.0.0.1", limit + 1, limit), kept | extra)
                return True
            html = "text/html; charset=utf-8"
            shown = {
                Fault.SERVER_ERROR: Answer(b"Internal Server Error\n", 500, "text/plain"),
                Fault.BAD_GATEWAY_HTML: Answer(HTML.format(title="502 Bad Gateway").encode(), 502, html),
                Fault.UNAVAILABLE: Answer(HTML.format(title="503 Service Unavailable").encode(), 503, html),
                Fault.HTML_200: Answer(HTML.format(title="NCBI - Scheduled maintenance").encode(), 200, html),
                Fault.ERROR_200: answers.error(request.endpoint, BACKEND, {}),
                Fault.ERROR_JSON_200: _plain_json({"error": "error forwarding request", "api-key": key or "127.0.0.1", "type": "ip", "status": "ok"}, 200),
                Fault.EMPTY_BODY: Answer(b""),
            }.get(fault)  # fmt: skip
            if shown is None:
                return False
            self._send(shown, headers)
            return True

        def _send(self, answer: Answer, headers: dict[str, str], *, cut: bool = False) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in headers.items():
                self.send_header(name, value)
            if cut:
                self.close_connection = True
            self.end_headers()
            self.wfile.write(answer.body[: len(answer.body) // 2] if cut else answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: `StandIn.requests` is the log."""

    return Handler
