"""Is what is told of a model what new rows show, where rows have a time, a group or a weight?

Made-up tables in which the truth is known: rows of one day or of one patient share a shock, a stratum is drawn one time in ten and is
seven tenths of all there are, noise grows with time, a product is new. Told is the figure of the report, true that of many new rows.

    python benchmarks/told_and_true.py [--tables 20]
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import assay
from assay.kernel.findings import Measure
from assay.model import Model

SHOCK = 1.5  # standard deviation of what a day, or a patient, adds to an answer
LINE = {"trials": 2, "learners": ("linear",)}


def figure(model: Model, check: str, name: str) -> Measure:
    """One figure of what was found."""
    return next(m for found in model.findings if found.check == check for m in found.measures if m.name == name)


def rmse(model: Model, table: pd.DataFrame) -> float:
    """Root mean squared error on a table whose answers are known."""
    return float(np.sqrt(np.mean((model.predict(table.drop(columns="y")).values - table["y"]) ** 2)))


def covered(model: Model, table: pd.DataFrame) -> float:
    """Share of the rows of a table whose interval holds their answer."""
    low, high = model.predict(table.drop(columns="y")).interval.T
    return float(((low <= table["y"]) & (table["y"] <= high)).mean())


def shared(rng: np.random.Generator, of: int, each: int, first: int, name: str) -> pd.DataFrame:
    """Rows of which `each` share a day or a patient, and a shock."""
    member = np.repeat(np.arange(of), each)
    x = rng.normal(size=(len(member), 2))
    y = 2 * x[:, 0] + SHOCK * rng.normal(size=of)[member] + rng.normal(size=len(member))
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(member + first, unit="D")
    key = day if name == "day" else [f"p{first + one}" for one in member]
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], name: key, "y": y})


def shops(seed: int) -> bool:
    """Whether the 95 % interval holds the error on many new days, where shops, which go on, were named beside the day."""
    rng = np.random.default_rng(seed)

    def drawn(days: int, first: int, each: int) -> pd.DataFrame:
        table = shared(rng, days, each, first, "day")
        return table.assign(shop=[f"s{row % each}" for row in range(len(table))])

    model = assay.train(drawn(40, 0, 30), "y", time="day", group="shop", checks=("quality",), seed=seed, **LINE)
    told, true = figure(model, "quality", "rmse"), rmse(model, drawn(4_000, 500, 5))
    assert told.low is not None
    assert told.high is not None
    return told.low <= true <= told.high


def held(tables: int, name: str, audited: bool) -> int:
    """Of so many tables, those whose 95 % interval holds the error on many new days or patients."""
    hits = 0
    for seed in range(tables):
        rng = np.random.default_rng(seed)
        role = {"time": "day"} if name == "day" else {"group": "patient"}
        model = assay.train(shared(rng, 40, 30, 0, name), "y", checks=("quality",), seed=seed, **role, **LINE)
        if audited:
            model = model.audit(shared(rng, 20, 40, 100, name), checks=("quality",))
        told = figure(model, "quality", "rmse")
        true = rmse(model, shared(rng, 4_000, 5, 500, name))
        assert told.low is not None
        assert told.high is not None
        hits += told.low <= true <= told.high
    return hits


def weighted(seed: int) -> tuple[float, float]:
    """Coverage told, and in the population that the weights describe."""
    rng = np.random.default_rng(seed)

    def drawn(share: float, n: int) -> tuple[pd.DataFrame, np.ndarray]:
        noisy = rng.random(n) < share
        x = rng.normal(size=(n, 3))
        y = 2 * x[:, 0] + x[:, 1] + rng.normal(size=n) * np.where(noisy, 3.0, 0.5)
        return pd.DataFrame(x, columns=list("abc")).assign(y=y), noisy

    table, noisy = drawn(0.1, 3_000)
    table["w"] = np.where(noisy, 0.7 / 0.1, 0.3 / 0.9)
    model = assay.train(table, "y", weight="w", checks=("coverage",), seed=seed, **LINE)
    return figure(model, "coverage", "coverage").value, covered(model, drawn(0.7, 20_000)[0])


def growing(seed: int) -> tuple[float, float]:
    """Coverage told, and on the next sixth, where noise grows with time."""
    rng = np.random.default_rng(seed)
    at = np.arange(3_600)
    x = rng.normal(size=len(at))
    table = pd.DataFrame({"x": x, "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(at, unit="h")})
    table["y"] = x + rng.normal(size=len(at)) * (1 + 2 * at / 3_000)
    model = assay.train(table[:3_000], "y", time="when", checks=("coverage",), seed=seed, **LINE)
    return figure(model, "coverage", "coverage").value, covered(model, table[3_000:])


def newest(seed: int) -> float:
    """The answer for a product that only the last sixth has; the truth is 10."""
    rng = np.random.default_rng(seed)
    at, x = np.arange(1_200), rng.normal(size=1_200)
    new = (at > 1_000) & (rng.random(1_200) < 0.5)
    table = pd.DataFrame(
        {"x": x, "product": np.where(new, "new", "old"), "y": x + 10.0 * new + 0.3 * rng.normal(size=1_200)}
    )
    table["when"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(at, unit="h")
    model = assay.train(table, "y", time="when", trials=2, learners=("boosting",), checks=(), seed=seed)
    return float(model.predict({"x": 0.0, "product": "new", "when": "2020-03-01"}).answer)


def likeliest(seed: int) -> float:
    """The probability of "yes" for a product that only the last sixth has; the truth is 0.95."""
    rng = np.random.default_rng(seed)
    at = np.arange(1_200)
    new = (at > 1_000) & (rng.random(1_200) < 0.5)
    y = np.where(rng.random(1_200) < np.where(new, 0.95, 0.3), "yes", "no")
    table = pd.DataFrame({"x": rng.normal(size=1_200), "product": np.where(new, "new", "old"), "y": y})
    table["when"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(at, unit="h")
    model = assay.train(table, "y", time="when", trials=1, learners=("boosting",), checks=(), seed=seed)
    return float(model.predict({"x": 0.0, "product": "new", "when": "2020-03-01"}).probabilities["yes"])


def main() -> None:
    """Everything, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=20, help="of each kind whose intervals are counted")
    n = parser.parse_args().tables
    print(f"rows of a day share a shock: {held(n, 'day', False)} of {n} intervals hold the error on new days")
    print(f"rows of a patient do: {held(n, 'patient', False)} of {n}; of audits {held(n, 'patient', True)} of {n}")
    print(f"rows of a day do where shops were named, too: {sum(map(shops, range(n)))} of {n}")
    for name, made in (("weighted", weighted), ("noise that grows", growing)):
        told, true = np.mean([made(seed) for seed in range(3)], axis=0)
        print(f"{name}: coverage told {told:.3f}, true {true:.3f} (promised 0.9; means of three tables)")
    print(f"a product of the last sixth (truth 10): {np.mean([newest(seed) for seed in range(3)]):.2f}")
    print(f"the same of two classes (truth 0.95): {np.mean([likeliest(seed) for seed in range(4)]):.2f}")


if __name__ == "__main__":
    main()
