"""Are memory and time kept on tables of millions of rows?

Makes Parquet tables of 20 columns (numbers, names, dates, a switch; a target to be learnt), chunk by chunk, trains on each in
a process of its own and prints what the system says of that process: the largest memory it ever held and the seconds it took,
beside the log-loss and the area under ROC that its report states. Two questions:

    python benchmarks/big_tables.py --minutes 2 --memory 800MB         # is the limit kept, is the budget kept
    python benchmarks/big_tables.py --growth                           # a fixed amount of work: how does time grow with rows

Goals: at most 800 MB at five million rows; time grows no faster than n^1.05; the budget is overrun by 5 % or 5 s at most.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

SIZES = (50_000, 500_000, 5_000_000)
CHUNK = 250_000
NUMBERS = 12
LEVELS = {"shop": 8, "region": 200, "customer": 100_000}
DAYS = 3_650


def chunk(rows: int, rng: np.random.Generator, rare: float) -> pa.Table:
    """Some rows of the table; `rare` moves the log-odds so that about that share is positive."""
    x = rng.normal(size=(NUMBERS, rows))
    x[1] = np.exp(x[1])
    codes = {name: (k * rng.random(rows) ** 2).astype(np.int64) for name, k in LEVELS.items()}
    days = rng.integers(0, DAYS, rows)
    switch = rng.random(rows) < 0.3
    score = (
        x[0] * x[2] + np.sin(2 * x[3]) + 0.5 * np.log1p(x[1]) + 0.4 * (codes["shop"] % 3) - 0.6 * (codes["region"] % 2)
    )
    score = score + 0.5 * switch * x[4] + 0.3 * np.sin(days / 58.0) - 1.0
    y = rng.random(rows) < 1 / (1 + np.exp(-(score + math.log(rare / (1 - rare)))))
    x[5][rng.random(rows) < 0.05] = np.nan
    columns: dict[str, pa.Array] = {f"x{i}": pa.array(x[i], from_pandas=True) for i in range(NUMBERS)}
    for name, cells in codes.items():
        columns[name] = pa.array([f"{name} {k}" for k in cells.tolist()])
    columns["day"] = pa.array(np.datetime64("2015-01-01") + days, type=pa.date32())
    moments = np.datetime64("2020-01-01T00:00:00", "s") + rng.integers(0, 86_400 * 365, rows)
    columns["moment"] = pa.array(moments.astype("datetime64[us]"))
    columns["switch"] = pa.array(switch)
    columns["count"] = pa.array(rng.poisson(20, rows))
    columns["y"] = pa.array(np.where(y, "yes", "no"))
    return pa.table(columns)


def make(path: Path, rows: int, rare: float = 0.5, seed: int = 0) -> Path:
    """A table of that many rows in a file, .parquet or .csv, unless it is there."""
    if path.exists():
        return path
    rng = np.random.default_rng(seed)
    partial = path.with_suffix(path.suffix + ".part")
    writer = None
    for start in range(0, rows, CHUNK):
        part = chunk(min(CHUNK, rows - start), rng, rare)
        if writer is None:
            kind = pyarrow.csv.CSVWriter if path.suffix == ".csv" else pyarrow.parquet.ParquetWriter
            writer = kind(partial, part.schema)
        writer.write_table(part)
    assert writer is not None
    writer.close()
    partial.rename(path)
    return path


def trained(path: Path, **wishes: object) -> dict[str, object]:
    """One training in a process of its own: what it came to, and what the system says of the process."""
    began = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, __file__, "--child", str(path), json.dumps(wishes)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)  # of this very process alone
    child.returncode = os.waitstatus_to_exitcode(status)
    found: dict[str, object] = {
        "seconds": round(time.monotonic() - began, 1),
        "peak_mb": round(usage.ru_maxrss * 1024 / 1e6),
    }
    found["cpu_seconds"] = round(usage.ru_utime + usage.ru_stime, 1)  # what other programs take is not in it
    if child.returncode:
        return found | {"failed": child.returncode}
    return found | json.loads(said.splitlines()[-1])


def child(path: str, wishes: dict[str, object]) -> None:
    """Within that process."""
    import assay
    from assay.kernel.clock import Clock

    clock = Clock.start(60 * float(str(wishes.get("minutes", 2.0))))
    if rounds := int(str(wishes.pop("rounds", 0))):
        fix_work(rounds)
    model = assay.train(path, "y", clock=clock, **wishes)
    model.save(Path(path).with_suffix(".assay"))
    model.report.save(Path(path).with_suffix(".html"))
    quality = next(f for f in model.findings if f.check == "quality")
    figures = {m.key: m.value for m in quality.measures if m.key in ("log_loss", "auc")}
    blend = [f"{m['name']} {m['weight']:.2f}" for m in model.card["blend"]]
    print(json.dumps(figures | {"blend": ", ".join(blend), "rows": dict(model.card.get("whole") or {})}))


def fix_work(rounds: int) -> None:
    """One boosting candidate of so many rounds, however many rows there are and whatever the clock says."""
    from assay.kernel.plan import Candidate
    from assay.kernel.settings import settings_of
    from assay.learners.boosting import Boosting
    from assay.planning import draw

    boosting = Boosting(rounds=rounds, patience=500)
    one = [
        Candidate(name="constant", learner="constant", settings={}),
        Candidate(name="boosting", learner="boosting", settings=settings_of(boosting)),
    ]
    draw.candidates = lambda *_: (one, [])  # type: ignore[assignment]


def main() -> None:
    if len(sys.argv) == 4 and sys.argv[1] == "--child":
        return child(sys.argv[2], json.loads(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("big_tables"))
    parser.add_argument("--rows", type=int, nargs="*", default=SIZES)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--memory", default="")
    parser.add_argument("--rare", type=float, default=0.5, help="share of positives, roughly")
    parser.add_argument("--csv", action="store_true")
    parser.add_argument("--growth", action="store_true", help="fixed work instead of a fixed time")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    ending = "csv" if asked.csv else "parquet"
    wishes: dict[str, object] = {"minutes": asked.minutes} | ({"memory": asked.memory} if asked.memory else {})
    if asked.growth:
        wishes |= {"minutes": 240.0, "rounds": 40, "folds": 3, "sealed": 0.2}
    took = []
    for rows in asked.rows:
        path = make(asked.folder / f"{rows}-{asked.rare:g}.{ending}", rows, asked.rare)
        found = trained(path, **wishes)
        took.append(float(str(found["cpu_seconds"])))
        print(f"{rows:>9,} rows", json.dumps(found), flush=True)
    for (a, b), (s, t) in zip(itertools.pairwise(asked.rows), itertools.pairwise(took), strict=True):
        print(
            f"from {a:,} to {b:,} rows: processor time grew by {t / s:.2f}, an exponent of {math.log(t / s) / math.log(b / a):.2f}"
        )


if __name__ == "__main__":
    main()
