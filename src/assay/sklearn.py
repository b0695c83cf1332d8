"""How does Assay stand in a scikit-learn pipeline?

AssayClassifier and AssayRegressor: fit, predict, predict_proba, and the model with its assay in `model_`. They pass
scikit-learn's own `check_estimator`, but for one promise: a row of weight 2 is not quite the same row twice, since rows are
split by chance and two copies may come to lie on both sides. The checks of the assay are not run unless asked for, since a
cross-validation fits many times.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_array, check_is_fitted, column_or_1d, validate_data

from assay.answers.answers import Answers
from assay.api import train
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import RequestError
from assay.kernel.words import refusal
from assay.kernel.written_numbers import numbers_of, way_of
from assay.model import Model
from assay.privacy.schema import read_schema
from assay.reading import read

TARGET, WEIGHT = "target", "sample_weight"


class _Assay(BaseEstimator):  # type: ignore[misc]
    """What both estimators share."""

    _task = ""

    def __init__(
        self,
        minutes: float = 2.0,
        learners: tuple[str, ...] = (),
        level: float = 0.9,
        seed: int = 0,
        readable: bool = False,
        checks: tuple[str, ...] = (),
        also: tuple[str, ...] = (),
        ship: str = "",
        trials: int = 0,
        memory: str | float = "",
        latency: str | float = "",
        folds: int = 0,
        sealed: float | None = None,
        encoder: str = "",
        privacy: float | None = None,
        delta: float | None = None,
        schema: Any = None,
        costs: Any = None,
    ) -> None:
        self.minutes = minutes
        self.learners = learners
        self.level = level
        self.seed = seed
        self.readable = readable
        self.checks = checks
        self.also = also
        self.ship = ship
        self.trials = trials
        self.memory = memory
        self.latency = latency
        self.folds = folds
        self.sealed = sealed
        self.encoder = encoder
        self.privacy = privacy
        self.delta = delta
        self.schema = schema
        self.costs = costs

    def _train(
        self,
        X: Any,
        target: Column,
        weight: NDArray[np.float64] | None,
        task: str,
        schema: Any = None,
        costs: Any = None,
    ) -> Model:
        table = self._table(X)
        beside = () if weight is None else (Column.of_numbers(_free(X, WEIGHT), weight),)
        data = Dataset((*table.columns, target, *beside))
        return train(
            data,
            target.name,
            minutes=None if self.trials else self.minutes,
            trials=self.trials,
            learners=self.learners,
            also=self.also,
            level=self.level,
            seed=self.seed,
            readable=self.readable,
            ship=self.ship,
            memory=self.memory,
            latency=self.latency,
            checks=self.checks
            if self.privacy is None or self.checks
            else None,  # a private model has those it may have
            folds=self.folds,
            sealed=self.sealed,
            encoder=self.encoder,
            privacy=self.privacy,
            delta=self.delta,
            schema=schema if schema is not None else self.schema,
            costs=costs if costs is not None else self.costs or {},
            task=task,
            features=table.names,
            weight="".join(column.name for column in beside),
            kinds={column.name: "number" for column in beside},  # weights of 0 and 1 would read as yes and no
        )

    def _table(self, X: Any) -> Dataset:
        """The table of X: frames keep their kinds, arrays become numbers."""
        if hasattr(X, "columns"):
            return read(X)
        return Dataset(tuple(Column.of_numbers(f"x{i}", X[:, i]) for i in range(X.shape[1])))

    def _checked(self, X: Any, y: Any = None, *, fit: bool = False) -> Any:
        frame = hasattr(X, "columns")
        told: dict[str, Any] = {"reset": fit}
        if frame:
            told["skip_check_array"] = True
        else:
            told |= {"dtype": np.float64, "ensure_all_finite": "allow-nan", "ensure_min_samples": 2 if fit else 1}
        if not fit:
            return validate_data(self, X, **told)
        if frame:
            validate_data(self, X, y, **told)
            return X, y
        return validate_data(self, X, y, multi_output=True, **told)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class AssayClassifier(ClassifierMixin, _Assay):  # type: ignore[misc]
    """A classifier trained, blended and calibrated within a time budget.

    Parameters: minutes (budget of one fit), learners (only these; empty for all), level (coverage of `predict_set`), seed,
    readable (only models a person can read), checks (keys of checks to run while fitting), also (learners that are tried only
    where they are named, beside the usual ones), ship ("bag" of fold models, one "refit" or one "distilled" model), trials
    (candidates to try instead of minutes: no clock is looked at, so the same rows give the same model; 0 goes by minutes),
    memory (what the process may hold: "4GB", or bytes; what does not fit is learnt in part), latency (within which one row is to be
    answered: "5ms", "200us", or seconds; goes by a clock, so not with trials), folds (0 goes by the rows), sealed (share of rows set
    aside before anything is fitted), encoder (of texts or pictures: a folder, or a name on the hub).

    privacy (ε), delta (δ, by default a millionth) and schema (what is declared of each column and of "target", as `assay.train` takes
    it; columns of an array are x0, x1 ...) give a differentially private model: of no row can be told whether it was learnt from.
    `classes_` are then those that the schema declares.

    costs (what another answer costs where a class is true, by label: {"bad": 5}; the others cost 1) decide what `predict` answers;
    probabilities stay as they are (Elkan 2001).

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> round(float(AssayClassifier(minutes=0.05, learners=("linear",)).fit(X, y).score(X, y)), 1)
    1.0
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from X [n, d] (array or frame), labels y [n] and how much each row counts: sample_weight [n], 0 or more.

        Rows of weight 0 are left out, and a class that only they have is none of `classes_`.
        """
        X, y = self._checked(X, y, fit=True)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        weight = _weights(sample_weight, X)
        schema = self._declared(y, _free(X, TARGET)) if self.privacy is not None else None
        if schema is None:
            self.classes_ = np.unique(y if weight is None else y[weight > 0])
        if len(self.classes_) < 2:
            raise refusal(RequestError, "planning", "one_class", label=repr(self.classes_[0]))
        codes = np.searchsorted(self.classes_, y)  # whatever it says of a class of weight 0, the plan leaves it out
        target = Column.of_words(_free(X, TARGET), [str(code) for code in codes])
        self.model_ = self._train(
            X, target, weight, "binary" if len(self.classes_) == 2 else "classes", schema, self._priced()
        )
        return self

    def _priced(self) -> dict[str, float]:
        """The costs by the number of each class. Raises ValueError where they name a label that is none of `classes_`."""
        costs, labels = dict(self.costs or {}), self.classes_.tolist()
        if strange := [repr(label) for label in costs if label not in labels]:
            known = ", ".join(map(repr, labels[:12]))
            raise ValueError(f"costs name labels that y does not hold: {', '.join(strange[:12])}; it holds {known}")
        return {str(labels.index(label)): cost for label, cost in costs.items()}

    def _declared(self, y: NDArray[Any], name: str) -> dict[str, Any] | None:
        """The schema with the classes it declares numbered as ours are; None where it declares none, which training refuses."""
        if self.schema is None or name not in read_schema(self.schema):
            return None
        by_file = isinstance(self.schema, (str, os.PathLike))
        raw = json.loads(Path(self.schema).read_text(encoding="utf-8-sig")) if by_file else dict(self.schema)
        if "levels" not in raw[name]:
            return None
        self.classes_ = np.unique(np.asarray(raw[name]["levels"]))
        if strange := sorted({str(one) for one in y if one not in self.classes_}):
            raise ValueError(f"y holds labels that the schema does not declare for '{name}': {', '.join(strange[:12])}")
        return {**raw, name: {"levels": [str(code) for code in range(len(self.classes_))]}}

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities [n, k], columns in the order of `classes_`."""
        found = self._answers(X)
        assert found.probabilities is not None
        return found.probabilities[:, np.argsort([int(label) for label in found.labels])]

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each row [n]: the most probable, or with `costs` the one of least expected cost."""
        told = self._answers(X).answer.astype(np.int64) if self.costs else self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[told])

    def predict_set(self, X: Any) -> NDArray[np.bool_]:
        """Conformal prediction sets: bool [n, k], columns in the order of `classes_`."""
        found = self._answers(X)
        assert found.sets is not None
        return found.sets[:, np.argsort([int(label) for label in found.labels])]

    def _answers(self, X: Any) -> Answers:
        check_is_fitted(self)
        found = self.model_.predict(self._table(self._checked(X)))
        assert isinstance(found, Answers)
        return found


class AssayRegressor(RegressorMixin, _Assay):  # type: ignore[misc]
    """A regressor trained and blended within a time budget. Parameters as for `AssayClassifier`."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from X [n, d] (array or frame), values y [n] and how much each row counts: sample_weight [n], 0 or more.

        Values may be written as tables write them: "1,200", "64岁", "12 kg". Rows of weight 0 are left out.
        """
        X, y = self._checked(X, y, fit=True)
        target = _target(y, _free(X, TARGET))
        weight = _weights(sample_weight, X)
        self.model_ = self._train(X, target, weight, "value")
        return self

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R² of the values told for X [n, d] against y [n], which may be written as for `fit`."""
        target = _target(y, TARGET)
        values = target.cells if target.levels is None else numbers_of(target.levels, way_of(target))[target.cells]
        return float(super().score(X, values, sample_weight))

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Values [n]."""
        check_is_fitted(self)
        found = self.model_.predict(self._table(self._checked(X)))
        assert isinstance(found, Answers)
        assert found.values is not None
        return found.values

    def predict_interval(self, X: Any) -> NDArray[np.float64]:
        """Conformal intervals [n, 2] at `level`."""
        check_is_fitted(self)
        found = self.model_.predict(self._table(self._checked(X)))
        assert isinstance(found, Answers)
        assert found.interval is not None
        return found.interval


def _target(y: Any, name: str) -> Column:
    """Values y [n] as a column, those that are written kept as they are. Raises ValueError in scikit-learn's words."""
    y = column_or_1d(y, warn=True)
    if len(y) and all(isinstance(one, str) for one in y):
        written = Column.of_words(name, [str(one) for one in y])
        if written.levels is not None and np.isfinite(numbers_of(written.levels, way_of(written))).all():
            return written
    return Column.of_numbers(name, check_array(y, ensure_2d=False, dtype=np.float64, input_name="y"))


def _weights(sample_weight: Any, X: Any) -> NDArray[np.float64] | None:
    """How much each row counts [n], None where all count the same. Raises ValueError in scikit-learn's words."""
    if sample_weight is None:
        return None
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weight.any():  # what scikit-learn says itself from 1.9 on
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return np.asarray(weight)


def _free(X: Any, name: str) -> str:
    """A name like this one that no column has."""
    taken = {str(name) for name in getattr(X, "columns", ())}
    while name in taken:
        name += "_"
    return name
