"""What does a scikit-learn estimator say that skops saved?

skops looks at every type in a file before it makes anything. A file that holds a type beyond those it trusts is refused with
the names of such types, and nothing of it is loaded, unless the user trusts each of them by name. Trees are among them: what
walks them is native code that takes the numbers of a file as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..kernel.clock import Clock
from ..kernel.data import Column, Dataset
from ..kernel.errors import DataError, RequestError
from ..kernel.hints import listing
from ..kernel.need import need
from ..kernel.words import refusal
from .answers import written
from .cells import words
from .door import Known, Reply, Unanswered

LETTERS = 200


@dataclass(frozen=True, eq=False)
class Skops:
    """A fitted estimator."""

    estimator: Any
    known: Known

    @classmethod
    def opened(cls, path: Path, trust: Sequence[str] = ()) -> Skops:
        """Raises RequestError where the file holds what may run code, or no estimator; MissingPackage without skops."""
        skops = need("skops.io", extra="skops")
        content = path.read_bytes()
        try:
            strange = sorted(map(str, skops.get_untrusted_types(data=content)))
        except Exception as error:  # a file that is none breaks it in many ways
            said = f"{type(error).__name__}: {error}"[:LETTERS]
            raise refusal(RequestError, "foreign", "no_skops", name=path.name, error=said) from error
        if others := [name for name in strange if name not in trust]:
            raise refusal(RequestError, "foreign", "untrusted", name=path.name, types=listing(others))
        try:
            found = skops.loads(content, trusted=strange)
        except Exception as error:  # as above
            said = f"{type(error).__name__}: {error}"[:LETTERS]
            raise refusal(RequestError, "foreign", "no_skops", name=path.name, error=said) from error
        if not hasattr(found, "predict"):
            raise refusal(RequestError, "foreign", "no_estimator", name=path.name, seen=type(found).__name__)
        known = Known(
            door="skops",
            name=path.name,
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
            labels=tuple(map(written, np.asarray(getattr(found, "classes_", ())).tolist())),
        )
        return cls(found, known)

    def takes(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """The columns it was fitted on, by name; all of them where it knows no names. Raises DataError."""
        own = [str(name) for name in getattr(self.estimator, "feature_names_in_", ())]
        if own:
            lacking = [name for name in own if name not in names]
            if lacking:
                said: dict[str, Any] = {"name": self.known.name, "lacking": listing(lacking, 30), "n": len(names)}
                raise refusal(DataError, "foreign", "lacking", **said, columns=listing(names, 30))
            return tuple(own)
        wide = int(getattr(self.estimator, "n_features_in_", len(names)))
        if wide != len(names):
            said = {
                "name": self.known.name,
                "wide": wide,
                "n": len(names),
                "columns": listing(names, 30),
            }
            raise refusal(DataError, "foreign", "wide", **said)
        return tuple(names)

    def ask(self, rows: Dataset, labels: Sequence[str], clock: Clock) -> Reply:
        """Its probabilities, or else what it predicts. Raises Unanswered where it breaks."""
        try:
            given = self._frame(rows)
            if hasattr(self.estimator, "predict_proba"):
                return Reply(np.asarray(self.estimator.predict_proba(given)))
            said = np.asarray(self.estimator.predict(given))
        except Exception as error:  # estimators break in any way; the rows that break it are told
            raise Unanswered(f"{type(error).__name__}: {error}"[:LETTERS]) from error
        if self.known.labels:
            named = np.empty(len(said), dtype=object)
            named[:] = list(map(written, said.tolist()))
            return Reply(named)
        return Reply(said)

    def _frame(self, rows: Dataset) -> Any:
        """A frame where it was fitted on one, an array else."""
        columns = {column.name: _cells(column) for column in rows}
        if hasattr(self.estimator, "feature_names_in_"):
            return need("pandas", extra="skops").DataFrame(columns)
        return np.column_stack(list(columns.values()))


def _cells(column: Column) -> Any:
    """Numbers, NaN where missing; words, None where missing."""
    if column.store == "numbers":
        return column.cells
    found = words(column)
    found[column.missing] = None
    return found
