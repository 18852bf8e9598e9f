"""A stand-in for NCBI's E-utilities: a real HTTP server on loopback over PubMed XML that you have.

Takes folders or files of PubMed XML (.xml, .xml.gz); answers esearch, epost, efetch, esummary and einfo in PubMed's form, with
its limits, its silences and, where asked, its misbehaviour. Never leaves the machine, and never knows more than its files:
what `ldn_evidence.query` says about the difference to PubMed (docs/queries.md) holds here too.

    with StandIn.of("tests/records") as standin:
        requests.get(standin.url + "esearch.fcgi", params={"db": "pubmed", "term": "naltrexone[tiab]"})
        standin.faults = [Fault.TOO_MANY, None]   # the next request is refused, the one after is answered
        standin.put(revised_xml); standin.remove(28768313)
        standin.requests                           # what was asked, in order

By hand: `python -m tests.standin tests/records --port 8765`.
"""

from .faults import Fault
from .library import Library
from .server import Request, StandIn

__all__ = ["Fault", "Library", "Request", "StandIn"]
