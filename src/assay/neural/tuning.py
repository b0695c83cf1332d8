"""How is a pretrained network tuned to texts of one's own, in the time there is?

The head starts as the linear model that reads the network as it came, so that training begins where a frozen encoder ends (Kumar et al.
2022); then head and network learn together: AdamW, a rate that rises and falls to nothing when the time does, texts of like length in one
step. Four ways: `lora` learns a low-rank difference of the projections of attention (Hu et al. 2022; trained through peft), `adapters` a
narrow layer after each block (Houlsby et al. 2019), `full` every weight, `head` nothing of the network.

What is learnt comes out as arrays, a list whose names and shapes follow from the network alone: that is what a file holds, and what is
checked when one is read. Dropout within the network is off and torch's own randomness is never asked: folds are trained side by side.
"""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.clock import Clock
from ..kernel.data import Floats, Ints
from ..kernel.forms import Head
from ..kernel.need import need
from .checkpoint import find, network_of, tokenizer_of
from .device import device
from .halves import Halves, halves
from .pace import StepsOrTime

WAYS = ("lora", "adapters", "full", "head")
# Last parts of the names of layers, in checkpoints like BERT, DistilBERT, MPNet, GPT-2, GPT-NeoX, Llama and ModernBERT
ATTENTION = {"query", "value", "q_lin", "v_lin", "q_proj", "v_proj", "c_attn", "query_key_value", "Wqkv", "qkv_proj"}
ATTENTION |= {"attn.q", "attn.v", "SelfAttention.q", "SelfAttention.v"}
BLOCK_ENDS = {"output.dense", "out_lin", "lin2", "attn.o", "c_proj", "o_proj", "out_proj", "down_proj", "fc2", "Wo"}
BLOCK_ENDS |= {"attention.dense", "ffn_output", "dense_4h_to_h", "SelfAttention.o", "wo"}

SCALE = 2.0  # of the low-rank difference, as is usual (alpha = 2 r)
FULL = 0.03  # of the rate, for weights of the network itself
HEAD = 3.0  # of the rate, for the head: its weights are larger, since points have length one
DROPOUT = 0.1  # of coordinates of a point, in training
DECAY, CLIP, WARM = 0.01, 1.0, 0.06
BUCKET = 32  # batches whose rows are sorted by length together
JUDGES, LEAST_STEPS, PARTS, PATIENCE = 500, 8, 2, 4  # rows, steps between two looks, looks an epoch, looks without gain
PROBES, PROBE_STEPS = 12, 10  # times the head's solver goes on, and its steps each time

_lock = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Form:
    """What is learnt, and how."""

    way: str
    rank: int
    rate: float
    epochs: int
    batch: int
    checkpointing: bool = False
    half: bool = False  # compute in bfloat16


@dataclass(frozen=True, eq=False)
class Rows:
    """Texts as tokens, each once, and rows that point to them."""

    ids: list[list[int]]
    places: Ints  # [n, t] in `ids`
    target: NDArray[np.float32]  # [n, w] standardised values, 0/1, or switches a class
    weight: NDArray[np.float32]  # [n], one on average

    def lengths(self) -> Ints:
        """Tokens of each row [n]."""
        each = np.asarray([len(row) for row in self.ids], dtype=np.int64)
        return np.asarray(each[self.places].max(axis=1, initial=0))


@dataclass(frozen=True, eq=False)
class Line:
    """A head: weights [t * d, w] on the points of the t texts of a row, and what is added [w]."""

    weights: Floats
    intercept: Floats


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a training left: the arrays of `parts_of`, the head, and the tune loss at each look."""

    arrays: list[Halves]
    line: Line
    usual: Floats  # [t, w] mean pull of each text among the rows looked at
    curve: list[float]
    share: float  # of the schedule that was gone through
    tokens: int  # that were trained on


# ---------------------------------------------------------------------------------------------------------- networks


@functools.lru_cache(maxsize=2)
def _base(label: str, half: bool) -> Any:
    """The network as it came, never changed; its products in bfloat16 where `half`."""
    torch = need("torch", "nets")
    if not half:
        network = network_of(find(label)).to(device())
        if hasattr(network.config, "use_cache"):
            network.config.use_cache = False
        return network
    network = sharing(_base(label, False))
    for module in layers(network).values():
        module.weight = torch.nn.Parameter(module.weight.detach().bfloat16(), requires_grad=False)
    return network


def base(label: str, half: bool = False) -> Any:
    """The network of a label, loaded once: transformers loads one at a time."""
    with _lock:
        return _base(label, half)


def sharing(network: Any) -> Any:
    """A copy that can be changed in structure and shares every number, so that fold models cost only what they learnt."""
    kept = [*network.parameters(), *network.buffers()]
    return copy.deepcopy(network, {id(number): number for number in kept})


def layers(network: Any) -> dict[str, Any]:
    """Its products of matrices, by name."""
    torch = need("torch", "nets")
    conv = need("transformers", "text").pytorch_utils.Conv1D
    return {name: m for name, m in network.named_modules() if isinstance(m, (torch.nn.Linear, conv))}


def _sizes(layer: Any) -> tuple[int, int]:
    """Numbers that go in and come out; GPT-2 keeps its matrices the other way round."""
    first, second = layer.weight.shape
    return (second, first) if type(layer).__name__ != "Conv1D" else (first, second)


def learns_in(network: Any, way: str) -> list[str]:
    """Names of the layers that LoRA or adapters are put to: found by the names in use, else every layer."""
    known = ATTENTION if way == "lora" else BLOCK_ENDS
    names = list(layers(network))
    return [name for name in names if any(f".{name}".endswith(f".{end}") for end in known)] or names


def parts_of(network: Any, way: str, rank: int) -> list[tuple[str, tuple[int, ...]]]:
    """Name and shape of each array that is learnt."""
    if way == "full":
        return [(name, tuple(p.shape)) for name, p in network.named_parameters()]
    found: list[tuple[str, tuple[int, ...]]] = []
    for name in learns_in(network, way) if way != "head" else []:
        inside, out = _sizes(network.get_submodule(name))
        if way == "lora":
            found += [(f"{name}/down", (rank, inside)), (f"{name}/up", (out, rank))]
        else:
            found += [(f"{name}/down", (rank, out)), (f"{name}/down-bias", (rank,))]
            found += [(f"{name}/up", (out, rank)), (f"{name}/up-bias", (out,))]
    return found


def settled(label: str, way: str, rank: int, arrays: Sequence[Halves]) -> Any:
    """The network with what was learnt merged in, for asking; it shares with its base what was not changed."""
    torch = need("torch", "nets")
    network = sharing(base(label))
    given = {
        name: torch.from_numpy(array.astype(np.float32)).to(device())
        for (name, _), array in zip(parts_of(network, way, rank), arrays, strict=True)
    }
    if way == "full":
        for name, array in given.items():
            owner, _, last = name.rpartition(".")
            setattr(network.get_submodule(owner), last, torch.nn.Parameter(array, requires_grad=False))
    for name in learns_in(network, way) if way in ("lora", "adapters") else []:
        layer = network.get_submodule(name)
        if way == "lora":
            more = SCALE * given[f"{name}/up"] @ given[f"{name}/down"]  # [out, in]
            more = more.T if type(layer).__name__ == "Conv1D" else more
            layer.weight = torch.nn.Parameter(layer.weight.detach() + more, requires_grad=False)
        else:
            _put_adapter(
                network,
                name,
                rank,
                {key.partition("/")[2]: a for key, a in given.items() if key.startswith(f"{name}/")},
            )
    return network.requires_grad_(False)


def _put_adapter(network: Any, name: str, rank: int, arrays: dict[str, Any]) -> Any:
    """A narrow layer after the layer of this name: y + up(gelu(down(y))); the layer itself stays as it is."""
    torch = need("torch", "nets")
    layer = network.get_submodule(name)
    _, out = _sizes(layer)
    down, up = torch.nn.Linear(out, rank), torch.nn.Linear(rank, out)
    for where, key in ((down, "down"), (up, "up")):
        where.weight = torch.nn.Parameter(arrays[key])
        where.bias = torch.nn.Parameter(arrays[f"{key}-bias"])

    def after(_: Any, __: Any, y: Any) -> Any:
        return y + up(torch.nn.functional.gelu(down(y.to(down.weight.dtype))))

    layer.register_forward_hook(after)
    return down, up


def points_of(network: Any, ids: Sequence[Sequence[int]], first: bool) -> Any:
    """A point of length one for each list of tokens [b, d]: the mean of its tokens' states, or that of the first.

    Computed where the network lies.
    """
    torch = need("torch", "nets")
    longest = max(map(len, ids))
    tokens = np.zeros((len(ids), longest), dtype=np.int64)
    mask = np.zeros((len(ids), longest), dtype=np.int64)
    for row, found in enumerate(ids):
        tokens[row, : len(found)] = found
        mask[row, : len(found)] = 1
    x, kept = (torch.from_numpy(a).to(network.device) for a in (tokens, mask))
    states = network(input_ids=x, attention_mask=kept).last_hidden_state.float()  # [b, t, d]
    if not first:
        states = (states * kept[:, :, None]).sum(dim=1) / kept.sum(dim=1, keepdim=True)
    return torch.nn.functional.normalize(states[:, 0] if first else states, dim=1)


@functools.lru_cache(maxsize=4)
def _tokenizer(label: str) -> Any:
    return tokenizer_of(find(label))


def tokens_of(label: str, texts: Sequence[str], most: int) -> list[list[int]]:
    """The first tokens of each text; a text of none is read as one end."""
    with _lock:
        tokenizer = _tokenizer(label)
        found = tokenizer(list(texts), truncation=True, max_length=most, padding=False)["input_ids"] if texts else []
    ends = [tokenizer.eos_token_id, tokenizer.sep_token_id, tokenizer.unk_token_id, 0]
    end = next(i for i in ends if i is not None)
    return [list(row) or [end] for row in found]


# ---------------------------------------------------------------------------------------------------------- training


def probe(points: Floats, target: Floats, weight: Floats, head: Head, start: Line, clock: Clock) -> Line:
    """The linear model of points [n, t * d] as they are, by L-BFGS: logistic or ridge regression, of fixed strength."""
    torch = need("torch", "nets")
    x, y, w = (torch.from_numpy(np.asarray(a, dtype=np.float64)) for a in (points, target, weight))
    weights, intercept = (torch.from_numpy(a.copy()).requires_grad_() for a in (start.weights, start.intercept))
    strength = 1.0 if head.name == "value" else 10.0  # of the errors against the size of the weights
    solver = torch.optim.LBFGS([weights, intercept], max_iter=PROBE_STEPS, line_search_fn="strong_wolfe")

    def badness() -> Any:
        solver.zero_grad()
        found = (_losses(head, x @ weights + intercept, y) * w).sum() + weights.square().sum() / (2 * strength)
        (found / len(x)).backward()
        return found.detach() / len(x)

    before = float("inf")
    for _ in range(PROBES):
        now = float(solver.step(badness))
        if clock.expired() or not now < before - 1e-6:
            break
        before = now
    return Line(weights.detach().numpy(), intercept.detach().numpy())


def _losses(head: Head, scores: Any, y: Any) -> Any:
    """Loss of each row [n]."""
    torch = need("torch", "nets")
    if head.name == "value":
        return (scores - y).square().sum(dim=1) / 2
    if head.width == 1:
        return torch.nn.functional.binary_cross_entropy_with_logits(scores, y, reduction="none").sum(dim=1)
    return -(torch.log_softmax(scores, dim=1) * y).sum(dim=1)


class Tuning:
    """A network and a head on their way."""

    def __init__(self, label: str, form: Form, head: Head, line: Line, first: bool, rng: np.random.Generator) -> None:
        self.torch = need("torch", "nets")
        self.form, self.head, self.first, self.rng = form, head, first, rng
        self.device = device()
        self.parts = parts_of(base(label), form.way, form.rank)
        self.network = self._network(label)
        self.learnt = self._learnt()
        start = [line.weights, line.intercept]
        self.weights, self.intercept = (
            self.torch.from_numpy(a.astype(np.float32)).to(self.device).requires_grad_() for a in start
        )
        self.trained = 0

    def _network(self, label: str) -> Any:
        whole = self.form.way == "full"
        came = base(label, self.form.half and not whole)
        network = (copy.deepcopy(came) if whole else sharing(came)).requires_grad_(whole)
        if self.form.half and self.device.type == "cpu":
            network.set_attn_implementation("eager")  # torch's own is ten times slower in bfloat16 on the way back
        if self.form.checkpointing:
            enable = getattr(network, "activation_checkpointing_enable", network.gradient_checkpointing_enable)
            enable({"use_reentrant": False})
            for module in network.modules():
                if hasattr(module, "gradient_checkpointing"):
                    module.training = True  # of this module alone: those within leave nothing out
                    if isinstance(getattr(module, "dropout", None), float):
                        module.dropout = 0.0
        return network

    def _learnt(self) -> list[Any]:
        """The parameters that learn, in the order of the parts: differences that start at nothing."""
        if self.form.way == "full":
            return [p for _, p in self.network.named_parameters()]
        names = learns_in(self.network, self.form.way) if self.form.way != "head" else []
        start = {name: self._start(name, shape) for name, shape in self.parts}
        if self.form.way == "lora":
            return self._lora(names, start)
        found: list[Any] = []
        for name in names:
            own = {key: start[f"{name}/{key}"] for key in ("down", "down-bias", "up", "up-bias")}
            down, up = _put_adapter(self.network, name, self.form.rank, own)
            found += [down.weight, down.bias, up.weight, up.bias]
        return found

    def _start(self, name: str, shape: tuple[int, ...]) -> Any:
        wide = 1.0 / np.sqrt(shape[-1])
        drawn = self.rng.uniform(-wide, wide, shape) if name.endswith("/down") else np.zeros(shape)
        return self.torch.from_numpy(drawn.astype(np.float32)).to(self.device)

    def _lora(self, names: list[str], start: dict[str, Any]) -> list[Any]:
        peft = need("peft", "text")
        turned = any(type(self.network.get_submodule(name)).__name__ == "Conv1D" for name in names)
        config = peft.LoraConfig(
            r=self.form.rank,
            lora_alpha=SCALE * self.form.rank,
            target_modules=names,
            fan_in_fan_out=turned,
            init_lora_weights=False,
        )
        self.network = peft.inject_adapter_in_model(config, self.network).eval()
        found: list[Any] = []
        for name in names:
            layer = self.network.get_submodule(name)
            layer.cast_input_dtype_enabled = False  # autocast sees to it, once
            for sort, key in ((layer.lora_A, "down"), (layer.lora_B, "up")):
                own = sort["default"]
                own.weight = self.torch.nn.Parameter(start[f"{name}/{key}"])
                found.append(own.weight)
        return found

    # The loop

    def run(self, rows: Rows, judges: Rows, early: bool, clock: Clock) -> Learnt:
        """Learn until the schedule, the time or the gain on the judges ends (the last where `early`); keep the best."""
        each = -(-len(rows.places) // self.form.batch)
        optimiser, way = self.optimiser(), StepsOrTime(self.form.epochs * each, clock)
        best, usual = self._judged(judges) if not clock.expired() else (float("inf"), self._no_pull(rows))
        kept, curve, since = self._state(), [best] if np.isfinite(best) else [], 0
        every = max(LEAST_STEPS, each // PARTS)
        for batch in self.batches(rows, self.form.epochs) if self.form.way != "head" else ():
            if way.share >= 1.0:
                break
            self.step(optimiser, rows, batch, way.share)
            way.step()
            if way.taken % every and way.share < 1.0:
                continue
            found, pulls = self._judged(judges)
            curve.append(found)
            since = 0 if found < best else since + 1
            if found < best or not early:
                best, usual, kept = found, pulls, self._state()
            if early and since >= PATIENCE:
                break
        arrays, weights, intercept = kept
        return Learnt(arrays, Line(weights, intercept), usual, curve, way.share, self.trained)

    def optimiser(self) -> Any:
        rate = self.form.rate
        groups = [{"params": [self.weights, self.intercept], "of": rate * HEAD, "weight_decay": 0.0}]
        if self.learnt:
            groups.append({"params": self.learnt, "of": rate * (FULL if self.form.way == "full" else 1.0)})
        return self.torch.optim.AdamW(groups, lr=rate, weight_decay=DECAY, fused=True)

    def batches(self, rows: Rows, epochs: int) -> Iterator[Ints]:
        """Rows of one step: drawn anew each epoch, those of like length together."""
        lengths, size = rows.lengths(), self.form.batch
        for _ in range(epochs):
            order = self.rng.permutation(len(lengths))
            found: list[Ints] = []
            for low in range(0, len(order), BUCKET * size):
                some = order[low : low + BUCKET * size]
                some = some[np.argsort(lengths[some], kind="stable")]
                found += [some[i : i + size] for i in range(0, len(some), size)]
            for place in self.rng.permutation(len(found)):
                yield found[place]

    def step(self, optimiser: Any, rows: Rows, batch: Ints, share: float) -> None:
        torch = self.torch
        rising = min((share + 1e-3) / WARM, (1.0 - share) / (1.0 - WARM), 1.0)
        for group in optimiser.param_groups:
            group["lr"] = group["of"] * rising
        points = self._points(rows, batch)  # [b, t * d]
        kept = self.rng.random(points.shape, dtype=np.float32) >= DROPOUT
        points = points * torch.from_numpy(kept).to(self.device) / (1.0 - DROPOUT)
        y, w = (torch.from_numpy(a[batch]).to(self.device) for a in (rows.target, rows.weight))
        (_losses(self.head, points @ self.weights + self.intercept, y) * w).mean().backward()
        if self.learnt:
            torch.nn.utils.clip_grad_norm_(self.learnt, CLIP)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        self.trained += sum(len(rows.ids[i]) for i in rows.places[batch].ravel())

    def _points(self, rows: Rows, batch: Ints) -> Any:
        """Points of the texts of some rows, side by side [b, t * d]; a text that comes twice is read once."""
        torch = self.torch
        texts, back = np.unique(rows.places[batch].ravel(), return_inverse=True)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.form.half):
            points = points_of(self.network, [rows.ids[i] for i in texts], self.first)
        return points[torch.from_numpy(back).to(self.device)].reshape(len(batch), -1)

    def _judged(self, judges: Rows) -> tuple[float, Floats]:
        """Mean loss of the judges, and the mean pull of each text column among them [t, w]."""
        torch, t, w = self.torch, judges.places.shape[1], self.head.width
        order = np.argsort(judges.lengths(), kind="stable")
        total, mass, pulls = 0.0, 0.0, np.zeros((t, w))
        with torch.no_grad():
            for low in range(0, len(order), 2 * self.form.batch):
                batch = order[low : low + 2 * self.form.batch]
                points = self._points(judges, batch)
                own = torch.einsum("ntd,tdw->ntw", points.view(len(batch), t, -1), self.weights.view(t, -1, w))
                y, each = (torch.from_numpy(a[batch]).to(self.device) for a in (judges.target, judges.weight))
                total += float((_losses(self.head, own.sum(dim=1) + self.intercept, y) * each).sum())
                mass += float(each.sum())
                pulls += own.sum(dim=0).cpu().numpy()
        return total / mass, pulls / max(1, len(order))

    def _no_pull(self, rows: Rows) -> Floats:
        return np.zeros((rows.places.shape[1], self.head.width))

    def _state(self) -> tuple[list[Halves], Floats, Floats]:
        """Everything learnt, as it will be kept."""
        arrays = [halves(p.detach().cpu().numpy()) for p in self.learnt]
        return arrays, *(a.detach().cpu().numpy().astype(np.float64) for a in (self.weights, self.intercept))
