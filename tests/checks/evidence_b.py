"""Small worlds in which the true answer is known, as Evidence for the checks that judge scores, sets and reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset
from assay.kernel.findings import Finding
from assay.kernel.plan import Plan, Splits
from assay.kernel.plugins import Codec, Contender, Evidence, Honest
from assay.kernel.words import Say
from assay.stats.bootstrap import plain
from assay.tasks.binary import Binary
from assay.tasks.classes import Classes
from assay.tasks.value import Value


@dataclass(frozen=True, eq=False)
class Sum:
    """A model that adds weighted columns; `order` says whose pull it names (a liar names another's)."""

    weights: np.ndarray  # [parts, w]
    order: tuple[int, ...]
    missing_pull: float = 0.0  # what it forgets to tell
    seconds: float = 0.0
    tick: Any = None  # called with seconds for each asking

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(f"x{j}" for j in range(len(self.weights)))

    @property
    def folds(self) -> int:
        return 3

    def scores(self, data: Dataset, folds: Any = None) -> np.ndarray:
        if self.tick:
            self.tick(self.seconds)
        return self._matrix(data) @ self.weights

    def contributions(self, data: Dataset, folds: Any = None) -> np.ndarray:
        if self.tick:
            self.tick(self.seconds)
        x = self._matrix(data)
        pulls = (x[:, :, None] * self.weights)[:, list(self.order)]
        base = np.full((len(x), 1, self.weights.shape[1]), self.missing_pull)
        return np.concatenate([pulls, base], axis=1)

    def size_bytes(self) -> int:
        return 123_000

    def _matrix(self, data: Dataset) -> np.ndarray:
        return np.column_stack([data[name].cells for name in self.parts])


def model(*weights: Any, order: tuple[int, ...] = (), **more: Any) -> Sum:
    """A sum of columns with these weights."""
    table = np.asarray(weights, dtype=float).reshape(len(weights), -1)
    return Sum(table, order or tuple(range(len(weights))), **more)


def evidence(
    *,
    n: int = 500,
    seed: int = 0,
    labels: tuple[str, ...] = ("no", "yes"),
    weights: Any = (1.0, 0.5, 0.25),
    distort: Any = None,  # scores told, as a function of the true ones
    model_: Sum | None = None,
    noise: float = 1.0,
    level: float = 0.9,
    rows: str = "cross-fitted",
    **more: Any,
) -> Evidence:
    """Rows whose y is drawn from the true scores; what the model tells are `distort`ed ones."""
    rng = np.random.default_rng(seed)
    truth = model(*weights)
    x = rng.normal(size=(n, len(truth.weights)))
    data = Dataset(tuple(Column.of_numbers(f"x{j}", x[:, j], kind="number") for j in range(x.shape[1])))
    s = truth.scores(data)
    task: Any = Binary() if len(labels) == 2 else Classes() if labels else Value()
    if not labels:
        y = s[:, 0] + noise * rng.normal(size=n)
    else:
        p = task.answers(s)
        y = (rng.random((n, 1)) > p.cumsum(axis=1)).sum(axis=1).clip(0, p.shape[1] - 1)
    told = s if distort is None else distort(s)
    codec = Codec(labels=labels)
    constant = np.tile(task.constant(y, None, codec), (n, 1))
    fields: dict[str, Any] = {
        "rows": rows, "data": data, "raw": data, "task": task, "codec": codec, "y": y, "weight": None,
        "plan": plan(task.about.key, n, level), "scores": told, "uncalibrated": told,
        "folds": np.arange(n) % 3 if rows == "cross-fitted" else None, "constant": constant, "contenders": (),
        "honest": honest(task, codec, told, None, constant, y), "sets": None, "intervals": None, "ledger": (),
        "model": model_ or truth, "seconds": 12.0, "seed": seed, "clock": Clock.start(60.0),
    }  # fmt: skip
    return Evidence(**{**fields, **more})


def plan(task: str, n: int, level: float = 0.9, group: str = "") -> Plan:
    why = Say("auditing", "no_time")
    return Plan(data={"rows": n}, target="y", task=task, task_why=why, level=level, splits=Splits(group=group))


def honest(task: Any, codec: Codec, scores: Any, readable: Any, constant: Any, y: Any) -> Honest:
    metrics = task.metrics(codec)[:1]
    of = [m.of for m in metrics]

    def draws(found: Any) -> np.ndarray:
        return plain(found, y, None, of, np.random.default_rng(7), Clock.start(), rounds=60)

    return Honest(
        metrics=tuple(m.key for m in metrics),
        draws=draws(scores),
        apparent=np.asarray([f(scores, y, None) for f in of]),
        constant=np.asarray([f(constant, y, None) for f in of]),
        readable=None if readable is None else draws(readable),
    )


def with_readable(e: Evidence, scores: Any, **detail: Any) -> Evidence:
    """The same with a readable contender of these scores beside a complex one."""
    contenders = (
        Contender(name="boosting", learner="boosting", readable=False, scores=e.scores, seconds=1.0),
        Contender(name="line", learner="linear", readable=True, scores=scores, seconds=0.1, detail=detail),
    )
    return replace(e, contenders=contenders, honest=honest(e.task, e.codec, e.scores, scores, e.constant, e.y))


def at_most(share: float, trials: int, sure: float = 1e-3) -> int:
    """The largest number of alarms in `trials` that a rate of `share` explains, but for one run in a thousand."""
    from scipy.stats import binom

    return int(binom.ppf(1 - sure, trials, share))


def speaks(finding: Finding) -> None:
    """Every sentence of a finding can be said in both languages, and the finding survives a file."""
    again = Finding.from_json(finding.to_json())
    for lang in ("en", "zh"):
        said = [again.say, *again.notes, *(a.say for a in again.advice)]
        for figure in again.figures:
            said += [v for v in (figure.title, figure.x, figure.y) if isinstance(v, Say)]
        for one in said:
            text = one.text(lang)
            assert text
            assert "{" not in text
            assert "Say(" not in text
