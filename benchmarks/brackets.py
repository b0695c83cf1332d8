"""Does the interval of the bias-corrected estimate hold the score on rows nobody has seen?

A table is split in two halves at random, again and again: one half is learnt from by cross-fitting, the other scored by the
shipped model. Counted: how often the score on the fresh half lies within the interval that training stated.

    python benchmarks/brackets.py --data adult_income.csv.gz --target 'income >50K' [--splits 100] [--minutes 0.2]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import assay
from assay.kernel.shelf import shelf
from assay.reading import read


def main() -> None:
    """Print one line a split, and the count."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--target", required=True)
    asked.add_argument("--first", type=int, default=0, help="number of the first split, to go on with a run")
    asked.add_argument("--splits", type=int, default=100)
    asked.add_argument("--minutes", type=float, default=0.2)
    asked.add_argument("--learners", nargs="*", default=[])
    said = asked.parse_args()
    table = read(said.data)
    held = done = 0
    for seed in range(said.first, said.splits):
        order = np.random.default_rng(seed).permutation(table.rows)
        half = table.rows // 2
        learn, fresh = table.take(np.sort(order[:half])), table.take(np.sort(order[half:]))
        model = assay.train(
            learn, said.target, minutes=said.minutes, seed=seed, checks=("quality",), learners=tuple(said.learners)
        )
        stated = model.findings[0].measures[0]
        task = shelf("tasks").get(model.plan.task)()
        opened = model._opened(fresh)
        y = task.encode(opened[said.target], model.codec)
        metric = task.metrics(model.codec)[0]
        score = metric.of(model.ensemble.scores(opened), y, None)
        inside = bool(stated.low <= score <= stated.high)
        held, done = held + inside, done + 1
        print(
            f"{seed:3} stated {stated.value:.4f} ({stated.low:.4f} to {stated.high:.4f}) fresh {score:.4f} {'' if inside else 'OUT'}",
            flush=True,
        )
    print(f"{held} of {done} intervals hold the score on the fresh half (goal: 90 of 100)")


if __name__ == "__main__":
    main()
