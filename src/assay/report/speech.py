"""Which words does the report use for a thing?

A Voice speaks one language. Plug-ins are asked for their own titles; where one is not here (a report may be read years
later, without the plug-in that made the finding) its key stands in, so that a report is always readable.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..kernel.errors import AssayError
from ..kernel.findings import Measure
from ..kernel.words import Say, fill, number
from .markup import Raw, whole_options
from .words import WORDS

LEAST_PERCENT = 0.001  # less is told as less
COUNTS = ("rows", "cells", "pictures", "bytes")  # units of which there are whole ones


@dataclass(frozen=True)
class Voice:
    """One language, titles that stand before the shelf's own, and the task whose metrics are spoken of."""

    lang: str = "en"
    spoken: Mapping[str, Say] = field(default_factory=dict)
    task: str = ""
    unit: str = ""  # what the target is measured in, where that is known

    def word(self, key: str, **values: Any) -> str:
        """A sentence or heading of the report's own."""
        return fill(WORDS[self.lang][key], values, self.lang)

    def known(self, key: str) -> str:
        """The same, or nothing where there is none."""
        return WORDS[self.lang].get(key, "")

    def say(self, said: Say | str | object) -> str:
        """A Say in this language; a string as it is; a sentence nobody knows any more as its key and values."""
        if isinstance(said, Mapping) and {"owner", "key"} <= said.keys():
            said = Say.from_json(said)  # a Say of the card that has been through a file
        if not isinstance(said, Say):
            return str(said)
        inner = {name: self.say(value) if isinstance(value, Say) else value for name, value in said.values.items()}
        try:
            return Say(said.owner, said.key, inner).text(self.lang)
        except (AssayError, LookupError):
            if said.key.startswith("measure."):
                return said.key.removeprefix("measure.").replace("_", " ")
            values = "; ".join(f"{name}: {self.say(value)}" for name, value in said.values.items())
            return f"[{said.owner} {said.key}] {values}".rstrip()

    def prose(self, said: Say | str) -> Raw:
        """The same for a page: a number and its per cent sign stay on one line, and so do options of the command line."""
        return whole_options(re.sub(r"(?<=\d) %", "\u00a0%", self.say(said)))

    def title(self, room: str, key: str) -> str:
        """What a plug-in calls itself."""
        return (
            self._of_plugin(room, key.partition(":")[0], "title")
            or self.known(f"{room}.{key}")
            or key.replace("_", " ")
        )

    def loss(self) -> str:
        """What the loss of the task is called, as a heading."""
        called = self._of_plugin("tasks", self.task.partition(":")[0], "loss")
        return called[:1].upper() + called[1:] or self.word("loss")

    def detail(self, reader: str, key: str) -> str:
        """What a reader calls a thing it noted down."""
        return self._of_plugin("readers", reader, f"detail.{key}") or key

    def question(self, check: str) -> str:
        """What a check asks, or nothing where it is not here."""
        return self._of_plugin("checks", check, "question")

    def _of_plugin(self, room: str, key: str, template: str, **values: Any) -> str:
        if not key:
            return ""
        said = self.spoken.get(f"{room}/{key}.{template}", Say(f"{room}/{key}", template, values))
        try:
            return said.text(self.lang)
        except (AssayError, LookupError):
            return ""

    def kind(self, kind: str) -> str:
        """What a kind of column is called."""
        return self.known(f"kind.{kind}") or self.title("modalities", kind)

    def measure(self, measure: Measure, check: str) -> str:
        """What a check, or else the task, calls a measure; its key where neither does.

        >>> Voice("zh").measure(Measure(name="coverage: A", value=0.9), "coverage")
        '覆盖率（A）'
        """
        key = f"measure.{measure.key}"
        called = self._of_plugin("checks", check, key) or self._of_plugin("tasks", self.task.partition(":")[0], key)
        if called and measure.part:
            return self.word("measure_of", measure=called, part=measure.part)
        return called or measure.name.replace("_", " ")

    def counted(self, measure: Measure, check: str) -> str:
        """Of how many rows a measure was taken, or of how many of what its check counts instead; nothing where that is not known.

        >>> Voice("en").counted(Measure(name="share", value=0.0, n=1800), "personal")
        '1,800 cells'
        """
        if measure.n is None:
            return ""
        for key in (f"n_of.{measure.key}", "n_of"):
            if template := self._of_plugin("checks", check, key, n=measure.n):
                return template
        return self.word("n_of_rows", n=measure.n)

    def figure(self, value: float | None, unit: str = "") -> str:
        """A number as people read it, with its unit.

        >>> Voice("en").figure(0.1234, "share"), Voice("en").figure(None), Voice("en").figure(1.0, "pictures")
        ('12.3 %', '–', '1 picture')
        >>> Voice("zh", unit="岁").figure(1.5, "target")
        '1.50 岁'
        """
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return "–"
        if unit in ("share", "%"):
            percent = 100 * value if unit == "share" else value
            return f"< {LEAST_PERCENT} %" if 0 < percent < LEAST_PERCENT else f"{signed(percent)} %"
        suffix = self.unit if unit == "target" else fill(self.known(f"unit.{unit}"), {"n": value}, self.lang)
        whole = unit in COUNTS and isinstance(value, float) and value.is_integer()
        return f"{signed(int(value) if whole else value)} {suffix}".rstrip()

    def value(self, measure: Measure) -> str:
        """The figure of a measure; what has no unit, no interval and no decimals is a count.

        >>> Voice("en").value(Measure(name="worse_groups", value=3.0)), Voice("en").value(Measure(name="slope", value=3.0, low=2.5))
        ('3', '3.00')
        """
        plain = not measure.unit and measure.low is None and measure.constant is None
        if plain and isinstance(measure.value, float) and measure.value.is_integer():
            return signed(int(measure.value))
        return self.figure(measure.value, measure.unit)

    def interval(self, measure: Measure) -> str:
        """The interval of a measure, or nothing."""
        if measure.low is None or measure.high is None:
            return ""
        return f"{self.figure(measure.low, measure.unit)} – {self.figure(measure.high, measure.unit)}"

    def duration(self, seconds: float) -> str:
        """A stretch of time in the largest fitting unit.

        >>> Voice("en").duration(150), Voice("en").duration(0.02)
        ('2.5 min', '0.02 s')
        """
        if seconds >= 5400:
            return self.word("hours", n=f"{seconds / 3600:.1f}")
        if seconds >= 90:
            return self.word("minutes", n=f"{seconds / 60:.1f}")
        return self.word("seconds", n=f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.2g}")

    def size(self, size_bytes: float) -> str:
        """A size of a file."""
        return f"{number(size_bytes / 1e6)} MB" if size_bytes >= 1e6 else f"{number(size_bytes / 1e3)} kB"


def signed(value: float) -> str:
    """A number as people read it, with a minus sign rather than a hyphen before it.

    >>> signed(-0.5)
    '−0.500'
    """
    said = number(value)
    return "−" + said[1:] if said.startswith("-") else said
