"""What do ten million rows cost in this column store, and what in Arrow columns?

Writes a table of six columns to a temporary file and reads it in one process a way, so that each peak of memory is its
own. Prints seconds, megabytes and ratios to Arrow columns of strings:

    python benchmarks/readers_scale.py            # one million rows
    python benchmarks/readers_scale.py --millions 10
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

CHUNK = 500_000
WAYS = ("arrow strings", "arrow dictionary", "arrow inferred", "assay", "assay, one ragged row in 500,000")


def write(path: Path, rows: int, ragged: bool) -> None:
    """Six columns: a number of many digits, a whole number, a code, a town, a flag, a day."""
    rng = np.random.default_rng(0)
    towns = np.array([f"town {k}" for k in range(5000)])
    days = np.array([f"20{y:02d}-{m:02d}-{d:02d}" for y in range(10, 24) for m in range(1, 13) for d in range(1, 29)])
    with path.open("w") as file:
        file.write("amount,account,grade,town,flag,day\n")
        for start in range(0, rows, CHUNK):
            n = min(CHUNK, rows - start)
            columns = [
                np.char.mod("%.6f", rng.normal(size=n)),
                (start + np.arange(n)).astype(str),
                np.array(list("ABCDEFG"))[rng.integers(7, size=n)],
                towns[rng.integers(len(towns), size=n)],
                np.array(["yes", "no"])[rng.integers(2, size=n)],
                days[rng.integers(len(days), size=n)],
            ]
            lines = list(map(",".join, zip(*columns, strict=True)))
            if ragged:
                lines[0] += ",,"
            file.write("\n".join(lines) + "\n")


def read(way: str, path: Path) -> Any:
    """The table, read in one of the ways."""
    if way.startswith("assay"):
        from assay.readers.csv import Csv

        return Csv.read(path)
    import pyarrow as pa
    import pyarrow.csv

    names = ["amount", "account", "grade", "town", "flag", "day"]
    kind = {"arrow strings": pa.string(), "arrow dictionary": pa.dictionary(pa.int32(), pa.string())}.get(way)
    options = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, kind) if kind else None)
    return pyarrow.csv.read_csv(path, convert_options=options)


def kept(table: Any) -> float:
    """Megabytes the columns take."""
    if hasattr(table, "nbytes"):
        return float(table.nbytes / 1e6)
    size = 0
    for column in table:
        size += column.cells.nbytes
        if column.levels is not None:
            size += column.levels.nbytes + sum(sys.getsizeof(level) for level in column.levels)
    return size / 1e6


def encoded_seconds(table: Any) -> float:
    """What the first use costs: float64 of one number column, int32 codes of one column of words."""
    started = time.perf_counter()
    if hasattr(table, "nbytes"):
        import pyarrow as pa
        import pyarrow.compute as pc

        amount, town = table.column("amount"), table.column("town")
        if pa.types.is_dictionary(amount.type):
            amount = pc.cast(amount, pa.string())
        pc.cast(amount, pa.float64()).to_numpy()
        if not pa.types.is_dictionary(town.type):
            town = town.dictionary_encode()
        town.unify_dictionaries().combine_chunks().indices.to_numpy()
    else:
        assert table["amount"].store == "numbers"
        assert table["town"].store == "words"
    return time.perf_counter() - started


def measure(way: str, path: Path) -> dict[str, float]:
    """Figures of one way, in this process."""
    started = time.perf_counter()
    table = read(way, path)
    seconds = time.perf_counter() - started
    first_use = encoded_seconds(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {"seconds": seconds, "first_use": first_use, "peak": peak, "kept": kept(table)}


def main() -> None:
    """Write, measure each way in a process of its own, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, default=1.0)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(measure(given.way, given.path)))
        return
    rows = int(given.millions * 1e6)
    with tempfile.TemporaryDirectory() as folder:
        regular, bruised = Path(folder, "regular.csv"), Path(folder, "bruised.csv")
        write(regular, rows, ragged=False)
        write(bruised, rows, ragged=True)
        print(f"{rows:,} rows x 6 columns, {regular.stat().st_size / 1e6:,.0f} MB of CSV")
        found: dict[str, dict[str, float]] = {}
        for way in WAYS:
            path = bruised if "ragged" in way else regular
            command = [sys.executable, __file__, "--way", way, "--path", str(path)]
            found[way] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    base = found["arrow strings"]
    print(f"{'way':34} {'read s':>8} {'first use s':>12} {'peak MB':>9} {'kept MB':>9} {'x seconds':>10} {'x kept':>8}")
    for way, row in found.items():
        total, usual = row["seconds"] + row["first_use"], base["seconds"] + base["first_use"]
        print(
            f"{way:34} {row['seconds']:8.1f} {row['first_use']:12.2f} {row['peak']:9,.0f} {row['kept']:9,.0f} "
            f"{total / usual:10.2f} {row['kept'] / base['kept']:8.2f}"
        )


if __name__ == "__main__":
    main()
