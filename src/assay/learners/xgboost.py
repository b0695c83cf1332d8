"""What do many small trees know, grown by XGBoost?

XGBoost (Chen & Guestrin 2016) chooses splits and pulls leaves otherwise than LightGBM does, so that the two err differently. It
is needed for training only: what is kept is arrays (assay.trees).
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
from assay.stats.heads import guess
from assay.trees.centre import centre_of, taken_from, unit_of
from assay.trees.from_xgboost import forest_of_xgboost
from assay.trees.grow import Grown
from assay.trees.single_precision import seen
from assay.trees.watch import WAY, Pace, Watch

from ._trees import Trees, by_names, levels_of

COUNTED = 20_000  # rows that are counted in the leaves


@dataclass(frozen=True, kw_only=True)
class XGBoost:
    """Many small trees, each mending what the last got wrong, grown by XGBoost."""

    about: ClassVar[About] = About(
        key="xgboost",
        also=("xgb",),
        takes=("vector",),
        gives=("value", "counts", "quantiles", "classes"),
        needs=("xgboost",),
        extra="xgboost",
        memory=60_000_000,  # measured: 4 to load the package, the rest is its work
        order=36,
        by_class=True,
        words={"en": {"title": "XGBoost trees"}, "zh": {"title": "XGBoost 提升树"}},
    )
    rounds: Annotated[int, Whole(1, 10_000, log=True)] = 2000  # most trees; tune rows stop them earlier
    rate: Annotated[float, Real(0.005, 0.5, log=True)] = 0.05  # share of each correction that is kept
    depth: Annotated[int, Whole(1, 16)] = 6  # questions before a leaf, at most
    least_weight: Annotated[float, Real(0.0, 1000.0)] = 1.0  # curvature of the loss that a leaf must hold
    column_share: Annotated[float, Real(0.1, 1.0)] = 0.8  # columns each tree may look at
    row_share: Annotated[float, Real(0.3, 1.0)] = 0.8  # rows each tree may look at
    ridge: Annotated[float, Real(0.0, 100.0)] = 1.0  # pull of leaf values towards zero
    one_hot: Annotated[int, Whole(1, 255, log=True)] = 4  # levels up to which a split takes one name, beyond it a group
    patience: Annotated[int, Whole(5, 500)] = 60  # rounds without gain on the tune rows before it stops
    refit: Annotated[bool, Switch()] = False  # grow again on training and tune rows together

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Trees:
        """Grow until the tune rows see no gain or the clock has run out.

        Raises MissingPackage where xgboost is not installed.
        """
        settings = self._parameters(head) | {"seed": int(rng.integers(2**31 - 1))}

        def grow(train: Batch, tune: Batch | None, rounds: int, clock: Clock) -> Grown:
            found = _grow(settings, train, tune, head, rounds, self.patience, clock)
            settings["eta"] = found.rate  # as many rounds once more take steps of the same size
            return found

        recipe, again = by_names(train, head, clock, rng), None if self.refit else 0
        return Trees.grown(grow, recipe, train, tune, head, self.rounds, clock, rng, again)

    def _parameters(self, head: Head) -> dict[str, Any]:
        """The same settings in XGBoost's words."""
        objective: dict[str, Any] = {"objective": "reg:squarederror", "eval_metric": "rmse", "base_score": 0.0}
        if head.name == "counts":
            objective = {"objective": "count:poisson", "eval_metric": "poisson-nloglik", "base_score": 1.0}
        elif head.name == "quantiles":
            objective = {"objective": "reg:quantileerror", "eval_metric": "quantile", "quantile_alpha": head.level}
        elif head.name == "classes" and head.width == 1:
            objective = {"objective": "binary:logistic", "eval_metric": "logloss", "base_score": 0.5}
        elif head.name == "classes":
            objective = {"objective": "multi:softprob", "eval_metric": "mlogloss", "num_class": head.classes_}
        return objective | {
            "tree_method": "hist",
            "eta": self.rate,
            "max_depth": self.depth,
            "min_child_weight": self.least_weight,
            "colsample_bytree": self.column_share,
            "subsample": self.row_share,
            "lambda": self.ridge,
            "max_cat_to_onehot": self.one_hot,
            "verbosity": 0,
        }

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Trees:
        """The trees that were dumped, checked; XGBoost is not asked."""
        return Trees.load(box, head, features)


def _grow(
    settings: dict[str, Any], train: Batch, tune: Batch | None, head: Head, rounds: int, patience: int, clock: Clock
) -> Grown:
    import xgboost

    base, levels = guess(head, np.asarray(train.y), train.weight), levels_of(train)
    centre, unit = centre_of(head, train.y), unit_of(head, train.y)
    timer, rate = clock.slice(clock.remaining()), float(settings["eta"])
    watch = Watch(timer, patience if tune is not None else 0)

    class Watched(xgboost.callback.TrainingCallback):
        def before_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            if pace.raised(epoch):
                model.set_param("eta", pace.rate)
            return False

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            losses: list[Any] = next(iter(evals_log["tune"].values())) if evals_log else [None]
            return watch.stop(epoch, rounds, None if losses[-1] is None else unit * losses[-1])

    data = _matrix(train, base, levels, centre, unit)
    told = [] if tune is None else [(_matrix(tune, base, levels, centre, unit), "tune")]
    pace = Pace(timer, 0.0 if tune is None else min(rounds, WAY / rate), rate)
    booster = xgboost.train(
        settings | {"nthread": threads()},
        data,
        rounds,
        evals=told,
        callbacks=[Watched()],
        verbose_eval=False,
    )
    kept = watch.keep(booster.num_boosted_rounds())
    gains = np.zeros(len(levels))
    for name, gain in booster[:kept].get_score(importance_type="total_gain").items():
        gains[int(name[1:])] = unit**2 * np.asarray(gain)
    counted = seen(train.vector.without_names()[:COUNTED])
    forest = forest_of_xgboost(booster, kept, base, levels, counted)
    forest = replace(forest, leaf_value=unit * forest.leaf_value).settled()
    return Grown(forest, watch.curve, gains, timer.spent(), watch.cut_short, pace.rate)


def _matrix(batch: Batch, base: Floats, levels: list[int], centre: float = 0.0, unit: float = 1.0) -> Any:
    import xgboost

    margin, y = np.tile((base - centre) / unit, (batch.rows, 1)), taken_from(batch.y, centre)
    return xgboost.DMatrix(
        seen(batch.vector.without_names()),
        y if unit == 1.0 else np.asarray(y) / unit,
        weight=batch.weight,
        base_margin=margin if len(base) > 1 else margin[:, 0],
        feature_names=[f"f{place}" for place in range(len(levels))],
        feature_types=["c" if count else "q" for count in levels],
        enable_categorical=True,
        nthread=threads(),
    )
