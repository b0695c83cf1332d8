"""Are the changes small, plausible, allowed, and do they really alter the answer? On models whose every answer is known."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from assay.explainers._levers import Rules, has_order, levers
from assay.explainers._orders import ladder
from assay.explainers._plausible import Plausible
from assay.explainers.counterfactual import Counterfactual, Found
from assay.kernel.data import Column, Dataset, Floats
from assay.kernel.errors import SettingError
from assay.stats.profile import Profile

RNG = np.random.default_rng(3)
N = 600
RANK = RNG.normal(size=N)
TOWN = RNG.choice(["Basel", "Genf", "Chur"], size=N, p=[0.6, 0.3, 0.1])
WORLD = Dataset(
    (
        Column.of_numbers("income", (3000 + 900 * RANK).round(), kind="number"),
        Column.of_numbers("debt", (2 * RNG.normal(size=N)).round(1), kind="number"),
        Column.of_numbers("children", RNG.integers(0, 5, size=N), kind="number"),
        Column.of_words("town", TOWN.tolist(), kind="category"),
        Column.of_words(
            "saved", RNG.choice(["... < 100", "100 - 500", "500 - 900", ">= 900", "none"], N).tolist(), kind="category"
        ),
        Column(
            name="since",
            cells=np.datetime64("2020-01-01", "us") + RNG.integers(0, 1500, size=N).astype("timedelta64[D]"),
            kind="date",
        ),
        Column.of_numbers("insured", RNG.integers(0, 2, size=N), kind="flag"),
    )
)
PROFILE = Profile.of(WORLD, WORLD.names)
PLAUSIBLE = Plausible(PROFILE)
SAVED = {"... < 100": 0.0, "100 - 500": 0.5, "500 - 900": 1.0, ">= 900": 1.5, "none": -0.5}


def plane(table: Dataset) -> Floats:
    """Log-odds of being accepted: known weights, nothing else."""
    town = np.asarray([{"Basel": 0.0, "Genf": 0.6, "Chur": 1.0}.get(str(t), 0.0) for t in table["town"].texts()])
    saved = np.asarray([SAVED[str(t)] for t in table["saved"].texts()])
    days = (table["since"].cells - np.datetime64("2020-01-01", "us")).astype("timedelta64[D]").astype(float)
    income = (table["income"].cells - 3000) / 900
    return income - 0.5 * table["debt"].cells + town + saved - days / 1000 + 0.4 * table["insured"].cells - 1.0


def found_for(
    place: int, reach: Callable[[Dataset], Floats] = plane, rules: Rules | None = None, most: int = 3
) -> Found:
    row = WORLD.take(np.asarray([place]))
    return Counterfactual().find(row, reach, PLAUSIBLE, rules or Rules(), WORLD, most)


def changed(place: int, found: Found, which: int = 0) -> Dataset:
    """The row as a way changes it."""
    row = WORLD.take(np.asarray([place]))
    for name, cell in found.ways[which].changed:
        column = row[name]
        if column.store == "words":
            row = row.having(Column.of_words(name, [cell], kind=column.kind))
        else:
            row = row.having(replace(column, cells=np.asarray([cell], dtype=column.cells.dtype)))
    return row


DECLINED = np.flatnonzero(plane(WORLD) < 0)[:25].tolist()


@pytest.mark.parametrize("place", DECLINED)
def test_every_way_alters_the_answer_and_is_plausible(place: int) -> None:
    found = found_for(place)
    assert 1 <= len(found.ways) <= 3
    own = float(PLAUSIBLE.oddness(PROFILE.scores(WORLD.take(np.asarray([place]))))[0])
    for which, way in enumerate(found.ways):
        row = changed(place, found, which)
        assert plane(row)[0] == pytest.approx(way.margin)
        assert way.margin > 0
        oddness = float(PLAUSIBLE.oddness(PROFILE.scores(row))[0])
        assert oddness == pytest.approx(way.oddness)
        assert oddness <= max(PLAUSIBLE.usual, own) + 1e-9
    assert [way.cost for way in found.ways] == sorted(way.cost for way in found.ways)
    sets = [frozenset(name for name, _ in way.changed) for way in found.ways]
    assert len(set(sets)) == len(sets)


@pytest.mark.parametrize("place", DECLINED[:8])
def test_nothing_much_cheaper_exists_in_one_column_or_two(place: int) -> None:
    """Against every pair of the cells that may be taken, as many as a person could list."""
    row = WORLD.take(np.asarray([place]))
    found, charge = found_for(place), Counterfactual().charge
    moved = levers(row, WORLD, PROFILE, Rules())
    own = PROFILE.scores(row)
    usual = max(PLAUSIBLE.usual, float(PLAUSIBLE.oddness(own)[0]))
    best = np.inf
    for one, two in itertools.combinations(moved, 2):
        a, b = (grid.ravel() for grid in np.meshgrid(np.arange(-1, len(one.cells)), np.arange(-1, len(two.cells))))
        table = row.take(np.zeros(len(a), dtype=np.int64))
        scores, cost = np.repeat(np.nan_to_num(own), len(a), axis=0), np.zeros(len(a))
        for lever, choice in ((one, a), (two, b)):
            column, took = table[lever.name], choice >= 0
            cells = np.where(took, lever.cells[choice], column.cells)
            if lever.levels is not None:
                cells = np.where(took, lever.cells[choice], len(lever.levels) - 1).astype(np.int32)
            table = table.having(replace(column, cells=cells, levels=lever.levels))
            scores[took, lever.place] = lever.scores[choice[took]]
            cost[took] += charge + lever.cost[choice[took]]
        good = (plane(table) > 1e-6) & (PLAUSIBLE.oddness(scores) <= usual)
        best = min(best, float(cost[good].min(initial=np.inf)))
    assert found.ways[0].cost <= best + 1e-9


@pytest.mark.parametrize("place", DECLINED)
def test_what_is_held_stays_and_what_may_rise_rises(place: int) -> None:
    rules = Rules(
        held=frozenset({"town", "insured"}), rising=frozenset({"income", "saved", "since"}), falling=frozenset({"debt"})
    )
    row, order = WORLD.take(np.asarray([place])), ladder(list(SAVED))
    for way in found_for(place, rules=rules).ways:
        for name, cell in way.changed:
            own = row[name].cells[0]
            assert name not in rules.held
            if name in ("income", "since"):
                assert cell > own
            if name == "debt":
                assert cell < own
            if name == "saved":
                assert order[cell] > order[row["saved"].texts()[0]]


def test_cells_are_written_as_the_table_writes_them_and_lie_within_its_range() -> None:
    seen: dict[str, list[float]] = {"income": [], "debt": [], "children": []}
    for place in DECLINED:
        for way in found_for(place, rules=Rules(held=frozenset({"town", "saved", "insured"}))).ways:
            for name, cell in way.changed:
                if name == "since":
                    assert cell == cell.astype("datetime64[D]")
                else:
                    seen[name].append(float(cell))
    for name, digits in (("income", 0), ("debt", 1), ("children", 0)):
        cells, edges = np.asarray(seen[name]), PROFILE.column(name).edges
        np.testing.assert_array_equal(cells, cells.round(digits))
        assert ((cells >= edges[0]) & (cells <= edges[-1])).all()
    assert len(seen["income"]) > 5


def test_a_change_is_no_larger_than_it_must_be() -> None:
    """With one column free the border is known: the number just beyond it is told."""
    free = Rules(held=frozenset(WORLD.names) - {"income"})
    for place in DECLINED[:10]:
        found = found_for(place, rules=free)
        if not found.ways:
            continue
        ((name, cell),) = found.ways[0].changed
        own = float(WORLD["income"].cells[place])
        needed = own - 900 * float(plane(WORLD.take(np.asarray([place])))[0])
        assert name == "income"
        assert needed <= cell <= own + 1.05 * (needed - own) + 1


def test_ways_differ_in_what_they_change() -> None:
    found = found_for(DECLINED[0])
    assert len({frozenset(name for name, _ in way.changed) for way in found.ways}) == 3


def test_changes_that_need_each_other_are_found() -> None:
    """Neither Chur alone nor insurance alone helps at all."""

    def both(table: Dataset) -> Floats:
        return np.where((table["town"].texts() == "Chur") & (table["insured"].cells == 1), 1.0, -1.0)

    place = int(np.flatnonzero((TOWN == "Basel") & (WORLD["insured"].cells == 0))[0])
    found = found_for(place, both)
    assert dict(found.ways[0].changed) == {"town": "Chur", "insured": 1.0}


def test_off_the_manifold_is_no_way() -> None:
    """Two columns that say nearly the same: to part them would alter the answer, and is what no real row looks like."""
    a = RNG.normal(size=N).round(2)
    table = Dataset(
        (
            Column.of_numbers("a", a, kind="number"),
            Column.of_numbers("b", (a + RNG.normal(size=N) * 0.05).round(2), kind="number"),
        )
    )
    plausible = Plausible(Profile.of(table, table.names))
    row = table.take(np.asarray([int(np.abs(a).argmin())]))

    def parted(asked: Dataset) -> Floats:
        return asked["a"].cells - asked["b"].cells - 1.5

    found = Counterfactual().find(row, parted, plausible, Rules(), table)
    assert not found.ways
    assert found.nearest is not None
    loose = Plausible(replace(plausible.profile, joint=np.eye(2)))
    assert Counterfactual().find(row, parted, loose, Rules(), table).ways


def test_what_cannot_be_reached_is_told_with_the_nearest() -> None:
    found = found_for(DECLINED[0], lambda table: plane(table) - 100)
    assert not found.ways
    assert found.nearest is not None
    assert found.nearest.margin > float(plane(WORLD.take(np.asarray(DECLINED[:1])))[0]) - 100
    worse = found_for(DECLINED[0], lambda table: np.full(table.rows, -1.0))
    assert worse.nearest is not None
    assert worse.nearest.changed  # the row as it is, is no change
    held = found_for(DECLINED[0], rules=Rules(held=frozenset(WORLD.names)))
    assert (held.ways, held.nearest, held.free) == ((), None, ())


def test_the_same_row_gets_the_same_ways() -> None:
    one, two = (found_for(DECLINED[1]) for _ in range(2))
    assert [(way.changed, way.margin) for way in one.ways] == [(way.changed, way.margin) for way in two.ways]


def test_the_model_is_asked_seldom() -> None:
    asked: list[int] = []

    def counted(table: Dataset) -> Floats:
        asked.append(table.rows)
        return plane(table)

    found_for(DECLINED[2], counted)
    assert sum(asked) <= 700
    assert len(asked) <= 20


def test_a_hundred_columns_are_no_reason_to_ask_more() -> None:
    x = RNG.normal(size=(300, 100)).round(3)
    table = Dataset(tuple(Column.of_numbers(f"x{k}", x[:, k], kind="number") for k in range(100)))
    plausible = Plausible(Profile.of(table, table.names))
    weights, asked = RNG.normal(size=100), list[int]()

    def wide(rows: Dataset) -> Floats:
        asked.append(rows.rows)
        return np.column_stack([column.cells for column in rows]) @ weights - 6.0

    place = int(np.flatnonzero(x @ weights < 0)[0])
    found = Counterfactual().find(table.take(np.asarray([place])), wide, plausible, Rules(), table)
    assert found.ways
    assert all(way.margin > 0 for way in found.ways)
    assert sum(asked) <= 1_200


def test_missing_cells_may_be_filled_and_nothing_becomes_missing() -> None:
    gone = replace(WORLD["income"], cells=np.where(np.arange(N) == DECLINED[0], np.nan, WORLD["income"].cells))
    row = WORLD.having(gone).take(np.asarray(DECLINED[:1]))

    def given(table: Dataset) -> Floats:
        return np.where(table["income"].missing, -1.0, 1.0)

    found = Counterfactual().find(row, given, PLAUSIBLE, Rules(), WORLD)
    assert [name for name, _ in found.ways[0].changed] == ["income"]
    assert np.isfinite(found.ways[0].changed[0][1])
    rising = Counterfactual().find(row, given, PLAUSIBLE, Rules(rising=frozenset({"income"})), WORLD)
    assert not rising.ways  # from an unknown place nobody can tell what rises


def test_rows_drawn_from_the_profile_are_as_usual_as_real_ones() -> None:
    oddness = PLAUSIBLE.oddness(PROFILE.scores(WORLD))
    within = float((oddness <= PLAUSIBLE.usual).mean())
    assert 0.95 - 4 * np.sqrt(0.95 * 0.05 / N) - 0.01 <= within <= 0.99
    assert PLAUSIBLE.rarer(float(np.median(oddness))) == pytest.approx(0.5, abs=0.1)
    assert PLAUSIBLE.rarer(PLAUSIBLE.usual) == pytest.approx(0.05, abs=0.001)


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (
            ["... >= 1000 DM", "... < 100 DM", "100 <= ... < 500 DM"],
            ["... < 100 DM", "100 <= ... < 500 DM", "... >= 1000 DM"],
        ),
        (["65+", "25-34", "35-64"], ["25-34", "35-64", "65+"]),
        (["超过10年", "不足1年", "3-5年"], ["不足1年", "3-5年", "超过10年"]),
        (["red", "blue", "3 green"], []),
        (["a1", "b1"], []),
    ],
)
def test_names_with_numbers_have_an_order(names: list[str], order: list[str]) -> None:
    found = ladder(names)
    assert sorted(found, key=lambda name: found[name]) == order


def test_which_columns_rise_and_fall() -> None:
    assert [name for name in WORLD.names if has_order(PROFILE, name)] == [n for n in WORLD.names if n != "town"]


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(SettingError):
        Counterfactual(deepest=0)
