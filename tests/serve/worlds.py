"""Small models that are served, and a client that asks the application in this process."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

import assay
from assay.model import Model
from assay.serve.app import Application
from assay.serve.server import application
from assay.serve.settings import Settings

TOKEN = "a-token-that-nobody-guesses"


def table(rows: int = 300, seed: int = 0) -> dict[str, list[Any]]:
    """Two numbers, a name, a flag and a date; the answer follows the first number and the name."""
    rng = np.random.default_rng(seed)
    income, age = rng.normal(50, 12, rows).round(2), rng.integers(18, 80, rows)
    purpose = rng.choice(["car", "house", "school"], rows)
    said = income + 8 * (purpose == "house") + rng.normal(0, 6, rows) > 52
    days = (np.datetime64("2024-01-01") + rng.integers(0, 700, rows).astype("timedelta64[D]")).astype(str)
    return {
        "income": income.tolist(),
        "age": age.tolist(),
        "purpose": purpose.tolist(),
        "owner": rng.choice(["yes", "no"], rows).tolist(),
        "since": days.tolist(),
        "repaid": np.where(said, "yes", "no").tolist(),
    }


@cache
def loans() -> Model:
    """A linear model of two classes."""
    return assay.train(table(), "repaid", trials=1, learners=("linear",), checks=("calibration",))


@cache
def amounts() -> Model:
    """A linear model of a value."""
    data = {**table(), "repaid": (2.0 * np.asarray(table()["income"]) + 1).round(3).tolist()}
    return assay.train(data, "repaid", trials=1, learners=("linear",), checks=())


@cache
def saved(name: str = "loans") -> Path:
    """A folder with the file of a model."""
    folder = Path(mkdtemp(prefix="assay-test-"))
    {"loans": loans, "amounts": amounts}[name]().save(folder / f"{name}.assay")
    return folder / f"{name}.assay"


ROW: Mapping[str, Any] = {"income": 61.5, "age": 40, "purpose": "house", "owner": "yes", "since": "2024-05-01"}


@dataclass
class Got:
    """One answer of the application."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Client:
    """Asks an application in this process, as uvicorn would."""

    app: Application
    headers: Mapping[str, str] = field(default_factory=lambda: {"host": "localhost"})

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Sequence[bytes] = b"",
        headers: Mapping[str, str] | None = None,
        pairs: Sequence[tuple[bytes, bytes]] = (),
        client: str = "127.0.0.1",
    ) -> Got:
        """The answer to one request; a body may come in pieces, a header may be given twice by `pairs`."""
        pieces = [body] if isinstance(body, bytes) else list(body)
        road, _, query = path.partition("?")
        given = [(k.encode(), v.encode()) for k, v in {**self.headers, **(headers or {})}.items()]
        scope = {
            "type": "http",
            "method": method,
            "path": road,
            "query_string": query.encode(),
            "headers": [*given, *pairs],
            "client": (client, 5000),
        }
        got, whole = Got(0, {}), threading.Event()

        async def receive() -> dict[str, Any]:
            if whole.is_set():  # it waits for its answer
                await asyncio.Event().wait()
            if not pieces:
                return {"type": "http.disconnect"}
            body = pieces.pop(0)
            if not pieces:
                whole.set()
            return {"type": "http.request", "body": body, "more_body": bool(pieces)}

        async def send(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                got.status, got.headers = message["status"], dict(message["headers"])
            else:
                got.body += message.get("body", b"")

        asyncio.run(self.app(scope, receive, send))
        return got

    def post(self, path: str, said: Any, **more: Any) -> Got:
        """The answer to a body of JSON."""
        return self.ask("POST", path, json.dumps(said).encode(), **more)


def client(*names: str, **settings: Any) -> Client:
    """A client of a server of some models."""
    return Client(application(Settings(models=tuple(str(saved(name)) for name in names or ("loans",)), **settings)))
