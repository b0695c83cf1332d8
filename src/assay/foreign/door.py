"""What is asked of a model that was made elsewhere?

A door turns rows, cells as the table writes them, into answers. It knows nothing of tasks, checks or reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from ..kernel.clock import Clock
from ..kernel.data import Dataset
from ..kernel.errors import Part, Sentences


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a model before it is asked."""

    door: str  # "onnx", "function" ...
    name: str  # file, module:function, or the host of an endpoint: no folder, no credentials
    sha256: str = ""  # of the file; nothing where there is none
    size: int = 0  # bytes of the file
    labels: tuple[str, ...] = ()  # of its outputs, in order, where it tells them
    costs: tuple[float, ...] = ()  # of a mistake where each label is true, where it answers by them
    at_once: int = 1_000  # rows that are asked together
    one_text: bool = False  # it takes one column, of texts


@dataclass(frozen=True, eq=False)
class Reply:
    """Answers as they came: numbers [n], [n, 1] or [n, k], or labels [n] (object)."""

    answers: NDArray[Any]
    labels: tuple[str, ...] = ()  # of the columns, where the reply tells them


class Unanswered(Exception):
    """The model gave no answer to the rows it was asked about: it broke, or said something else.

    whole : no single row is to blame (it is late, or away), so that fewer of them are not asked again
    """

    def __init__(self, why: Part, whole: bool = False) -> None:
        super().__init__(Sentences([why]).text())
        self.why, self.whole = why, whole


class Door(Protocol):
    """One way to a model."""

    @property
    def known(self) -> Known:
        """What is known before it is asked."""
        ...

    def takes(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """Which columns of a table it is given, in order; None where it takes whatever there is.

        names : columns besides the target and those that were left out. Raises DataError where the table does not fit.
        """
        ...

    def ask(self, rows: Dataset, labels: Sequence[str], clock: Clock) -> Reply:
        """The answers to rows, their cells as written.

        labels : of the answers, as far as they are known; for whoever is asked in words

        Raises Unanswered where these rows got no answer, and DataError where what comes back is no answer at all.
        """
        ...
