"""How does a network learn when only clipped and noisy sums of its slopes may be looked at?

DP-SGD (Abadi et al. 2016): each step draws every row with a fixed probability by itself (Poisson sampling), makes the slope of each
drawn row no longer than `CLIP`, and adds Gaussian noise to their sum. Opacus does the clipping, in the quicker of its two ways for the
network at hand: slopes of single rows (`hooks`), or their lengths alone and a second pass (`ghost`; Li, Tramèr, Liang & Hashimoto
2022). Which one is quicker is tried on made-up rows.

Three things are done here and not by Opacus' engine. The noise comes from the generator that is handed in, since torch's on a processor
is seeded with 32 bits, which anyone can try out. Large draws are looked at in parts. And nothing tells the number of rows: how often and how
likely rows are drawn is fixed, and the step is scaled by a number of rows that was released with noise. Rows that were drawn may be
none: then the step is noise alone.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats
from ..kernel.need import need
from .accounting import Release, sigma_for

CLIP = 1.0  # longest slope of a row that counts
SHORTER = 1 - 1e-5  # what rounding in single precision may add to a clipped slope
CELLS = 8_000_000  # of slopes of single rows that are held at once
MOST_AT_ONCE = 4096
WAYS = ("hooks", "ghost")
SHARES = {"answers": 0.04, "slopes": 0.96}  # of the squared ratio of sensitivity to noise
TRIED, TRIED_ROWS = 3, 512  # times each way is tried, and the most rows it is tried on
Losses = Callable[[Any, Any], Any]  # scores [b, w], answers [b, ...] → loss of each row [b]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How often rows are drawn, and how steps are taken. All is fixed before a row is read."""

    steps: int
    rate: float  # probability of each row to be drawn in a step
    size: float  # of a step (learning rate)
    late: float  # share of the steps, the last, over which weights are averaged
    at_once: int = MOST_AT_ONCE  # most rows that are looked at together


def chain(ratio: float, schedule: Schedule) -> tuple[Release, Release]:
    """How many rows bear each answer, and the steps on rows that are drawn. Raises MissingPackage."""
    need("opacus", "private")
    return (
        Release("answers", sigma_for(ratio, SHARES["answers"])),
        Release(
            "slopes", sigma_for(ratio, SHARES["slopes"], schedule.steps, schedule.rate), schedule.steps, schedule.rate
        ),
    )


class Clipped:
    """The sum of the clipped slopes of some rows, in one of the ways of Opacus."""

    def __init__(self, network: Any, losses: Losses, way: str) -> None:
        from opacus.grad_sample import GradSampleModule, GradSampleModuleFastGradientClipping

        self.torch, self.losses, self.way = need("torch", "private"), losses, way
        self.weights = [p for p in network.parameters() if p.requires_grad]
        for module in (
            network.modules()
        ):  # Opacus looks at layers in training alone; dropout, which has no weights, stays as it is
            if any(p.requires_grad for p in module.parameters(recurse=False)):
                module.training = True
        self.cells = sum(p.numel() for p in self.weights)
        if way == "hooks":
            self.network = GradSampleModule(network, loss_reduction="sum")
        else:
            self.network = GradSampleModuleFastGradientClipping(
                network, loss_reduction="sum", max_grad_norm=CLIP * SHORTER, use_ghost_clipping=True
            )
        most = CELLS // max(1, self.cells) if way == "hooks" else MOST_AT_ONCE
        self.at_once = int(min(MOST_AT_ONCE, max(1, most)))

    def __call__(self, x: Any, y: Any) -> list[Any]:
        """The sum for each block of weights; zeros where there are no rows."""
        sums: list[Any] = []
        for low in range(0, len(x), self.at_once):
            part = slice(low, low + self.at_once)
            found = (self._of_hooks if self.way == "hooks" else self._of_ghost)(x[part], y[part])
            sums = found if not sums else [a + b for a, b in zip(sums, found, strict=True)]
        return sums or [self.torch.zeros_like(p) for p in self.weights]

    def _of_hooks(self, x: Any, y: Any) -> list[Any]:
        """Slopes of single rows are made, measured and shortened."""
        torch = self.torch
        self.losses(self.network(x), y).sum().backward()
        rows = [p.grad_sample for p in self.weights]
        lengths = torch.stack([r.flatten(1).norm(dim=1) for r in rows]).norm(dim=0)  # [b]
        short = (CLIP * SHORTER / (lengths + 1e-6)).clamp(max=1.0)
        sums = [torch.einsum("b,b...->...", short, r) for r in rows]
        for p in self.weights:
            p.grad_sample = p.grad = None
        return sums

    def _of_ghost(self, x: Any, y: Any) -> list[Any]:
        """Lengths alone are found; a second pass adds up what is shortened by them."""
        losses = self.losses(self.network(x), y)
        losses.sum().backward(retain_graph=True)
        short = self.network.get_clipping_coef()
        for p in self.weights:
            p.grad = None
        self.network.disable_hooks()
        (short * losses).sum().backward()
        self.network.enable_hooks()
        sums = [p.grad for p in self.weights]
        for p in self.weights:
            p.grad = None
        return sums

    def bare(self) -> None:
        """Take off what Opacus hung on the network."""
        self.network.remove_hooks()


def train(
    network: Any,
    losses: Losses,
    x: NDArray[Any],
    y: NDArray[Any],
    schedule: Schedule,
    sigma: float,
    about: float,
    rng: np.random.Generator,
    way: str = "",
) -> list[Floats]:
    """The weights after all steps, block by block, averaged over the late ones.

    network : a torch module of layers that Opacus knows; its weights are changed
    losses  : the loss of each row, of scores and answers
    x, y    : rows [n, c] as the network takes them, and answers
    sigma   : of the noise, in lengths of a clipped slope; 0 promises nothing
    about   : the number of rows, as it was released
    way     : "hooks" or "ghost"; empty takes the quicker one
    """
    torch = need("torch", "private")
    need("opacus", "private")
    expected = max(schedule.rate * about, 1.0)
    with (
        warnings.catch_warnings()
    ):  # Opacus hangs hooks on a first layer, whose inputs need no slopes; torch says so each time
        warnings.filterwarnings("ignore", message="Full backward hook is firing", category=UserWarning)
        clipped = Clipped(network, losses, way or quicker(network, losses, x.shape[1], y, expected))
        inputs, answers = torch.from_numpy(x), torch.from_numpy(y)
        clipped.at_once = min(clipped.at_once, schedule.at_once)
        step = _Adam(torch, clipped.weights, schedule.size)
        first_late, mean = round(schedule.steps * (1 - schedule.late)), [torch.zeros_like(p) for p in clipped.weights]
        for turn in range(schedule.steps):
            drawn = torch.from_numpy(np.flatnonzero(rng.random(len(x)) < schedule.rate))
            sums = clipped(inputs[drawn], answers[drawn])
            with torch.no_grad():
                for part in sums if sigma else ():
                    noise = rng.standard_normal(part.numel(), dtype=np.float32).reshape(tuple(part.shape))
                    part.add_(torch.from_numpy(noise).to(part.device), alpha=CLIP * sigma)
                step([part / expected for part in sums])
                if turn >= first_late:
                    for total, p in zip(mean, clipped.weights, strict=True):
                        total.add_(p, alpha=1 / (schedule.steps - first_late))
        clipped.bare()
    return [total.cpu().numpy().astype(np.float64) for total in mean]


def quicker(network: Any, losses: Losses, columns: int, y: NDArray[Any], expected: float) -> str:
    """The quicker way for rows like these, tried on made-up ones: no row is looked at, only what kind of answer it has."""
    import copy

    torch = need("torch", "private")
    n = int(min(max(expected, 8), TRIED_ROWS))
    made = np.random.default_rng(0)
    x = torch.from_numpy(made.standard_normal((n, columns), dtype=np.float32))
    answers = torch.zeros((n, *y.shape[1:]), dtype=torch.from_numpy(y[:0]).dtype)
    spent = {}
    for way in WAYS:
        clipped = Clipped(copy.deepcopy(network), losses, way)
        clipped(x, answers)  # the first is slow
        times = []
        for _ in range(TRIED):
            started = time.perf_counter()
            clipped(x, answers)
            times.append(time.perf_counter() - started)
        spent[way] = min(times)
    return min(spent, key=lambda way: spent[way])


class _Adam:
    """Steps of Adam (Kingma & Ba 2015) on noisy means of slopes."""

    def __init__(self, torch: Any, weights: list[Any], size: float) -> None:
        self.torch, self.weights, self.size, self.turn = torch, weights, size, 0
        self.means = [torch.zeros_like(p) for p in weights]
        self.squares = [torch.zeros_like(p) for p in weights]

    def __call__(self, slopes: list[Any]) -> None:
        t, self.turn = self.torch, self.turn + 1
        t._foreach_lerp_(self.means, slopes, 0.1)
        t._foreach_mul_(self.squares, 0.99)
        t._foreach_addcmul_(self.squares, slopes, slopes, value=0.01)
        way = t._foreach_div(self.squares, 1 - 0.99**self.turn)
        t._foreach_sqrt_(way)
        t._foreach_add_(way, 1e-8)
        t._foreach_addcdiv_(self.weights, self.means, way, value=-self.size / (1 - 0.9**self.turn))
