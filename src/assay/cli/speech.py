"""In which language does the command line speak, and how is its help laid out?

Light, since every call of `assay` begins here: nothing of the house but the texts of the help is imported.
"""

from __future__ import annotations

import argparse
import functools
import os
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from .help import HELP


def language(arguments: Sequence[str]) -> str:
    """The language asked for by --lang, or else by the environment.

    >>> language(["plan", "loans.csv", "--lang", "zh"]), language(["--lang=en"])
    ('zh', 'en')
    """
    pairs = zip(arguments, [*arguments, ""][1:], strict=True)
    asked = [after if a == "--lang" else a.removeprefix("--lang=") for a, after in pairs if a.startswith("--lang")]
    known = [lang for lang in asked if lang in HELP]
    return known[-1] if known else "zh" if os.environ.get("LANG", "").startswith("zh") else "en"


def helped(key: str, lang: str) -> str:
    """A text of the help."""
    return HELP[lang][f"help.{key}"]


def word(key: str, lang: str, **values: Any) -> str:
    """A sentence of the command line."""
    from assay.kernel.words import Say

    return Say("cli", key, values).text(lang)


class Parser(argparse.ArgumentParser):
    """A parser whose help and refusals speak our words."""

    def __init__(self, *, lang: str = "en", **more: Any) -> None:
        super().__init__(formatter_class=functools.partial(_Layout, lang=lang), add_help=False, **more)
        self.add_argument("-h", "--help", action="help", help=helped("help", lang))

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments. Raises RequestError."""
        from .refused import refused

        raise refused(message, self.prog, self._option_string_actions)


class _Layout(argparse.RawDescriptionHelpFormatter):
    """argparse's layout, with its own headings in our words and wide characters counted as two columns."""

    def __init__(self, prog: str, lang: str, **more: Any) -> None:
        super().__init__(prog, **more)
        self.lang = lang

    def add_usage(self, usage: Any, actions: Iterable[Any], groups: Iterable[Any], prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, helped("usage", self.lang) if prefix is None else prefix)

    def start_section(self, heading: str | None) -> None:
        super().start_section(HELP[self.lang].get(f"help.{heading}", heading))

    def _split_lines(self, text: str, width: int) -> list[str]:
        return super()._split_lines(text, width) if self.lang == "en" else wrapped(" ".join(text.split()), width)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken anywhere but within a word of ASCII letters."""
    lines, at = [""], 0
    for piece in _pieces(text):
        size = sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in piece)
        if at + size > width and lines[-1] and piece not in "，。；、：）":
            lines.append("")
            at, piece = 0, piece.lstrip()
        lines[-1] += piece
        at += size
    return [line.rstrip() for line in lines]


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for ch in text:
        joined = pieces and ch.isascii() and ch != " " and pieces[-1].isascii() and pieces[-1] != " "
        if joined:
            pieces[-1] += ch
        else:
            pieces.append(ch)
    return pieces
