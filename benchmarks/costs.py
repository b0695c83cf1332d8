"""What does it save to answer by what mistakes cost?

Made-up payments of which 4 % are fraud; a missed fraud costs 20, a false alarm 1. The same model is asked for the class of least
expected cost, for the more probable class, and held against one answer for all, against the threshold that is best on the very
rows it is measured on, and against whoever knows the true probabilities.

    python benchmarks/costs.py [--tables 5]
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import assay

FRAUD, ROWS, NEW = 20.0, 4_000, 50_000


def payments(rng: np.random.Generator, rows: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Columns, whether a row is fraud [n] and how probable that was [n]."""
    x = rng.normal(size=(rows, 4))
    p = 1 / (1 + np.exp(4.5 - 1.5 * x[:, 0] - x[:, 1]))
    table = pd.DataFrame(x, columns=list("abcd")).assign(shop=rng.choice(["x", "y", "z"], rows))
    return table, rng.random(rows) < p, p


def measured(seed: int) -> dict[str, float]:
    """Mean cost of a new row by each way to answer."""
    rng = np.random.default_rng(seed)
    table, fraud, _ = payments(rng, ROWS)
    table["y"] = np.where(fraud, "fraud", "good")
    model = assay.train(table, "y", trials=2, costs={"fraud": FRAUD}, checks=("quality",), seed=seed)
    new, fraud, p = payments(rng, NEW)
    answers = model.predict(new)
    told = answers.probabilities[:, answers.labels.index("fraud")]

    def cost(alarm: np.ndarray) -> float:
        return float(np.where(alarm, ~fraud, FRAUD * fraud).mean())

    return {
        "least expected cost": cost(answers.answer == "fraud"),
        "the more probable class": cost(told > 0.5),
        "never an alarm": cost(np.zeros(NEW, dtype=bool)),
        "the threshold best on these rows": min(cost(told > at) for at in np.linspace(0.005, 0.3, 120)),
        "true probabilities": cost(p > 1 / (1 + FRAUD)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=5)
    found = pd.DataFrame([measured(seed) for seed in range(parser.parse_args().tables)])
    print(f"mean cost of a new row, {len(found)} tables (least and most)")
    for way, own in found.items():
        print(f"  {way:35}{own.mean():.3f}  ({own.min():.3f} to {own.max():.3f})")


if __name__ == "__main__":
    main()
