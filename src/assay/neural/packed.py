"""How fast does a network multiply that is only asked? As fast as oneDNN, over weights that are laid out for it once.

torch hands products of float32 on an x86 processor to MKL, which reaches half the rate of oneDNN on processors of AMD (benchmarks/README.md, "Serving"),
and lays the weights out anew for every product. The operations here are those that torch's own compiler puts in their place; every digit is kept, only the
order of sums is another. A network that cannot do with such layers, or answers otherwise with them, keeps its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..kernel.need import need

ROWS = 32  # tokens that the layout is made for: of one short text; a table is read as fast by it
BLOCK = 1024  # rows of one product: oneDNN keeps half a megabyte of code for every number of rows it met, up to a thousand of them
CLOSE = 1e-4  # of the largest number of an answer, how far another may be from it: sums in another order differ by a hundredth of that


def packed(network: Any, ask: Callable[[Any], Any]) -> Any:
    """The network itself, from now on with packed linear layers where that serves; it can no longer learn.

    `ask` puts a small question to a network, whose answers before and after are compared.
    """
    layers = _layers(network) if _is_there() else []
    if not layers:
        return network
    before = ask(network)
    for parent, name, layer in layers:
        setattr(parent, name, _kind()(layer))
    if not _answers_alike(network, ask, before):
        for parent, name, layer in layers:
            setattr(parent, name, layer)
    return network


def _is_there() -> bool:
    """Whether torch has oneDNN here, on a processor where MKL would do the products."""
    torch = need("torch", "nets")
    return bool(
        torch.backends.mkldnn.is_available()
        and torch.backends.mkl.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )


def _layers(network: Any) -> list[tuple[Any, str, Any]]:
    """Linear layers of float32, each with who holds it and under what name."""
    torch = need("torch", "nets")
    return [
        (parent, name, layer)
        for parent in network.modules()
        for name, layer in parent.named_children()
        if type(layer) is torch.nn.Linear and layer.weight.dtype == torch.float32 and layer.weight.device.type == "cpu"
    ]


@functools.cache
def _kind() -> Any:
    """The class of layers that answer as a linear one does."""
    torch: Any = need("torch", "nets")
    product, laid_out = torch.ops.mkldnn._linear_pointwise, torch.ops.mkldnn._reorder_linear_weight

    class Packed(torch.nn.Module):  # type: ignore[misc]
        """Weights as oneDNN reads them fastest."""

        def __init__(self, layer: Any) -> None:
            super().__init__()
            self.in_features, self.out_features = layer.in_features, layer.out_features
            self.weight = laid_out(layer.weight.detach(), ROWS)
            self.bias = None if layer.bias is None else layer.bias.detach()

        def forward(self, x: Any) -> Any:  # [..., in_features] -> [..., out_features]
            n = x.numel() // self.in_features
            if n <= BLOCK and n == _rounded(n):
                return product(x, self.weight, self.bias, "none", [], "")
            rows = x.reshape(-1, self.in_features)
            found = [self._product(some) for some in rows.split(BLOCK)]
            out = found[0] if len(found) == 1 else torch.cat(found)
            return out.reshape(*x.shape[:-1], self.out_features)

        def _product(self, rows: Any) -> Any:
            short = _rounded(len(rows)) - len(rows)
            given = torch.nn.functional.pad(rows, (0, 0, 0, short)) if short else rows
            return product(given, self.weight, self.bias, "none", [], "")[: len(rows)]

    return Packed


def _rounded(rows: int) -> int:
    """As many rows or a few more, so that few numbers of rows come up: multiples of four up to 64, then eight a doubling.

    >>> [_rounded(rows) for rows in (1, 4, 19, 63, 65, 350, 1024)]
    [4, 4, 20, 64, 72, 352, 1024]
    """
    step = max(4, 1 << max(0, (rows - 1).bit_length() - 4))
    return -(-rows // step) * step


def _answers_alike(network: Any, ask: Callable[[Any], Any], before: Any) -> bool:
    try:
        after = ask(network)
    except (RuntimeError, AttributeError, TypeError):  # a network that takes the weights of its layers in its own hand
        return False
    return bool((after - before).abs().max() <= CLOSE * before.abs().max())
