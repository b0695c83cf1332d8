"""Are groups of nearly equal rows found, and none where rows are drawn each by itself?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset
from assay.stats.alike import MOST_COLUMNS, alike_rows


def table(values: np.ndarray) -> Dataset:
    """A table of numbers [n, d]."""
    return Dataset(tuple(Column.of_numbers(f"x{j}", column) for j, column in enumerate(values.T)))


def groups(values: np.ndarray) -> np.ndarray | None:
    """The groups of a table of numbers."""
    data = table(values)
    return alike_rows(data, data.names)


@pytest.mark.parametrize(("things", "times"), [(100, 5), (60, 12), (400, 2)])
def test_rows_of_one_thing_are_one_group(things: int, times: int) -> None:
    rng = np.random.default_rng(things)
    thing = rng.permutation(np.repeat(np.arange(things), times))
    found = groups(rng.normal(size=(things, 6))[thing] + 0.005 * rng.normal(size=(things * times, 6)))
    assert found is not None
    pairs = found[:, None] == found
    assert (pairs & (thing[:, None] != thing)).mean() < 1e-3
    assert pairs[thing[:, None] == thing].mean() > 0.95


def test_what_is_exactly_alike_but_for_words_is_a_group() -> None:
    rng = np.random.default_rng(0)
    shops = rng.normal(size=(80, 4))[np.repeat(np.arange(80), 6)]
    found = groups(shops)
    assert found is not None
    assert 76 <= len(np.unique(found)) <= 80  # two shops may be alike by chance


@pytest.mark.parametrize("of", [1, 2, 4, 12])
@pytest.mark.parametrize("n", [60, 2000])
def test_rows_drawn_each_by_itself_are_no_groups(of: int, n: int) -> None:
    """However few directions the columns have."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        own = rng.normal(size=(n, of))
        assert groups(own @ rng.normal(size=(of, 12))) is None
        assert groups(rng.standard_t(2, size=(n, 6))) is None


def test_rows_along_a_curve_are_no_groups() -> None:
    at = np.linspace(0, 6, 1500)
    assert groups(np.column_stack([np.sin(k * at) for k in range(1, 7)])) is None


def test_numbers_that_repeat_are_not_asked() -> None:
    assert groups(np.random.default_rng(0).integers(0, 15, (5000, 10)).astype(float)) is None


def test_of_many_columns_some_are_looked_at_and_those_that_repeat_are_not_among_them() -> None:
    rng = np.random.default_rng(0)
    thing = np.repeat(np.arange(60), 4)
    flags = rng.integers(2, size=(240, 3 * MOST_COLUMNS)).astype(float)
    continuous = rng.normal(size=(60, 5))[thing] + 0.005 * rng.normal(size=(240, 5))
    many = rng.normal(size=(60, 2 * MOST_COLUMNS))[thing] + 0.005 * rng.normal(size=(240, 2 * MOST_COLUMNS))
    for values in (np.column_stack([flags, continuous]), many):
        found = groups(values)
        assert found is not None
        assert np.array_equal(found[:, None] == found, thing[:, None] == thing)
    assert groups(rng.normal(size=(240, 2 * MOST_COLUMNS))) is None


def test_when_the_clock_is_out_there_are_no_groups() -> None:
    rng = np.random.default_rng(0)
    data = table(rng.normal(size=(60, 6))[np.repeat(np.arange(60), 4)] + 0.005 * rng.normal(size=(240, 6)))
    assert alike_rows(data, data.names, Clock.start(10.0)) is not None
    assert alike_rows(data, data.names, Clock.start(0.0)) is None


def test_missing_cells_and_moments_are_places_too() -> None:
    rng = np.random.default_rng(0)
    thing = np.repeat(np.arange(100), 4)
    values = rng.normal(size=(100, 3))[thing] + 0.005 * rng.normal(size=(400, 3))
    values[thing % 10 == 0, 0] = np.nan
    days = np.datetime64("2024-01-01", "us") + rng.integers(0, 10**14, 100)[thing].astype("timedelta64[us]")
    data = table(values).having(Column(name="seen", cells=days, kind="date"))
    found = alike_rows(data, data.names)
    assert found is not None
    assert (found[:, None] == found)[thing[:, None] == thing].mean() > 0.9
    assert alike_rows(data, data.names[:2]) is None  # too few columns


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_rows_that_were_copied_and_altered_a_little_are_found_though_their_cells_repeated(share: float) -> None:
    from sklearn.datasets import load_diabetes

    rng = np.random.default_rng(0)
    values = load_diabetes().data[:300]
    some = rng.permutation(300)[: int(share * 300)]
    altered = values[some] * (1 + 0.001 * rng.normal(size=(len(some), 10)))
    assert groups(values) is None
    found = groups(np.concatenate([values, altered]))
    assert found is not None
    assert (found[some] == found[300:]).mean() > 0.8
