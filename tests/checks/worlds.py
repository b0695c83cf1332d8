"""Which small worlds are the checks tried on?

Evidence drawn up by hand: columns, a target, and scores as a cross-fitted model would give them. Nothing is trained, so
that a world costs milliseconds and the right answer is known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.findings import Finding, to_plain
from assay.kernel.plan import ColumnPlan, Plan, Splits
from assay.kernel.plugins import Evidence, Honest
from assay.kernel.rng import stream
from assay.kernel.shelf import shelf
from assay.kernel.words import Say
from assay.stats.leaks import copies
from assay.stats.splitting import grouped_folds

FOLDS = 5


@dataclass(frozen=True)
class FakeView:
    """A model whose fold models answer alike but for a wobble of their own."""

    names: tuple[str, ...]
    answers: Floats  # raw scores of the rows [n, w], found by the number in the column "__row"
    wobble: Floats  # [folds, n, w]

    @property
    def parts(self) -> tuple[str, ...]:
        return self.names

    @property
    def folds(self) -> int:
        return len(self.wobble)

    def scores(self, data: Dataset, folds: Ints | None = None) -> Floats:
        rows = data["__row"].cells.astype(int)
        if folds is None:
            return np.asarray((self.answers[None] + self.wobble)[:, rows].mean(axis=0))
        return np.asarray(self.answers[rows] + self.wobble[folds, rows])

    def contributions(self, data: Dataset, folds: Ints | None = None) -> Floats:
        """All of the score is the first part's."""
        scores = self.scores(data, folds)
        out = np.zeros((data.rows, len(self.names) + 1, scores.shape[1]))
        out[:, 0] = scores
        return out

    def size_bytes(self) -> int:
        return 1000


def numbers(name: str, values: Any, role: str = "feature", kind: str = "number") -> Column:
    """A column of numbers."""
    return Column.of_numbers(name, values, role=role, kind=kind)


def names(name: str, values: Any, role: str = "feature") -> Column:
    """A column of names."""
    texts = [None if v is None else str(v) for v in values]
    return replace(Column.of_words(name, texts), role=role, kind="category")


def world(
    columns: Sequence[Column],
    y: Any,
    scores: Floats,
    task: str = "binary",
    *,
    group: str = "",
    time: str = "",
    rows: str = "cross-fitted",
    wobble: float = 0.0,
    seconds: float = 60.0,
    seed: int = 0,
) -> Evidence:
    """Evidence of a model with these raw scores [n, w] on all rows of a table."""
    target = names("y", y, "target") if task in ("binary", "classes") else numbers("y", y, "target")
    n = len(target)
    place = np.random.default_rng(n).permutation(n)  # a number for each row that does not count the rows
    table = Dataset((*columns, target, numbers("__row", place, "dropped")))
    chosen = shelf("tasks").get(task)()
    codec = chosen.codec(target)
    encoded = chosen.encode(target, codec)
    scores = np.asarray(scores, dtype=float).reshape(n, -1)
    rng = stream(seed, "world")
    used = [c.name for c in columns if c.role in ("feature", "sensitive")]
    apart = table[group].as_words().cells.astype(np.int64) if group else copies(table.only(used))[0]
    constant = np.tile(chosen.constant(encoded, None, codec), (n, 1))
    plan = Plan(
        data={"name": "world", "rows_used": n},
        target="y",
        task=task,
        task_why=Say("planning", "why.target"),
        columns=tuple(
            ColumnPlan(name=c.name, kind=c.kind, role=c.role, missing=int(c.missing.sum())) for c in table.columns
        ),
        splits=Splits(folds=FOLDS, group=group, time=time),
        seed=seed,
    )
    return Evidence(
        rows=rows,
        data=table,
        raw=table,
        plan=plan,
        task=chosen,
        codec=codec,
        y=encoded,
        weight=None,
        scores=scores,
        uncalibrated=scores,
        folds=grouped_folds(apart, np.zeros(n, dtype=np.int64), FOLDS, rng) if rows == "cross-fitted" else None,
        constant=constant,
        contenders=(),
        honest=Honest(metrics=(), draws=np.empty((0, 0)), apparent=np.empty(0), constant=np.empty(0)),
        sets=None,
        intervals=None,
        ledger=(),
        model=FakeView(tuple(used), scores[np.argsort(place)], wobble * rng.normal(size=(FOLDS, n, scores.shape[1]))),
        seconds=1.0,
        seed=seed,
        clock=Clock.start(seconds),
    )


def logit_world(n: int = 600, seed: int = 0, strength: float = 1.0, columns: Sequence[Column] = (), **more: Any) -> Any:
    """Two classes from three numbers and a name, the model knowing the truth: (columns, y, log-odds, rng)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    town = rng.integers(4, size=n)
    z = strength * (1.2 * x[:, 0] - 0.8 * x[:, 1] + 0.5 * (town == 1))
    y = np.where(rng.random(n) < 1 / (1 + np.exp(-z)), "yes", "no")
    found = [numbers(f"x{i}", x[:, i]) for i in range(3)]
    found.append(names("town", [f"t{t}" for t in town]))
    return found, y, z, rng


def ask(check: str, evidence: Evidence) -> Finding:
    """The finding of one check, having gone through JSON and been said in both languages."""
    finding: Finding = shelf("checks").get(check)().run(evidence)
    again = Finding.from_json(finding.to_json())
    assert to_plain(again) == to_plain(finding)
    for said in spoken(finding):
        for lang in ("en", "zh"):
            text = said.text(lang)
            assert text
            assert "{" not in text
    return finding


def spoken(finding: Finding) -> list[Say]:
    """Every sentence of a finding."""
    found = [finding.say, *finding.notes, *(a.say for a in finding.advice), *(f.title for f in finding.figures)]
    found += [label for f in finding.figures for label in (f.x, f.y) if isinstance(label, Say)]
    return found


def options(finding: Finding) -> set[str]:
    """The cures it names, in the command line's words."""
    return {advice.option for advice in finding.advice if advice.option}
