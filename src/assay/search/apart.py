"""Which rows of a table larger than memory stand on the side of rows that measure, or that stop the growing?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Dataset, Ints
from assay.kernel.plan import Plan
from assay.planning.by_name import key_of
from assay.stats import leaks

from .run import Found

ALIKE = 0.001  # share of other rows that may share the key of a sealed row by chance


class Apart:
    """Rows of the table that stand on the sealed rows' side, or on that of those that stop the growing."""

    def __init__(self, found: Found, plan: Plan, table: Dataset, tune: Ints) -> None:
        sealed = found.split.sealed
        some = np.concatenate([sealed, tune])
        self.group, self.time = plan.splits.group, plan.splits.time
        self.names: tuple[str, ...] = ()  # columns that are looked at
        self.copied: tuple[str, ...] = ()
        self.members: set[object] = set()
        self.named, self.rule = plan.splits.named, plan.splits.name_rule
        self.first: Any = None
        if self.time:
            self.first = table[self.time].cells[some].min() if len(some) else None
            if found.split.both:
                self.members = {text for text in table[self.group].take(sealed).texts() if text is not None}
        elif self.group:
            self.members = {text for text in table[self.group].take(some).texts() if text is not None}
        else:
            features = table.only(plan.names("feature") + plan.names("sensitive"))
            self.copied, self.keys = _telling(features, sealed)
            self.names = (*self.copied, *([self.named] if self.named else []))
            if self.named:
                texts = filter(None, table[self.named].take(some).texts())
                self.members = {key for key in map(self._key, texts) if key is not None}

    def of(self, opened: Dataset) -> Bools:
        """Which rows of a block: bool [n]."""
        if self.time:
            cells = opened[self.time].cells
            late = np.asarray(cells >= self.first) if self.first is not None else np.zeros(len(cells), dtype=bool)
            return late | self._of_members(opened) if self.members else late
        if self.group:
            return self._of_members(opened)
        found = np.zeros(opened.rows, dtype=bool)
        if self.copied:
            found |= np.isin(leaks.cell_keys(opened.only(self.copied)), self.keys)
        if self.named:
            found |= [text is not None and self._key(text) in self.members for text in opened[self.named].texts()]
        return found

    def _of_members(self, opened: Dataset) -> Bools:
        words = opened[self.group].as_words()
        known = [level in self.members for level in words.levels] if words.levels is not None else []
        return np.asarray(np.append(np.asarray(known, dtype=bool), False)[words.cells])

    def _key(self, name: str) -> tuple[str, ...] | None:
        return key_of(name, self.rule)


def _telling(features: Dataset, sealed: Ints) -> tuple[tuple[str, ...], NDArray[np.uint64]]:
    """The fewest columns by which a copy of a sealed row is known, and the keys of the sealed rows.

    The columns of most different cells first; enough are taken once hardly any other row shares its key with a sealed one.
    None where even all of them together tell no row from another, so that being alike means nothing.
    """
    if not len(sealed):
        return (), np.empty(0, dtype=np.uint64)
    some = np.arange(features.rows)[:: max(1, features.rows // 20_000)]
    distinct = {c.name: len(np.unique(c.take(some).cells)) for c in features}
    order = sorted(features.names, key=lambda name: -distinct[name])
    others = np.setdiff1d(np.arange(features.rows), sealed)
    for count in sorted({min(3, len(order)), len(order)}):
        names = tuple(order[:count])
        keys = leaks.cell_keys(features.only(names))
        shared = np.isin(keys[others], keys[sealed]).mean()
        if shared <= ALIKE:
            return names, np.unique(keys[sealed])
    return (), np.empty(0, dtype=np.uint64)
