"""Which values may a setting take?

A plug-in's settings are a frozen dataclass whose fields are annotated with ranges. One declaration gives the
default, the check, the search range, the help text and the reference page.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import Sentences, SettingError
from .hints import did_you_mean, listing
from .words import Say, refusal


@dataclass(frozen=True)
class Real:
    """A number from `low` to `high`, drawn evenly (or evenly on the log scale)."""

    low: float
    high: float
    log: bool = False

    def problem(self, value: object) -> Say | None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return _problem("number", value)
        if not math.isfinite(value) or not self.low <= value <= self.high:
            return _problem("real", value, low=f"{self.low:g}", high=f"{self.high:g}")
        return None

    def draw(self, rng: np.random.Generator) -> float:
        if self.log:
            return float(np.exp(rng.uniform(math.log(self.low), math.log(self.high))))
        return float(rng.uniform(self.low, self.high))


@dataclass(frozen=True)
class Whole:
    """A whole number from `low` to `high`."""

    low: int
    high: int
    log: bool = False

    def problem(self, value: object) -> Say | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return _problem("integer", value)
        if not self.low <= value <= self.high:
            return _problem("whole", value, low=str(self.low), high=str(self.high))
        return None

    def draw(self, rng: np.random.Generator) -> int:
        if self.log:
            return round(float(np.exp(rng.uniform(math.log(self.low), math.log(self.high)))))
        return int(rng.integers(self.low, self.high + 1))


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    options: tuple[str, ...]

    def problem(self, value: object) -> Say | None:
        return None if value in self.options else _problem("choice", value, options=listing(self.options))

    def draw(self, rng: np.random.Generator) -> str:
        return self.options[int(rng.integers(len(self.options)))]


@dataclass(frozen=True)
class Switch:
    """On or off."""

    def problem(self, value: object) -> Say | None:
        return None if isinstance(value, bool) else _problem("switch", value)

    def draw(self, rng: np.random.Generator) -> bool:
        return bool(rng.integers(2))


@dataclass(frozen=True)
class Name:
    """The name of something outside, at most `longest` printable characters; empty for what is usual."""

    longest: int = 200

    def problem(self, value: object) -> Say | None:
        fits = isinstance(value, str) and len(value) <= self.longest and (value == "" or value.isprintable())
        return None if fits else _problem("name", value, longest=str(self.longest))

    def draw(self, rng: np.random.Generator) -> str:
        return ""


Range = Real | Whole | Choice | Switch | Name


def ranges(kind: Any) -> dict[str, Range]:
    """The range of every setting of a plug-in class, in order of declaration."""
    hints = typing.get_type_hints(kind, include_extras=True)
    found: dict[str, Range] = {}
    for field in dataclasses.fields(kind):
        marks = getattr(hints[field.name], "__metadata__", ())
        for mark in marks:
            if isinstance(mark, (Real, Whole, Choice, Switch, Name)):
                found[field.name] = mark
    return found


def check_settings(plugin: object) -> None:
    """Raise one SettingError that names every setting out of its range. Meant for `__post_init__`."""
    kind = type(plugin)
    asked = [(name, span.problem(getattr(plugin, name))) for name, span in ranges(kind).items()]
    wrong = [Say("kernel", "setting", {"name": name, "problem": problem}) for name, problem in asked if problem]
    if wrong:
        raise refusal(SettingError, "kernel", "settings", kind=kind.__name__, problems=wrong)


def settings_of(plugin: object) -> dict[str, Any]:
    """The settings of a plug-in as plain JSON values."""
    return {name: getattr(plugin, name) for name in ranges(type(plugin))}


def with_settings(kind: type, settings: Mapping[str, Any]) -> Any:
    """Build a plug-in from plain values: unknown names and bad values are reported together."""
    known = ranges(kind)
    strange = [name for name in settings if name not in known]
    if strange:
        hints = Sentences([did_you_mean(name, known) or "" for name in strange])
        raise refusal(
            SettingError,
            "kernel",
            "no_setting",
            expected=hints,
            kind=kind.__name__,
            names=listing(strange),
            known=listing(known, 40),
        )
    return kind(**settings)


def draw_settings(kind: type, rng: np.random.Generator) -> dict[str, Any]:
    """One random draw of all settings, each within its range."""
    return {name: span.draw(rng) for name, span in ranges(kind).items()}


def _problem(key: str, value: object, **values: object) -> Say:
    return Say("kernel", f"setting.{key}", {"value": repr(value), **values})
