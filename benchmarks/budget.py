"""Is the time budget kept, whatever the data?

Tables that are hard in one way each: very long, very wide, names by the hundred thousand, many classes, long texts, hardly any
rows. Each is trained with the same budget, checks and report included; printed: seconds used, and by how much the budget was
overrun (goal: at most 5 % or 5 s, whichever is more).

    python benchmarks/budget.py [--minutes 0.5] [--only wide long]
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np

import assay
from assay.kernel.data import Column, Dataset

RNG = np.random.default_rng(0)


def table(numbers: np.ndarray, names: dict[str, list[str]], y: np.ndarray) -> Dataset:
    """Columns of numbers [n, d], columns of names, and a target of numbers or names."""
    columns = [Column.of_numbers(f"x{i}", numbers[:, i]) for i in range(numbers.shape[1])]
    columns += [Column.of_words(name, cells) for name, cells in names.items()]
    last = Column.of_numbers("y", y) if y.dtype.kind == "f" else Column.of_words("y", y.tolist())
    return Dataset((*columns, last))


def yes_no(score: np.ndarray) -> np.ndarray:
    """Two classes by chance, the log-odds being `score` [n]."""
    return np.where(RNG.random(len(score)) < 1 / (1 + np.exp(-score)), "yes", "no")


def long() -> Dataset:
    x = RNG.normal(size=(1_000_000, 10))
    return table(x, {}, yes_no(x[:, 0] * x[:, 1] + x[:, 2]))


def wide() -> Dataset:
    x = RNG.normal(size=(2_000, 3_000))
    return table(x, {}, yes_no(x[:, 0] + x[:, 1]))


def names() -> Dataset:
    n = 400_000
    x = RNG.normal(size=(n, 3))
    who = [f"customer {i}" for i in RNG.integers(0, 300_000, n)]
    return table(x, {"who": who}, x[:, 0] + RNG.normal(size=n))


def cards() -> Dataset:
    n = 1_200_000
    who = RNG.integers(0, 1_000_000, n)
    pull = RNG.normal(size=1_000_000)
    x = RNG.normal(size=(n, 2))
    return table(x, {"card": [f"c{i:07d}" for i in who]}, yes_no(pull[who] + 0.3 * x[:, 0]))


def switches() -> Dataset:
    n = 100_000
    codes = RNG.integers(0, 240, size=(n, 30))
    score = (codes[:, 0] % 3) - 1.0 + (codes[:, 1] % 2)
    return table(
        RNG.normal(size=(n, 2)), {f"c{i}": [f"level {k}" for k in codes[:, i]] for i in range(30)}, yes_no(score)
    )


def classes() -> Dataset:
    n = 30_000
    x = RNG.normal(size=(n, 10))
    label = np.clip(
        np.digitize(x[:, 0] + 0.3 * RNG.normal(size=n), np.quantile(x[:, 0], np.linspace(0, 1, 151)[1:-1])), 0, 149
    )
    return table(x, {}, np.asarray([f"class {k}" for k in label]))


def texts() -> Dataset:
    n = 30_000
    words = np.asarray([f"word{k}" for k in range(20_000)])
    drawn = np.minimum((RNG.pareto(1.0, size=(n, 80)) * 20).astype(int), 19_999)
    said = [" ".join(words[row]) for row in drawn]
    return table(RNG.normal(size=(n, 2)), {"note": said}, yes_no((drawn == 3).sum(axis=1) - 1.0))


def tiny() -> Dataset:
    x = RNG.normal(size=(40, 5))
    return table(x, {}, yes_no(3 * x[:, 0]))


TABLES: dict[str, Callable[[], Dataset]] = {
    f.__name__: f for f in (tiny, wide, long, names, cards, switches, classes, texts)
}


def main() -> None:
    """One line a table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--minutes", type=float, default=0.5)
    asked.add_argument("--only", nargs="*", default=list(TABLES), choices=list(TABLES))
    said = asked.parse_args()
    budget = 60 * said.minutes
    room = max(5.0, 0.05 * budget)
    print(f"budget {budget:.0f} s, {room:.0f} s more are allowed")
    for name in said.only:
        made = TABLES[name]()
        started = time.monotonic()
        model = assay.train(made, "y", minutes=said.minutes)
        trained = time.monotonic() - started
        html = model.report.html()
        model.to_box()
        seconds = time.monotonic() - started
        done = sum(t.status == "done" for t in model.ledger)
        asked_of = [f.check for f in model.findings if f.verdict in ("unknown", "error")]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{name:10} {made.rows:9,} x {len(made.names) - 1:5,}: {seconds:6.1f} s (report {seconds - trained:.1f}), "
            f"{'kept' if seconds <= budget + room else f'OVERRUN by {seconds - budget:.1f} s'}; {done} candidates done, "
            f"not asked: {', '.join(asked_of) or 'none'}; report {len(html) / 1e3:.0f} kB, peak {peak:.1f} GiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
