"""Do features become numbers that a network can bear, whatever stands in the cells?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.errors import BundleInvalid
from assay.kernel.forms import Feature, Vector
from assay.neural.inputs import GAP, NUMBER, REACH, Inputs

FEW, MANY = tuple("abc"), tuple(f"name {i}" for i in range(40))


def vector(*columns: object, features: tuple[Feature, ...]) -> Vector:
    return Vector(np.column_stack([np.asarray(c, dtype=np.float64) for c in columns]), features)


def test_no_number_leaves_its_reach_and_the_order_is_kept() -> None:
    x = np.concatenate([np.random.default_rng(0).normal(size=500), [1e300, -1e300, 1e5]])
    one = vector(x, features=(Feature("x", "x"),))
    found = Inputs.learn(one).columns(one)[:, 0]
    assert np.abs(found).max() <= REACH
    assert (np.diff(found[np.argsort(x)]) >= 0).all()
    inner = np.quantile(found[:500], [0.25, 0.75])
    assert inner[1] - inner[0] == pytest.approx(1.0, abs=0.05)


def test_a_gap_is_the_middle_and_has_a_switch() -> None:
    x = np.arange(9.0)
    x[3] = np.nan
    one = vector(x, features=(Feature("x", "x"),))
    inputs = Inputs.learn(one)
    assert inputs.means.tolist() == [NUMBER, GAP]
    columns = inputs.columns(one)
    assert columns[3].tolist() == [0.0, 1.0]
    assert columns[:, 1].sum() == 1


def test_columns_that_tell_nothing_are_left_away() -> None:
    features = (Feature("same", "same"), Feature("empty", "empty"), Feature("code", "code", "code", FEW))
    one = vector(np.full(9, 7.0), np.full(9, np.nan), np.arange(9) % 2, features=features)
    inputs = Inputs.learn(one)
    assert inputs.owners.tolist() == [2]  # two levels need one switch
    assert inputs.columns(one)[:, 0].sum() in (4, 5)


def test_few_levels_are_switches_and_many_are_looked_up() -> None:
    features = (Feature("few", "few", "code", FEW), Feature("many", "many", "code", MANY))
    train = vector(np.arange(90) % 3, np.arange(90) % 30, features=features)
    inputs = Inputs.learn(train)
    assert inputs.means.tolist() == [0, 1, 2]
    assert inputs.rows(train)[:, 0].tolist() == (np.arange(90) % 30).tolist()
    unseen = vector([3, np.nan, 0], [35, 40, np.nan], features=features)
    assert inputs.rows(unseen)[:, 0].tolist() == [-1, -1, -1]
    assert inputs.columns(unseen).tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("owners", np.asarray([0, 5])),
        ("means", np.asarray([0, NUMBER])),
        ("scale", np.asarray([0.0])),
        ("sizes", np.asarray([41])),
    ],
)
def test_inputs_that_make_no_sense_are_refused(name: str, array: np.ndarray) -> None:
    features = (Feature("x", "x"), Feature("many", "many", "code", MANY))
    x = np.arange(60.0)
    x[0] = np.nan
    inputs = Inputs.learn(vector(x, np.arange(60) % 40, features=features))
    box = Box("inputs")
    inputs.dump(box)
    assert Inputs.load(box, features).owners.tolist() == [0, 0]
    box.put_array(name, array)
    with pytest.raises(BundleInvalid):
        Inputs.load(box, features)
