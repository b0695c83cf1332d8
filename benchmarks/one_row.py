"""What does one row cost, from a mapping to its Answer, and what do many cost beside LightGBM alone?

A boosting model of 300 rounds and 31 leaves on 16 numbers and 8 categories, shipped as one refit and as a bag of fold models. CPU time of
one thread, each row timed by itself, after a turn to warm up; LightGBM is asked on rows that are encoded already. Batches are timed by
the wall, turn about, and the median of the ratios is told.

    python benchmarks/one_row.py [--rows 20000] [--batch 100000] [--turns 5]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import assay
from assay.answers.answer import Answer
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset
from assay.kernel.plan import Candidate
from assay.kernel.settings import settings_of
from assay.learners.boosting import Boosting
from assay.model import Model
from assay.planning.draw import draw
from assay.planning.wishes import Wishes
from assay.search.refit import refit
from assay.search.run import search
from assay.trees.forest import Forest
from assay.trees.walk import CATEGORICAL, Walker

ROWS_ASKED = 500


def table(rows: int, seed: int = 0) -> Dataset:
    """Sixteen numbers, eight categories, two classes."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 16)).round(3)
    codes = rng.integers(0, 8, size=(rows, 8))
    score = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) + 0.5 * (codes[:, 0] % 3) + 0.3 * (codes[:, 1] == 2) - 1
    y = rng.random(rows) < 1 / (1 + np.exp(-score))
    numbers = [Column.of_numbers(f"x{i}", x[:, i]) for i in range(16)]
    names = [Column.of_words(f"c{i}", [f"level {k}" for k in codes[:, i]]) for i in range(8)]
    return Dataset((*numbers, *names, Column.of_words("y", np.where(y, "yes", "no").tolist())))


def models(rows: int, rounds: int = 300, leaves: int = 31) -> tuple[Model, Model]:
    """One refit, and the bag of fold models; patience is long and steps are small, so that all rounds are kept."""
    plan, opened = draw(table(rows), Wishes(target="y", learners=("boosting",), minutes=30))
    settings = settings_of(Boosting(rounds=rounds, leaves=leaves, rate=0.015, patience=500))
    plan = replace(plan, candidates=(Candidate(name="boosting", learner="boosting", settings=settings),))
    found = search(plan, opened, Clock.start(), lambda event: None)
    one = refit(found, plan, opened, Clock.start())
    parts = {"plan": plan, "codec": found.codec, "conformal": found.settled.conformal, "constant": found.constant}
    return tuple(Model(ensemble=ensemble, **parts) for ensemble in (one.ensemble, found.ensemble))  # type: ignore[return-value]


def with_texts(rows: int) -> tuple[Model, Model, Dataset]:
    """One refit and the bag of a linear model and one of weighed words, of the same columns and a text of 20 to 40 words; fresh rows."""
    rng = np.random.default_rng(3)
    words = np.asarray(
        [
            f"{a}{b}"
            for a in ("lo", "pay", "ret", "cal", "ver", "sum")
            for b in ("an", "ed", "urn", "ling", "ify", "mer", "t")
        ]
    )

    def texts(data: Dataset) -> Dataset:
        said = [" ".join(rng.choice(words, rng.integers(20, 41))) for _ in range(data.rows)]
        return data.having(Column.of_words("note", said))

    told = texts(table(rows, seed=2))
    asked: dict[str, Any] = {"kinds": {"note": "text"}, "learners": ("linear", "sparse"), "trials": 2, "checks": ()}
    made = [assay.train(told, "y", ship=ship, **asked) for ship in ("refit", "bag")]
    return made[0], made[1], texts(table(ROWS_ASKED, seed=4))


def mappings(data: Dataset, rows: int) -> list[dict[str, Any]]:
    """Rows as a program would send them."""
    some = data.take(np.arange(rows))
    columns = {c.name: c.cells.tolist() if c.levels is None else list(c.texts()) for c in some if c.name != "y"}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def microseconds(
    ask: Callable[[Any], Any], rows: Sequence[Any], turns: int, before: Callable[[Any], Any] = id
) -> tuple[float, float]:
    """Median and 99th percentile of the CPU time of one asking, in microseconds; `before` is done first and not counted."""
    spent = []
    for turn in range(turns + 1):
        for row in rows:
            before(row)
            start = time.thread_time_ns()
            ask(row)
            if turn:  # the first turn warms up
                spent.append(time.thread_time_ns() - start)
    low, high = np.percentile(spent, [50, 99])
    return float(low) / 1e3, float(high) / 1e3


def bit_vectors(forest: Forest) -> Callable[[Any], float]:
    """A candidate that was not taken: QuickScorer (Lucchese et al. 2015) in numpy, for forests of up to 32 leaves.

    For each cell of a column the leaves of each tree that are still open, as one bit each [cells, trees]; the row's leaf is the
    first bit that all columns leave open. Leaves are numbered from left to right.
    """
    walker: Walker = forest.walker
    trees, nodes = forest.trees, np.diff(forest.node_offsets)
    tree_of = np.repeat(np.arange(trees), nodes)
    under: list[list[int]] = [[] for _ in forest.feature]  # leaves below the left child of a node, by their new number
    leaf_at = np.zeros((trees, 32))

    def number(node: int, tree: int, seen: list[int]) -> list[int]:
        if node < 0:
            leaf_at[tree, len(seen)] = forest.leaf_value[~node]
            seen.append(len(seen))
            return [seen[-1]]
        left = number(int(walker.left[node]), tree, seen)
        under[node] = left
        return left + number(int(walker.right[node]), tree, seen)

    for tree, root in enumerate(walker.roots):
        number(int(root), tree, [])
    closes = np.asarray([~np.uint32(sum(1 << leaf for leaf in leaves)) for leaves in under], dtype=np.uint32)
    edges: list[list[float] | None] = []
    masks: list[Any] = []
    for feature in range(forest.features):
        mine = np.flatnonzero(forest.feature == feature)
        coded = bool(len(mine)) and bool((forest.decision[mine] & CATEGORICAL).any())
        known = np.arange(64.0) if coded else np.append(np.unique(forest.threshold[mine]), np.inf)
        mask = np.full((len(known), trees), 0xFFFFFFFF, dtype=np.uint32)
        for node in mine:
            left = walker._goes_left(np.full(len(known), node), known, False)
            mask[~left, tree_of[node]] &= closes[node]
        edges.append(None if coded else known.tolist())
        masks.append(mask)
    starts = np.cumsum([0] + [len(mask) for mask in masks])[:-1].tolist()
    stacked, place = np.vstack(masks), np.arange(trees)
    from bisect import bisect_left

    def score(values: Any) -> float:
        row = values.tolist()
        at = [s + (int(x) if e is None else bisect_left(e, x)) for s, e, x in zip(starts, edges, row, strict=True)]
        still = np.bitwise_and.reduce(stacked[at], axis=0)
        first = np.bitwise_count((still & (~still + np.uint32(1))) - np.uint32(1))
        return float(np.add.accumulate(leaf_at[place, first])[-1])

    return score


def batch_ratio(model: Model, booster: Any, data: Dataset, values: Any, turns: int) -> tuple[float, float, float]:
    """Median seconds of ours and of LightGBM's own, and the median ratio."""
    ours, theirs = [], []
    for turn in range(turns + 1):
        start = time.perf_counter()
        model.predict(data)
        middle = time.perf_counter()
        booster.predict(values)
        if turn:
            ours.append(middle - start)
            theirs.append(time.perf_counter() - middle)
    return statistics.median(ours), statistics.median(theirs), statistics.median(np.divide(ours, theirs).tolist())


def main() -> None:
    """Print every figure, with what it is held against."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=20_000)
    asked.add_argument("--batch", type=int, default=100_000)
    asked.add_argument("--turns", type=int, default=5)
    said = asked.parse_args()
    one, bag = models(said.rows)
    fresh = table(max(said.batch, ROWS_ASKED), seed=1)
    rows = mappings(fresh, ROWS_ASKED)
    forest: Forest = one.ensemble.members[0].folds[0].forest  # type: ignore[attr-defined]
    values = one.ensemble.encoders[0].vector(one._opened(fresh)).values
    singles = [values[i : i + 1].copy() for i in range(ROWS_ASKED)]
    told = one.predict(fresh.take(np.arange(ROWS_ASKED)))
    equal = all(one.predict(row) == told.row(place) for place, row in enumerate(rows))
    print(f"{forest.iterations} rounds, {forest.features} columns, bag of {len(bag.ensemble.encoders)}")
    print(f"answers equal to those of the table: {equal}\n")

    def tell(
        name: str, ask: Callable[[Any], Any], over: Sequence[Any], turns: int = said.turns, before: Any = id
    ) -> float:
        low, high = microseconds(ask, over, turns, before)
        print(f"{name:<64} p50 {low:8.1f}   p99 {high:8.1f}   ratio {high / low:4.1f}", flush=True)
        return low

    native = _native(forest)
    whole = tell("one refit, from a mapping to its Answer", one.predict, rows)
    tell("bag of fold models, from a mapping to its Answer", bag.predict, rows)
    tell("one refit, a list of one mapping (the road of tables)", lambda row: one.predict([row]), rows[:50], 1)
    tell("one refit explained, from a mapping", one.explain, rows[:100], 1)
    tell("one refit explained, a list of one mapping", lambda row: one.explain([row]), rows[:50], 1)
    print("\nscores of encoded rows")
    call, put = lambda _: native._predict(*native._said), lambda row: native(row[0])
    fast = tell(
        "LightGBM's call for one row alone (ctypes), another row each",
        call,
        [s + 0 for s in singles],
        before=_put(native),
    )
    tell("the same, the same row again and again", call, singles)
    tell("with the row copied in and the score out, another row each", put, singles)
    python = tell("LightGBM's Booster.predict, one thread", _python(forest), singles)
    bits = bit_vectors(forest)
    close = all(abs(bits(row[0]) - native(row[0])[0]) < 1e-12 for row in singles)
    tell(f"bit vectors in numpy (equal: {close})", lambda row: bits(row[0]), singles)
    tell("our walker (trees/walk.py)", forest.predict, singles[:100], 2)
    print(f"\na mapping to its Answer: {whole / fast:.1f} × the native call, {whole / python:.1f} × Booster.predict")
    pandas_row(rows, tell)
    one_text, bag_text, fresh_texts = with_texts(2_000)
    written = mappings(fresh_texts, ROWS_ASKED)
    members = ", ".join(m.learner for m in one_text.ensemble.members)
    print(f"\nwith a text among the columns ({members})")
    tell("one refit, from a mapping to its Answer", one_text.predict, written)
    tell("bag of fold models, from a mapping to its Answer", bag_text.predict, written)
    tell("one refit, a list of one mapping (the road of tables)", lambda row: one_text.predict([row]), written[:50], 1)
    ours, theirs, ratio = batch_ratio(one, forest.booster, fresh, values, said.turns)
    print(f"\n{said.batch:,} rows: Model.predict {ours:.2f} s, Booster.predict {theirs:.2f} s, ratio {ratio:.2f}")
    assert isinstance(one.predict(rows[0]), Answer)


def _native(forest: Forest) -> Any:
    from assay.trees.single import _native

    return _native(forest)


def _put(native: Any) -> Callable[[Any], None]:
    def put(row: Any) -> None:
        native._view[:] = row[0]

    return put


def _python(forest: Forest) -> Callable[[Any], Any]:
    return lambda row: forest.booster.predict(row, raw_score=True, num_threads=1)


def pandas_row(rows: Sequence[dict[str, Any]], tell: Callable[..., float]) -> None:
    """What it costs to make a frame of one row, where pandas is there."""
    try:
        import pandas
    except ImportError:
        return
    tell("a pandas frame made of one mapping, nothing else", lambda row: pandas.DataFrame([row]), rows[:100], 2)


if __name__ == "__main__":
    main()
