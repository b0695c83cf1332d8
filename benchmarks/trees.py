"""What do trees as arrays, and the bundle around them, cost against LightGBM's own model file?

    OMP_NUM_THREADS=1 python benchmarks/trees.py

Prints sizes and times of one forest (300 rounds of 31 leaves, 20 columns, one of them of 100 categories) in one run.
"""

from __future__ import annotations

import gzip
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from assay.kernel.box import Box
from assay.store import bundle, plain
from assay.trees.forest import Forest
from assay.trees.from_lightgbm import forest_of


def booster_and_rows(rounds: int = 300) -> tuple[lgb.Booster, np.ndarray]:
    """A booster, and the 20,000 rows it was trained on."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20_000, 20))
    rows[:, 2] = rng.integers(0, 100, len(rows))
    rows[rng.random(rows.shape) < 0.05] = np.nan
    target = np.nan_to_num(rows[:, 0]) + np.sin(np.nan_to_num(rows[:, 2]) ** 2) + rng.normal(size=len(rows))
    data = lgb.Dataset(rows, target, categorical_feature=[2])
    return lgb.train({"objective": "regression", "verbose": -1, "num_threads": 1}, data, rounds), rows


def seconds(work: Callable[[], Any], times: int = 5) -> float:
    """The quickest of a few runs."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def say(what: str, value: str) -> None:
    print(f"{what:<58}{value:>14}")


def sizes(booster: lgb.Booster, forest: Forest, box: Box) -> None:
    """Bytes at rest."""
    text = booster.model_to_string()
    say("LightGBM's text, kB", f"{len(text) / 1e3:,.0f}")
    say("LightGBM's text compressed, kB", f"{len(gzip.compress(text.encode())) / 1e3:,.0f}")
    say("the forest's arrays, kB", f"{forest.size_bytes / 1e3:,.0f}")
    say("the bundle, kB", f"{plain.size(box) / 1e3:,.0f}")


def roads(forest: Forest, fresh: Callable[[], Forest], rows: np.ndarray) -> None:
    """Seconds of the two roads."""
    say("walker laid out, first row, ms", f"{1e3 * seconds(lambda: fresh().predict(rows[:1])):,.2f}")
    say("text rendered and parsed, first row, ms", f"{1e3 * seconds(lambda: fresh().native(rows[:1])):,.1f}")
    for count in (1, 10, 100, 1000, len(rows)):
        walked, native = (seconds(partial(road, rows[:count])) for road in (forest.predict, forest.native))
        say(f"{count} rows, walker / native, ms", f"{1e3 * walked:,.2f} / {1e3 * native:,.2f}")


def main() -> None:
    booster, rows = booster_and_rows()
    forest, box = forest_of(booster), Box()
    forest.dump(box)
    assert np.array_equal(forest.predict(rows)[:, 0], booster.predict(rows, raw_score=True))
    assert np.array_equal(forest.native(rows), forest.predict(rows))
    sizes(booster, forest, box)
    say("booster to arrays, ms", f"{1e3 * seconds(lambda: forest_of(booster)):,.1f}")
    say("arrays read and checked, ms", f"{1e3 * seconds(lambda: Forest.load(box)):,.2f}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.assay"
        say("bundle written and synced, ms", f"{1e3 * seconds(lambda: bundle.write(box, path)):,.1f}")
        say("bundle read, ms", f"{1e3 * seconds(lambda: bundle.read(path)):,.2f}")
    roads(forest, lambda: Forest.load(box), rows)


if __name__ == "__main__":
    main()
