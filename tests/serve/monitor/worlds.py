"""Small models whose traffic is watched, and an application that is asked in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

import assay
from assay.serve.app import Application
from assay.serve.hosting import Hosted, Hosts
from assay.serve.logs import Log
from assay.serve.monitor.store import Store, open_store
from assay.serve.monitor.watching import Monitor
from assay.serve.server import application
from assay.serve.settings import Settings

from ..worlds import Client as Asking
from ..worlds import Got

NEVER = 1e6  # seconds between two foldings: tests fold themselves
NOON = 1_750_000_000.0


def rows(n: int, seed: int, shift: float = 0.0, town: str = "") -> list[dict[str, Any]]:
    """Two numbers, a name and a date; `shift` moves the first number by standard deviations, `town` is everybody's."""
    rng = np.random.default_rng(seed)
    income, age = rng.normal(50 + 12 * shift, 12, n).round(2), rng.integers(18, 80, n)
    towns = rng.choice(["Aach", "Bonn", "Celle"], n)
    days = (np.datetime64("2024-01-01") + rng.integers(0, 700, n).astype("timedelta64[D]")).astype(str)
    return [
        {"income": float(a), "age": int(b), "town": town or str(c), "since": str(d)}
        for a, b, c, d in zip(income, age, towns, days, strict=True)
    ]


def truth(given: list[dict[str, Any]], seed: int) -> list[str]:
    """What came of rows: it follows the income and the town."""
    rng = np.random.default_rng(seed)
    return [
        "yes" if row["income"] + 8 * (row["town"] == "Bonn") + noise > 52 else "no"
        for row, noise in zip(given, rng.normal(0, 6, len(given)), strict=True)
    ]


@cache
def folder() -> Path:
    """The files of three models: of classes, of a value, and of several labels a row."""
    found, given = Path(mkdtemp(prefix="assay-test-")), rows(600, 0)
    said = truth(given, 1)
    more: dict[str, Any] = {"trials": 1, "learners": ("linear",)}
    table = [{**row, "repaid": answer} for row, answer in zip(given, said, strict=True)]
    assay.train(table, "repaid", checks=("quality",), **more).save(found / "loans.assay")
    noise = np.random.default_rng(2).normal(0, 3, len(given))
    value = [{**row, "spent": round(2 * row["income"] + float(e), 3)} for row, e in zip(given, noise, strict=True)]
    assay.train(value, "spent", checks=(), **more).save(found / "spending.assay")
    flags = [
        {**row, "bought": "|".join(name for name, is_so in (("tea", row["income"] > 50), ("salt", row["age"] > 50)) if is_so)}
        for row in given
    ]  # fmt: skip
    assay.train([row for row in flags if row["bought"]], "bought", task="flags", checks=(), **more).save(
        found / "baskets.assay"
    )
    return found


@cache
def hosted(name: str = "loans") -> Hosted:
    """One of them, as it is served."""
    return Hosts([str(folder() / f"{name}.assay")]).get(name)


def monitor(store: Store | Path, keep_answers: bool = False) -> Monitor:
    """Sums up when told to, always at the same hour."""
    of = open_store(str(store)) if isinstance(store, Path) else store
    return Monitor(of, Log(quiet=True), keep_answers, every=NEVER, clock=lambda: NOON)


def sent(watch: Monitor, given: list[dict[str, Any]], name: str = "loans", request: str = "r1") -> list[Any]:
    """Rows that were answered one by one in one request; gives the answers."""
    said = [hosted(name).model.predict(row) for row in given]
    watch.seen(hosted(name), given, said, request)
    return said


@dataclass
class Client:
    """Asks an application in this process, and ends its watching."""

    app: Application

    def ask(self, method: str, path: str, said: Any = None, request: str = "") -> Got:
        """The answer to one request."""
        more = {"x-request-id": request} if request else {}
        return Asking(self.app).ask(method, path, b"" if said is None else json.dumps(said).encode(), headers=more)

    def close(self) -> None:
        """Let the monitor write and end."""
        if self.app.world.monitor is not None:
            self.app.world.monitor.close()


def client(name: str = "loans", **settings: Any) -> Client:
    """A client of a server of one model."""
    return Client(application(Settings(models=(str(folder() / f"{name}.assay"),), **settings)))
