"""Do pulls equal those of shap, and what do ten thousand rows explained cost beside LightGBM's own pred_contrib?

Equality: a LightGBM, an XGBoost and a CatBoost candidate and a line, each fitted as a search would, on numbers with holes. Their trees are
given to shap (Lundberg, Erion & Lee 2018) as plain arrays, so that shap's own C code answers rather than the library that grew the trees;
beside it the explainer of the library's own model, whose branches XGBoost weighs by Hessians where the house counts rows. shap's
expected_value is read after its first call, as it is wrong before (XGBoost 3).

Time: a boosting model as it ships (one refit), asked for the pulls of opened rows (encoding, pulls, calibration), turn about with LightGBM's
pred_contrib of the same trees on rows that are encoded already; the median of the ratios is told. CPU seconds of one thread.

    pip install shap; python benchmarks/contributions.py [--rows 10000] [--turns 7]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
from one_row import models, table

from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.threads import at_most
from assay.learners import catboost, xgboost
from assay.learners.boosting import Boosting
from assay.learners.linear import Linear
from assay.trees.forest import Forest

ASKED = 300


def world(head: Head, rows: int = 2_000) -> Batch:
    """Eight numbers with holes; two answers, or a value."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, 8)).astype(np.float32).astype(np.float64)
    signal = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + x[:, 3] + rng.normal(size=rows)
    x[rng.random(x.shape) < 0.1] = np.nan
    y = (signal > 0).astype(np.int64) if head.classes_ else signal
    return Batch({"vector": Vector(x, tuple(Feature(f"x{j}", f"x{j}") for j in range(8)))}, y)


def plain(forest: Forest) -> dict[str, Any]:
    """The trees as shap takes them: a node an entry, leaves behind the inner nodes; row counts as weights."""
    walker, trees = forest.walker, []
    for t in range(forest.trees):
        first, last = int(forest.node_offsets[t]), int(forest.node_offsets[t + 1])
        start, stop = int(forest.leaf_offsets[t]), int(forest.leaf_offsets[t + 1])
        inner, leaves = last - first, stop - start
        sides = [np.asarray(side[first:last], dtype=np.int64) for side in (walker.left, walker.right)]
        left, right = (np.where(side >= 0, side - first, inner + (~side) - start) for side in sides)
        size = np.concatenate([np.zeros(inner), forest.leaf_count[start:stop].astype(float)])
        for node in reversed(range(inner)):
            size[node] = size[left[node]] + size[right[node]]
        tail = np.full(leaves, -1)
        to_left = (forest.decision[first:last] & 2) != 0  # where a missing cell goes
        value = np.concatenate([np.zeros(inner), forest.leaf_value[start:stop]])
        trees.append(
            {
                "children_left": np.append(left, tail),
                "children_right": np.append(right, tail),
                "children_default": np.append(np.where(to_left, left, right), tail),
                "features": np.append(forest.feature[first:last], np.full(leaves, -2)),
                "thresholds": np.append(forest.threshold[first:last], np.full(leaves, -2.0)),
                "values": value[:, None],
                "node_sample_weight": size,
            }
        )
    return {"trees": trees}


def off(ours: np.ndarray, explainer: Any, rows: Any, base: float = 0.0) -> str:
    """The largest difference of pulls and base, beside the largest pull."""
    values = np.asarray(explainer.shap_values(rows))
    values = values[..., -1] if values.ndim == 3 else values
    expected = float(np.ravel(explainer.expected_value)[-1]) + base  # after the first call
    gap = np.abs(ours[:, :-1, 0] - values).max(), np.abs(ours[:, -1, 0] - expected).max()
    return f"pulls off by {gap[0]:.1e}, base by {gap[1]:.1e} (largest pull {np.abs(values).max():.2f})"


@contextmanager
def caught(module: Any, name: str, kept: dict[str, Any]) -> Iterator[None]:
    """Keep what the library itself grew, which is converted and thrown away."""
    convert: Callable[..., Any] = getattr(module, name)

    def watched(grown: Any, rounds: int, base: Any, *more: Any) -> Any:
        kept.update(grown=grown, rounds=rounds, base=base)
        return convert(grown, rounds, base, *more)

    with mock.patch.object(module, name, watched):
        yield


def equality(head: Head, said: str) -> None:
    """Each learner against shap."""
    import shap

    rows = world(head)
    train, tune, test = rows.take(np.arange(1400)), rows.take(np.arange(1400, 1700)), rows.take(np.arange(1700, 2000))
    values, rng, clock = test.vector.values, np.random.default_rng(0), Clock.start()
    kept: dict[str, Any] = {}
    for name, learner, module, convert in (
        ("LightGBM", Boosting(rounds=150), None, ""),
        ("XGBoost", xgboost.XGBoost(rounds=150), xgboost, "forest_of_xgboost"),
        ("CatBoost", catboost.CatBoost(rounds=150), catboost, "forest_of_catboost"),
    ):
        if module is None:
            fitted: Any = learner.fit(train, tune, head, clock, rng)
            library = fitted.forest.booster
        else:
            with caught(module, convert, kept):
                fitted = learner.fit(train, tune, head, clock, rng)
            library = kept["grown"]
        ours = fitted.contributions(test)
        explained = shap.TreeExplainer(plain(fitted.forest))
        print(f"{said} {name}: shap's own code, {off(ours, explained, values, float(fitted.forest.base[0]))}")
        if name == "XGBoost":
            library = library[: kept["rounds"]]
        if name == "CatBoost":
            library = library.copy()
            library.shrink(kept["rounds"])
        base = float(np.ravel(kept["base"])[0]) if name == "CatBoost" else 0.0
        print(f"{said} {name}: the library's own model, {off(ours, shap.TreeExplainer(library), values, base)}")
    whole = np.nan_to_num(train.then(tune).vector.values)  # a line is fitted to both
    features = train.vector.features
    filled = [Batch({"vector": Vector(np.nan_to_num(b.vector.values), features)}, b.y) for b in (train, tune, test)]
    line = Linear().fit(*filled[:2], head, clock, rng)
    slopes, intercept = line.design.in_units(line.weights)
    weights = np.zeros(8)
    for name, slope in zip(line.design.names, slopes, strict=True):
        weights[int(name[1:])] = slope[0]
    order = [line.design.names.index(name) for name in (f"x{j}" for j in range(8))]
    low, high = line.design.bounds[order].T  # numbers beyond are drawn in
    masker = shap.maskers.Independent(np.clip(whole, low, high), max_samples=2_000)
    explained = shap.LinearExplainer((weights, float(intercept[0])), masker)
    inside = np.clip(filled[2].vector.values, low, high)
    print(f"{said} line: {off(line.contributions(filled[2]), explained, inside)}")


def clocked(work: Callable[[], Any]) -> float:
    """CPU seconds of the process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def speed(rows: int, turns: int, rounds: int, leaves: int) -> None:
    """The shipped model against the booster alone."""
    one, _ = models(4_000, rounds, leaves)
    data = one._opened(table(rows, seed=1))
    encoders, fitted = one.ensemble.encoders[0], one.ensemble.members[0].folds[0]
    forest: Forest = fitted.forest  # type: ignore[attr-defined]
    values = encoders.batch(data).vector.values
    native = lambda: forest.booster.predict(values, pred_contrib=True, num_threads=1)  # noqa: E731
    with at_most(1):
        native()
        one.ensemble.contributions(data)
        ours, theirs = [], []
        for _ in range(turns):
            theirs.append(clocked(native))
            ours.append(clocked(lambda: one.ensemble.contributions(data)))
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    print(
        f"{rows} rows, {forest.iterations} trees of up to {leaves} leaves: {statistics.median(ours):.2f} s, pred_contrib"
        f" {statistics.median(theirs):.2f} s, ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=3)
    parsed = parser.parse_args()
    with at_most(1):
        equality(Head.classes(2), "two classes,")
        equality(Head.value(), "a value,")
    for rounds, leaves in ((100, 15), (300, 31)):
        speed(parsed.rows, parsed.turns, rounds, leaves)


if __name__ == "__main__":
    main()
