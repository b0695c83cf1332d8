"""Which options do several verbs share, and what do they mean to the rest of the house?"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from assay.kernel.errors import RequestError
from assay.kernel.words import LANGUAGES


def common(parser: argparse.ArgumentParser) -> None:
    """Language, JSON, and debugging: every verb has them."""
    spoken = "zh" if os.environ.get("LANG", "").startswith("zh") else "en"
    parser.add_argument("--lang", choices=LANGUAGES, default=spoken, help=f"language of sentences (default: {spoken})")
    parser.add_argument("--json", action="store_true", help="print JSON for programs instead of text")
    parser.add_argument("--debug", action="store_true", help="show a traceback if assay breaks")


def reading(parser: argparse.ArgumentParser) -> None:
    """How a source is read, where it does not tell by itself."""
    group = parser.add_argument_group("reading")
    group.add_argument("--sheet", help="sheet of an Excel file (default: the first)")
    group.add_argument("--query", help="SQL query, when the source is a database URL such as sqlite:///loans.db")
    group.add_argument("--header", action=argparse.BooleanOptionalAction, default=None,
                       help="whether the first row of a text table or sheet names the columns (default: found out)")  # fmt: skip


def reading_options(parsed: argparse.Namespace) -> dict[str, Any]:
    """The reading options that were given."""
    given = {name: getattr(parsed, name, None) for name in ("sheet", "query", "header")}
    return {name: value for name, value in given.items() if value is not None}


def wishes(parser: argparse.ArgumentParser) -> None:
    """What a person may decide before training."""
    parser.add_argument("data", help="CSV, Parquet, Excel, JSON lines, or a database URL")
    parser.add_argument("--target", required=True, metavar="COLUMN", help="the column to be learnt")
    parser.add_argument("--minutes", type=float, default=2.0, help="time budget of the whole run (default: 2)")
    group = parser.add_argument_group("overruling the plan (repeat an option to name several)")
    group.add_argument("--task", default="", help="what the target means: binary, classes or value")
    group.add_argument("--kind", action="append", default=[], metavar="COLUMN=KIND",
                       help="number, category, flag, date or text")  # fmt: skip
    for name, about in (
        ("id", "names the row; never learnt from, written beside the answers"),
        ("sensitive", "learnt from, and always looked at apart by the checks"),
        ("drop", "left out"),
        ("feature", "learnt from, although it looks like an id"),
        ("learner", "try only this learner"),
    ):
        group.add_argument(f"--{name}", action="append", default=[], metavar="COLUMN" if name != "learner" else "NAME",
                           help=about)  # fmt: skip
    for name, about in (
        ("group", "rows of one value always stay together (patient, customer)"),
        ("time", "learn the past, predict the future by this column"),
        ("weight", "how much each row counts"),
    ):
        group.add_argument(f"--{name}", default="", metavar="COLUMN", help=about)
    group.add_argument("--folds", type=int, default=0, help="number of folds (default: by the number of rows)")
    group.add_argument("--level", type=float, default=0.9, help="coverage of sets and intervals (default: 0.9)")
    group.add_argument("--seed", type=int, default=0, help="the same seed gives the same plan and folds (default: 0)")


def wished(parsed: argparse.Namespace) -> dict[str, Any]:
    """Those options as keyword arguments of `assay.plan` and `assay.train`."""
    kinds, wrong = {}, []
    for text in parsed.kind:
        name, sign, kind = text.rpartition("=")
        if not sign or not name:
            wrong.append(text)
        kinds[name] = kind
    if wrong:
        raise RequestError(f"--kind {' '.join(wrong)} says no kind.", "It looks like --kind zip=category.")
    return {
        "task": parsed.task,
        "kinds": kinds,
        "ids": tuple(parsed.id),
        "sensitive": tuple(parsed.sensitive),
        "drop": tuple(parsed.drop),
        "features": tuple(parsed.feature),
        "learners": tuple(parsed.learner),
        "group": parsed.group,
        "time": parsed.time,
        "weight": parsed.weight,
        "minutes": parsed.minutes,
        "folds": parsed.folds,
        "level": parsed.level,
        "seed": parsed.seed,
    }


def stem(source: str) -> str:
    """The name of a source without folder and endings: where results go by default.

    >>> stem("data/loans.csv.gz"), stem("sqlite:///bank.db")
    ('loans', 'bank')
    """
    name = Path(source.rpartition("///")[2] or source).name
    for ending in (".gz", ".csv", ".tsv", ".txt", ".parquet", ".xlsx", ".jsonl", ".json", ".db", ".sqlite"):
        name = name.removesuffix(ending)
    return name or "model"


def writable(path: Path, *sources: str | None) -> Path:
    """The path, once it is known that a file can be made there, and that it is none of the sources.

    Found out before any training. Raises RequestError.
    """
    folder = path.parent
    if path.is_dir():
        raise RequestError(f"{path} is a folder.", "Results are a file.", "Name a file in it with -o.")
    if any(source and path.exists() and os.path.exists(source) and path.samefile(source) for source in sources):
        raise RequestError(f"{path} is what is read.", "It would be written over.", "Name another file with -o.")
    if not folder.is_dir():
        raise RequestError(f"There is no folder {folder}.", "Results need one.", "Make it, or name another with -o.")
    if not os.access(folder, os.W_OK):
        raise RequestError(f"The folder {folder} cannot be written to.", "", "Name another place with -o.")
    return path


def tell(text: str = "") -> None:
    """To people, beside any JSON on standard output."""
    print(text, file=sys.stderr, flush=True)
