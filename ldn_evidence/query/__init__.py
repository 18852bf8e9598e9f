"""A PubMed query as a value: read, looked over, and asked of Records.

Takes a query as a person types it into PubMed; `parse` gives a `Query` or an error that names the place and the mend,
`lint` what PubMed would refuse or quietly read otherwise, `matches` whether a `Record` answers it. Never asks PubMed.

What it can't know, and PubMed does (docs/queries.md has the whole list): entry terms and the MeSH tree beyond
`descendants`, automatic term mapping of untagged words, the phrase index, PubMed's own subsets such as systematic[sb].
A field or filter that can't be decided on a Record is an error when the query is read, never a silent "no".

>>> question = parse('"low dose"[tiab] AND (naltrexone[mh] OR naltrexon*[tiab])')
>>> [remark.code for remark in lint("low-dose naltrexone")]
['untagged']
"""

from ldn_evidence.query.linting import Remark, lint
from ldn_evidence.query.matching import Indexed, matches
from ldn_evidence.query.reading import parse
from ldn_evidence.query.tree import Branch, Dates, Node, Query, Term

__all__ = ["Branch", "Dates", "Indexed", "Node", "Query", "Remark", "Term", "lint", "matches", "parse"]
