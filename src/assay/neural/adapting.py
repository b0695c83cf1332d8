"""What of a pretrained network learns, and how does what was learnt come back to it?

Six ways: `lora` learns a low-rank difference of its products of matrices (Hu et al. 2022; trained through peft), those of attention in
networks of texts, all of them in networks of pictures; `adapters` a narrow layer after each block (Houlsby et al. 2019); `full` every
weight; `last` the last quarter of its stages or blocks and what follows (Yosinski et al. 2014); `norms` scales and shifts of its
normalisations (Frankle, Schwab & Morcos 2021); `head` nothing.

What is learnt comes out as arrays, a list whose names and shapes follow from the network alone: differences from the network that came,
all of them. That is what a file holds, and what is checked when one is read. What a batch normalisation counted stays as it came.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ..kernel.need import need
from .halves import Halves

MOVED = ("full", "last", "norms")  # ways in which weights of the network itself learn
# Last parts of the names of layers, in checkpoints like BERT, DistilBERT, MPNet, GPT-2, GPT-NeoX, Llama, ModernBERT, ViT and Swin
ATTENTION = {"query", "value", "q_lin", "v_lin", "q_proj", "v_proj", "c_attn", "query_key_value", "Wqkv", "qkv_proj"}
ATTENTION |= {"attn.q", "attn.v", "SelfAttention.q", "SelfAttention.v"}
BLOCK_ENDS = {"output.dense", "out_lin", "lin2", "attn.o", "c_proj", "o_proj", "out_proj", "down_proj", "fc2", "Wo"}
BLOCK_ENDS |= {"attention.dense", "ffn_output", "dense_4h_to_h", "SelfAttention.o", "wo"}
SUMMARY = "pooler"  # layers that make one point of all, which not every checkpoint has the weights of
SCALE = 2.0  # of the low-rank difference, as is usual (alpha = 2 r)
LAST = 4  # one of so many stages or blocks, and at least one, is the last


def sharing(network: Any, but: Collection[str] = ()) -> Any:
    """A copy that can be changed in structure and shares every number but the parameters of these names.

    Fold models so cost only what they learnt.
    """
    own = {id(p) for name, p in network.named_parameters() if name in but}
    kept = [number for number in (*network.parameters(), *network.buffers()) if id(number) not in own]
    return copy.deepcopy(network, {id(number): number for number in kept})


def layers(network: Any) -> dict[str, Any]:
    """Its products of matrices, by name."""
    torch = need("torch", "nets")
    conv = need("transformers", "text").pytorch_utils.Conv1D
    return {name: m for name, m in network.named_modules() if isinstance(m, (torch.nn.Linear, conv))}


def attends(network: Any) -> bool:
    """Whether it is built of attention (a transformer), by the names in use."""
    return any(_ends(name, ATTENTION) for name in layers(network))


def learns_in(network: Any, way: str) -> list[str]:
    """Names of the layers that LoRA or adapters are put to: found by the names in use, else every layer."""
    if way not in ("lora", "adapters"):
        return []
    names = list(layers(network))
    if way == "lora" and network.main_input_name == "pixel_values":
        return [name for name in names if SUMMARY not in name]
    known = ATTENTION if way == "lora" else BLOCK_ENDS
    return [name for name in names if _ends(name, known)] or names


def moved(network: Any, way: str) -> list[str]:
    """Names of the parameters of the network itself that learn, in its own order."""
    names = [name for name, _ in network.named_parameters()]
    if way == "last":
        return names[_where_last(network, names) :]
    if way == "norms":
        norms = {name for name, m in network.named_modules() if "norm" in type(m).__name__.lower()}
        return [name for name in names if name.rpartition(".")[0] in norms]
    return names if way == "full" else []


def _where_last(network: Any, names: list[str]) -> int:
    """Place of the first parameter of the last stages: those of the list of layers that holds most of the network."""
    torch = need("torch", "nets")
    found = [(name, m) for name, m in network.named_modules() if isinstance(m, torch.nn.ModuleList) and len(m) > 1]
    if not found:
        return 0
    name, stages = max(found, key=lambda each: sum(p.numel() for p in each[1].parameters()))
    first = len(stages) - max(1, len(stages) // LAST)
    last = tuple(f"{name}.{stage}." for stage in range(first, len(stages)))
    return next((place for place, own in enumerate(names) if own.startswith(last)), 0)


def parts_of(network: Any, way: str, rank: int) -> list[tuple[str, tuple[int, ...]]]:
    """Name and shape of each array that is learnt."""
    if way in MOVED:
        shapes = {name: tuple(p.shape) for name, p in network.named_parameters()}
        return [(name, shapes[name]) for name in moved(network, way)]
    found: list[tuple[str, tuple[int, ...]]] = []
    for name in learns_in(network, way):
        inside, out = _sizes(network.get_submodule(name))
        if way == "lora":
            found += [(f"{name}/down", (rank, inside)), (f"{name}/up", (out, rank))]
        else:
            found += [(f"{name}/down", (rank, out)), (f"{name}/down-bias", (rank,))]
            found += [(f"{name}/up", (out, rank)), (f"{name}/up-bias", (out,))]
    return found


def settled(came: Any, way: str, rank: int, arrays: Sequence[Halves], merged: bool = True) -> Any:
    """The network with what was learnt, for asking; it shares with the one that came what was not changed.

    merged : low-rank differences are added to the weights, which is quickest; else they stand beside them, and fold
             models share the weights too: five of a ViT-B, in which all products learn, would hold 1.7 GB of them
    """
    torch = need("torch", "nets")
    network = sharing(came, moved(came, way))
    given = {
        name: torch.from_numpy(array.astype(np.float32)).to(came.device)
        for (name, _), array in zip(parts_of(came, way, rank), arrays, strict=True)
    }
    with torch.no_grad():
        for name in moved(came, way):
            network.get_parameter(name).add_(given[name])
    for name in learns_in(came, way):
        layer = network.get_submodule(name)
        if way == "lora" and not merged:
            _put_low_rank(layer, given[f"{name}/down"], given[f"{name}/up"])
        elif way == "lora":
            more = SCALE * given[f"{name}/up"] @ given[f"{name}/down"]  # [out, in]
            more = more.T if type(layer).__name__ == "Conv1D" else more
            layer.weight = torch.nn.Parameter(layer.weight.detach() + more, requires_grad=False)
        else:
            own = {key.partition("/")[2]: a for key, a in given.items() if key.startswith(f"{name}/")}
            _put_adapter(network, name, rank, own)
    return network.requires_grad_(False)


class Adapted:
    """A network that learns: differences that start at nothing, so that it first answers as the one that came."""

    def __init__(self, came: Any, way: str, rank: int, rng: np.random.Generator) -> None:
        self._torch, self._rng, self._way, self._rank = need("torch", "nets"), rng, way, rank
        self._moved = [(name, came.get_parameter(name)) for name in moved(came, way)]
        self.network = sharing(came, [name for name, _ in self._moved]).requires_grad_(False)
        start = {name: self._start(name, shape) for name, shape in (() if self._moved else parts_of(came, way, rank))}
        self.learnt = self._weights() if self._moved else self._layers(learns_in(came, way), start)

    def differences(self) -> list[Any]:
        """What was learnt so far, as numpy arrays, in the order of the parts."""
        own = [p.detach() for p in self.learnt]
        own = [p - before for p, (_, before) in zip(own, self._moved, strict=True)] if self._moved else own
        return [p.cpu().numpy() for p in own]

    def _weights(self) -> list[Any]:
        return [self.network.get_parameter(name).requires_grad_() for name, _ in self._moved]

    def _layers(self, names: list[str], start: dict[str, Any]) -> list[Any]:
        if not names:
            return []
        if self._way == "lora":
            return self._lora(names, start)
        found: list[Any] = []
        for name in names:
            own = {key: start[f"{name}/{key}"] for key in ("down", "down-bias", "up", "up-bias")}
            down, up = _put_adapter(self.network, name, self._rank, own)
            found += [down.weight, down.bias, up.weight, up.bias]
        return found

    def _start(self, name: str, shape: tuple[int, ...]) -> Any:
        wide = 1.0 / np.sqrt(shape[-1])
        drawn = self._rng.uniform(-wide, wide, shape) if name.endswith("/down") else np.zeros(shape)
        return self._torch.from_numpy(drawn.astype(np.float32)).to(self.network.device)

    def _lora(self, names: list[str], start: dict[str, Any]) -> list[Any]:
        peft = need("peft", "text")
        turned = any(type(self.network.get_submodule(name)).__name__ == "Conv1D" for name in names)
        config = peft.LoraConfig(
            r=self._rank,
            lora_alpha=SCALE * self._rank,
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
                own.weight = self._torch.nn.Parameter(start[f"{name}/{key}"])
                found.append(own.weight)
        return found


def _ends(name: str, known: Collection[str]) -> bool:
    return any(f".{name}".endswith(f".{end}") for end in known)


def _sizes(layer: Any) -> tuple[int, int]:
    """Numbers that go in and come out; GPT-2 keeps its matrices the other way round."""
    first, second = layer.weight.shape
    return (second, first) if type(layer).__name__ != "Conv1D" else (first, second)


def _put_low_rank(layer: Any, down: Any, up: Any) -> None:
    """A low-rank difference beside a layer: y + SCALE · up · down · x."""
    torch = need("torch", "nets")

    def beside(_: Any, x: Any, y: Any) -> Any:
        return y + SCALE * torch.nn.functional.linear(torch.nn.functional.linear(x[0], down), up)

    layer.register_forward_hook(beside)


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
