"""NCBI, and only here. So far one question: does PubMed answer? Never parses a record, never keeps anything."""

from __future__ import annotations

import threading

EUTILS_URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"
# Name resolution has no time-out of its own, so the whole question is given one from outside.
PATIENCE_SECONDS = 2.5


def unreachable(url: str = EUTILS_URL) -> str | None:
    """Why PubMed can't be reached, in a few words; None if it answers. Decides within three seconds."""
    answer: list[str | None] = []
    asking = threading.Thread(target=lambda: answer.append(_ask(url)), daemon=True)
    asking.start()
    asking.join(PATIENCE_SECONDS)
    return answer[0] if answer else f"no answer within {PATIENCE_SECONDS} seconds"


def _ask(url: str) -> str | None:
    import requests  # a quarter of a second to import; only this question needs it

    try:
        response = requests.get(
            f"{url.rstrip('/')}/einfo.fcgi",
            params={"db": "pubmed", "retmode": "json", "tool": "ldn_evidence"},
            timeout=(PATIENCE_SECONDS, PATIENCE_SECONDS),
        )
    except requests.ConnectionError:
        return "no connection"
    except requests.Timeout:
        return "no answer in time"
    except ValueError:  # requests' words for a malformed address
        return f"{url} is not an address"
    except requests.RequestException as error:
        return type(error).__name__
    return None if response.ok else f"it answers with HTTP {response.status_code}"
