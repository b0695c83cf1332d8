"""What does a guarantee cost, and is its model as good as the private models of others?

    OMP_NUM_THREADS=1 python benchmarks/private.py --data FOLDER [--epsilon 1] [--times 5] [--learners additive,linear] [--interpret PYTHON]

Census incomes (adult_income) and credit cards (taiwan_credit_default), whose columns are declared here from their codebooks. Each of five
random fifths of the rows is kept from training and measured openly: area under ROC of each of Assay's private learners, of the same learner
without noise, of LightGBM at its defaults, and of InterpretML's DPExplainableBoostingClassifier with the same ranges, where
--interpret names a Python that has it. All in one run. The goals are those of the issue: private .739 and .878 at ε = 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

import assay
from assay import private
from assay.planning.wishes import Wishes
from assay.stats.metrics import auc

AMOUNT = {"low": 0, "high": 1_000_000}
ADULT: dict[str, Any] = {
    "age": {"low": 17, "high": 90},
    "workclass": {"levels": ["Federal-gov", "Local-gov", "Never-worked", "Private", "Self-emp-inc", "Self-emp-not-inc",
                             "State-gov", "Without-pay"]},
    "education": {"levels": ["Preschool", "1st-4th", "5th-6th", "7th-8th", "9th", "10th", "11th", "12th", "HS-grad",
                             "Some-college", "Assoc-voc", "Assoc-acdm", "Bachelors", "Masters", "Prof-school", "Doctorate"]},
    "education-num": {"low": 1, "high": 16},
    "marital-status": {"levels": ["Divorced", "Married-AF-spouse", "Married-civ-spouse", "Married-spouse-absent",
                                  "Never-married", "Separated", "Widowed"]},
    "occupation": {"levels": ["Adm-clerical", "Armed-Forces", "Craft-repair", "Exec-managerial", "Farming-fishing",
                              "Handlers-cleaners", "Machine-op-inspct", "Other-service", "Priv-house-serv",
                              "Prof-specialty", "Protective-serv", "Sales", "Tech-support", "Transport-moving"]},
    "relationship": {"levels": ["Husband", "Not-in-family", "Other-relative", "Own-child", "Unmarried", "Wife"]},
    "race": {"levels": ["Amer-Indian-Eskimo", "Asian-Pac-Islander", "Black", "Other", "White"]},
    "sex": {"levels": ["Female", "Male"]},
    "capital-gain": {"low": 0, "high": 100_000},
    "capital-loss": {"low": 0, "high": 5000},
    "hours-per-week": {"low": 1, "high": 99},
    "native-country": {"levels": ["Cambodia", "Canada", "China", "Columbia", "Cuba", "Dominican-Republic", "Ecuador",
                                  "El-Salvador", "England", "France", "Germany", "Greece", "Guatemala", "Haiti",
                                  "Holand-Netherlands", "Honduras", "Hong", "Hungary", "India", "Iran", "Ireland", "Italy",
                                  "Jamaica", "Japan", "Laos", "Mexico", "Nicaragua", "Outlying-US(Guam-USVI-etc)", "Peru",
                                  "Philippines", "Poland", "Portugal", "Puerto-Rico", "Scotland", "South", "Taiwan",
                                  "Thailand", "Trinadad&Tobago", "United-States", "Vietnam", "Yugoslavia"]},
    "income >50K": {"levels": ["0", "1"]},
}  # fmt: skip
CREDIT: dict[str, Any] = {
    "LIMIT_BAL": AMOUNT,
    "SEX": {"levels": ["1", "2"]},
    "EDUCATION": {"levels": [*map(str, range(7))]},
    "MARRIAGE": {"levels": [*map(str, range(4))]},
    "AGE": {"low": 18, "high": 80},
    **{f"PAY_{month}": {"low": -2, "high": 9} for month in (0, 2, 3, 4, 5, 6)},
    **{f"BILL_AMT{month}": {"low": -200_000, "high": 1_000_000} for month in range(1, 7)},
    **{f"PAY_AMT{month}": AMOUNT for month in range(1, 7)},
    "default payment": {"levels": ["0", "1"]},
}
TABLES = {"adult_income": (ADULT, "income >50K", 0.878), "taiwan_credit_default": (CREDIT, "default payment", 0.739)}
PEER = """
import json, sys
import numpy as np
from interpret.privacy import DPExplainableBoostingClassifier
told = np.load(sys.argv[1], allow_pickle=False)
kinds, ranges, epsilon = json.loads(sys.argv[2])
x, y, new = told["x"].astype(object), told["y"], told["new"].astype(object)
for j, kind in enumerate(kinds):
    if kind == "continuous":
        x[:, j], new[:, j] = x[:, j].astype(float), new[:, j].astype(float)
bounds = {int(j): tuple(of) for j, of in ranges.items()}
model = DPExplainableBoostingClassifier(epsilon=epsilon, delta=1e-6, feature_types=kinds, privacy_bounds=bounds,
                                        n_jobs=1)
np.save(sys.argv[3], model.fit(x, y).predict_proba(new)[:, 1])
"""


def main() -> None:
    """Print a line a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--learners", default="additive,linear,perceptron")
    parser.add_argument("--interpret", default="", metavar="PYTHON")
    parsed = parser.parse_args()
    for name, (schema, target, goal) in TABLES.items():
        table = assay.read(parsed.data / f"{name}.csv.gz")
        found: dict[str, list[float]] = {}
        for seed in range(parsed.times):
            new = np.random.default_rng(seed).random(table.rows) < 0.2
            for who, value in _once(table, schema, target, new, parsed).items():
                found.setdefault(who, []).append(value)
        said = ", ".join(f"{who} {np.mean(v):.4f} ({min(v):.4f} to {max(v):.4f})" for who, v in found.items())
        print(f"{name}, ε = {parsed.epsilon:g}, goal {goal}: {said}", flush=True)


def _once(table: Any, schema: dict[str, Any], target: str, new: Any, parsed: argparse.Namespace) -> dict[str, float]:
    """Area under ROC of each on the rows kept away, and the seconds that each private learner took."""
    old, kept = table.take(~new), table.take(new)
    truth = kept[target].texts() == "1"
    found: dict[str, float] = {}
    for learner in parsed.learners.split(","):
        started = time.perf_counter()
        model = assay.train(old, target, privacy=parsed.epsilon, schema=schema, learners=(learner,))
        seconds = time.perf_counter() - started
        said = next(m.value for f in model.findings if f.check == "quality" for m in f.measures if m.name == "auc")
        bare: list[float] = []
        asked = Wishes(target=target, privacy=parsed.epsilon, schema=schema, learners=(learner,))
        private.train(old, asked, price=lambda metric, without, with_it, bare=bare: bare.append(without))
        found |= {
            f"private {learner}": auc(model.predict(kept).probabilities[:, 1], truth, None),
            f"{learner}: its own noisy figure": said,
            f"{learner}: without noise (on its rows held out)": bare[0],
            f"{learner}: seconds": seconds,
        }
    found["LightGBM"] = auc(_boosted(old, kept, target), truth, None)
    if parsed.interpret:
        found["DP-EBM"] = auc(_peer(old, kept, schema, target, parsed), truth, None)
    return found


def _boosted(old: Any, kept: Any, target: str) -> Any:
    """LightGBM at its defaults, names as codes."""
    both = []
    for table in (old, kept):
        both.append(np.column_stack([_numbers(table[c.name], old[c.name]) for c in table if c.name != target]))
    y = (old[target].texts() == "1").astype(int)
    codes = [j for j, c in enumerate(c for c in old if c.name != target) if not _numeric(c)]
    data = lgb.Dataset(both[0], y, categorical_feature=codes)
    return lgb.train({"objective": "binary", "verbose": -1, "num_threads": 1}, data, 100).predict(both[1])


def _numeric(column: Any) -> bool:
    try:
        np.asarray([np.nan if v is None else float(v) for v in column.texts()])
    except ValueError:
        return False
    return True


def _numbers(column: Any, old: Any) -> Any:
    if _numeric(old):
        return np.asarray([np.nan if v is None else float(v) for v in column.texts()])
    place = {v: float(i) for i, v in enumerate(sorted({v for v in old.texts() if v is not None}))}
    return np.asarray([place.get(v, np.nan) for v in column.texts()])


def _peer(old: Any, kept: Any, schema: dict[str, Any], target: str, parsed: argparse.Namespace) -> Any:
    """InterpretML's private model in a Python of its own; it refuses missing cells, which become a level "?"."""
    names = [c.name for c in old if c.name != target]
    kinds = ["nominal" if "levels" in schema[n] else "continuous" for n in names]
    ranges = {j: [schema[n]["low"], schema[n]["high"]] for j, n in enumerate(names) if "low" in schema[n]}
    x, new = (
        np.column_stack([["?" if v is None else v for v in t[n].texts()] for n in names]).astype(str)
        for t in (old, kept)
    )
    with tempfile.TemporaryDirectory() as folder:
        given, answers = Path(folder) / "given.npz", Path(folder) / "answers.npy"
        np.savez(given, x=x, y=(old[target].texts() == "1").astype(int), new=new)
        command = [parsed.interpret, "-c", PEER, str(given), json.dumps([kinds, ranges, parsed.epsilon]), str(answers)]
        subprocess.run(command, check=True, env={"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"})
        return np.load(answers)


if __name__ == "__main__":
    main()
