"""What does the whole evidence cost?

The bootstrap, all checks and the HTML report of a model on a generated table: seconds of each, and of all together against the
goal.

    python benchmarks/evidence.py [--rows 30000] [--columns 20]
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

import assay
from assay import training
from assay.auditing.evidence import from_training
from assay.kernel.data import Column, Dataset


def table(rows: int, columns: int) -> Dataset:
    """Three quarters numbers, one quarter categories, two classes."""
    rng = np.random.default_rng(0)
    numbers, names = columns - columns // 4, columns // 4
    x, codes = rng.normal(size=(rows, numbers)), rng.integers(0, 8, size=(rows, names))
    score = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) + 0.5 * (codes[:, 0] % 3) - 1
    y = rng.random(rows) < 1 / (1 + np.exp(-score))
    made = [Column.of_numbers(f"x{i}", x[:, i]) for i in range(numbers)]
    made += [Column.of_words(f"c{i}", [f"level {k}" for k in codes[:, i]]) for i in range(names)]
    return Dataset((*made, Column.of_words("y", np.where(y, "yes", "no").tolist())))


def main() -> None:
    """Print seconds a check, and the sum."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=30_000)
    asked.add_argument("--columns", type=int, default=20)
    said = asked.parse_args()
    drawing: list[float] = []

    def timed(*given: Any) -> Any:
        started = time.perf_counter()
        evidence = from_training(*given)
        drawing.append(time.perf_counter() - started)
        return evidence

    training.from_training = timed
    model = assay.train(table(said.rows, said.columns), "y", minutes=3)
    print(f"{'bootstrap':12} {'':8} {drawing[0]:6.2f} s")
    for finding in model.findings:
        print(f"{finding.check:12} {finding.verdict:8} {finding.seconds:6.2f} s")
    started = time.perf_counter()
    html = model.report.html()
    report = time.perf_counter() - started
    total = drawing[0] + sum(f.seconds for f in model.findings) + report
    print(f"{'report':12} {len(html) / 1e3:5.0f} kB {report:6.2f} s")
    print(f"all together {total:.1f} s (goal: at most 30), {total / 30:.2f} of the goal")


if __name__ == "__main__":
    main()
