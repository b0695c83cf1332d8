"""How long does a step of DP-SGD take, beside bare Opacus?

    OMP_NUM_THREADS=1 python benchmarks/dp_sgd.py [--rows 1024] [--columns 100] [--steps 60] [--rounds 9]

Made-up rows, the perceptron that ships, one thread, one process. Opacus' own step is its engine's: its hooks or ghost clipping, its optimiser
with its noise, around torch's Adam. Ours is that of `assay.privacy.dp_sgd`: the same hooks, noise from numpy's generator, steps of
Adam, and the running mean of weights; it draws its rows, which Opacus' is given. What is told is processor time, which a busy machine
disturbs least, and rounds alternate; the ratio is the median over rounds of ours by the better of Opacus' two, and a step without any
privacy stands beside it. The goal is 1.1.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from opacus.grad_sample import GradSampleModule, GradSampleModuleFastGradientClipping
from opacus.optimizers import DPOptimizer, DPOptimizerFastGradientClipping
from opacus.utils.fast_gradient_clipping_utils import DPLossFastGradientClipping

from assay.privacy import dp_sgd, perceptron
from assay.privacy.dp_sgd import CLIP, WAYS, Schedule

SIGMA, SIZE = 1.0, 0.01
Step = Callable[[Any, Any], None]


def main() -> None:
    """Print milliseconds a step and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1024, help="of a step")
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=9)
    parsed = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="Full backward hook is firing")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((parsed.rows, parsed.columns), dtype=np.float32)
    y = (rng.random((parsed.rows, 1)) < 0.5).astype(np.float32)
    steps = {"bare": _bare(parsed), **{f"Opacus, {way}": _opacus(way, parsed) for way in WAYS}}
    spent: dict[str, list[float]] = {}
    for _ in range(parsed.rounds):
        for name, step in steps.items():
            spent.setdefault(name, []).append(_timed(step, torch.from_numpy(x), torch.from_numpy(y), parsed.steps))
        for way in WAYS:
            spent.setdefault(f"ours, {way}", []).append(_ours(way, x, y, parsed))
    milliseconds = {name: 1000 * float(np.median(times)) for name, times in spent.items()}
    chosen = dp_sgd.quicker(_network(parsed), _losses, parsed.columns, y, float(parsed.rows))
    best = np.minimum(*(np.asarray(spent[f"Opacus, {way}"]) for way in WAYS))
    ratios = np.asarray(spent[f"ours, {chosen}"]) / best
    said = ", ".join(f"{name} {value:.2f}" for name, value in milliseconds.items())
    print(f"{parsed.rows} rows x {parsed.columns} columns, ms of processor time a step: {said}")
    print(
        f"ours ({chosen}) / the better of Opacus' two: {np.median(ratios):.3f} ({ratios.min():.3f} to {ratios.max():.3f})"
    )


def _network(parsed: argparse.Namespace) -> Any:
    return perceptron._network(torch, parsed.columns, 1, np.random.default_rng(0))


def _losses(scores: Any, answers: Any) -> Any:
    return torch.nn.functional.binary_cross_entropy_with_logits(scores, answers, reduction="none").sum(dim=-1)


def _timed(step: Step, x: Any, y: Any, times: int) -> float:
    """Processor seconds a step, after one that is not counted."""
    step(x, y)
    started = time.process_time()
    for _ in range(times):
        step(x, y)
    return (time.process_time() - started) / times


def _bare(parsed: argparse.Namespace) -> Step:
    """A step of Adam that protects nobody."""
    network = _network(parsed)
    optimiser = torch.optim.Adam(network.parameters(), lr=SIZE)

    def step(x: Any, y: Any) -> None:
        optimiser.zero_grad()
        _losses(network(x), y).mean().backward()
        optimiser.step()

    return step


def _opacus(way: str, parsed: argparse.Namespace) -> Step:
    """A step as Opacus' engine makes it."""
    network = _network(parsed)
    adam = torch.optim.Adam(network.parameters(), lr=SIZE)
    given = {"noise_multiplier": SIGMA, "max_grad_norm": CLIP, "expected_batch_size": parsed.rows}
    if way == "hooks":
        hooked: Any = GradSampleModule(network)
        optimiser: Any = DPOptimizer(adam, **given)
    else:
        hooked = GradSampleModuleFastGradientClipping(network, max_grad_norm=CLIP, use_ghost_clipping=True)
        optimiser = DPOptimizerFastGradientClipping(adam, **given)
        loss = DPLossFastGradientClipping(hooked, optimiser, torch.nn.BCEWithLogitsLoss())

    def step(x: Any, y: Any) -> None:
        optimiser.zero_grad()
        if way == "hooks":
            _losses(hooked(x), y).mean().backward()
        else:
            loss(hooked(x)[:, 0], y[:, 0]).backward()  # of one number a row: Opacus multiplies [b] and [b, 1] to [b, b]
        optimiser.step()

    return step


def _ours(way: str, x: Any, y: Any, parsed: argparse.Namespace) -> float:
    """Processor seconds a step of ours: a long run less a short one, so that what is done once is not counted. Every row is drawn."""

    def run(steps: int) -> float:
        schedule = Schedule(steps=steps, rate=1.0, size=SIZE, late=0.4)
        network = _network(parsed)
        started = time.process_time()
        dp_sgd.train(network, _losses, x, y, schedule, SIGMA, float(parsed.rows), np.random.default_rng(0), way)
        return time.process_time() - started

    run(1)
    return (run(parsed.steps + 10) - run(10)) / parsed.steps


if __name__ == "__main__":
    main()
