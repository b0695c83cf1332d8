"""What do many small trees know, each mending what the last got wrong?

LightGBM (Ke et al. 2017) grows them; what is kept is arrays (assay.trees). The mode "forest" grows them side by side on
bootstrap samples instead (Breiman 2001). Columns made of others (assay.crafting) may be grown on beside the given ones.
The rows of `tune` stop the growing; on small tables the trees are then grown
once more on all training rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np

from assay.crafting.batches import made_of, told
from assay.crafting.choose import Recipe, choose, of_names, recipe_of
from assay.crafting.streams import made_in_blocks
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Choice, Real, Switch, Whole, check_settings
from assay.kernel.stream import Stream
from assay.trees.beside import beside
from assay.trees.grow import Grown, grow, grow_streamed
from assay.trees.left_over import left_over

from ._trees import MOST_OUTPUTS, Trees, by_names, shared, told_by

STUDENT = {"num_leaves": 31, "learning_rate": 0.08, "min_data_in_leaf": 5, "lambda_l2": 0.0, "bagging_freq": 0}
STUDENT_ROUNDS = 400  # at most: a student is there to be small


@dataclass(frozen=True, kw_only=True)
class Boosting:
    """Many small trees, each mending what the last got wrong."""

    about: ClassVar[About] = About(
        key="boosting",
        also=("lightgbm", "lgbm", "lgb", "gbdt", "gbm", "gradient_boosting"),
        takes=("vector",),
        gives=("value", "counts", "quantiles", "classes"),
        order=30,
        by_class=True,
        streams=True,
        words={"en": {"title": "gradient-boosted trees"}, "zh": {"title": "梯度提升树"}},
    )
    mode: Annotated[str, Choice(("boosted", "forest"))] = "boosted"
    rounds: Annotated[int, Whole(1, 10_000, log=True)] = 2000  # most trees; tune rows stop them earlier
    rate: Annotated[float, Real(0.005, 0.5, log=True)] = 0.05  # share of each correction that is kept
    leaves: Annotated[int, Whole(2, 512, log=True)] = 31  # detail of one tree
    least_rows: Annotated[int, Whole(1, 1000, log=True)] = 20  # rows a leaf must hold
    column_share: Annotated[float, Real(0.1, 1.0)] = 0.8  # columns each tree may look at
    node_column_share: Annotated[float, Real(0.1, 1.0)] = 1.0  # of those, columns each split may look at
    row_share: Annotated[float, Real(0.3, 1.0)] = 0.8  # rows each tree may look at
    ridge: Annotated[float, Real(0.0, 100.0)] = 1.0  # pull of leaf values towards zero
    one_hot: Annotated[int, Whole(1, 255, log=True)] = 4  # levels up to which a split takes one name, beyond it a group
    patience: Annotated[int, Whole(5, 500)] = 60  # rounds without gain on the tune rows before it stops
    random_splits: Annotated[bool, Switch()] = False  # one threshold a column, drawn at random
    craft: Annotated[int, Whole(0, 500)] = 0  # columns made of others, at most; each must explain what is left over
    refit: Annotated[bool, Switch()] = False  # grow again on training and tune rows together

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Trees:
        """Grow until the tune rows see no gain or the clock has run out."""
        parameters = self.parameters(int(rng.integers(2**31 - 1)))
        forest_mode = self.mode == "forest"
        rounds = min(self.rounds, 300) if forest_mode else self.rounds
        patience = 0 if forest_mode else self.patience
        again = (rounds if forest_mode else None) if self.refit else 0

        def one(train: Batch, tune: Batch | None, rounds: int, clock: Clock) -> Grown:
            found = grow(train, tune, head, parameters, rounds, 0 if tune is None else patience, clock)
            # As many rounds once more take steps of the same size.
            parameters["learning_rate"] = found.rate or self.rate
            return found

        recipe = self._recipe(train, head, clock, rng)
        return Trees.grown(one, recipe, train, tune, head, rounds, clock, rng, again)

    def imitate(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Trees:
        """Learn raw scores [n, w] as they are, an output after the other: there is no noise in them to be held back."""
        seed = int(rng.integers(2**31 - 1))
        settings = self.parameters(seed) | STUDENT
        hot = np.asarray(train.y)[:, :MOST_OUTPUTS]
        recipe = recipe_of(of_names(train.vector, hot, clock, rng, train.groups), train.vector, hot.shape[1])
        made, train = made_of(recipe, train, hot, rng)
        tune = told(made, tune)
        found: list[Grown] = []
        for output in range(head.width):
            share = clock.slice(clock.remaining() / (head.width - output))
            own = [replace(batch, y=np.asarray(batch.y)[:, output]) for batch in (train, tune)]
            found.append(grow(own[0], own[1], Head.value(), settings, STUDENT_ROUNDS, self.patience, share))
        gains = shared(np.sum([grown.gains for grown in found], axis=0), made)
        return Trees(beside([grown.forest for grown in found]), found[0].curve, gains, made)

    def _recipe(self, train: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Recipe | None:
        """The columns that are worth making; None where there are none. Those of rare names are, whatever is asked for."""
        if not self.craft:
            return by_names(train, head, clock, rng)
        hot = told_by(head, train)
        found = of_names(train.vector, hot, clock, rng, train.groups)
        rows, rest, gains = left_over(train, head, clock, rng)
        some = train.take(rows)
        found += choose(some.vector, rest, gains, self.craft, clock, rng, some.groups)
        return recipe_of(found, train.vector, hot.shape[1])

    def fit_stream(
        self, stream: Stream, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator, needed: int
    ) -> Trees:
        """The same from rows that come in blocks, of made columns those of names alone; `needed` rounds were enough on some of them."""
        parameters = self.parameters(int(rng.integers(2**31 - 1)))
        made = None
        if any(feature.kind == "name" for feature in tune.vector.features):
            recipe = by_names(stream.sample(), head, clock, rng)
            if recipe is not None:
                made, stream = made_in_blocks(recipe, stream, head, rng)
                tune = told(made, tune)
        if self.mode == "forest":
            grown = grow_streamed(stream, tune, head, parameters, min(self.rounds, 300), 0, clock, 0)
        else:
            parameters |= {"bagging_fraction": 1.0, "bagging_freq": 0}  # it would cost memory, and rows are many
            grown = grow_streamed(stream, tune, head, parameters, self.rounds, self.patience, clock, needed)
        return Trees(grown.forest, grown.curve, shared(grown.gains, made), made, grown.a_round)

    def parameters(self, seed: int) -> dict[str, Any]:
        """The same settings in LightGBM's words."""
        found: dict[str, Any] = {
            "learning_rate": self.rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.least_rows,
            "feature_fraction": self.column_share,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1 if self.row_share < 1.0 else 0,
            "lambda_l2": self.ridge,
            "min_data_per_group": 20,
            "cat_smooth": 10.0,
            "max_cat_to_onehot": self.one_hot,
            "seed": seed,
        }
        if self.random_splits:  # extremely randomised trees (Geurts, Ernst & Wehenkel 2006)
            found["extra_trees"] = True
        if self.node_column_share < 1.0:
            found["feature_fraction_bynode"] = self.node_column_share
        if self.mode == "forest":
            # Row shares of 1 are no bootstrap; LightGBM's forest needs less than all rows.
            share = min(self.row_share, 0.632)
            found |= {"boosting": "rf", "bagging_fraction": share, "bagging_freq": 1, "lambda_l2": 0.0}
            # Breiman draws columns at each split, not for each tree.
            found |= {"feature_fraction": 1.0, "feature_fraction_bynode": self.column_share}
        return found

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Trees:
        """The trees that were dumped, checked."""
        return Trees.load(box, head, features)
