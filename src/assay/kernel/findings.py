"""What does a check answer?

A Finding is a verdict, one sentence, measures that carry their doubt, and the data of figures (never a picture: each
view of the report draws its own). Findings live in the model file and are read again years later.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .words import Say

Verdict = Literal["pass", "watch", "fail", "info", "unknown", "error"]
VERDICTS: tuple[Verdict, ...] = ("pass", "watch", "fail", "info", "unknown", "error")
# pass: asked and well. watch: a person should look. fail: do not use before this is cured. info: a figure without a
# judgement. unknown: the question does not apply or cannot be answered here, with the reason. error: the check broke.

FIGURES = ("bars", "lines", "points", "matrix", "table", "histogram", "texts", "pictures")
# The data of each kind of figure; "label" means a string of the user's or a Say.
# bars       labels [k], values [k], low [k]?, high [k]?, reference?: number, colours?: "signed", ends?: number (no bar is drawn longer)
# lines      series: list of {name: label, x [n], y [n], low [n]?, high [n]?, steps?: bool, dashed?: bool}, dates?: bool (x is days since 1970)
# points     x [n], y [n], groups?: [n] labels
# matrix     rows [r] labels, columns [c] labels, values [r][c], text?: [r][c] of strings
# table      columns [c] labels, rows: list of [c] cells (string or number)
# histogram  edges [k+1], series: list of {name: label, counts [k]}
# texts      texts: list of {text, starts [m], stops [m], pulls [m], say}
# pictures   pictures: list of {jpeg: base64 of a small JPEG, say: label, wide?: bool}


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One figure with its doubt: value, interval `low` to `high` at `level`, from `n` rows."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    n: int | None = None
    unit: str = ""
    constant: float | None = None  # the same figure for the constant guess
    better: Literal["higher", "lower", ""] = ""

    @property
    def key(self) -> str:
        """What is measured: "coverage" of the measure "coverage: malignant". The words for it are `measure.KEY`."""
        return self.name.partition(": ")[0]

    @property
    def part(self) -> str:
        """What it is measured of, where that is not the whole: "malignant" of "coverage: malignant"."""
        return self.name.partition(": ")[2]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """The data of a picture; `kind` is one of FIGURES and says what `data` holds."""

    kind: str
    title: Say
    data: Mapping[str, Any]
    x: Say | str = ""
    y: Say | str = ""
    rows: bool = (
        False  # it shows cells of single rows, their ids, texts or pictures: a model file leaves it out unless asked
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", _listed(self.data))  # arrays become lists; Says stay Says


MADE_BY = "assay train …"  # the command whose options advice is


@dataclass(frozen=True, kw_only=True)
class Advice:
    """A cure: what to do, as an option of the command line where there is one ("--drop TWF")."""

    say: Say
    option: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The answer to one question put to a model."""

    check: str
    verdict: Verdict
    say: Say
    measures: tuple[Measure, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[Say, ...] = ()
    advice: tuple[Advice, ...] = ()
    rows: str = ""  # which rows it was measured on: "cross-fitted", "sealed", "test", "audit"
    seconds: float = 0.0

    def measure(self, name: str) -> Measure:
        """The measure called `name`. Raises KeyError."""
        for measure in self.measures:
            if measure.name == name:
                return measure
        raise KeyError(f"{self.check} has no measure '{name}'; it has {[m.name for m in self.measures]}")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; numbers that are not finite become null."""
        return {name: to_plain(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Finding:
        """The Finding that `to_json` wrote. Raises KeyError, TypeError or ValueError where it did not."""
        if raw["verdict"] not in VERDICTS:
            raise ValueError(f"no such verdict: {raw['verdict']!r}")
        return cls(
            check=str(raw["check"]),
            verdict=raw["verdict"],
            say=Say.from_json(raw["say"]),
            measures=tuple(Measure(**m) for m in raw["measures"]),
            figures=tuple(_figure(f) for f in raw["figures"]),
            notes=tuple(Say.from_json(n) for n in raw["notes"]),
            advice=tuple(Advice(say=Say.from_json(a["say"]), option=str(a["option"])) for a in raw["advice"]),
            rows=str(raw["rows"]),
            seconds=float(raw["seconds"]),
        )

    def without_rows(self) -> Finding:
        """The same finding without the figures that show single rows, and with a note of how many those are."""
        kept = tuple(figure for figure in self.figures if not figure.rows)
        if len(kept) == len(self.figures):
            return self
        note = Say("auditing", "withheld", {"n": len(self.figures) - len(kept)})
        return replace(self, figures=kept, notes=(*self.notes, note))

    def on(self, rows: str, seconds: float) -> Finding:
        """The same finding, saying where it was measured and how long it took."""
        return replace(self, rows=rows, seconds=seconds)


def to_plain(value: Any) -> Any:
    """Dataclasses, Says, tuples and numpy values as JSON values; not finite becomes None."""
    if type(value) is float:  # of which figures hold hundreds of thousands
        return value if math.isfinite(value) else None
    if type(value) in (str, int, bool) or value is None:
        return value
    if isinstance(value, Say):
        return value.to_json()
    if hasattr(value, "__dataclass_fields__"):
        return {name: to_plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items()}
    if hasattr(value, "tolist"):
        return to_plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [to_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _listed(value: Any) -> Any:
    if type(value) in (list, tuple):
        return [to_plain(v) if type(v) is float else _listed(v) for v in value]
    if isinstance(value, Say):
        return value
    if isinstance(value, Mapping):
        return {str(k): _listed(v) for k, v in value.items()}
    return [_listed(v) for v in value] if isinstance(value, (list, tuple)) else to_plain(value)


def _label(raw: Any) -> Any:
    if isinstance(raw, dict) and {"owner", "key", "values"} == raw.keys():
        return Say.from_json(raw)
    if isinstance(raw, dict):
        return {k: _label(v) for k, v in raw.items()}
    return [_label(v) for v in raw] if isinstance(raw, list) else raw


def _figure(raw: Mapping[str, Any]) -> Figure:
    if raw["kind"] not in FIGURES:
        raise ValueError(f"no such kind of figure: {raw['kind']!r}")
    return Figure(
        kind=raw["kind"],
        title=Say.from_json(raw["title"]),
        data=_label(dict(raw["data"])),
        x=_label(raw["x"]),
        y=_label(raw["y"]),
        rows=bool(raw.get("rows", False)),  # files of the first releases do not say
    )


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One line of the ledger: a candidate that was tried, and what came of it."""

    name: str
    learner: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    status: Literal["done", "failed", "starved", "skipped"] = "done"
    loss: float | None = None  # mean per-row loss on rows not seen; lower is better
    low: float | None = None
    high: float | None = None
    seconds: float = 0.0
    memory_mb: float = 0.0  # growth of the peak memory of the process
    weight: float = 0.0  # share in the blend
    folds: int = 0
    error: Say | str = ""  # why there is no loss: our own words as a Say, a learner's exception as it was
    readable: bool = False
    resumed: bool = False

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Trial:
        """The Trial that a file holds. Raises TypeError where it is none."""
        return cls(**{**raw, "error": _label(raw.get("error", ""))})
