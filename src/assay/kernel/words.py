"""How is a sentence said, in the reader's language?

Code never writes a sentence for people directly: it makes a `Say`, the key of a template and the values to put in. The
templates stand in the plug-in file that says them, in English ("en") and Chinese ("zh"). What is kept in a model is the
Say, so the same finding can be read in either language years later.
"""

from __future__ import annotations

import functools
import importlib
import math
import string
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .errors import AssayError, BundleForeign, Part, PluginFault

LANGUAGES = ("en", "zh")
Words = Mapping[str, Mapping[str, str]]
# Rooms that speak with one voice, and the file in which their templates stand. A shelf may have one as well, for what
# several of its plug-ins say.
SPEAKING_ROOMS: Mapping[str, str] = {
    "kernel": "kernel.phrases",
    "store": "store.words",
    "trees": "trees.words",
    "readers": "readers.words",
    "planning": "planning.words",
    "search": "search.words",
    "auditing": "auditing.words",
    "answers": "answers.words",
    "report": "report.words",
    "cli": "cli.words",
    "onnx_graph": "onnx_graph.words",
    "neural": "neural.words",
    "pictures": "pictures.words",
    "fetching": "fetching.words",
    "privacy": "privacy.words",
    "foreign": "foreign.words",
    "serve": "serve.words",
}
SHELF_ROOMS = ("readers", "modalities", "tasks", "learners", "checks", "explainers", "recipes")


@dataclass(frozen=True)
class Say:
    """One sentence to be: who says it ("checks/quality"), which template, and the values in it."""

    owner: str
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: str = "en") -> str:
        """The sentence in `lang`."""
        templates = words_of(self.owner)
        try:
            template = templates[lang][self.key]
        except KeyError as error:
            raise PluginFault(f"{self.owner} has no sentence '{self.key}' in '{lang}'.") from error
        return fill(template, {k: _in(v, lang) for k, v in self.values.items()}, lang)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a file."""
        return {"owner": self.owner, "key": self.key, "values": {k: _plain(v) for k, v in self.values.items()}}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Say:
        """The Say that `to_json` wrote."""
        values = {k: _said_again(v) for k, v in dict(raw.get("values", {})).items()}
        return cls(str(raw["owner"]), str(raw["key"]), values)


E = TypeVar("E", bound=AssayError)


def refusal(kind: type[E], owner: str, key: str, /, *, expected: Part = "", do: Part = "", **values: Any) -> E:
    """The error of a kind whose three parts are the owner's templates KEY.seen, KEY.expected and KEY.do.

    expected, do : said in place of those templates; where there is neither, the part is left away

    >>> from assay.kernel.errors import SettingError
    >>> str(refusal(SettingError, "kernel", "no_setting", kind="Linear", names="speed", known="scale"))
    'Linear has no setting speed. Its settings: scale.'
    """
    templates = words_of(owner).get("en", {})

    def part(name: str) -> Part:
        return Say(owner, f"{key}.{name}", values) if f"{key}.{name}" in templates else ""

    return kind(Say(owner, f"{key}.seen", values), expected or part("expected"), do or part("do"))


@functools.cache
def words_of(owner: str) -> Words:
    """The templates of "room/key" (a plug-in) or of a speaking room. Anything else is refused."""
    room, _, key = owner.partition("/")
    if room in SHELF_ROOMS and key:
        from .shelf import shelf

        words: Words = shelf(room).get(key).about.words
        return words
    if room in SPEAKING_ROOMS and not key:
        found: Words = importlib.import_module(f"assay.{SPEAKING_ROOMS[room]}").WORDS
        return found
    raise refusal(BundleForeign, "kernel", "no_voice", owner=owner)


def fill(template: str, values: Mapping[str, Any], lang: str = "en") -> str:
    """Put values into a template; numbers are rounded for reading.

    `{x}` gives three significant digits, `{x:%}` a percentage, `{x:+}` a signed number, `{n}` of a whole number
    thousands separators, `{n:raw}` the number as it is, `{n:row|rows}` the word for one or for several, `{names}` of a
    list a listing with the comma of `lang`, `{names:; }` one with a separator of its own.

    >>> fill("{share:%} of {n} rows: {names:; }", {"share": 0.12345, "n": 30000, "names": ["a", "b"]})
    '12.3 % of 30,000 rows: a; b'
    >>> fill("{n} {n:row is|rows are} left out", {"n": 1})
    '1 row is left out'
    >>> [fill("the {n:part|{n} parts} named strongest", {"n": n}) for n in (1, 3)]
    ['the part named strongest', 'the 3 parts named strongest']
    """
    return _Reader(lang).vformat(template, (), values)


FORMATS = ("", "%", "+", "raw")


class _Reader(string.Formatter):
    def __init__(self, lang: str) -> None:
        self.comma = "、" if lang == "zh" else ", "

    def format_field(self, value: Any, format_spec: str) -> str:
        if "|" in format_spec:
            one, several = format_spec.split("|")
            return one if value == 1 else several
        if value is None:
            return "–"
        if isinstance(value, (list, tuple)):
            separator, inner = (self.comma, format_spec) if format_spec in FORMATS else (format_spec, "")
            return separator.join(self.format_field(v, inner) for v in value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return str(value)
        if format_spec == "%":
            return f"{_significant(100 * value)} %"
        if format_spec == "+":
            return ("+" if value >= 0 else "−") + _significant(abs(value))
        if format_spec == "raw":
            return str(value)
        return number(value)


def _significant(value: float, digits: int = 3) -> str:
    """Three significant digits, thousands separated, no exponent where people would not write one."""
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "–"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size >= 9 or size < -5:
        return f"{value:.{digits - 1}e}"
    return f"{value:,.{max(0, digits - 1 - size)}f}"


def number(value: float, digits: int = 3) -> str:
    """A number as people read it: three significant digits, or as many as are asked for.

    >>> number(12345.678), number(0.012345), number(0.012345678, 6)
    ('12,346', '0.0123', '0.0123457')
    """
    return ("−" if value < 0 else "") + _significant(abs(value), digits)


def _in(value: Any, lang: str) -> Any:
    """A value as it stands in a sentence: what speaks, speaks the sentence's language."""
    if isinstance(value, (list, tuple)):
        return [_in(v, lang) for v in value]
    return value.text(lang) if hasattr(value, "text") else value


def _said_again(value: Any) -> Any:
    if isinstance(value, list):
        return [_said_again(v) for v in value]
    return Say.from_json(value) if isinstance(value, dict) and {"owner", "key"} <= value.keys() else value


def _plain(value: Any) -> Any:
    if isinstance(value, Say):
        return value.to_json()
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def width_of(text: str) -> int:
    """Columns a text takes in a terminal: Chinese characters take two, control characters none.

    >>> width_of("abc"), width_of("很好")
    (3, 4)
    """
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text if ch.isprintable())


def pad(text: str, width: int) -> str:
    """The text, cut or filled to exactly `width` terminal columns; what could steer a terminal is left out."""
    text = "".join(ch for ch in text if ch.isprintable())
    if width_of(text) > width:
        while width_of(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - width_of(text))
