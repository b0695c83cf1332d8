"""One tool on one table, in the tool's own environment: answers, seconds, size of what it keeps, and one row's time.

Called by benchmarks/peers.py; writes answers.npy ([n, k] probabilities, or [n] values) and said.json into FOLDER, which holds
train.parquet and test.parquet.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def main() -> None:
    """Train, answer, weigh, time."""
    asked = argparse.ArgumentParser()
    for name in ("system", "folder", "target"):
        asked.add_argument(name)
    asked.add_argument("minutes", type=float)
    asked.add_argument("labels", type=json.loads)
    said = asked.parse_args()
    folder = Path(said.folder)
    train, test = (pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "test"))
    os.chdir(folder)
    started = time.monotonic()
    answer, one, size, more = SYSTEMS[said.system](train, test, said.target, said.labels, said.minutes)
    seconds = time.monotonic() - started
    row = test.iloc[:1]
    one(row)
    alone = []
    for place in range(1, min(11, len(test))):
        row = test.iloc[place : place + 1]
        before = time.process_time()
        one(row)
        alone.append(time.process_time() - before)
    np.save("answers.npy", np.asarray(answer, dtype=np.float64))
    found = {"seconds": seconds, "bytes": size, "one_row_seconds": statistics.median(alone), **more}
    Path("said.json").write_text(json.dumps(found))


def _bytes(folder: str) -> int:
    return sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file())


def _autogluon(preset: str) -> Any:
    def run(train: pd.DataFrame, test: pd.DataFrame, target: str, labels: list[str], minutes: float) -> Any:
        from autogluon.tabular import TabularPredictor

        kind = "regression" if not labels else "binary" if len(labels) == 2 else "multiclass"
        metric = "root_mean_squared_error" if not labels else "log_loss"
        predictor = TabularPredictor(
            target, problem_type=kind, eval_metric=metric, path=os.path.abspath("model"), verbosity=0
        )
        predictor.fit(train, time_limit=60 * minutes, presets=preset, num_cpus=2)
        x = test.drop(columns=target)

        def one(row: pd.DataFrame) -> Any:
            row = row.drop(columns=target)
            return predictor.predict_proba(row) if labels else predictor.predict(row)

        found = one(test) if not labels else predictor.predict_proba(x)[labels]
        return found, one, _bytes("model"), {"members": predictor.model_best}

    return run


def _mljar(train: pd.DataFrame, test: pd.DataFrame, target: str, labels: list[str], minutes: float) -> Any:
    from supervised import AutoML

    kind = "regression" if not labels else "binary_classification" if len(labels) == 2 else "multiclass_classification"
    tool = AutoML(
        results_path="model", mode="Compete", ml_task=kind, total_time_limit=int(60 * minutes), n_jobs=2, verbose=0, random_state=0,
        eval_metric="rmse" if not labels else "logloss",
    )  # fmt: skip
    tool.fit(train.drop(columns=target), train[target])

    def one(row: pd.DataFrame) -> Any:
        row = row.drop(columns=target)
        return tool.predict_proba(row) if labels else tool.predict(row)

    found = one(test)
    if labels:  # its columns stand in sorted order of the classes
        found = found[:, [sorted(train[target].unique()).index(label) for label in labels]]
    return found, one, _bytes("model"), {"members": ""}


def _flaml(train: pd.DataFrame, test: pd.DataFrame, target: str, labels: list[str], minutes: float) -> Any:
    from flaml import AutoML

    tool = AutoML()
    x = train.drop(columns=target)
    kind, metric = ("classification", "log_loss") if labels else ("regression", "rmse")
    tool.fit(x, train[target], task=kind, metric=metric, time_budget=60 * minutes, n_jobs=2, verbose=0, seed=0)

    def one(row: pd.DataFrame) -> Any:
        row = row.drop(columns=target)
        return tool.predict_proba(row) if labels else tool.predict(row)

    found = one(test)
    if labels:
        found = found[:, [list(tool.classes_).index(label) for label in labels]]
    return found, one, len(pickle.dumps(tool.model)), {"members": str(tool.best_estimator)}


def _assay(ship: str) -> Any:
    def run(train: pd.DataFrame, test: pd.DataFrame, target: str, labels: list[str], minutes: float) -> Any:
        import assay

        model = assay.train(train, target, minutes=minutes, ship=ship)
        path = model.save("model.assay")
        found = model.predict(test.drop(columns=target))
        rows = test.drop(columns=target).to_dict("records")
        place = iter(range(10**9))

        def one(row: pd.DataFrame) -> Any:
            return model.predict(rows[next(place) % len(rows)])

        answer = found.probabilities[:, [model.codec.labels.index(v) for v in labels]] if labels else found.values
        return answer, one, path.stat().st_size, {"members": repr(model)}

    return run


SYSTEMS = {
    "assay": _assay("bag"),
    "assay-refit": _assay("refit"),
    "assay-distilled": _assay("distilled"),
    "autogluon-best": _autogluon("best_quality"),
    "autogluon-high": _autogluon("high_quality"),
    "mljar": _mljar,
    "flaml": _flaml,
}

if __name__ == "__main__":
    main()
