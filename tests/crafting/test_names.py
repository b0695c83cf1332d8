"""Do names that are too rare for a code tell what they know, and are they trusted no more than they should be?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from assay.crafting.choose import choose, of_names, recipe_of
from assay.crafting.streams import made_in_blocks
from assay.crafting.sums import LEAST_PULL, MOST_PULL, Sums
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Floats
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.stream import Stream
from assay.learners.boosting import Boosting
from assay.learners.linear import Linear
from assay.modalities.category import MOST_LEVELS, MOST_NAMES, Category
from assay.stats.design import Design
from assay.testing.contract import same_bits

MANY, EACH = 700, 12


def world(seed: int = 0, tells: float = 1.0) -> tuple[Batch, Batch]:
    """A number, and one of many names that each add their own amount to the target: (rows that teach, fresh rows)."""
    rng = np.random.default_rng(seed)
    effect = tells * rng.normal(size=MANY)
    found = []
    for _ in range(2):
        x, name = rng.normal(size=MANY * EACH), rng.integers(MANY, size=MANY * EACH)
        feature = Feature("shop (every name)", "shop", "name", tuple(f"shop {k}" for k in range(MANY)))
        vector = Vector(np.column_stack([x, name]).astype(np.float64), (Feature("x", "x"), feature))
        found.append(Batch({"vector": vector}, x + effect[name] + rng.normal(size=len(x))))
    return found[0], found[1]


def mean_square(learner: Boosting | Linear, train: Batch, fresh: Batch) -> float:
    model = learner.fit(train, fresh.take(np.arange(500)), Head.value(), Clock.start(60.0), np.random.default_rng(0))
    return float(np.mean((model.predict(fresh)[500:, 0] - np.asarray(fresh.y)[500:]) ** 2))


@pytest.mark.parametrize("learner", [Boosting(rounds=300), Boosting(rounds=300, craft=5), Linear()])
def test_what_many_names_add_is_learnt(learner: Boosting | Linear) -> None:
    """Of a variance of 2 beside x, 1 is noise; twelve rows a name leave 1/13 of the other unknown."""
    train, fresh = world()
    assert mean_square(learner, train, fresh) < 1.0 + 1 / 13 + 0.15


def test_names_that_tell_nothing_are_not_made_columns_of() -> None:
    train, _ = world(tells=0.0)
    assert of_names(train.vector, np.asarray(train.y)[:, None], Clock.start(), np.random.default_rng(0)) == []


def test_the_general_choice_leaves_rare_names_alone() -> None:
    train, _ = world()
    found = choose(train.vector, np.asarray(train.y)[:, None], np.ones(2), 10, Clock.start(), np.random.default_rng(0))
    assert all(1 not in (spec.a, spec.b) for spec in found)


@pytest.mark.parametrize("ratio", [0.5, 4.0, 20.0])
def test_the_pull_is_the_ratio_of_variances(ratio: float) -> None:
    """With known variance within and between drawers: their ratio is the pull that shrinks means best."""
    rng = np.random.default_rng(1)
    place = np.repeat(np.arange(2000), 10)
    y = rng.normal(size=2000)[place] + np.sqrt(ratio) * rng.normal(size=len(place))
    for centre in (0.0, 1e6):  # sums of squares far from zero would tell nothing
        found = Sums.of(place, centre + y, np.ones(len(y)), 2002, centre).pull
        assert found == pytest.approx(max(ratio, LEAST_PULL), rel=0.15)


def test_drawers_that_do_not_differ_are_pulled_most() -> None:
    y = np.tile([1.0, -1.0], 50)
    assert Sums.of(np.repeat(np.arange(50), 2), y, np.ones(100), 52).pull == MOST_PULL
    # One row each: nothing to tell them apart by.
    assert Sums.of(np.arange(100), y, np.ones(100), 102).pull == MOST_PULL


def test_a_training_row_is_never_told_its_own_target_by_its_name() -> None:
    train, _ = world()
    y = np.asarray(train.y)[:, None].copy()
    recipe = recipe_of(of_names(train.vector, y, Clock.start(), np.random.default_rng(0)), train.vector, 1)
    assert recipe is not None
    moved = y.copy()
    moved[0] += 1e6
    before, after = (recipe.make(train.vector.values, t, None, np.random.default_rng(3))[1] for t in (y, moved))
    same = train.vector.values[:, 1] == train.vector.values[0, 1]
    assert np.abs(after[0, 2] - before[0, 2]) < 1e4  # through the mean of all rows alone
    assert np.abs(after[same, 2] - before[same, 2]).max() > 1e4


def test_rare_names_have_switches_only_where_they_are_asked_for() -> None:
    train, _ = world()
    assert Design.learn(train.vector).width == 1
    design = Design.learn(train.vector, names=True)
    assert (design.width, design.named, design.is_sparse) == (MANY, True, True)
    assert design.names[1] == "shop = shop 1"  # the first is what the others differ from


def test_where_names_are_asked_for_they_stand_in_place_of_their_codes() -> None:
    column = names_of([9] * MOST_LEVELS + [5] * 40)
    vector = Category().learn(column, np.random.default_rng(0)).vector(column)
    assert Design.learn(vector).width == MOST_LEVELS  # with the switch of all others
    design = Design.learn(vector, names=True)
    assert (design.width, set(design.owners)) == (MOST_LEVELS + 40 - 1, {1})


def names_of(rows_of_each: list[int]) -> Column:
    words = [f"n{place:05d}" for place, count in enumerate(rows_of_each) for _ in range(count)]
    return Category().open(Column.of_words("who", words)).column


def test_a_second_number_tells_names_beyond_the_codes_apart() -> None:
    column = names_of([9] * MOST_LEVELS + [5] * 40 + [2] * 7)
    codes = Category().learn(column, np.random.default_rng(0))
    vector = codes.vector(column)
    assert [f.kind for f in vector.features] == ["code", "name"]
    assert (len(codes.levels), len(codes.names), len(codes.rare)) == (MOST_LEVELS, 40, 7)
    assert vector.features[1].levels == (*codes.levels, *codes.names)
    assert vector.values[9].tolist() == [1.0, 1.0]
    assert vector.values[9 * MOST_LEVELS].tolist() == [250.0, 250.0]
    assert vector.values[-1].tolist() == [250.0, 290.0]  # who is in two rows is named nowhere
    assert not codes.strange(column).any()
    told = [codes.encode_cell(cell) for cell in ("n00000", "n00250", "n00295", "stranger", None)]
    assert [strange for _, strange in told] == [False, False, False, True, False]
    assert told[1][0] == (250.0, 250.0)
    assert codes.usual.codes == {}
    box = Box("codes")
    codes.dump(box)
    assert Category().load(box) == codes


def test_a_column_of_few_names_is_as_before() -> None:
    column = names_of([9] * 30)
    codes = Category().learn(column, np.random.default_rng(0))
    box = Box("codes")
    codes.dump(box)
    assert "names" not in box.values
    assert codes.vector(column).values.shape == (270, 1)
    assert codes.usual.codes["n00029"] == 29.0


def test_only_so_many_names_stand_in_a_file() -> None:
    column = names_of([3] * (MOST_LEVELS + MOST_NAMES + 5))
    codes = Category().learn(column, np.random.default_rng(0))
    assert (len(codes.levels), len(codes.names), len(codes.rare)) == (MOST_LEVELS, MOST_NAMES, 5)


def test_what_overlooks_names_is_shown_none() -> None:
    train, _ = world()
    shown = train.vector.without_names()
    assert np.isnan(shown[:, 1]).all()
    assert same_bits(shown[:, 0], train.vector.values[:, 0])
    assert not np.isnan(train.vector.values).any()


def test_rows_in_blocks_are_told_the_means_of_the_other_folds() -> None:
    train, fresh = world()
    y, sizes, read = np.asarray(train.y), (1000, 1, train.rows - 1001), []

    def blocks() -> Iterator[Floats]:
        for start, end in itertools.pairwise(np.cumsum([0, *sizes])):
            yield train.vector.values[start:end]
        read.append("to its end")

    fed = Stream(sample=lambda: train, sizes=sizes, y=y, weight=None, blocks=blocks)
    recipe = recipe_of(of_names(train.vector, y[:, None], Clock.start(), np.random.default_rng(0)), train.vector, 1)
    assert recipe is not None
    made, wider = made_in_blocks(recipe, fed, Head.value(), np.random.default_rng(1))
    values = np.vstack(list(wider.blocks()))
    assert read == ["to its end"] * 2
    assert same_bits(values[:, :2], train.vector.values)
    whole, _ = recipe.make(train.vector.values, y[:, None], None, np.random.default_rng(2))
    assert np.allclose(made.tables[0], whole.tables[0])
    own = np.corrcoef(values[:, 2] - made(train.vector.values)[:, 2], y)[0, 1]
    assert own < -0.2  # what a row is told lacks its own target
    model = Boosting(rounds=300).fit_stream(
        fed, fresh.take(np.arange(500)), Head.value(), Clock.start(60.0), np.random.default_rng(0), 0
    )
    assert float(np.mean((model.predict(fresh)[500:, 0] - np.asarray(fresh.y)[500:]) ** 2)) < 1.0 + 1 / 13 + 0.15


def test_a_training_row_is_told_nothing_of_its_own_group() -> None:
    train, _ = world()
    y = np.asarray(train.y)[:, None].copy()
    recipe = recipe_of(of_names(train.vector, y, Clock.start(), np.random.default_rng(0)), train.vector, 1)
    assert recipe is not None
    name = train.vector.values[:, 1]
    same = np.flatnonzero(name == name[0])
    assert len(same) > 2
    groups = np.arange(train.rows)
    groups[same[:2]] = -1  # two rows of one name are of one group
    moved = y.copy()
    moved[same[0]] += 1e6
    values = train.vector.values
    before, after = (recipe.make(values, t, None, np.random.default_rng(3), groups)[1] for t in (y, moved))
    shift = np.abs(after[same, 2] - before[same, 2])
    assert shift[:2].max() < 1e4 < shift[2:].max()
