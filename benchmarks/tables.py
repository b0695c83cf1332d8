"""Is Assay at least as good as tuned LightGBM given the same minutes?

For each table: three quarters to learn from, one quarter never seen by either. Assay gets the minutes for everything (checks
and report included); LightGBM gets them for random search with five-fold cross-validation and early stopping, then is fitted
once more on all training rows. Printed: the loss of both on the same unseen rows, the ratio, Assay's own estimate with its
interval, and the coverage of its 90 % sets or intervals with the binomial band.

    python benchmarks/tables.py --data FOLDER [--minutes 1] [--only german_credit] [--seed 0]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

import assay


@dataclass(frozen=True)
class Task:
    """A table, its target, and columns that are ids or part of the target."""

    file: str
    target: str
    drop: tuple[str, ...] = ()
    classes: bool = True


TASKS = {
    "german_credit": Task("german_credit.csv", "credit_risk"),
    "taiwan_credit_default": Task("taiwan_credit_default.csv.gz", "default payment"),
    "adult_income": Task("adult_income.csv.gz", "income >50K"),
    "heart_disease": Task("heart_disease.csv", "Disease"),
    "concrete_strength": Task("concrete_strength.csv", "strength", classes=False),
    "wine_quality": Task("wine_quality.csv", "quality", classes=False),
    "ai4i2020": Task("ai4i2020.csv", "Machine.failure", ("UDI", "Product_ID", "TWF", "HDF", "PWF", "OSF", "RNF")),
}


def table_of(folder: Path, task: Task) -> pd.DataFrame:
    """The table without copies: rows that stand on both sides would measure memory, not learning."""
    frame = pd.read_csv(folder / task.file, encoding="utf-8-sig")
    frame.columns = [c.strip() for c in frame.columns]
    frame = frame.drop(columns=[c for c in task.drop if c in frame.columns])
    if task.file.startswith(("wine", "concrete")):
        frame = frame.drop_duplicates(subset=[c for c in frame.columns if c != task.target])
    return frame.reset_index(drop=True)


def losses(task: Task, answer: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Per-row log-loss of probabilities [n, k], or squared error of values [n]."""
    if task.classes:
        return -np.log(np.clip(answer[np.arange(len(y)), y], 1e-15, 1.0))
    return (answer - y) ** 2


def with_assay(
    task: Task, train: pd.DataFrame, test: pd.DataFrame, labels: list[str], minutes: float
) -> dict[str, Any]:
    """Answers, own estimate, coverage, seconds."""
    started = time.monotonic()
    model = assay.train(train, task.target, minutes=minutes)
    html = model.report.html()
    seconds = time.monotonic() - started
    found = model.predict(test.drop(columns=task.target))
    own = next(f for f in model.findings if f.check == "quality").measures[0]
    out = {"seconds": seconds, "own": own, "members": repr(model), "report_kB": len(html) / 1e3}
    if task.classes:
        order = [model.codec.labels.index(label) for label in labels]
        y = test[task.target].astype(str).map(labels.index).to_numpy()
        return out | {"answer": found.probabilities[:, order], "covered": found.sets[:, order][np.arange(len(y)), y]}
    y = test[task.target].to_numpy(float)
    return out | {"answer": found.values, "covered": (found.interval[:, 0] <= y) & (y <= found.interval[:, 1])}


def with_lightgbm(
    task: Task, train: pd.DataFrame, test: pd.DataFrame, labels: list[str], minutes: float
) -> dict[str, Any]:
    """Random search under five-fold cross-validation until the time is up; then one fit on all rows."""
    import lightgbm as lgb
    from sklearn.model_selection import KFold, StratifiedKFold

    started = time.monotonic()
    x, x_test = train.drop(columns=task.target), test.drop(columns=task.target)
    for name in x.columns:
        if not pd.api.types.is_numeric_dtype(x[name]):
            kind = pd.CategoricalDtype(sorted(x[name].dropna().unique()))
            x[name], x_test[name] = x[name].astype(kind), x_test[name].astype(kind)
    y = (
        train[task.target].astype(str).map(labels.index).to_numpy()
        if task.classes
        else train[task.target].to_numpy(float)
    )
    objective = (
        {"objective": "binary", "metric": "binary_logloss"} if len(labels) == 2
        else {"objective": "multiclass", "metric": "multi_logloss", "num_class": len(labels)} if task.classes
        else {"objective": "regression", "metric": "l2"}
    )  # fmt: skip
    rng = np.random.default_rng(0)
    folds = list((StratifiedKFold if task.classes else KFold)(5, shuffle=True, random_state=0).split(x, y))
    best: tuple[float, dict[str, Any], int] = (np.inf, {}, 100)
    tried = 0
    while True:
        settings = {} if tried == 0 else {
            "learning_rate": float(np.exp(rng.uniform(np.log(0.01), np.log(0.2)))),
            "num_leaves": int(np.exp(rng.uniform(np.log(4), np.log(256)))),
            "min_data_in_leaf": int(np.exp(rng.uniform(np.log(2), np.log(100)))),
            "feature_fraction": float(rng.uniform(0.3, 1.0)),
            "bagging_fraction": float(rng.uniform(0.5, 1.0)), "bagging_freq": 1,
            "lambda_l2": float(np.exp(rng.uniform(np.log(1e-3), np.log(30)))),
        }  # fmt: skip
        scores, rounds = [], []
        for a, b in folds:
            data = lgb.Dataset(x.iloc[a], y[a])
            watched = lgb.Dataset(x.iloc[b], y[b], reference=data)
            booster = lgb.train(
                objective | settings | {"verbosity": -1, "seed": 0}, data, 3000, valid_sets=[watched],
                callbacks=[lgb.early_stopping(50, verbose=False)],
            )  # fmt: skip
            scores.append(next(iter(booster.best_score["valid_0"].values())))
            rounds.append(booster.best_iteration)
            if time.monotonic() - started > 60 * minutes and tried:
                break
        if len(scores) == 5:
            best = min(best, (float(np.mean(scores)), settings, int(np.mean(rounds))), key=lambda item: item[0])
            tried += 1
        if time.monotonic() - started > 60 * minutes:
            break
    booster = lgb.train(objective | best[1] | {"verbosity": -1, "seed": 0}, lgb.Dataset(x, y), max(1, best[2]))
    p = booster.predict(x_test)
    answer = np.column_stack([1 - p, p]) if len(labels) == 2 and task.classes else p
    return {"answer": answer, "tried": tried, "seconds": time.monotonic() - started}


def main() -> None:
    """Print one line a table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--minutes", type=float, default=1.0)
    asked.add_argument("--only", nargs="*", default=list(TASKS), choices=list(TASKS))
    asked.add_argument("--seed", type=int, default=0)
    said = asked.parse_args()
    print(
        "| table | figure | Assay | tuned LightGBM | ratio | paired difference (95 %) | own estimate | coverage (band) | Assay s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in said.only:
        task = TASKS[name]
        frame = table_of(said.data, task)
        order = np.random.default_rng(said.seed).permutation(len(frame))
        cut = len(frame) * 3 // 4
        train, test = frame.iloc[order[:cut]].reset_index(drop=True), frame.iloc[order[cut:]].reset_index(drop=True)
        labels = sorted(frame[task.target].astype(str).unique()) if task.classes else []
        y = (
            test[task.target].astype(str).map(labels.index).to_numpy()
            if task.classes
            else test[task.target].to_numpy(float)
        )
        ours = with_assay(task, train, test, labels, said.minutes)
        theirs = with_lightgbm(task, train, test, labels, said.minutes)
        a, b = losses(task, ours["answer"], y), losses(task, theirs["answer"], y)
        shown = (lambda v: float(v.mean())) if task.classes else (lambda v: float(np.sqrt(v.mean())))
        gap = a - b
        half = 1.96 * gap.std() / np.sqrt(len(gap))
        low, high = binom.ppf([0.005, 0.995], len(y), 0.9) / len(y)
        own = ours["own"]
        print(
            f"| {name} | {'log-loss' if task.classes else 'RMSE'} | {shown(a):.4f} | {shown(b):.4f} | "
            f"{shown(a) / shown(b):.3f} | {gap.mean() - half:+.4f} to {gap.mean() + half:+.4f} | "
            f"{own.value:.4f} ({own.low:.4f} to {own.high:.4f}) | "
            f"{ours['covered'].mean():.3f} ({low:.3f} to {high:.3f}) | {ours['seconds']:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
