"""How do features become columns for a straight line?

Numbers are centred and scaled, values far outside the usual range drawn in (one absurd cell must not turn the line),
missing ones set to the mean with a switch beside them; codes become one switch a level, the most frequent being the
reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.box import Box
from assay.kernel.data import Floats, Ints
from assay.kernel.forms import Feature, Vector

Row = tuple[str, int, int, float, float, float, float]  # name, owner, level, centre, scale, bounds
FAR = 20.0  # inner 80 % ranges from the median; the normal curve has nothing there


@dataclass(frozen=True, eq=False)
class Design:
    """From features [n, d] to standardised columns [n, c]."""

    names: tuple[str, ...]  # [c] "age", "age missing", "city = Basel"
    owners: Ints  # [c] the feature each column was made of
    levels: Ints  # [c] -1 a number, -2 a switch for missing, else the code
    centre: Floats  # [c]
    scale: Floats  # [c]
    bounds: Floats  # [c, 2] numbers are drawn in to this

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.names)

    @classmethod
    def learn(cls, vector: Vector) -> Design:
        """Centre, scale and switches of training rows."""
        rows: list[Row] = []
        for i, feature in enumerate(vector.features):
            x = vector.values[:, i]
            rows += _codes(feature, x, i) if feature.kind == "code" else _numbers(feature, x, i)
        names = tuple(row[0] for row in rows)
        table = np.asarray([row[1:] for row in rows], dtype=np.float64).reshape(-1, 6)
        return cls(
            names, table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2], table[:, 3], table[:, 4:]
        )

    def __call__(self, vector: Vector) -> Floats:
        """Standardised columns [n, c]."""
        out = np.empty((len(vector.values), self.width))
        for column, (owner, level) in enumerate(zip(self.owners, self.levels, strict=True)):
            x = vector.values[:, owner]
            if level == -1:
                x = np.where(np.isnan(x), self.centre[column], np.clip(x, *self.bounds[column]))
            else:
                x = (np.isnan(x) if level == -2 else x == level).astype(np.float64)
            out[:, column] = (x - self.centre[column]) / self.scale[column]
        return out

    def in_units(self, weights: Floats) -> tuple[Floats, Floats]:
        """Weights [1 + c, w] as (slopes [c, w], intercept [w]) for columns that are not standardised."""
        slopes = weights[1:] / self.scale[:, None]
        return slopes, weights[0] - (slopes * self.centre[:, None]).sum(axis=0)

    def dump(self, box: Box) -> None:
        """Names and arrays."""
        box.put(names=list(self.names))
        for name in ("owners", "levels", "centre", "scale", "bounds"):
            box.put_array(name, getattr(self, name))

    @classmethod
    def load(cls, box: Box, features: tuple[Feature, ...]) -> Design:
        """The design that was dumped, checked against the features it will be given."""
        names = tuple(box.texts("names"))
        c = len(names)
        owners = box.array("owners", np.int64, (c,))
        scale = box.array("scale", np.float64, (c,))
        if c and not (owners.min() >= 0 and owners.max() < len(features) and scale.min() > 0):
            raise box.refuse("the design names features that are not there")
        return cls(
            names,
            owners,
            box.array("levels", np.int64, (c,)),
            box.array("centre", np.float64, (c,)),
            scale,
            box.array("bounds", np.float64, (c, 2)),
        )


def _numbers(feature: Feature, x: Floats, i: int) -> list[Row]:
    missing = np.isnan(x)
    seen = x[~missing]
    rows: list[Row] = []
    if len(seen):
        low, middle, high = np.quantile(seen, [0.1, 0.5, 0.9])
        reach = (
            FAR * (high - low) if high > low else FAR * max(1.0, float(np.abs(middle)), float(seen.max() > seen.min()))
        )
        bounds = (max(middle - reach, -1e150), min(middle + reach, 1e150))
        seen = np.clip(seen, *bounds)
        if seen.max() > seen.min():
            spread = float(seen.std()) or 1.0
            rows.append((feature.name, i, -1, float(seen.mean()), spread, float(bounds[0]), float(bounds[1])))
    if 0 < missing.sum() < len(x):
        share = float(missing.mean())
        rows.append((f"{feature.name} missing", i, -2, share, float(np.sqrt(share * (1 - share))), 0.0, 0.0))
    return rows


def _codes(feature: Feature, x: Floats, i: int) -> list[Row]:
    rows: list[Row] = []
    for code in range(1, len(feature.levels) + 1):  # code 0, the most frequent level, is the reference
        share = float((x == code).mean())
        if share == 0.0 or share == 1.0:
            continue
        name = "other" if code == len(feature.levels) else feature.levels[code] or "missing"
        # Rare switches are not blown up to unit variance: the ridge then holds them back, as it should.
        spread = max(float(np.sqrt(share * (1 - share))), 0.1)
        rows.append((f"{feature.name} = {name}", i, code, share, spread, 0.0, 0.0))
    return rows
