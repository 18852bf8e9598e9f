"""Corpus files into Reports; Reports, PubMed records and references into Studies: which documents are one study is decided here.

A corpus row is what a reader noted of one document; rows and records of one investigation are one Study. Never opens the database, never grades.
"""

from ldn_evidence.corpus.numbers import misprints
from ldn_evidence.corpus.rows import check, fits, layered, load, load_search
from ldn_evidence.corpus.studies import studies

__all__ = ["check", "fits", "layered", "load", "load_search", "misprints", "studies"]
