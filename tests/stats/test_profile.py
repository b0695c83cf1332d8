"""Does a profile keep how columns were spread, and nothing that is one row's own?"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from assay.kernel.box import Box
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import BundleInvalid
from assay.stats.profile import LANGUAGE, LEAST, LENGTH, LEVELS, MOST_LEVELS, Expected, Profile
from assay.store import plain

N = 1200


def table(seed: int = 0, n: int = N) -> Dataset:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    income = np.round(np.exp(8 + x), 2)
    towns = [f"town {k}" if k < 8 else f"hamlet {i} of {seed}" for i, k in enumerate(rng.integers(0, 9, n).tolist())]
    days = np.datetime64("2021-01-01", "us") + rng.integers(0, 900, n) * np.timedelta64(1, "D")
    texts = [("the house and the garden " * (1 + k)) + f"no. {i}" for i, k in enumerate(rng.integers(0, 3, n).tolist())]
    return Dataset(
        (
            Column.of_numbers("income", np.where(rng.random(n) < 0.1, np.nan, income), kind="number"),
            Column.of_numbers("like income", x + 0.5 * rng.normal(size=n), kind="number"),
            Column.of_numbers("children", rng.poisson(1.2, n), kind="number"),
            Column.of_numbers("owns", rng.integers(0, 2, n), kind="flag"),
            Column(name="day", cells=days, kind="date"),
            Column.of_words("town", towns, kind="category"),
            Column.of_words("note", texts, kind="text"),
        )
    )


def kept(rows: Dataset) -> Profile:
    """All that may be kept."""
    return Profile.of(rows, rows.names[:-1], target="note", expected=Expected(0.4, 0.2, 0.5, len(rows["note"])))


def boxed(profile: Profile) -> Box:
    box = Box("profile")
    profile.dump(box)
    return box


def test_quantiles_are_those_of_the_rows() -> None:
    rows = table()
    one = Profile.of(rows, rows.names).column("income")
    cells = rows["income"].cells[~rows["income"].missing]
    assert len(one.edges) == len(LEVELS) == 101
    inner = slice(5, -5)
    np.testing.assert_allclose(one.edges[inner], np.quantile(cells, LEVELS)[inner], rtol=0.03)
    np.testing.assert_array_equal(one.below, [(cells < edge).mean() for edge in one.edges])
    np.testing.assert_array_equal(one.upto, [(cells <= edge).mean() for edge in one.edges])
    assert one.missing == pytest.approx(rows["income"].missing.mean())
    assert (one.rows, one.counted) == (N, len(cells))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [LEAST, 60, 700])
def test_no_quantile_is_the_number_of_fewer_rows_than_stated(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    columns = [rng.normal(size=n), rng.permutation(n) * 1.0, rng.poisson(30, n) * 1.0, np.exp(5 * rng.normal(size=n))]
    for cells in columns:
        one = Profile.of(Dataset((Column.of_numbers("x", cells, kind="number"),)), ["x"]).column("x")
        assert min((cells == edge).sum() or LEAST for edge in one.edges.tolist()) >= LEAST
        assert one.edges[0] > cells.min() or (cells == cells.min()).sum() >= LEAST
        assert (np.diff(one.edges) >= 0).all()


def test_fewer_rows_than_stated_leave_nothing_but_their_number() -> None:
    few = table(n=LEAST - 1)
    found = Profile.of(few, few.names)
    assert not any(len(one.edges) or one.levels for one in found.columns)
    assert found.names == ()
    Profile.load(boxed(found), few.take(slice(0)))


def test_names_that_few_bear_are_only_counted() -> None:
    rows = table()
    one = Profile.of(rows, rows.names).column("town")
    assert set(one.levels) == {f"town {k}" for k in range(8)}
    assert float(one.shares.sum()) + one.other == pytest.approx(1.0)
    assert one.other == pytest.approx(1 / 9, abs=0.04)
    assert list(one.shares) == sorted(one.shares, reverse=True)
    flags = Profile.of(rows, rows.names).column("owns")
    assert set(flags.levels) == {"0", "1"}
    assert flags.other == 0.0
    assert flags.counted == N


def test_names_just_frequent_enough_are_not_told_more_frequent_than_they_are() -> None:
    """A thousand names equally rare: those kept are counted on other rows than those they were chosen on."""
    rng = np.random.default_rng(0)
    told, true = [], []
    for _ in range(10):
        cells = Column.of_words("code", [f"c{k}" for k in rng.integers(0, 1000, 8000)], kind="category")
        one = Profile.of(Dataset((cells,)), ["code"]).column("code")
        assert len(one.levels) == MOST_LEVELS
        told.append(one.shares.sum())
        true.append(MOST_LEVELS / 1000)
    error = np.sqrt(0.2 * 0.8 / (4000 * 10))
    assert abs(np.mean(told) - np.mean(true)) < 4 * error


def test_no_string_of_few_rows_stands_in_the_bytes() -> None:
    rows = table()
    box = boxed(Profile.of(rows, rows.names))
    data = b"".join(part for _, part in plain.to_parts(box, "model", {}))
    assert b"town 3" in data
    assert b"hamlet" not in data
    assert b"garden" not in data
    for income in rows["income"].cells[:50].tolist():
        assert np.float64(income).tobytes() not in data
    assert len(data) < 10_000 + 3_000 * len(rows.names)


def test_texts_are_told_by_their_length_and_language() -> None:
    rows = table()
    found = Profile.of(rows, ["note"])
    assert [one.fact for one in found.columns] == ["", LENGTH, LANGUAGE]
    assert found.column("note").counted == 0
    assert found.column("note", LANGUAGE).levels == ("en",)
    assert found.column("note", LENGTH).edges[50] == pytest.approx(58, abs=4)
    assert [one.fact for one in Profile.of(rows, ["note"], measured=False).columns] == [""]


def test_scores_are_normal_and_go_on_beyond_what_was_seen() -> None:
    rows = table()
    found = Profile.of(rows, rows.names)
    scores = found.scores(rows)
    assert found.names == ("income", "like income", "children", "owns", "day", "town")
    assert scores.shape == (N, 6)
    np.testing.assert_array_equal(np.isnan(scores[:, 0]), rows["income"].missing)
    seen = rows["income"].cells[~np.isnan(scores[:, 0])]
    expected = norm.ppf((np.argsort(np.argsort(seen)) + 0.5) / len(seen))
    inner = np.abs(expected) < 2
    np.testing.assert_allclose(scores[~np.isnan(scores[:, 0]), 0][inner], expected[inner], atol=0.12)
    far = rows.take(slice(0, 6)).having(
        Column.of_numbers("income", [-1e300, 0.0, 3000.0, 1e6, 1e9, 1e300], kind="number")
    )
    told = found.scores(far)[:, 0]
    assert (np.diff(told) >= 0).all()
    assert told[-1] == 8.0
    assert np.isfinite(told).all()


def test_names_are_scored_by_how_frequent_they_are() -> None:
    cells = Column.of_words("town", ["a"] * 60 + ["b"] * 30 + ["c"] * 10, kind="category")
    found = Profile.of(Dataset((cells,)), ["town"])
    asked = Dataset((Column.of_words("town", ["b", None, "new", "a", "c"], kind="category"),))
    told = found.scores(asked)[:, 0]
    np.testing.assert_allclose(told[[3, 0, 4]], norm.ppf([0.3, 0.75, 0.95]))
    assert np.isnan(told[1])
    assert told[2] > told[4]


def test_columns_that_go_together_are_told() -> None:
    rows = table()
    found = Profile.of(rows, rows.names)
    one, other = found.names.index("income"), found.names.index("like income")
    assert found.joint[one, other] == pytest.approx(0.85, abs=0.06)
    assert np.abs(found.joint[one, 2:]).max() < 0.15
    assert np.linalg.eigvalsh(found.joint).min() > -1e-6


def test_a_column_of_one_value_stands_in_no_joint_part() -> None:
    rows = Dataset(
        (Column.of_numbers("same", np.full(50, 7.0), kind="number"), Column.of_numbers("x", range(50), kind="number"))
    )
    assert Profile.of(rows, rows.names).names == ("x",)


def test_what_is_written_is_read_to_the_bit_and_the_same_bytes_again() -> None:
    rows = table()
    found = kept(rows)
    data = plain.to_bytes(boxed(found))
    again = Profile.load(plain.from_bytes(data), rows.take(slice(0)))
    assert again.expected == found.expected
    pairs = [*zip(found.columns, again.columns, strict=True), (found.target, again.target), (found.whole, again.whole)]
    for one, other in pairs:
        for field in fields(one):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))
    np.testing.assert_array_equal(found.scores(rows), again.scores(rows))
    assert plain.to_bytes(boxed(again)) == data
    assert plain.to_bytes(boxed(kept(table()))) == data


def _column(box: Box, name: str, /, **said: Any) -> None:
    next(row for row in box.values["columns"] if row["name"] == name).update(said)


def _array(box: Box, name: str, place: int, value: float) -> None:
    box.arrays[name] = box.arrays[name].copy()
    box.arrays[name][place] = value


HOSTILE = {
    "a missing share above one": lambda box: _column(box, "income", missing=1.5),
    "a quantile short": lambda box: _column(box, "income", quantiles=100),
    "a quantile too many": lambda box: _column(box, "income", quantiles=102),
    "a level twice": lambda box: _column(box, "owns", levels=["1", "1"]),
    "a level short": lambda box: _column(box, "owns", levels=["1"]),
    "no number of rows": lambda box: _column(box, "income", rows="many"),
    "fewer rows than counted": lambda box: _column(box, "income", rows=3),
    "nothing counted": lambda box: _column(box, "income", counted=0),
    "shares that do not add up": lambda box: _column(box, "town", other=0.9),
    "another kind": lambda box: _column(box, "town", kind="number"),
    "a column that is none": lambda box: _column(box, "town", name="city"),
    "a column twice": lambda box: _column(box, "like income", name="income"),
    "a falling quantile": lambda box: _array(box, "edges", 5, 1e9),
    "an endless quantile": lambda box: _array(box, "edges", 100, np.inf),
    "a share below nought": lambda box: _array(box, "below", 0, -0.1),
    "a share above one": lambda box: _array(box, "upto", 100, 1.1),
    "a share of a level below nought": lambda box: _array(box, "shares", 0, -0.5),
    "a correlation above one": lambda box: _array(box, "joint", (0, 1), 3.0),  # type: ignore[arg-type]
    "a matrix that leans": lambda box: _array(box, "joint", (0, 1), 0.123),  # type: ignore[arg-type]
    "a name that is not told of": lambda box: box.put(
        names=["income", "like income", "children", "owns", "day", "note"]
    ),
    "a name twice": lambda box: box.put(names=["income", "income", "children", "owns", "day", "town"]),
    "too many names": lambda box: box.put(names=["income"]),
    "an array too many numbers": lambda box: box.put_array("edges", np.append(box.arrays["edges"], 1e9)),
    "an array of another type": lambda box: box.put_array("edges", box.arrays["edges"].astype(np.float32)),
    "no array": lambda box: box.arrays.pop("shares"),
    "no answer whether the last is the target": lambda box: box.values.pop("target"),
    "a loss below nought": lambda box: box.box("expected").put(loss=-1.0),
    "no row expected of": lambda box: box.box("expected").put(rows=0),
    "a spread below nought": lambda box: _array(box.box("whole"), "spread", (0, 1), -1.0),  # type: ignore[arg-type]
    "a mean that no cosine has": lambda box: _array(box.box("whole"), "mean", 0, 5.0),
    "a variance below nought": lambda box: _array(box.box("whole"), "covariance", (0, 0), -1.0),  # type: ignore[arg-type]
    "an endless direction": lambda box: _array(box.box("whole"), "directions", (0, 0), 1e9),  # type: ignore[arg-type]
    "a phase short": lambda box: box.box("whole").put_array("phases", np.zeros(3)),
    "no distance": lambda box: box.box("whole").put(far="far"),
    "no columns": lambda box: box.put(columns="none"),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_what_makes_no_sense_is_refused(how: str) -> None:
    rows = table()
    box = boxed(kept(rows))
    HOSTILE[how](box)
    with pytest.raises(BundleInvalid):
        Profile.load(box, rows.take(slice(0)))


def test_quantiles_of_a_column_of_names_are_refused() -> None:
    rows = table()
    found = Profile.of(rows, ["income"])
    other = Column.of_words("income", [], kind="number")
    with pytest.raises(BundleInvalid):
        Profile.load(boxed(found), Dataset((other,)))
