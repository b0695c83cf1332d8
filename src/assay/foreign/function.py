"""What does a function of the user's own say?

It is given a list of rows, each a mapping of column names to cells (numbers, words, None where missing), and gives a list as
long: probabilities [n, k], the probability of the last class [n], values [n], or names of classes. It is the only door behind which code of
others is run, and only where the user names it.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernel.clock import Clock
from ..kernel.data import Dataset
from ..kernel.errors import DataError, RequestError
from ..kernel.hints import did_you_mean
from ..kernel.words import Say, refusal
from .cells import rows_of
from .door import Known, Reply, Unanswered

LETTERS = 200  # of an error that are told


@dataclass(frozen=True, eq=False)
class Function:
    """Code of the user's."""

    call: Callable[[list[dict[str, Any]]], Any]
    name: str

    @property
    def known(self) -> Known:
        """Its name, and `labels` where it has such an attribute."""
        return Known(door="function", name=self.name, labels=tuple(map(str, getattr(self.call, "labels", ()))))

    def takes(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """Whatever there is."""
        return None

    def ask(self, rows: Dataset, labels: Sequence[str], clock: Clock) -> Reply:
        """What the function gives. Raises Unanswered where it breaks, DataError where it gives no list."""
        try:
            said = self.call(rows_of(rows))
        except Exception as error:  # code of others may break in any way; the rows that break it are told
            raise Unanswered(f"{type(error).__name__}: {error}"[:LETTERS]) from error
        try:
            found = np.asarray(said.tolist() if hasattr(said, "tolist") else list(said))
        except (TypeError, ValueError) as error:  # no list, or one of rows of different lengths
            seen = type(said).__name__
            raise refusal(DataError, "foreign", "no_list", name=self.name, seen=seen, n=rows.rows) from error
        if found.dtype.kind not in "bifuOUS":
            raise refusal(DataError, "foreign", "no_list", name=self.name, seen=str(found.dtype), n=rows.rows)
        if found.dtype.kind == "O" and found.ndim == 2:
            found = _numbers(found)
        return Reply(found)


def named(name: str) -> Function:
    """The function `module:function`; the module is looked for in the working directory, too.

    Raises RequestError where there is none.
    """
    module, _, place = name.partition(":")
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module)
    except Exception as error:  # a module of others may break in any way while it is read
        said = f"{type(error).__name__}: {error}"[:LETTERS]
        raise refusal(RequestError, "foreign", "no_module", module=module, error=said) from error
    finally:
        sys.path.remove(here)
    for step in place.split("."):
        if not hasattr(found, step):
            names = [key for key in dir(found) if not key.startswith("_")]
            hint = did_you_mean(step, names) or ""
            raise refusal(RequestError, "foreign", "no_function", expected=hint, module=module, name=place)
        found = getattr(found, step)
    if not callable(found):
        raise refusal(RequestError, "foreign", "no_call", module=module, name=place, seen=type(found).__name__)
    return Function(found, name)


def _numbers(found: Any) -> Any:
    """Numbers among which None stands for no answer."""
    try:
        return np.asarray([[np.nan if v is None else float(v) for v in row] for row in found])
    except (TypeError, ValueError) as error:
        raise Unanswered(Say("foreign", "why.no_number")) from error
