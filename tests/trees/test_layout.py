"""What a file keeps of a forest: the same trees, in little room, and nothing that is no forest."""

from __future__ import annotations

from collections.abc import Callable

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kernel import grid, pack
from assay.kernel.box import Box
from assay.kernel.errors import BundleInvalid
from assay.trees.forest import Forest
from assay.trees.from_lightgbm import forest_of
from assay.trees.order import children_of, in_order, shape_of

from ..golden.make_v1 import put_in_full
from .test_forest import OBJECTIVES, trained

# ------------------------------------------------------------------------------------------------------------- order


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), mode=st.sampled_from(sorted(OBJECTIVES)), leaves=st.integers(2, 40))
def test_trees_in_order_say_what_they_said(seed: int, mode: str, leaves: int) -> None:
    booster, values = trained(seed, mode, num_leaves=leaves)
    forest = forest_of(booster)
    told = in_order(forest)
    np.testing.assert_array_equal(told.predict(values), forest.predict(values))
    np.testing.assert_array_equal(told.native(values), forest.native(values))
    np.testing.assert_allclose(told.contributions(values[:9]), forest.contributions(values[:9]), atol=1e-12)
    assert in_order(told).same(told)
    left, right = children_of(shape_of(told), forest.leaves.astype(np.int64)) or (None, None)
    np.testing.assert_array_equal(left, told.left)
    np.testing.assert_array_equal(right, told.right)


def test_bits_that_are_no_tree_are_told() -> None:
    leaves = np.array([3, 1])
    assert children_of(np.array([1, 1, 0, 0, 0, 0]) == 1, leaves) is not None
    for bits in ([1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0], [1, 0, 0, 1, 0, 0], [0, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 1]):
        assert children_of(np.array(bits) == 1, leaves) is None, bits


# -------------------------------------------------------------------------------------------------------------- grid

numbers = st.floats(-1e290, 1e290) | st.floats(-1.0, 1.0) | st.sampled_from([0.0, -0.0, 5e-324, 1e-300, 1 / 3])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(numbers, min_size=1, max_size=9), min_size=1, max_size=5))
def test_a_number_moves_by_less_than_a_millionth_of_its_groups_span(groups: list[list[float]]) -> None:
    values, sizes = np.concatenate([np.asarray(g) for g in groups]), np.asarray([len(g) for g in groups])
    moved = grid.rounded(values, sizes)
    for before, after in zip(*(np.split(a, np.cumsum(sizes)[:-1]) for a in (values, moved)), strict=True):
        step = 2 * np.ptp(before) / (grid.LEVELS - 2) + 2 * np.abs(before).max() / 2**grid.DEPTH
        assert np.abs(after - before).max() <= step / 2 + 5e-324
    box = Box()
    grid.put_values(box, "x", moved, sizes)
    assert "x" not in box.arrays
    np.testing.assert_array_equal(grid.values_of(box, "x", sizes), moved)


def test_numbers_on_no_grid_are_kept_in_full() -> None:
    box, values = Box(), np.array([1.0, 1e-9, 1 / 3, -0.0])
    grid.put_values(box, "x", values, np.array([4]))
    assert list(box.arrays) == ["x"]
    np.testing.assert_array_equal(grid.values_of(box, "x", np.array([4])), values)


def test_a_small_file_cannot_ask_for_much_memory() -> None:
    box = Box()
    grid.put_values(box, "x", np.zeros(3), np.array([3]))
    for sizes in (
        [10**11],
        [2**62, 2**62],
        [2**62] * 4,
    ):  # sums beyond 64 bits, one of them as if nothing were asked for
        with pytest.raises(BundleInvalid, match="tell apart"):
            grid.values_of(box, "x", np.array(sizes))


# -------------------------------------------------------------------------------------------------------------- bits


@given(st.lists(st.integers(0, 2**32 - 1), max_size=40))
def test_bits_give_whole_numbers_back(numbers: list[int]) -> None:
    box = Box()
    pack.pack_bits(box, "x", np.asarray(numbers, dtype=np.int64))
    np.testing.assert_array_equal(pack.unpack_bits(box, "x", len(numbers)), numbers)
    most = max(numbers, default=0).bit_length()
    assert box.arrays["x"].nbytes == 1 + -(-most * len(numbers) // 8)


@pytest.mark.parametrize("number", [-1, 2**32])
def test_what_does_not_fit_into_bits_is_not_written(number: int) -> None:
    with pytest.raises(TypeError, match="bits"):
        pack.pack_bits(Box(), "x", np.asarray([number]))


@pytest.mark.parametrize("kept", [[], [3], [3, 23], [3, 23, 162, 0], [3, 23, 163], [33, *[0] * 21], [255, 1]])
def test_bits_that_do_not_fit_are_refused(kept: list[int]) -> None:
    box = Box()
    box.put_array("x", np.asarray(kept, dtype=np.uint8))
    with pytest.raises(BundleInvalid):
        pack.unpack_bits(box, "x", 5)


# ------------------------------------------------------------------------------------------------------------- a file


def kept(settled: bool = True) -> Box:
    box, forest = Box(), forest_of(trained(0, "classes")[0])
    (forest.settled() if settled else forest).dump(box)
    return box


@pytest.mark.parametrize("settled", [False, True])
def test_a_forest_comes_back(settled: bool) -> None:
    box, forest = kept(settled), forest_of(trained(0, "classes")[0])
    assert Forest.load(box).same(forest.settled() if settled else in_order(forest))
    assert ("leaf_value" in box.arrays) == (not settled)


def test_what_format_1_kept_is_read() -> None:
    box, forest = Box(), forest_of(trained(0, "classes")[0])
    put_in_full(forest, box)
    assert Forest.load(box).same(forest)


def test_a_settled_forest_takes_half_the_room() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(3_000, 10))
    data = lgb.Dataset(values, values[:, 0] * values[:, 1] + rng.normal(size=3_000))
    forest = forest_of(lgb.train({"verbose": -1, "num_threads": 1}, data, 200))
    before = Box()
    put_in_full(forest, before)
    assert forest.settled().size_bytes < 0.5 * sum(array.nbytes for array in before.arrays.values())


def bits(name: str, place: int, value: int, size: int | None = None) -> Callable[[Box], None]:
    """Another number in place of one that is kept in bits."""

    def spoil(box: Box) -> None:
        array = box.arrays[name]
        count = size or (len(array) - 1) * 8 // max(1, int(array[0]))
        inner = Box()
        inner.put_array(name, np.append(array[:1], np.packbits(np.unpackbits(array[1:])[: count * int(array[0])])))
        found = pack.unpack_bits(inner, name, count)
        found[place] = value
        pack.pack_bits(box, name, found)

    return spoil


def put(name: str, array: np.ndarray) -> Callable[[Box], None]:
    return lambda box: box.put_array(name, array)


SPOILS: dict[str, Callable[[Box], None]] = {
    "a shape of no trees": put("shape", np.array([1, 255], np.uint8)),
    "a bit of a shape that is none": bits("shape", 0, 2),
    "a leaf where a root was": bits("shape", 0, 0),
    "a column that is not there": bits("feature", 3, 5),
    "a decision that is not there": bits("decision", 0, 7),
    "no decisions": put("decisions", np.zeros(0, np.uint8)),
    "an unknown decision": put("decisions", np.array([1, 2, 60, 61], np.uint8)),
    "a threshold outside its table": bits("threshold", 0, 5_000),
    "a column without its thresholds": put("thresholds", np.zeros(1)),
    "a threshold that is no number": lambda box: box.arrays.__setitem__(
        "thresholds", box.arrays["thresholds"] * np.nan
    ),
    "an empty category set": bits("category_sizes", 0, 0),
    "a huge category set": bits("category_sizes", 0, 2**31),
    "category words that are missing": put("category_words", np.zeros(1, np.uint8)),
    "an empty leaf": bits("leaf_count", 0, 0),
    "counts beyond 32 bits": bits("leaf_count", 0, 2**32 - 1),
    "a level beyond the grid": bits("leaf_value_levels", 0, 2**20),
    "exponents that are missing": lambda box: box.arrays.pop("leaf_value_exponents"),
    "an exponent too few": lambda box: box.arrays.__setitem__(
        "leaf_value_exponents", box.arrays["leaf_value_exponents"][1:]
    ),
    "an exponent beyond numbers": lambda box: box.put_array("leaf_value_exponents", np.full(18, 1_500, np.int16)),
    "leaves that overflow in a sum": lambda box: box.put_array("leaf_value_exponents", np.full(18, 1_000, np.int16)),
    "a lowest point beyond numbers": lambda box: box.put_array("leaf_value_lowest", np.full(18, 2**60)),
    "a tree of many leaves": lambda box: box.put_array("leaves", np.full(18, 2**30, np.uint32)),
    "a tree without leaves": lambda box: box.put_array("leaves", np.zeros(18, np.uint8)),
    "a tree less": lambda box: box.put_array("leaves", box.arrays["leaves"][:-3]),
}


def test_what_is_spoilt_below_has_so_many_trees() -> None:
    assert len(kept().arrays["leaves"]) == 18


@pytest.mark.parametrize("what", sorted(SPOILS))
def test_it_is_refused(what: str) -> None:
    box = kept()
    SPOILS[what](box)
    with pytest.raises(BundleInvalid):
        Forest.load(box)
