"""What do many symmetric trees know, grown by CatBoost?

CatBoost (Prokhorenkova et al. 2018) asks one question a level of the tree and gives categories the average target of the rows
that came before. It is needed for training only: what is kept is arrays (assay.trees). Leaves of quantiles are found by steps along the
gradient: those that it calls exact leave out how much each row weighs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Switch, Whole, check_settings
from assay.kernel.threads import threads
from assay.neural.unit import Unit
from assay.stats.heads import guess
from assay.trees.centre import centre_of, taken_from
from assay.trees.from_catboost import forest_of_catboost
from assay.trees.grow import UNWATCHED, Grown
from assay.trees.single_precision import seen
from assay.trees.watch import Watch

from ._trees import Trees, by_names, levels_of

LEAF_STEPS = 10  # towards the quantile of a leaf, each of at most one spread of the target
FEATHER = 1e-6  # weight of an imagined row, in that of a true one


@dataclass(frozen=True, kw_only=True)
class CatBoost:
    """Many symmetric trees, each mending what the last got wrong, grown by CatBoost."""

    about: ClassVar[About] = About(
        key="catboost",
        takes=("vector",),
        gives=("value", "counts", "quantiles", "classes"),
        needs=("catboost",),
        extra="catboost",
        memory=100_000_000,  # measured: 42 to load the package, the rest is its work
        order=34,
        by_class=True,
        words={"en": {"title": "CatBoost trees"}, "zh": {"title": "CatBoost 提升树"}},
    )
    rounds: Annotated[int, Whole(1, 10_000, log=True)] = 2000  # most trees; tune rows stop them earlier
    rate: Annotated[float, Real(0.005, 0.5, log=True)] = 0.06  # share of each correction that is kept
    depth: Annotated[int, Whole(1, 10)] = 6  # questions before a leaf
    column_share: Annotated[float, Real(0.1, 1.0)] = 1.0  # columns each level may look at
    row_share: Annotated[float, Real(0.3, 1.0)] = 0.8  # rows each tree may look at
    ridge: Annotated[float, Real(0.0, 100.0)] = 3.0  # pull of leaf values towards zero
    one_hot: Annotated[int, Whole(1, 255, log=True)] = (
        4  # levels up to which a split takes one name, beyond it averages
    )
    patience: Annotated[int, Whole(5, 500)] = 60  # rounds without gain on the tune rows before it stops
    refit: Annotated[bool, Switch()] = False  # grow again on training and tune rows together

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Trees:
        """Grow until the tune rows see no gain or the clock has run out.

        Raises MissingPackage where catboost is not installed.
        """
        settings = self._parameters(head) | {"random_seed": int(rng.integers(2**31 - 1))}

        def grow(train: Batch, tune: Batch | None, rounds: int, clock: Clock) -> Grown:
            return _grow(settings | {"iterations": rounds}, train, tune, head, self.patience, clock)

        recipe, again = by_names(train, head, clock, rng), None if self.refit else 0
        return Trees.grown(grow, recipe, train, tune, head, self.rounds, clock, rng, again)

    def _parameters(self, head: Head) -> dict[str, Any]:
        """The same settings in CatBoost's words."""
        leaves: dict[str, Any] = {}
        if head.name == "quantiles":
            leaves = {"leaf_estimation_method": "Gradient", "leaf_estimation_iterations": LEAF_STEPS}
        return leaves | {
            "loss_function": _loss(head),
            "learning_rate": self.rate,
            "depth": self.depth,
            "rsm": self.column_share,
            "bootstrap_type": "MVS",
            "subsample": self.row_share,
            "l2_leaf_reg": self.ridge,
            "one_hot_max_size": self.one_hot,
            "max_ctr_complexity": 1,  # averages of single columns: each is a set of levels
            "boosting_type": "Plain",
            "boost_from_average": False,
            "allow_const_label": True,
            "allow_writing_files": False,
            "logging_level": "Silent",
        }

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Trees:
        """The trees that were dumped, checked; CatBoost is not asked."""
        return Trees.load(box, head, features)


def _loss(head: Head) -> str:
    if head.name == "classes":
        return "Logloss" if head.width == 1 else "MultiClass"
    if head.name == "quantiles":
        return f"Quantile:alpha={head.level}"
    return {"value": "RMSE", "counts": "Poisson"}[head.name]


def _grow(settings: dict[str, Any], train: Batch, tune: Batch | None, head: Head, patience: int, clock: Clock) -> Grown:
    import catboost

    if tune is not None and not tune.rows:  # of a table of some ten rows: there is nothing to stop by
        tune, settings = None, settings | {"iterations": min(settings["iterations"], UNWATCHED)}
    levels, timer = levels_of(train), clock.slice(clock.remaining())
    base, centre = guess(head, np.asarray(train.y), train.weight), centre_of(head, train.y)
    # A step knows the side of a row, not how far.
    unit = Unit.of(train, head).scale if head.name == "quantiles" else 1.0
    watch = Watch(timer, patience if tune is not None else 0)
    rounds = settings["iterations"]

    class Watched:
        def after_iteration(self, info: Any) -> bool:
            on_tune = info.metrics.get("validation")
            losses = [None] if on_tune is None else next(iter(on_tune.values()))
            return not watch.stop(info.iteration - 1, rounds, None if losses[-1] is None else unit * losses[-1])

    train = _with_all_classes(train, head)
    data = _pool(train.vector.without_names(), levels, train, base, unit, centre)
    if head.name != "classes" and np.ptp(np.asarray(train.y)) == 0:  # rows are drawn by their gradients: there are none
        settings = {k: v for k, v in settings.items() if k != "subsample"} | {"bootstrap_type": "No"}
    model = catboost.CatBoost(settings | {"thread_count": threads()})
    told = None if tune is None else _pool(tune.vector.without_names(), levels, tune, base, unit, centre)
    model.fit(data, eval_set=told, use_best_model=False, callbacks=[Watched()])
    if unit != 1.0:
        model.set_scale_and_bias(unit, 0.0)
    kept = watch.keep(model.tree_count_)
    forest = forest_of_catboost(model, kept, base, levels, lambda values: _pool(values, levels)).settled()
    gains = np.zeros(len(levels))
    order = [place for place, count in enumerate(levels) if not count]
    order += [place for place, count in enumerate(levels) if count]
    gains[order] = model.get_feature_importance(data)
    return Grown(forest, watch.curve, gains, timer.spent(), watch.cut_short)


def _with_all_classes(batch: Batch, head: Head) -> Batch:
    """The batch, and an imagined row that hardly weighs for each class that has none: CatBoost knows classes by their rows."""
    assert batch.y is not None
    lacking = np.setdiff1d(np.arange(head.classes_), batch.y)
    if not len(lacking):
        return batch
    imagined = batch.take(np.zeros(len(lacking), dtype=np.int64))
    weight = np.ones(batch.rows) if batch.weight is None else batch.weight
    lightly = np.full(len(lacking), FEATHER * weight.mean())
    return replace(batch, weight=weight).then(replace(imagined, y=lacking, weight=lightly))


def _pool(
    values: Floats,
    levels: list[int],
    batch: Batch | None = None,
    base: Floats | None = None,
    unit: float = 1.0,
    centre: float = 0.0,
) -> Any:
    """Numbers first, then categories, each level by its number; targets from a centre, in a unit."""
    from catboost import FeaturesData, Pool

    names = np.asarray(levels) > 0
    codes = values[:, names]
    missing = np.asarray(levels)[names] + 1
    said = np.where(np.isnan(codes), missing, codes).astype(np.int64).astype("S").astype(object)
    data = FeaturesData(
        num_feature_data=seen(values[:, ~names]).astype(np.float32) if (~names).any() else None,
        cat_feature_data=said if names.any() else None,
    )
    if batch is None or base is None:
        return Pool(data)
    margin, y = np.tile((base - centre) / unit, (batch.rows, 1)), taken_from(batch.y, centre)
    y = y if unit == 1.0 else np.asarray(y) / unit
    return Pool(data, y, weight=batch.weight, baseline=margin if len(base) > 1 else margin[:, 0])
