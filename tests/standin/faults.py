"""The ways in which NCBI has been seen to misbehave, and the answers they give. Plain values; nothing here opens a socket."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """One misbehaviour, shown for one request."""

    TOO_MANY = "too-many"  # 429, and no word on how long to wait
    TOO_MANY_WAIT = "too-many-wait"  # 429 with Retry-After
    SERVER_ERROR = "server-error"  # 500
    BAD_GATEWAY_HTML = "bad-gateway-html"  # 502, an HTML page
    UNAVAILABLE = "unavailable"  # 503
    HTML_200 = "html-200"  # an HTML page under HTTP 200
    ERROR_200 = "error-200"  # <ERROR> under HTTP 200
    ERROR_JSON_200 = "error-json-200"  # an error as JSON under HTTP 200
    CUT_OFF = "cut-off"  # the connection closes before Content-Length is reached
    CUT_OFF_QUIET = "cut-off-quiet"  # half the XML, delivered as if it were whole
    RESET = "reset"  # the connection is reset
    STALL = "stall"  # nothing is sent for a while, then the connection closes
    EXPIRED_HISTORY = "expired-history"  # every WebEnv is forgotten before the request is answered
    OMIT_IDS = "omit-ids"  # an efetch leaves out every second record
    COUNT_CHANGES = "count-changes"  # an esearch counts one record more than it lists
    EMPTY_BODY = "empty-body"  # HTTP 200 and nothing in it
    BIT_FLIP = "bit-flip"  # one byte in the middle is no longer UTF-8


HTML = "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
TOO_LONG = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"
  "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" lang="en" xml:lang="en">
<head><title>Submitted URI too large!</title></head>
<body><h1>Submitted URI too large!</h1><h2>Error 414</h2></body>
</html>
"""
BACKEND = "Search Backend failed: the stand-in was told to say so"


def flipped(body: bytes) -> bytes:
    """The body with the highest bit of one byte turned: a lone continuation byte, which no UTF-8 reader takes."""
    middle = next(
        (at for at in range(len(body) // 2, len(body)) if chr(body[at]).isalnum() and body[at] < 128), None
    )
    if middle is None:
        return b"\x80" + body
    return body[:middle] + bytes([body[middle] ^ 0x80]) + body[middle + 1 :]
