"""A protocol file into a Protocol: one intervention, its conditions, and every claim as one question.

Takes TOML that people write; returns typed values or an error that names file, key and mend. Never searches.
"""

from __future__ import annotations

from pathlib import Path

from ldn_evidence.errors import InputError
from ldn_evidence.model import Protocol
from ldn_evidence.textfiles import read_toml


def load(path: Path) -> Protocol:
    """Read and check one protocol file."""
    protocol = read_toml(path, Protocol)
    if protocol.name != path.stem:
        raise InputError(f'{path}: name = "{protocol.name}" but the file is {path.name}. Make the two agree.')
    return protocol


def template(name: str) -> str:
    """A commented protocol to start from; it passes `protocol check` as it stands."""
    return _TEMPLATE.replace("{name}", name)


_TEMPLATE = """\
# A protocol for ldn-evidence. Replace what stands between "<" and ">", then run: ldn-evidence protocol check FILE
schema = 1
name = "{name}"                     # the file must be called {name}.toml
title = "<the intervention, as a title>"

[source]                            # the text whose claims you examine
title = "<title of the document>"

[intervention]
name = "<full name>"
short = "<short name for sentences>"
names = ["<every name of the drug>"]
abbreviations = []                  # letters that stand for the drug at its dose, e.g. ["LDN"]
mesh = []                           # e.g. [{ ui = "D009271", heading = "Naltrexone" }]
query = "<drug>[tiab]"              # PubMed syntax; tag every term; no dose words, the dose is judged later

[intervention.dose]                 # a day
unit = "mg"
usual = [1, 5]
in_scope = [0.5, 10]
# ultra_low_below = 0.01            # below this, and from standard_from on, it is another thing
# standard_from = 25

# [[intervention.look_alikes]]
# name = "<what a naive search takes for it>"
# kind = "look-alike substance"     # or: ultra-low dose, standard dose, another meaning of the abbreviation, unclear
# words = ["<words that betray it; * stands for the rest of a word>"]
# why = "<why it is not>"

[[conditions]]
slug = "condition-one"
name = "<the condition>"
query = "<condition>[tiab]"
mesh = [{ ui = "D000000", heading = "<MeSH heading>" }]

[[claims]]                          # one question, one outcome
slug = "condition-one-outcome"
kind = "benefit"                    # benefit, harm, mechanism or dosing
question = "<Does it reduce the outcome in the condition?>"
sentence = "<the sentence of the document that claims it>"
condition = "condition-one"         # or query = "..." where no condition gives one
population = "<adults with the condition>"
comparator = ["placebo"]            # none, placebo, active, untreated or other dose
outcome = "<the outcome>"
# outcome_words = ["<a word of it>"]  # where an abstract names none of them, a machine proposes no finding
expects = "decrease"                # decrease, increase or "no more than comparator"
preferred_measure = "<measure, scale and time>"
direct = "<what counts as direct evidence>"

[[claims.smallest_important_difference]]
measure = "MD"                      # MD, SMD, RR, OR or RD
scale = "0-10"
value = 1
reference = "<where that figure comes from>"
"""
