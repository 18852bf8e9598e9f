"""Title and abstract into one of nine kinds of study by a small encoder, and its reading mixed with the linear model's.

Takes passages and the linear model's readings of them; returns readings. `model.onnx`, `tokenizer.json` and `outputs.toml` beside
this file are plain data that training/encoder.py made. Never learns, never loads onnxruntime before the first passage is read, never
decides by itself whether it is asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict

from ldn_evidence.errors import InputError
from ldn_evidence.model import Passage
from ldn_evidence.tagging.linear import KINDS, Reading
from ldn_evidence.textfiles import read_toml

# What the encoder saw in training, in pieces of words: a title's first TITLE; of an abstract that is too long its beginning
# and its last TAIL. Title and abstract together are at most MOST.
TITLE, TAIL, MOST = 64, 72, 168
BEGIN, BETWEEN = 101, 102
# How far the encoder is heard beside the linear model, and how much surer both are together than either alone: the round
# values of least log loss on the second table; see docs/accuracy-variants.md. The choice is broad.
WEIGHT, SHARPNESS = 0.3, 1.2
# A kind that a model holds for impossible keeps this much: the other model must be able to speak for it.
LEAST = 1e-9


class Outputs(BaseModel):
    """The whole of `outputs.toml`: where the weights come from, and the kind to which each output of the model folds."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    base: str
    licence: str
    kinds: tuple[str, ...]


class _Loaded(NamedTuple):
    tokenizer: Any
    session: Any
    places: tuple[int, ...]


def mixed(passages: Sequence[Passage], readings: Sequence[Reading]) -> list[Reading]:
    """The linear model's readings with the encoder's mixed in: a weighted geometric mean of both, sharpened, summing to 1.

    Raises InputError, with the mend, where the extra is not installed.
    """
    loaded = _loaded()
    found = []
    for passage, reading in zip(passages, readings, strict=True):
        shares = blended(reading.probabilities, _probabilities(passage, loaded))
        best = shares.index(max(shares))
        found.append(Reading(KINDS[best], shares[best], shares))
    return found


def probabilities(passage: Passage) -> tuple[float, ...]:
    """The encoder's alone, of each kind, in the order of `linear.KINDS`, summing to 1."""
    return _probabilities(passage, _loaded())


def blended(
    linear: Sequence[float], encoder: Sequence[float], weight: float = WEIGHT, sharpness: float = SHARPNESS
) -> tuple[float, ...]:
    """Two models' probabilities of the same kinds as one model's: weighted geometric mean, to the power of `sharpness`, summing to 1."""
    heard = [
        sharpness * ((1 - weight) * math.log(max(one, LEAST)) + weight * math.log(max(other, LEAST)))
        for one, other in zip(linear, encoder, strict=True)
    ]
    return _shares(heard)


def pieces(passage: Passage, tokenizer: Any) -> list[int]:
    """A passage as the encoder sees it: numbers of pieces of words, three more than MOST at most."""
    title = tokenizer.encode(passage.title, add_special_tokens=False).ids[:TITLE]
    abstract = tokenizer.encode(passage.abstract, add_special_tokens=False).ids
    room = MOST - len(title)
    if len(abstract) > room:
        abstract = abstract[: room - TAIL] + abstract[-TAIL:]
    return [BEGIN, *title, BETWEEN, *abstract, BETWEEN]


def outputs() -> Outputs:
    """What the model's outputs mean."""
    with as_file(files("ldn_evidence") / "tagging" / "encoder" / "outputs.toml") as path:
        return read_toml(path, Outputs)


@cache
def _loaded() -> _Loaded:
    try:
        import onnxruntime
        from tokenizers import Tokenizer
    except ImportError as error:
        raise InputError(
            f"the encoder needs {error.name}, which is not installed. "
            'Install the encoder: pip install "ldn-evidence[encoder]"; or leave it out.'
        ) from error
    options = onnxruntime.SessionOptions()
    # One thread: sums are then always taken in the same order.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    folder = files("ldn_evidence") / "tagging" / "encoder"
    session = onnxruntime.InferenceSession(
        (folder / "model.onnx").read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    tokenizer = Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
    # "[SEP]" in an abstract is four characters and two brackets, not the end of the abstract.
    tokenizer.encode_special_tokens = True
    return _Loaded(tokenizer, session, tuple(KINDS.index(kind) for kind in outputs().kinds))


def _probabilities(passage: Passage, loaded: _Loaded) -> tuple[float, ...]:
    # One by one: in a batch the numbers of one passage would be rounded by the range of all.
    ids = np.array(pieces(passage, loaded.tokenizer), dtype=np.int64)
    (scores,) = loaded.session.run(None, {"ids": ids})
    found = [0.0] * len(KINDS)
    for place, share in zip(loaded.places, _shares(scores.tolist()), strict=True):
        found[place] += share
    return tuple(found)


def _shares(scores: Sequence[float]) -> tuple[float, ...]:
    top = max(scores)
    odds = [math.exp(score - top) for score in scores]
    whole = math.fsum(odds)
    return tuple(odd / whole for odd in odds)
