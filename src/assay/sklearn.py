"""How does Assay stand in a scikit-learn pipeline?

AssayClassifier and AssayRegressor: fit, predict, predict_proba, and the model with its assay in `model_`. They pass
scikit-learn's own `check_estimator`. The checks of the assay are not run unless asked for, since a cross-validation fits many
times.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d, validate_data

from assay.api import train
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import RequestError
from assay.kernel.words import refusal
from assay.model import Model
from assay.reading import read

TARGET = "target"


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
    ) -> None:
        self.minutes = minutes
        self.learners = learners
        self.level = level
        self.seed = seed
        self.readable = readable
        self.checks = checks

    def _train(self, X: Any, target: Column, task: str) -> Model:
        table = self._table(X)
        data = Dataset((*table.columns, target))
        return train(
            data,
            target.name,
            minutes=self.minutes,
            learners=tuple(self.learners),
            level=self.level,
            seed=self.seed,
            readable=self.readable,
            checks=self.checks,
            task=task,
            features=table.names,
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
    readable (only models a person can read), checks (keys of checks to run while fitting).

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> round(float(AssayClassifier(minutes=0.05, learners=("linear",)).fit(X, y).score(X, y)), 1)
    1.0
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from X [n, d] (array or frame) and labels y [n]."""
        X, y = self._checked(X, y, fit=True)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise refusal(RequestError, "planning", "one_class", label=repr(self.classes_[0]))
        target = Column.of_words(_free(X), [str(code) for code in codes])
        self.model_ = self._train(X, target, "binary" if len(self.classes_) == 2 else "classes")
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities [n, k], columns in the order of `classes_`."""
        check_is_fitted(self)
        found = self.model_.predict(self._table(self._checked(X)))
        assert found.probabilities is not None
        return found.probabilities[:, np.argsort([int(label) for label in found.labels])]

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row [n]."""
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def predict_set(self, X: Any) -> NDArray[np.bool_]:
        """Conformal prediction sets: bool [n, k], columns in the order of `classes_`."""
        check_is_fitted(self)
        found = self.model_.predict(self._table(self._checked(X)))
        assert found.sets is not None
        return found.sets[:, np.argsort([int(label) for label in found.labels])]


class AssayRegressor(RegressorMixin, _Assay):  # type: ignore[misc]
    """A regressor trained and blended within a time budget. Parameters as for `AssayClassifier`."""

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from X [n, d] (array or frame) and values y [n]."""
        X, y = self._checked(X, y, fit=True)
        y = check_array(column_or_1d(y, warn=True), ensure_2d=False, dtype=np.float64, input_name="y")
        self.model_ = self._train(X, Column.of_numbers(_free(X), y), "value")
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Values [n]."""
        check_is_fitted(self)
        found = self.model_.predict(self._table(self._checked(X)))
        assert found.values is not None
        return found.values

    def predict_interval(self, X: Any) -> NDArray[np.float64]:
        """Conformal intervals [n, 2] at `level`."""
        check_is_fitted(self)
        found = self.model_.predict(self._table(self._checked(X)))
        assert found.interval is not None
        return found.interval


def _free(X: Any) -> str:
    """A name for the target that no column has."""
    taken = {str(name) for name in getattr(X, "columns", ())}
    name = TARGET
    while name in taken:
        name += "_"
    return name
