"""Is no row's slope longer than what noise is added for, in both ways of Opacus, and is nothing told by how many rows there are?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.privacy import dp_sgd
from assay.privacy.dp_sgd import CLIP, WAYS, Clipped, Schedule, quicker, train

torch = pytest.importorskip("torch")
pytest.importorskip("opacus")
pytestmark = pytest.mark.filterwarnings("ignore:Full backward hook is firing:UserWarning")
SCHEDULE = Schedule(steps=30, rate=0.2, size=0.05, late=0.5)


def network(seed: int = 0) -> Any:
    generator = torch.Generator().manual_seed(seed)
    made = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.SiLU(), torch.nn.Linear(6, 1))
    with torch.no_grad():
        for p in made.parameters():
            p.copy_(torch.randn(p.shape, generator=generator))
    return made


def losses(scores: Any, answers: Any) -> Any:
    return torch.nn.functional.binary_cross_entropy_with_logits(scores, answers, reduction="none").sum(dim=-1)


def rows(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(scale=2.0, size=(n, 4)).astype(np.float32)
    return x, (x[:, :1] > 0).astype(np.float32)


def by_hand(x: Any, y: Any) -> list[Any]:
    """The sum of clipped slopes, a row at a time, by torch alone."""
    net = network()
    sums = [torch.zeros_like(p) for p in net.parameters()]
    for i in range(len(x)):
        slopes = torch.autograd.grad(losses(net(x[i : i + 1]), y[i : i + 1]).sum(), list(net.parameters()))
        length = torch.sqrt(sum(s.square().sum() for s in slopes))
        for total, slope in zip(sums, slopes, strict=True):
            total += slope * min(1.0, CLIP / float(length))
    return sums


@pytest.mark.parametrize("way", WAYS)
def test_both_ways_are_the_sum_of_clipped_slopes_whatever_the_parts(way: str) -> None:
    x, y = (torch.from_numpy(a) for a in rows(23))
    clipped = Clipped(network(), losses, way)
    should = by_hand(x, y)
    for most in (100, 7):
        clipped.at_once = most
        for found, wanted in zip(clipped(x, y), should, strict=True):
            assert found.numpy() == pytest.approx(wanted.numpy(), abs=1e-4)


@pytest.mark.parametrize("way", WAYS)
def test_one_row_moves_the_sum_no_further_than_its_clipped_slope(way: str) -> None:
    x, y = (torch.from_numpy(a) for a in rows(40, 1))
    clipped = Clipped(network(), losses, way)
    worst = 0.0
    for i in range(40):
        moved = [a.double().flatten() for a in clipped(20 * x[i : i + 1], 1 - y[i : i + 1])]
        worst = max(worst, float(torch.cat(moved).norm()))
    assert 0.99 * CLIP < worst <= CLIP


@pytest.mark.parametrize("way", WAYS)
def test_no_rows_give_noise_alone(way: str) -> None:
    x, y = rows(0)
    bare = [p.detach().numpy().copy() for p in network().parameters()]
    still = train(network(), losses, x, y, SCHEDULE, 0.0, 0.0, np.random.default_rng(0), way)
    moved = train(network(), losses, x, y, SCHEDULE, 1.0, 0.0, np.random.default_rng(0), way)
    for before, same, other in zip(bare, still, moved, strict=True):
        assert same == pytest.approx(before, abs=1e-6)
        assert not np.allclose(other, before)


def test_both_ways_learn_the_same() -> None:
    x, y = rows(300)
    one, other = (train(network(), losses, x, y, SCHEDULE, 1.0, 300.0, np.random.default_rng(4), w) for w in WAYS)
    for mine, theirs in zip(one, other, strict=True):
        assert mine == pytest.approx(theirs, abs=2e-3)


def test_every_row_is_drawn_by_itself_as_often_as_is_accounted_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    honest = Clipped.__call__
    monkeypatch.setattr(Clipped, "__call__", lambda self, x, y: seen.append(x[:, 0].numpy()) or honest(self, x, y))
    x = np.zeros((200, 4), dtype=np.float32)
    x[:, 0] = np.arange(200)
    train(network(), losses, x, rows(200)[1], Schedule(steps=400, rate=0.1, size=0.0, late=0.5), 1.0, 200.0,
          np.random.default_rng(6), "hooks")  # fmt: skip
    assert len(seen) == 400
    sizes = np.asarray([len(s) for s in seen])
    assert abs(sizes.mean() - 20) < 4 * np.sqrt(200 * 0.09 / 400)
    assert 0.75 < sizes.var() / (200 * 0.09) < 1.25  # each by itself: a binomial number of rows
    often = np.bincount(np.concatenate(seen).astype(int), minlength=200)
    assert abs(often - 40).max() < 5 * np.sqrt(400 * 0.09)
    assert all(len(np.unique(s)) == len(s) for s in seen)


def test_noise_is_as_large_as_is_accounted_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of no rows the means of slopes that steps are taken by are noise alone: its spread is the clip times sigma, over the rows expected."""
    seen: list[np.ndarray] = []
    monkeypatch.setattr(dp_sgd._Adam, "__call__", lambda self, slopes: seen.append(slopes[0].numpy().ravel()))
    train(network(), losses, *rows(0), Schedule(steps=500, rate=0.5, size=0.1, late=0.5), 3.0, 100.0,
          np.random.default_rng(7), "hooks")  # fmt: skip
    found = np.concatenate(seen)
    assert found.std() * 50 == pytest.approx(CLIP * 3.0, rel=0.03)


def test_the_way_is_tried_on_made_up_rows() -> None:
    class Locked(np.ndarray):  # answers none of which may be looked at
        def __getitem__(self, key: Any) -> Any:
            assert key == slice(None, 0)
            return np.asarray(super().__getitem__(key))

    assert quicker(network(), losses, 4, rows(50)[1].view(Locked), 50.0) in WAYS
