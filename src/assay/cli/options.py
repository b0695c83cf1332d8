"""Which options do several verbs share, and what do they mean to the rest of the house?"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from assay.kernel.errors import RequestError
from assay.kernel.plan import WAYS_TO_SHIP
from assay.kernel.words import LANGUAGES, Say, refusal

from .speech import helped


def common(parser: argparse.ArgumentParser, lang: str) -> None:
    """Language, JSON, and debugging: every verb has them."""
    parser.add_argument("--lang", choices=LANGUAGES, default=lang, help=helped("lang", lang))
    parser.add_argument("--json", action="store_true", help=helped("json", lang))
    parser.add_argument("--debug", action="store_true", help=helped("debug", lang))


def reading(parser: argparse.ArgumentParser, lang: str) -> None:
    """How a source is read, where it does not tell by itself."""
    group = parser.add_argument_group(helped("reading", lang))
    group.add_argument("--sheet", help=helped("sheet", lang))
    group.add_argument("--query", help=helped("query", lang))
    group.add_argument("--encoding", metavar="NAME", help=helped("encoding", lang))
    group.add_argument("--header", action=argparse.BooleanOptionalAction, default=None, help=helped("header", lang))


def reading_options(parsed: argparse.Namespace) -> dict[str, Any]:
    """The reading options that were given."""
    given = {name: getattr(parsed, name, None) for name in ("sheet", "query", "encoding", "header")}
    return {name: value for name, value in given.items() if value is not None}


def reading_again(parsed: argparse.Namespace) -> str:
    """The reading options that were given as they are written in a command: " --sheet Loans", "" for none."""
    given = reading_options(parsed)
    header = given.pop("header", None)
    said = [f" --{name} {shlex.quote(str(value))}" for name, value in given.items()]
    return "".join(said) + ("" if header is None else " --header" if header else " --no-header")


def wishes(parser: argparse.ArgumentParser, lang: str) -> None:
    """What a person may decide before training."""
    parser.add_argument("data", help=helped("table", lang))
    parser.add_argument("--target", default="", metavar="COLUMN", help=helped("target", lang))
    parser.add_argument("--minutes", type=float, default=None, help=helped("minutes", lang))
    parser.add_argument("--trials", type=int, metavar="N", help=helped("trials", lang))
    parser.add_argument("--readable", action="store_true", help=helped("readable", lang))
    parser.add_argument("--ship", choices=WAYS_TO_SHIP, default="", help=helped("ship", lang))
    parser.add_argument("--latency", default="", metavar="TIME", help=helped("latency", lang))
    group = parser.add_argument_group(helped("overruling", lang))
    group.add_argument("--task", default="", help=helped("task", lang))
    group.add_argument("--kind", action="append", default=[], metavar="COLUMN=KIND", help=helped("kind", lang))
    group.add_argument(
        "--reference", action="append", default=[], metavar="COLUMN=PICTURES", help=helped("reference", lang)
    )
    for name in ("id", "sensitive", "audit-only", "drop", "feature", "learner", "also"):
        group.add_argument(f"--{name}", action="append", default=[], metavar="NAME" if name in ("learner", "also") else "COLUMN",
                           help=helped(name.replace("-", "_"), lang))  # fmt: skip
    group.add_argument("--mitigate", action="append", default=[], metavar="COLUMN=HOW", help=helped("mitigate", lang))
    group.add_argument("--favourable", default="", metavar="CLASS", help=helped("favourable", lang))
    group.add_argument("--cost", action="append", default=[], metavar="CLASS=NUMBER", help=helped("cost", lang))
    for name in ("group", "time", "weight"):
        group.add_argument(f"--{name}", default="", metavar="COLUMN", help=helped(name, lang))
    group.add_argument("--group-by-name", dest="by_name", action=argparse.BooleanOptionalAction, default=True,
                       help=helped("by_name", lang))  # fmt: skip
    group.add_argument("--encoder", default="", metavar="FOLDER", help=helped("encoder", lang))
    group.add_argument("--folds", type=int, help=helped("folds", lang))
    group.add_argument("--sealed", type=float, default=None, metavar="SHARE", help=helped("sealed", lang))
    group.add_argument("--memory", default="", metavar="AMOUNT", help=helped("memory", lang))
    group.add_argument("--level", type=float, default=None, help=helped("level", lang))
    group.add_argument("--privacy", type=float, default=None, metavar="EPSILON", help=helped("privacy", lang))
    group.add_argument("--delta", type=float, default=None, help=helped("delta", lang))
    group.add_argument("--schema", default=None, metavar="FILE", help=helped("schema", lang))
    group.add_argument("--seed", type=int, default=0, help=helped("seed", lang))


def wished(parsed: argparse.Namespace) -> dict[str, Any]:
    """Those options as keyword arguments of `assay.plan` and `assay.train`."""
    kinds = kinds_of(parsed.kind)
    for text in parsed.reference:
        name, sign, pictures = text.partition("=")
        if not (sign and name and pictures):
            raise refusal(RequestError, "cli", "no_reference", text=text)
        kinds[name] = f"picture:against {pictures}"
    if none := [name for name in ("trials", "folds") if getattr(parsed, name) == 0]:  # left away, they are None
        wrong = [Say("planning", f"wish.{name}", {"value": "0"}) for name in none]
        raise refusal(RequestError, "planning", "wishes", wrong=wrong)
    return {
        "task": parsed.task,
        "kinds": kinds,
        "ids": tuple(parsed.id),
        "sensitive": tuple(parsed.sensitive),
        "audit_only": tuple(parsed.audit_only),
        "favourable": parsed.favourable,
        "mitigate": mitigations_of(parsed.mitigate),
        "costs": costs_of(parsed.cost),
        "drop": tuple(parsed.drop),
        "features": tuple(parsed.feature),
        "learners": tuple(parsed.learner),
        "also": tuple(parsed.also),
        "encoder": parsed.encoder,
        "group": parsed.group,
        "by_name": parsed.by_name,
        "time": parsed.time,
        "weight": parsed.weight,
        "minutes": parsed.minutes,
        "trials": parsed.trials or 0,
        "folds": parsed.folds or 0,
        "sealed": parsed.sealed,
        "level": parsed.level,
        "readable": parsed.readable,
        "ship": parsed.ship,
        "latency": parsed.latency,
        "memory": parsed.memory,
        "privacy": parsed.privacy,
        "delta": parsed.delta,
        "schema": parsed.schema,
        "seed": parsed.seed,
    }


def kinds_of(texts: list[str]) -> dict[str, str]:
    """The kinds of --kind COLUMN=KIND. Raises RequestError."""
    kinds, wrong = {}, []
    for text in texts:
        name, sign, kind = text.rpartition("=")
        if not sign or not name:
            wrong.append(text)
        kinds[name] = kind
    if wrong:
        raise refusal(RequestError, "cli", "no_kind", texts=wrong)
    return kinds


def mitigations_of(texts: list[str]) -> dict[str, str]:
    """What is asked for by --mitigate COLUMN=HOW. Raises RequestError."""
    if wrong := [text for text in texts if not all(text.rpartition("="))]:
        raise refusal(RequestError, "cli", "no_mitigate", texts=wrong)
    return {name: how for name, _, how in (text.rpartition("=") for text in texts)}


def costs_of(texts: list[str]) -> dict[str, float]:
    """What mistakes cost, of --cost CLASS=NUMBER. Raises RequestError."""
    found, wrong = {}, []
    for text in texts:
        label, _, number = text.rpartition("=")
        try:
            cost = float(number)
        except ValueError:
            label = ""
        if not label or label in found:
            wrong.append(text)
        else:
            found[label] = cost
    if wrong:
        raise refusal(RequestError, "cli", "no_cost", texts=wrong)
    return found


def stem(source: str) -> str:
    """The name of a source without folder and endings: where results go by default.

    >>> stem("data/loans.csv.gz"), stem("sqlite:///bank.db"), stem("reviews/"), stem("reviews.tar.gz")
    ('loans', 'bank', 'reviews', 'reviews')
    """
    path = Path(source.rpartition("///")[2] or source)
    name = path.name if path.name not in ("", "..") else path.resolve().name  # "." is the folder one is in
    for ending in (
        ".gz",
        ".bz2",
        ".xz",
        ".tar",
        ".tgz",
        ".zip",
        ".csv",
        ".tsv",
        ".txt",
        ".parquet",
        ".xlsx",
        ".jsonl",
        ".json",
        ".db",
        ".sqlite",
    ):
        name = name.removesuffix(ending)
    return name or "model"


def writable(path: Path, *sources: str | None, option: str = "-o") -> Path:
    """The path, once it is known that a file can be made there, and that it is none of the sources.

    Found out before any training. Raises RequestError.
    """
    folder = path.parent
    if path.is_dir():
        raise refusal(RequestError, "cli", "a_folder", path=str(path), option=option)
    if any(source and path.exists() and os.path.exists(source) and path.samefile(source) for source in sources):
        raise refusal(RequestError, "cli", "a_source", path=str(path))
    if not folder.is_dir():
        raise refusal(RequestError, "cli", "no_folder", folder=str(folder), option=option)
    if not os.access(folder, os.W_OK):
        raise refusal(RequestError, "cli", "locked_folder", folder=str(folder), option=option)
    return path


def tell(text: str = "") -> None:
    """To people, beside any JSON on standard output."""
    print(text, file=sys.stderr, flush=True)
