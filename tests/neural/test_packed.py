"""Does a network answer with packed layers as with its own, and keep its own where it must?"""

from __future__ import annotations

from typing import Any

import pytest

from assay.neural import packed as module
from assay.neural.one_thread import one_thread
from assay.neural.packed import packed

torch = pytest.importorskip("torch")
there = pytest.mark.skipif(not module._is_there(), reason="torch has no oneDNN beside MKL here")


def small(**options: Any) -> Any:
    torch.manual_seed(0)
    layers = torch.nn.Linear(48, 96, **options), torch.nn.GELU(), torch.nn.Linear(96, 48, bias=False, **options)
    return torch.nn.Sequential(*layers).requires_grad_(False)


def ask(network: Any) -> Any:
    x = torch.linspace(-1, 1, 7 * 48).reshape(1, 7, 48)
    return network(x.to(next(network.parameters(), x).dtype))


class Handy(torch.nn.Module):
    """A network that multiplies by the weights of its layer itself."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(48, 48).requires_grad_(False)

    def forward(self, x: Any) -> Any:
        return x @ self.layer.weight.chunk(2)[0].t()


@there
@pytest.mark.parametrize("shape", [(48,), (1, 48), (3, 1, 48), (19, 48), (2, 300, 48), (0, 48)])
def test_packed_layers_answer_as_their_own(shape: tuple[int, ...]) -> None:
    own, other = small(), packed(small(), ask)
    assert not any(isinstance(layer, torch.nn.Linear) for layer in other.modules())
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    assert other(x).shape == own(x).shape
    assert other(x).numpy() == pytest.approx(own(x).numpy(), abs=1e-6)
    assert other(x[..., ::1].flip(-1)).numpy() == pytest.approx(own(x.flip(-1)).numpy(), abs=1e-6)
    assert torch.equal(other(x), other(x))


@there
def test_few_numbers_of_rows_reach_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """oneDNN keeps code for every number that it met, so a server would grow with the lengths of its texts."""
    network, seen, product = packed(small(), ask), set(), module._kind()._product

    def watched(self: Any, rows: Any) -> Any:
        seen.add(module._rounded(len(rows)))
        return product(self, rows)

    monkeypatch.setattr(module._kind(), "_product", watched)
    with one_thread():  # as a text that comes alone is read
        for rows in range(1, 1500):
            assert network(torch.ones(rows, 48)).shape == (rows, 48)
    assert len(seen) <= 16 + 4 * 8
    assert max(seen) == module.BLOCK
    assert all(rows <= module._rounded(rows) <= max(rows + 3, 1.125 * rows) for rows in range(1, 1500))


@there
def test_a_network_that_takes_weights_in_its_own_hand_keeps_its_layers() -> None:
    network = Handy()
    layer, before = network.layer, ask(network)
    assert packed(network, ask) is network
    assert network.layer is layer
    assert torch.equal(ask(network), before)


@there
@pytest.mark.parametrize("wrong", [1.01, float("nan")])
def test_a_network_that_answers_otherwise_keeps_its_layers(wrong: float, monkeypatch: pytest.MonkeyPatch) -> None:
    right = module._kind()

    class Wrong(right):  # type: ignore[misc, valid-type]
        def forward(self, x: Any) -> Any:
            return super().forward(x) * wrong

    monkeypatch.setattr(module, "_kind", lambda: Wrong)
    network = packed(small(), ask)
    assert torch.equal(ask(network), ask(small()))
    assert type(network[0]) is torch.nn.Linear


def test_half_the_digits_and_a_torch_without_onednn_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(packed(small(dtype=torch.bfloat16), ask)[0]) is torch.nn.Linear
    monkeypatch.setattr(module, "_is_there", lambda: False)
    assert type(packed(small(), ask)[0]) is torch.nn.Linear
