"""What does the house cost over a bare LightGBM loop?

A single boosting candidate, no blend, against a loop that trains LightGBM on the same encoded folds with the same settings:
the ratio of wall times, pair by pair, and whether predictions are equal to the bit. The loop gives LightGBM all cores, fold
after fold, as a bare loop does.

    python benchmarks/loop.py [--rows 30000] [--pairs 5]
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset
from assay.kernel.plan import Plan
from assay.kernel.rng import stream
from assay.kernel.settings import with_settings
from assay.kernel.shelf import shelf
from assay.planning.draw import draw
from assay.planning.splits import draw_splits
from assay.planning.wishes import Wishes
from assay.search.run import search
from assay.search.trial import make_folds


def table(rows: int) -> Dataset:
    """Fifteen numbers, five categories, two classes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 15))
    codes = rng.integers(0, 8, size=(rows, 5))
    score = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) + 0.5 * (codes[:, 0] % 3) - 1
    y = rng.random(rows) < 1 / (1 + np.exp(-score))
    numbers = [Column.of_numbers(f"x{i}", x[:, i]) for i in range(15)]
    names = [Column.of_words(f"c{i}", [f"level {k}" for k in codes[:, i]]) for i in range(5)]
    return Dataset((*numbers, *names, Column.of_words("y", np.where(y, "yes", "no").tolist())))


def bare(plan: Plan, opened: Dataset) -> tuple[float, np.ndarray, np.ndarray]:
    """Seconds, raw out-of-fold scores, and the rows they belong to."""
    import lightgbm

    task = shelf("tasks").get(plan.task)()
    y = task.encode(opened["y"], task.codec(opened["y"]))
    split = draw_splits(plan, opened, task.strata(y))
    (candidate,) = plan.candidates
    learner = with_settings(shelf("learners").get("boosting"), candidate.settings)
    folds = make_folds(opened, plan.names("feature"), split, task.strata(y), plan.seed)
    out = np.full(opened.rows, np.nan)
    prepared = []
    for fold in folds:
        seed = int(stream(plan.seed, "fit", candidate.name, fold.number).integers(2**31 - 1))
        prepared.append(
            (
                fold,
                learner.parameters(seed),
                [fold.encoders.vector(opened.take(r)) for r in (fold.train, fold.tune, fold.held)],
            )
        )
    started = time.perf_counter()
    for fold, settings, (a, b, c) in prepared:
        quiet = {
            "verbosity": -1,
            "deterministic": True,
            "force_row_wise": True,
            "objective": "binary",
            "metric": "binary_logloss",
        }
        codes = [i for i, f in enumerate(a.features) if f.kind == "code"]
        data = lightgbm.Dataset(a.values, y[fold.train], categorical_feature=codes)
        watched = lightgbm.Dataset(b.values, y[fold.tune], reference=data, categorical_feature=codes)
        stop = lightgbm.early_stopping(learner.patience, verbose=False)
        booster = lightgbm.train(quiet | settings, data, learner.rounds, valid_sets=[watched], callbacks=[stop])
        if learner.refit:  # the same number of rounds a row, once more on training and tune rows
            both = np.concatenate([fold.train, fold.tune])
            rounds = max(1, round(booster.best_iteration * len(both) / len(fold.train)))
            whole = lightgbm.Dataset(np.vstack([a.values, b.values]), y[both], categorical_feature=codes)
            booster = lightgbm.train(quiet | settings, whole, rounds)
        out[fold.held] = booster.predict(c.values, raw_score=True)
    return time.perf_counter() - started, out, np.sort(np.concatenate([f.held for f in folds]))


def main() -> None:
    """Print the ratio of each pair, the median, and whether predictions are equal."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=30_000)
    asked.add_argument("--pairs", type=int, default=5)
    said = asked.parse_args()
    plan, opened = draw(table(said.rows), Wishes(target="y", minutes=30, learners=("boosting",)))
    plan = replace(plan, candidates=tuple(c for c in plan.candidates if c.name == "boosting"))
    ratios, equal = [], True
    for pair in range(said.pairs + 1):
        started = time.perf_counter()
        found = search(plan, opened, Clock.start(1800), lambda event: None)
        ours = time.perf_counter() - started
        theirs, scores, rows = bare(plan, opened)
        equal = equal and np.array_equal(found.scored.scores[0][:, 0], scores[rows])
        if pair:  # the first pair warms up
            ratios.append(ours / theirs)
            print(f"ours {ours:.2f} s, bare loop {theirs:.2f} s, ratio {ratios[-1]:.2f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f} (goal: at most 1.15); predictions equal to the bit: {equal}")


if __name__ == "__main__":
    main()
