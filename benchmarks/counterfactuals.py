"""Do counterfactuals and reason codes of declined applicants hold, and what do they cost?

Trains on german_credit, takes declined rows at random, and asks for each with rules that a person would have: age, sex and origin stay,
savings and employment only rise, nothing else is held. Each way is written into its row as text and put to the model once more. The control changes as many
columns, as the rules allow, to cells drawn at random. Nearness to real rows is told by Gower's (1971) distance to the nearest row of the
table but the applicant's own, which the search does not know. Rows are those of the table: validity is no question of generalising.

    python benchmarks/counterfactuals.py --data FOLDER [--rows 200] [--minutes 1]
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

import assay
from assay.answers.counterfactuals import Counterfactuals
from assay.explainers._levers import Rules, levers
from assay.explainers._orders import ladder
from assay.explainers._plausible import Plausible
from assay.kernel.data import Column, Dataset, Floats
from assay.kernel.errors import RequestError
from assay.model import Model

TARGET, DENIED, WISHED = "credit_risk", "0", "1"
HELD = ("age", "personal_status_sex", "foreign_worker")
RISING = ("savings", "employment_duration")
DRAWS = 20  # random changes of one row
LEAST_SAID = 1e-9


def written(raw: Dataset, place: int, changes: dict[str, str]) -> dict[str, str]:
    """One row as text, some cells replaced."""
    row = {c.name: str(c.texts()[place]) for c in raw if c.name != TARGET}
    return row | changes


def kept(raw: Dataset, place: int, changes: dict[str, str]) -> bool:
    """Whether changes respect the rules, judged by the written cells alone."""
    for name, then in changes.items():
        order = ladder([str(level) for level in raw[name].levels]) if name in RISING else {}  # type: ignore[union-attr]
        now = str(raw[name].texts()[place])
        if name in HELD or (name in RISING and not order.get(then, -np.inf) > order.get(now, np.inf)):
            return False
    return True


def gower(opened: Dataset, rows: Dataset, without: list[int]) -> Floats:
    """Distance of each of some rows to the nearest row of a table but one [n]."""
    total = np.zeros((rows.rows, opened.rows))
    for column in opened:
        other = rows[column.name]
        if column.store == "words":
            total += np.asarray(other.texts())[:, None] != np.asarray(column.texts())[None]
        else:
            spread = float(np.nanmax(column.cells) - np.nanmin(column.cells)) or 1.0
            total += np.abs(other.cells[:, None] - column.cells[None]) / spread
    total[np.arange(rows.rows), without] = np.inf
    return np.asarray(total.min(axis=1) / len(opened.columns))


def at_random(
    model: Model, raw: Dataset, opened: Dataset, place: int, columns: int, rng: np.random.Generator
) -> Dataset:
    """`DRAWS` copies of a row with as many columns changed, as the rules allow, to cells at random."""
    assert model.profile is not None
    rules = Rules(held=frozenset(HELD), rising=frozenset(RISING))
    free = levers(opened.take(np.asarray([place])), opened, model.profile, rules)
    table = opened.take(np.full(DRAWS, place))
    chosen = np.asarray([rng.permutation(len(free))[:columns] for _ in range(DRAWS)])
    for k, lever in enumerate(free):
        moved = (chosen == k).any(axis=1)
        column = table[lever.name]
        cells = lever.cells[rng.integers(len(lever.cells), size=DRAWS)]
        if lever.levels is not None:
            own = column.texts()
            texts = [str(lever.levels[c]) if m else t for c, m, t in zip(cells, moved, own, strict=True)]
            table = table.having(Column.of_words(lever.name, texts, kind=column.kind))
        else:
            changed = Column(name=lever.name, cells=np.where(moved, cells, column.cells), kind=column.kind)
            table = table.having(changed)
    return table


def counterfactuals(model: Model, raw: Dataset, places: list[int]) -> None:
    """Every figure of counterfactuals."""
    assert model.profile is not None
    parts = model.ensemble.parts
    opened, plausible = model._opened(raw).only(parts), Plausible(model.profile)
    found: dict[int, Counterfactuals] = {}
    seconds, computed, none = [], [], 0
    model.counterfactual(raw, row=places[0] + 1)  # warms up
    for place in places:
        start, cpu = time.perf_counter(), time.process_time()
        try:
            said = {"to": WISHED, "immutable": HELD, "increase_only": RISING}
            found[place] = model.counterfactual(raw, row=place + 1, **said)
        except RequestError as error:
            none += 1
            print(f"row {place + 1}: {error}")
        seconds.append(time.perf_counter() - start)
        computed.append(time.process_time() - cpu)
    ways = [(place, {c.name: c.then for c in way.changes}, way) for place, one in found.items() for way in one.ways]
    first = [(place, {c.name: c.then for c in one.ways[0].changes}) for place, one in found.items()]
    valid = [model.predict(written(raw, place, changes)).answer == WISHED for place, changes, _ in ways]
    good = {place for (place, _, _), yes in zip(ways, valid, strict=True) if yes}
    respected = [kept(raw, place, changes) for place, changes, _ in ways]
    n = len(places)
    print(f"rows with a way: {len(found)} of {n} ({len(found) / n:.1%}); none found: {none}")
    print(f"valid and respecting the rules, rows: {len(good & set(found)) / n:.1%}; all {len(ways)} ways valid: {np.mean(valid):.1%}, "
          f"rules respected: {np.mean(respected):.1%}")  # fmt: skip
    columns = [len(changes) for _, changes in first]
    every = [len(changes) for _, changes, _ in ways]
    print(f"columns changed, cheapest way: median {statistics.median(columns):g}, most {max(columns)}; all ways: median "
          f"{statistics.median(every):g}, most {max(every)}; ways a row: {len(ways) / max(1, len(found)):.2f}")  # fmt: skip
    p = [way.p for _, _, way in ways if way.p is not None]
    print(
        f"probability of the wished answer: median {statistics.median(p):.3f}, below 0.52: {np.mean(np.asarray(p) < 0.52):.1%}"
    )
    for name, spent in (("seconds", seconds), ("CPU-seconds", computed)):
        low, high = np.percentile(spent, [50, 95])
        print(f"{name} a row: median {low:.2f}, 95 % {high:.2f}, most {max(spent):.2f}", flush=True)

    rng = np.random.default_rng(0)
    control = [at_random(model, raw, opened, place, len(changes), rng) for place, changes in first]
    hits = np.concatenate([model.task.answers(model.ensemble.scores(table))[:, 1] > 0.5 for table in control])
    print(f"control, as many columns changed at random: {hits.mean():.1%} of {len(hits)} get the answer")
    usual = np.concatenate([plausible.oddness(model.profile.scores(table)) <= plausible.usual for table in control])
    table = model._opened(assay.read([written(raw, place, changes) for place, changes in first])).only(parts)
    ours = plausible.oddness(model.profile.scores(table)) <= plausible.usual
    own = [place for place, _ in first]
    themselves = plausible.oddness(model.profile.scores(opened.take(np.asarray(own)))) <= plausible.usual
    print(
        f"among the usual 95 % of rows: counterfactuals {ours.mean():.1%}, the rows themselves {themselves.mean():.1%}, at random {usual.mean():.1%}"
    )
    distances = [gower(opened, opened.take(np.asarray(own)), own), gower(opened, table, own)]
    distances.append(np.concatenate([gower(opened, t, [place] * DRAWS) for t, place in zip(control, own, strict=True)]))
    told = ", ".join(
        f"{name} {np.median(d):.4f}"
        for name, d in zip(("the rows themselves", "counterfactuals", "at random"), distances, strict=True)
    )
    print(f"Gower's distance to the nearest other real row, median: {told}")


def reason_codes(model: Model, raw: Dataset, places: list[int]) -> None:
    """Every figure of reason codes."""
    assert model.reference is not None
    seconds, flips, others, points, number = [], [], [], [], []
    for place in places:
        start = time.perf_counter()
        found = model.reason_codes(raw, row=place + 1, label=WISHED)
        seconds.append(time.perf_counter() - start)
        flips.append(found.flips)
        number.append(len(found.reasons))
        if found.put is not None and found.put.draws:
            others.append(found.put.hits / found.put.draws)
        odds = float(np.log(found.p / (1 - found.p)))
        points.append(odds + sum(reason.short for reason in found.reasons) > LEAST_SAID)
    print(f"\nreason codes: {np.mean(number):.2f} a row; set to the reference, cells put to the model: {np.mean(flips):.1%} of denials flip, "
          f"as many other columns at random: {np.mean(others):.1%}")  # fmt: skip
    print(
        f"set to the mean points of the reference, added up: {np.mean(points):.1%} flip; seconds a row: median {statistics.median(seconds):.2f}"
    )


def main() -> None:
    """Train, ask, tell."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, required=True, help="the folder that holds german_credit.csv")
    asked.add_argument("--rows", type=int, default=200)
    asked.add_argument("--minutes", type=float, default=1.0)
    said: Any = asked.parse_args()
    raw = assay.read(said.data / "german_credit.csv")
    model = assay.train(raw, TARGET, minutes=said.minutes)
    declined = np.flatnonzero(model.predict(raw).answer == DENIED)
    places = sorted(np.random.default_rng(0).permutation(declined)[: said.rows].tolist())
    print(f"{model}\n{len(declined)} of {raw.rows} rows are declined; {len(places)} of them are asked about\n")
    counterfactuals(model, raw, places)
    reason_codes(model, raw, places)


if __name__ == "__main__":
    main()
