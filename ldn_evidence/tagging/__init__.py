"""What a study is: stated codes, PubMed's types and headings, words and a small model, each with its rule and its words.

Takes Documents (a Passage with its types and headings); returns Tags. The order of `rules/study_design.toml` decides, `rules/axes.toml` gives the
axes beside the design, `rules/cues.toml` the words that both look for, `study_type.npz` the weights of the model, `encoder/` a second one that is heard where the caller asks for it. Never
reads a database, never asks which drug a study is about.
"""

from ldn_evidence.tagging.deciding import Document, tag, tags, words
from ldn_evidence.tagging.linear import learnt
from ldn_evidence.tagging.rules import compares, design_rules, kind_of, primary_direction, stated_codes

__all__ = [
    "Document",
    "compares",
    "design_rules",
    "kind_of",
    "learnt",
    "primary_direction",
    "stated_codes",
    "tag",
    "tags",
    "words",
]
