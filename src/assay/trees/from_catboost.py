"""How does a trained CatBoost model become arrays?

Its trees are symmetric: all nodes of a level ask the same question, and the answers are the bits of the leaf's number. What a
level of a category answers, be it by name or by the average target of its rows, is asked of the model itself, level by level:
each question about one category is a set of levels.
"""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats
from ..kernel.errors import PluginFault
from .forest import Forest
from .levels import joined, words_of
from .single_precision import at_most
from .validate import check_forest
from .walk import CATEGORICAL, DEFAULT_LEFT, MISSING_NAN

NUMBER_LEFT = (MISSING_NAN << 2) | DEFAULT_LEFT  # missing numbers are below every border

Pool = Callable[[Floats], Any]


def forest_of_catboost(model: Any, rounds: int, base: Floats, levels: Sequence[int], pool: Pool) -> Forest:
    """The first `rounds` rounds as a Forest.

    base   : raw scores [w] that the trees were grown on
    levels : number of levels of each column, 0 for a column of numbers; level k stands for a rare one, NaN for none
    pool   : what CatBoost is given for values [n, d]
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        model.save_model(str(path), format="json")
        raw = json.loads(path.read_text())
    scale, bias = raw["scale_and_bias"]
    numbers = [place for place, count in enumerate(levels) if not count]
    names = [place for place, count in enumerate(levels) if count]
    asked = _asked(model, levels, names, pool)
    width = len(base)
    trees: list[_Tree] = []
    for place, tree in enumerate(raw["oblivious_trees"][:rounds]):
        splits = [_split(split, raw["features_info"], numbers, names) for split in tree["splits"] or ()]
        sides = [
            None if not levels[column] else (asked[column][:, place] >> bit) & 1 == 1
            for bit, (column, _) in enumerate(splits)
        ]
        values = np.asarray(tree["leaf_values"], dtype=np.float64).reshape(-1, width) * scale
        counts = np.maximum(1, np.round(tree["leaf_weights"])).astype(np.int32)
        trees += [_Tree(splits, sides, values[:, output], counts) for output in range(width)]
    forest = Forest(
        features=len(levels),
        width=width,
        average=False,
        base=base + np.asarray(bias, dtype=np.float64),
        leaves=np.asarray([len(tree.leaf_value) for tree in trees], dtype=np.int32),
        **{
            name: np.concatenate([np.zeros(0, kind), *(getattr(tree, name) for tree in trees)]).astype(kind)
            for name, kind in _KINDS.items()
        },
        **joined([found for tree in trees for found in tree.sets]),
    )
    check_forest(forest, lambda problem: PluginFault(f"CatBoost's trees cannot be kept: {problem}."))
    return forest


_KINDS: dict[str, type] = {
    "feature": np.int32, "threshold": np.float64, "left": np.int32, "right": np.int32, "decision": np.uint8,
    "leaf_value": np.float64, "leaf_count": np.int32,
}  # fmt: skip


def _asked(model: Any, levels: Sequence[int], names: Sequence[int], pool: Pool) -> dict[int, NDArray[np.int64]]:
    """For each category, the leaf [levels + 2, trees] of each of its levels, the rare one and the missing one."""
    found: dict[int, NDArray[np.int64]] = {}
    for column in names:
        rows = np.zeros((levels[column] + 2, len(levels)))
        rows[:, column] = [*range(levels[column] + 1), np.nan]
        found[column] = np.asarray(model.calc_leaf_indexes(pool(rows)), dtype=np.int64)
    return found


def _split(
    raw: Mapping[str, Any], info: Mapping[str, Any], numbers: Sequence[int], names: Sequence[int]
) -> tuple[int, float]:
    """The column that is asked, and the border of a number."""
    kind = raw["split_type"]
    if kind == "FloatFeature":
        return numbers[raw["float_feature_index"]], float(raw["border"])
    if kind == "OneHotFeature":
        return names[raw["cat_feature_index"]], 0.0
    elements = info["ctrs"][_ctr_of(raw, info)]["elements"]
    if kind != "OnlineCtr" or len(elements) != 1:
        raise PluginFault(f"CatBoost's trees cannot be kept: a split is of kind {kind} over {len(elements)} columns.")
    return names[elements[0]["cat_feature_index"]], 0.0


def _ctr_of(raw: Mapping[str, Any], info: Mapping[str, Any]) -> int:
    """Splits are numbered: borders of numbers, names, then borders of each average."""
    place = raw["split_index"]
    place -= sum(len(feature.get("borders") or ()) for feature in info.get("float_features") or ())
    place -= sum(len(feature.get("values") or ()) for feature in info.get("categorical_features") or ())
    for which, ctr in enumerate(info.get("ctrs") or ()):
        place -= len(ctr["borders"])
        if place < 0:
            return which
    raise PluginFault("CatBoost's trees cannot be kept: a split is beyond the last.")


@dataclass(frozen=True, eq=False)
class _Shape:
    """The full tree of a depth: nodes from the root down, in each level by the answers so far."""

    level: NDArray[np.int64]  # [nodes]
    left: NDArray[np.int32]
    right: NDArray[np.int32]

    @classmethod
    @functools.cache
    def of(cls, depth: int) -> _Shape:
        """Child of the k-th node of a level (k: answers as bits, the first lowest) is k or k + 2^level of the next."""
        level = np.repeat(np.arange(depth), 2 ** np.arange(depth))
        within = np.arange(2**depth - 1) - (2**level - 1)
        last = level == depth - 1
        children = [np.where(last, ~child, 2 ** (level + 1) - 1 + child) for child in (within, within + 2**level)]
        return cls(level, *(child.astype(np.int32) for child in children))


class _Tree:
    """One symmetric tree with one output as arrays."""

    def __init__(
        self, splits: Sequence[tuple[int, float]], sides: Sequence[Any], values: Floats, counts: NDArray[np.int32]
    ) -> None:
        shape = _Shape.of(len(splits))
        columns = np.asarray([column for column, _ in splits], dtype=np.int32)
        borders = at_most(np.asarray([border for _, border in splits], dtype=np.float32))
        names = np.asarray([side is not None for side in sides], dtype=bool)
        # A missing level goes right with us: where CatBoost sends it left, the two sides change places.
        swapped = np.asarray([side is not None and not side[-1] for side in sides], dtype=bool)
        self.feature = columns[shape.level]
        self.threshold = np.where(names, 0.0, borders)[shape.level]
        self.decision = np.where(names, CATEGORICAL, NUMBER_LEFT).astype(np.uint8)[shape.level]
        turned = swapped[shape.level]
        self.left = np.where(turned, shape.right, shape.left)
        self.right = np.where(turned, shape.left, shape.right)
        self.leaf_value, self.leaf_count = values, counts
        # Levels that part from the missing one are those that go left.
        words = [None if side is None else words_of(side[:-1] != side[-1]) for side in sides]
        self.sets = [found for level in shape.level if (found := words[level]) is not None]
