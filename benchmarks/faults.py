"""Are planted faults found, and does the same data without them stay quiet?

Worlds of 2,000 rows whose truth is known: numbers, names, two classes. Six faults are planted, one at a time: a column that gives the
answer away, a column that stands for a sensitive one, a column that drifts after training, a group whose answers follow another rule, 2 %
of labels turned, and 300 rows that are there twice. A fault counts as found where the check that is about it gives an
alarm ("watch" or "fail") and names what was planted in its sentence or a note; a stand-in for a sensitive column where it is named, as it is no
alarm by itself. Any alarm of a world without a fault is a false one.

    python benchmarks/faults.py [--seeds 100] [--faulty 20] [--only leak,proxy] [--learners constant,linear,boosting]
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta

import assay
from assay.kernel.findings import Finding

N, FRESH = 2_000, 1_000
ASKED = ("leakage", "data", "fairness", "drift", "subgroups", "labels")  # the checks that a planted fault is about
ALARM = ("watch", "fail")
# Share of labels that are turned, in so many rows: 120, of which the first 100 are looked at.
FLIPPED, LARGE = 0.02, 6_000
FIRST, CLEAR = 100, 12.0  # rows that are looked at, and how clear answers are: 3 of 100 are unlikely by nature


@dataclass(frozen=True)
class World:
    """A table, rows of the next year, and which rows or columns are not what they seem."""

    table: pd.DataFrame
    fresh: pd.DataFrame
    flipped: np.ndarray
    truth: np.ndarray  # probability of "yes" of each row of the table
    named: str = ""
    sensitive: tuple[str, ...] = ("sex",)


def world(seed: int, n: int = N, strength: float = 1.0) -> World:
    """A world without a fault."""
    rng = np.random.default_rng(seed)

    def drawn(rows: int) -> tuple[pd.DataFrame, np.ndarray]:
        x = rng.normal(size=(rows, 5))
        town = rng.integers(5, size=rows)
        z = strength * (1.2 * x[:, 0] - 0.9 * x[:, 1] + 0.8 * x[:, 2] * (town < 2) + 0.4 * (town == 3) - 0.2)
        p = 1 / (1 + np.exp(-z))
        y = rng.random(rows) < p
        made = {f"x{i}": x[:, i].round(4) for i in range(5)}
        named = {"town": [f"t{t}" for t in town], "sex": np.where(rng.random(rows) < 0.5, "f", "m")}
        return pd.DataFrame({**made, **named, "y": np.where(y, "yes", "no")}), p

    table, p = drawn(n)
    return World(table, drawn(FRESH)[0], np.zeros(n, dtype=bool), p)


def leak(seed: int) -> World:
    """A column that was written after the answer was known, in 19 of 20 rows."""
    found, rng = world(seed), np.random.default_rng(seed + 10_000)
    late = np.where(found.table["y"] == "yes", 1.0, 0.0) + 0.15 * rng.normal(size=N)
    blurred = rng.random(N) < 0.05
    late[blurred] = rng.normal(0.5, 0.5, blurred.sum())
    return replace(found, table=found.table.assign(paid=late.round(3)), named="paid")


def proxy(seed: int) -> World:
    """A column that stands for the sensitive one."""
    found, rng = world(seed), np.random.default_rng(seed + 20_000)
    job = np.where(rng.random(N) < 0.9, found.table["sex"] == "f", rng.random(N) < 0.5)
    return replace(found, table=found.table.assign(job=np.where(job, "nurse", "smith")), named="job")


def drift(seed: int) -> World:
    """A column that moves by 0.4 standard deviations after training."""
    found = world(seed)
    return replace(found, fresh=found.fresh.assign(x0=found.fresh["x0"] + 0.4), named="x0")


def biased(seed: int) -> World:
    """One sex of whom the answer is "yes" far less often than all that is known of them would say, in the labels."""
    found, rng = world(seed), np.random.default_rng(seed + 30_000)
    lowered = (found.table["sex"] == "f") & (found.table["y"] == "yes") & (rng.random(N) < 0.35)
    return replace(found, table=found.table.assign(y=np.where(lowered, "no", found.table["y"])), named="sex")


def flipped(seed: int) -> World:
    """2 % of labels turned, in a world where the answer is mostly clear."""
    found, rng = world(seed, LARGE, CLEAR), np.random.default_rng(seed + 40_000)
    turned = rng.permutation(LARGE) < round(FLIPPED * LARGE)
    y = found.table["y"].to_numpy()
    table = found.table.assign(y=np.where(turned, np.where(y == "yes", "no", "yes"), y))
    return replace(found, table=table, flipped=turned)


def doubled(seed: int) -> World:
    """300 rows that are there twice."""
    found = world(seed)
    again = found.table.sample(300, random_state=seed)
    table = pd.concat([found.table, again]).sample(frac=1, random_state=seed).reset_index(drop=True)
    return replace(found, table=table)


def trained(given: World, learners: tuple[str, ...], seed: int, trials: int = 3, **more: Any) -> Any:
    return assay.train(
        given.table,
        "y",
        trials=trials,
        seed=seed,
        learners=learners,
        sensitive=given.sensitive,
        **{"membership": "none", "checks": ASKED, **more},
    )


def told(findings: Any) -> dict[str, Finding]:
    return {f.check: f for f in findings}


def named(finding: Finding, name: str) -> bool:
    """Whether the sentence or a note of a finding names what was planted; figures name every column."""
    return any(name in said.text() for said in (finding.say, *finding.notes))


def alarmed(check: str) -> Callable[[World, Any], bool]:
    def found(given: World, model: Any) -> bool:
        finding = told(model.findings)[check]
        return finding.verdict in ALARM and named(finding, given.named)

    return found


def drifted(given: World, model: Any) -> bool:
    finding = told(model.audit(given.fresh, checks=("drift",)).findings)["drift"]
    return finding.verdict in ALARM and named(finding, given.named)


def noticed_twice(given: World, model: Any) -> bool:
    """The check of leakage gives an alarm and counts the 300 rows and their copies."""
    found = told(model.findings)["leakage"]
    share = next((m.value for m in found.measures if m.name == "duplicate_share"), 0.0)
    return found.verdict in ALARM and round(share * len(given.table)) == 600


FAULTS: dict[str, tuple[Callable[[int], World], Callable[[World, Any], bool]]] = {
    "leak": (leak, alarmed("leakage")),
    "proxy": (proxy, lambda given, model: named(told(model.findings)["fairness"], given.named)),  # no alarm by itself
    "drift": (drift, drifted),
    "biased": (biased, alarmed("fairness")),
    "doubled": (doubled, noticed_twice),
}


def between(k: int, n: int) -> str:
    """The 95 % interval of a share (Clopper & Pearson 1934)."""
    low = beta.ppf(0.025, k, n - k + 1) if k else 0.0
    high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
    return f"{k} of {n} ({low:.2f} to {high:.2f})"


def quiet(seeds: int, learners: tuple[str, ...]) -> None:
    """Alarms of worlds without a fault."""
    false: Counter[str] = Counter()
    for seed in range(seeds):
        given = world(seed)
        model = trained(given, learners, seed)
        found = told(model.findings) | {"drift": told(model.audit(given.fresh, checks=("drift",)).findings)["drift"]}
        loud = {check for check in ASKED if found[check].verdict in ALARM}
        false.update(loud)
        false["any of them"] += bool(loud)
        for check in sorted(loud):
            print(f"  seed {seed}: {check}: {found[check].say.text()[:150]}", flush=True)
    print(f"\nwithout a fault, {seeds} seeds; alarms that are false")
    for check in (*ASKED, "any of them"):
        print(f"  {check:12} {between(false[check], seeds)}", flush=True)


def turned(seeds: int, learners: tuple[str, ...]) -> None:
    """How many of the 100 rows whose labels are doubted most were turned."""
    for way in ("quick", "standard"):
        shares, best, loud = list[float](), list[float](), 0
        for seed in range(seeds):
            given = flipped(seed)
            model = trained(given, learners, seed, **{"membership": way, "checks": (*ASKED, "membership")})
            loud += told(model.findings)["labels"].verdict in ALARM
            annex = model.exposure
            first = np.argsort(-np.nan_to_num(annex.doubt, nan=-1.0), kind="stable")[:FIRST]
            shares.append(float(given.flipped[annex.rows[first] - 1].mean()))
            doubt = np.where(given.table["y"] == "yes", 1 - given.truth, given.truth)
            best.append(float(given.flipped[np.argsort(-doubt, kind="stable")[:FIRST]].mean()))
        few = f"{np.min(shares):.2f} to {np.max(shares):.2f}; by the truth itself {np.mean(best):.3f}"
        print(
            f"  {'turned':12} precision@{FIRST} {np.mean(shares):.3f} ({few}), refits: {way}; alarm {between(loud, seeds)}"
        )


def main() -> None:
    """Print what was found and what was false."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seeds", type=int, default=100)
    asked.add_argument("--faulty", type=int, default=20)
    asked.add_argument("--only", default="quiet,leak,proxy,drift,biased,doubled,turned")
    asked.add_argument("--learners", default="constant,linear,boosting")
    said = asked.parse_args()
    learners, only = tuple(said.learners.split(",")), said.only.split(",")
    started = time.perf_counter()
    if "quiet" in only:
        quiet(said.seeds, learners)
    print(f"\nwith a fault, {said.faulty} seeds each; found")
    for name, (make, found) in FAULTS.items():
        if name in only:
            given = [make(1_000 + seed) for seed in range(said.faulty)]
            hits = sum(found(one, trained(one, learners, seed)) for seed, one in enumerate(given))
            print(f"  {name:12} {between(hits, said.faulty)}", flush=True)
    if "turned" in only:
        turned(max(1, said.faulty // 4), learners)
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
