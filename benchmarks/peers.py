"""Is Assay ahead of the AutoML tools people use now, in the same minutes on the same cores?

For each table and seed: three quarters to learn from, one quarter that no tool sees. Every tool gets the same two files and the
same minutes, alone on the machine, in an environment of its own (benchmarks/peers/make.sh). Each result is appended to
the first of RESULTS as it comes, and what stands in any of them is not done again; `--tell` prints the tables from what stands
there. A result has the loss of each row, so that intervals can be told again; those that this repository's figures come from
are kept in benchmarks/results (names that end in .gz are compressed).

    python benchmarks/peers.py --data FOLDER --environments FOLDER --results peers.jsonl [--minutes 1] [--seeds 0 1 2]
    python benchmarks/peers.py --results benchmarks/results/peers-*.jsonl.gz --tell
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

OWN = ("assay", "assay-refit", "assay-distilled")
SYSTEMS = ("assay", "autogluon-high", "autogluon-best", "flaml", "mljar")
# file, target, columns left out; those without a file are scikit-learn's own
TABLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "german_credit": ("german_credit.csv", "credit_risk", ()),
    "concrete_strength": ("concrete_strength.csv", "strength", ()),
    "adult_income": ("adult_income.csv.gz", "income >50K", ()),
    "pima_diabetes": ("pima_diabetes.csv", "Class variable", ()),
    "diamonds": ("diamonds.csv.gz", "price", ()),
    "ai4i2020": ("ai4i2020.csv", "Machine.failure", ("UDI", "Product_ID", "TWF", "HDF", "PWF", "OSF", "RNF")),
    "breast_cancer": ("", "target", ()),
    "bike_hourly": ("bike_hourly.csv.gz", "cnt", ("instant",)),
    "student_performance": ("student_performance_por.csv", "class", ("G1", "G2")),
    "wine_quality": ("wine_quality.csv", "quality", ()),
    "taiwan_credit_default": ("taiwan_credit_default.csv.gz", "default payment", ()),
    "digits": ("", "target", ()),
    "heart_disease": ("heart_disease.csv", "Disease", ()),
    "insurance_charges": ("insurance_charges.csv", "charges", ()),
    "diabetes": ("", "target", ()),
    "wine": ("", "target", ()),
    "movielens": ("movielens_small/ratings.csv.gz", "rating", ("timestamp",)),
}
# Tables that nobody looked at while Assay was built, of the packages pydataset and vega_datasets: rows without a target are left out.
FURTHER: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "hdma": ("pydataset:Ecdat/Hdma", "deny", ()),
    "computers": ("pydataset:Ecdat/Computers", "price", ()),
    "chile": ("pydataset:car/Chile", "vote", ()),
    "caschool": ("pydataset:Ecdat/Caschool", "testscr", ("readscr", "mathscr", "distcod", "district")),
    "kakadu": ("pydataset:Ecdat/Kakadu", "answer", ("lower", "upper")),
    "flchain": ("pydataset:survival/flchain", "death", ("futime", "chapter")),
    "forbes": ("pydataset:HSAUR/Forbes2000", "marketvalue", ("rank",)),
    "yogurt": ("pydataset:Ecdat/Yogurt", "choice", ("id",)),
    "mroz": ("pydataset:Ecdat/Mroz", "work", ("hoursw", "hearnw")),
    "hedonic": ("pydataset:Ecdat/Hedonic", "mv", ()),
    "cars": ("vega:cars", "Miles_per_Gallon", ()),
    "weather": ("vega:seattle_weather", "weather", ("date",)),
}
# fmt: off
VALUES = ("concrete_strength", "diamonds", "bike_hourly", "wine_quality", "insurance_charges", "diabetes", "movielens",
          "computers", "caschool", "forbes", "hedonic", "cars")
# fmt: on
NAMES = {"movielens": ("userId", "movieId")}  # columns of numbers that are names
TWO_CLASSES = (
    *(name for name in TABLES if name not in (*VALUES, "digits", "wine")),
    *("hdma", "flchain", "mroz"),
)
MOST_ROWS = 20_000
BINS, DRAWS = 15, 1_000  # of a calibration error; of what it would be by chance


def table_of(name: str, folder: Path) -> tuple[pd.DataFrame, str]:
    """A table without copies (rows on both sides would measure memory), and its target; classes as texts."""
    file, target, drop = (TABLES | FURTHER)[name]
    if ":" in file:
        frame = _packaged(*file.split(":")).drop(columns=list(drop))
        frame = frame[frame[target].notna()].drop_duplicates(subset=[c for c in frame.columns if c != target])
    elif file:
        frame = pd.read_csv(folder / file, encoding="utf-8-sig")
        frame.columns = [c.strip() for c in frame.columns]
        frame = frame.drop(columns=[c for c in drop if c in frame.columns])
        frame = frame.drop_duplicates(subset=[c for c in frame.columns if c != target])
    else:
        from sklearn import datasets

        load = {"breast_cancer": "load_breast_cancer", "digits": "load_digits", "diabetes": "load_diabetes"}
        frame = getattr(datasets, load.get(name, "load_wine"))(as_frame=True).frame
    for column in NAMES.get(name, ()):
        frame[column] = column.removesuffix("Id") + " " + frame[column].astype(str)
    if name not in VALUES:
        frame[target] = "is " + frame[target].astype(str)
    if len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=0)
    return frame.reset_index(drop=True), target


def _packaged(package: str, name: str) -> pd.DataFrame:
    """A table that a package of Python carries."""
    if package == "vega":
        from vega_datasets import local_data

        return getattr(local_data, name)()
    carried = importlib.util.find_spec(package)
    assert carried is not None
    assert carried.origin is not None
    with tarfile.open(
        Path(carried.origin).parent / "resources.tar.gz"
    ) as archive:  # without importing it: that writes to the home folder
        member = archive.extractfile(f"resources/rdata/csv/{name}.csv")
        assert member is not None
        return pd.read_csv(member, index_col=0)


def losses(answer: np.ndarray, y: np.ndarray, classes: bool) -> np.ndarray:
    """Log-loss of each row, or squared error."""
    if not classes:
        return (answer - y) ** 2
    p = np.clip(answer, 1e-15, 1.0)
    p = p / p.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(y)), y])


def calibration_error(answer: np.ndarray, y: np.ndarray) -> float:
    """Expected calibration error of the answer given, in bins of equal width (Guo et al. 2017)."""
    return float(_error(answer.max(axis=1), answer.argmax(axis=1) == y))


def by_chance(line: dict[str, Any]) -> np.ndarray | None:
    """The calibration error that these very answers would have were each probability exactly right, drawn DRAWS times.

    A few hundred rows scatter about what is promised, so even a tool without fault shows an error.
    None where the line does not tell how sure each answer was.
    """
    if "tops" in line:
        top = np.asarray(line["tops"])
    elif "losses" in line and line["table"] in TWO_CLASSES:
        given = np.exp(-np.asarray(line["losses"]))  # to the class that was right
        top = np.maximum(given, 1 - given)
    else:
        return None
    rng = np.random.default_rng(0)
    return np.asarray([_error(top, rng.random(len(top)) < top) for _ in range(DRAWS)])


def _error(top: np.ndarray, right: np.ndarray) -> float:
    place = np.minimum((top * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(place, top - right, BINS)).sum() / len(top))


def one(system: str, name: str, seed: int, minutes: float, data: Path, environments: Path) -> dict[str, Any]:
    """One line of results."""
    frame, target = table_of(name, data)
    order = np.random.default_rng(seed).permutation(len(frame))
    cut = len(frame) * 3 // 4
    train, test = (frame.iloc[part].reset_index(drop=True) for part in (order[:cut], order[cut:]))
    labels = [] if name in VALUES else sorted(frame[target].unique())
    python = Path(sys.executable) if system in OWN else environments / system.split("-")[0] / "bin" / "python"
    line: dict[str, Any] = {"system": system, "table": name, "seed": seed, "minutes": minutes}
    with tempfile.TemporaryDirectory() as folder:
        train.to_parquet(f"{folder}/train.parquet")
        test.to_parquet(f"{folder}/test.parquet")
        script = Path(__file__).parent / "peers" / "run.py"
        command = [str(python), str(script), system, folder, target, str(minutes), json.dumps(labels)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60 * (5 * minutes + 5), check=False)
        except subprocess.TimeoutExpired:
            return line | {"error": "more than five times its minutes"}
        if done.returncode or not Path(folder, "said.json").exists():
            return line | {"error": done.stderr[-2500:]}
        answer = np.load(f"{folder}/answers.npy")
        line |= json.loads(Path(folder, "said.json").read_text())
    y = test[target].map(labels.index).to_numpy() if labels else test[target].to_numpy(float)
    each = losses(answer, y, bool(labels))
    line |= {"losses": [float(f"{v:.5g}") for v in each], "ece": calibration_error(answer, y) if labels else None}
    if labels and name not in TWO_CLASSES:  # of two classes the losses tell it
        line["tops"] = [round(float(v), 4) for v in answer.max(axis=1)]
    return line | {"loss": float(each.mean()) if labels else float(np.sqrt(each.mean()))}


def tell(lines: list[dict[str, Any]]) -> None:
    """The tables of results, in Markdown."""
    for minutes in sorted({line["minutes"] for line in lines}):
        of = [line for line in lines if line["minutes"] == minutes]
        systems = [s for s in dict.fromkeys((*OWN[:1], *SYSTEMS, *OWN)) if any(line["system"] == s for line in of)]
        by = {(line["table"], line["seed"], line["system"]): line for line in of}
        seeds = sorted({line["seed"] for line in of})
        keys = [(t, s) for t in TABLES | FURTHER for s in seeds if all((t, s, system) in by for system in systems)]
        if keys:
            _tell_one(minutes, systems, by, keys)


def _tell_one(minutes: float, systems: list[str], by: dict[Any, dict[str, Any]], keys: list[tuple[str, int]]) -> None:
    tables = list(dict.fromkeys(table for table, _ in keys))
    loss = pd.DataFrame([{s: by[*key, s].get("loss", np.inf) for s in systems} for key in keys], index=keys)
    print(
        f"\n### {minutes:g} minutes: {len(tables)} tables, {len(keys)} comparisons, seeds {sorted({s for _, s in keys})}\n"
    )
    others = [system for system in systems if system.startswith("autogluon")]
    print("| table | " + " | ".join([*systems, *(f"ours against {system}" for system in others)]) + " |")
    print("|---|" + "---|" * (len(systems) + len(others)))
    for table in tables:
        own = [key for key in keys if key[0] == table]
        mean = loss.loc[own].mean()
        said = [f"{mean[s]:.4g}" if np.isfinite(mean[s]) else "failed" for s in systems]
        said[int(np.argmin(mean))] = f"**{said[int(np.argmin(mean))]}**"
        said += [paired([by[*k, "assay"] for k in own], [by[*k, other] for k in own]) for other in others]
        print(f"| {table} | " + " | ".join(said) + " |")
    ranks = loss.rank(axis=1).mean()
    print("| **mean rank** | " + " | ".join(f"{ranks[s]:.2f}" for s in systems) + " |" + " |" * len(others))
    print("\n| measure | " + " | ".join(systems) + " |\n|---|" + "---|" * len(systems))
    print("| our loss / theirs, geometric mean, 95 % | " + " | ".join(_overall(loss, s) for s in systems) + " |")
    for key, what, scale in (
        ("seconds", "seconds (median)", 1),
        ("bytes", "MB kept (median)", 1e-6),
        ("one_row_seconds", "one row, CPU ms (median)", 1e3),
        ("ece", "calibration error (mean)", 1),
    ):
        middle = np.nanmean if key == "ece" else np.nanmedian
        rows = [[by[*k, s].get(key) for k in keys if by[*k, s].get(key) is not None] for s in systems]
        print(f"| {what} | " + " | ".join(f"{scale * middle(r):.4g}" if r else "–" for r in rows) + " |")
    _tell_calibration([table for table in tables if table not in VALUES], systems, by, keys)


def _tell_calibration(
    classes: list[str], systems: list[str], by: dict[Any, dict[str, Any]], keys: list[tuple[str, int]]
) -> None:
    """On how many tables each error is the least and beyond chance, and on how many a tool without fault would have the least."""
    lines = {(t, s): [by[*k, s] for k in keys if k[0] == t] for t in classes for s in systems}
    errors = {key: float(np.mean([line.get("ece", 1.0) for line in of])) for key, of in lines.items()}
    least = {s: sum(min(systems, key=lambda other: errors[t, other]) == s for t in classes) for s in systems}
    drawn = {key: [by_chance(line) for line in of] for key, of in lines.items()}
    known = [t for t in classes if all(d is not None for s in systems for d in drawn[t, s])]
    chance = {key: np.mean(drawn[key], axis=0) for key in drawn if key[0] in known}
    beyond = {s: sum(errors[t, s] > np.quantile(chance[t, s], 0.95) for t in known) for s in systems}
    best = {t: min(errors[t, s] for s in systems[1:]) for t in known} if len(systems) > 1 else {}
    rows = {
        f"least calibration error, of {len(classes)}": least,
        f"its error by chance (mean of {len(known)})": {
            s: f"{np.mean([chance[t, s].mean() for t in known]) if known else np.nan:.4g}" for s in systems
        },
        f"beyond chance (95 %), of {len(known)}": beyond,
    }
    for what, row in rows.items():
        print(f"| {what} | " + " | ".join(str(row[s]) for s in systems) + " |")
    if best:
        expected = sum((chance[t, systems[0]] < best[t]).mean() for t in known)
        print(
            f"\nWere each of our probabilities exactly right, ours would be the least on {expected:.1f} of {len(known)}."
        )


def _overall(loss: pd.DataFrame, system: str) -> str:
    """Our loss divided by theirs: geometric mean over the comparisons both have, interval by bootstrap of them."""
    both = loss[np.isfinite(loss["assay"]) & np.isfinite(loss[system])]
    ratio = np.log((both["assay"] / both[system]).to_numpy())
    draws = np.random.default_rng(0).integers(len(ratio), size=(2_000, len(ratio)))
    low, high = np.quantile(ratio[draws].mean(axis=1), [0.025, 0.975])
    return f"{np.exp(ratio.mean()):.3f} ({np.exp(low):.3f} to {np.exp(high):.3f})"


def paired(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> str:
    """By how many percent of theirs our mean loss (squared error for values) is higher on the same rows, with its interval."""
    both = [(a["losses"], b["losses"]) for a, b in zip(ours, theirs, strict=True) if "losses" in a and "losses" in b]
    if not both:
        return "–"
    a, b = (np.concatenate(found) for found in zip(*both, strict=True))
    gap, half = (a - b).mean(), 1.96 * (a - b).std() / np.sqrt(len(a))
    return (
        f"{100 * gap / b.mean():+.1f} % ({100 * (gap - half) / b.mean():+.1f} to {100 * (gap + half) / b.mean():+.1f})"
    )


def kept(path: Path) -> list[dict[str, Any]]:
    """The results that stand in a file."""
    with _opened(path, "rt") as handle:
        return [json.loads(line) for line in handle]


def _opened(path: Path, mode: str) -> Any:
    return gzip.open(path, mode) if path.suffix == ".gz" else path.open(mode)


def main() -> None:
    """Measure what is lacking, or tell."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path)
    asked.add_argument("--environments", type=Path)
    asked.add_argument("--results", type=Path, required=True, nargs="+")
    asked.add_argument("--minutes", type=float, default=1.0)
    asked.add_argument("--seeds", type=int, nargs="*", default=[0])
    asked.add_argument("--only", nargs="*", default=list(TABLES), choices=list(TABLES))
    asked.add_argument("--systems", nargs="*", default=list(SYSTEMS))
    asked.add_argument("--tell", action="store_true")
    said = asked.parse_args()
    lines = [line for path in said.results if path.exists() for line in kept(path)]
    if said.tell:
        return tell(lines)
    known = {(line["table"], line["seed"], line["system"], line["minutes"]) for line in lines}
    for seed in said.seeds:
        for name in said.only:
            for system in said.systems:
                if (name, seed, system, said.minutes) in known:
                    continue
                line = one(system, name, seed, said.minutes, said.data, said.environments)
                with _opened(said.results[0], "at") as handle:
                    handle.write(json.dumps(line) + "\n")
                shown = line.get("error", f"{line.get('loss', 0):.4f}, {line.get('seconds', 0):.0f} s")
                print(name, seed, system, shown, flush=True)
    return None


if __name__ == "__main__":
    main()
