"""Why this answer?

The pull of each part of one row, in the unit of the raw score; with the base they add up to the score exactly.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assay.kernel.errors import RequestError
from assay.kernel.words import Say, number, pad, refusal, width_of

from .place_pulls import PlacePulls

WIDTH = 24
STRONGEST = 12  # words that are told
LONGEST = 4_000  # characters of a text that a terminal is given


@dataclass(frozen=True)
class WordPulls:
    """The words of a text and their pulls; with `rest` they add up to the pull of its part."""

    part: str
    text: str
    words: tuple[tuple[int, int, float], ...]  # start, stop, pull, in the order of the text
    rest: float

    def to_json(self) -> Mapping[str, Any]:
        """Plain JSON values."""
        words = [{"word": self.text[a:b], "start": a, "stop": b, "pull": p} for a, b, p in self.words]
        return {"part": self.part, "text": self.text, "words": words, "rest": self.rest}

    def lines(self, lang: str, colours: bool) -> list[str]:
        """The strongest words, each with its pulls summed over the text, and the text with strong words marked."""
        total: dict[str, float] = {}
        for start, stop, pull in self.words:
            word = self.text[start:stop].lower()
            total[word] = total.get(word, 0.0) + pull
        strongest = sorted(total.items(), key=lambda item: -abs(item[1]))[:STRONGEST]
        most = max((abs(pull) for _, pull in strongest), default=0.0)
        wide = min(24, max((width_of(word) for word, _ in strongest), default=0))
        lines = ["", Say("answers", "words", {"part": self.part}).text(lang)]
        for word, pull in strongest:
            sign = "+" if pull >= 0 else "−"
            bar = ("█" if pull >= 0 else "░") * max(0, round(abs(pull) / most * WIDTH)) if most else ""
            lines.append(f"  {pad(word, wide)}  {f'{sign}{number(abs(pull))}':>9}  {bar}".rstrip())
        sign = "+" if self.rest >= 0 else "−"
        lines.append(f"  {Say('answers', 'rest').text(lang)}  {sign}{number(abs(self.rest))}")
        return [*lines, "", *self._marked(colours)]

    def _marked(self, colours: bool) -> list[str]:
        """The text, words that pull strongly in colour where there is any: green up, red down."""
        if not colours:
            return []
        limit = 0.2 * max((abs(pull) for _, _, pull in self.words), default=0.0)
        text, out, at = self.text[:LONGEST], [], 0
        for start, stop, pull in self.words:
            if limit and abs(pull) >= limit and stop <= len(text):
                out += [text[at:start], "\x1b[32m" if pull > 0 else "\x1b[31m", text[start:stop], "\x1b[0m"]
                at = stop
        return ["  " + "".join([*out, text[at:]])]


@dataclass(frozen=True)
class Explanation:
    """One row's answer and the pulls that made it."""

    row: int
    answer: str | Say
    score: float  # raw: log-odds of `label`, or the value
    base: float
    parts: tuple[tuple[str, str, float], ...]  # (column, cell as written, pull), the strongest first
    unit: Say
    texts: tuple[WordPulls, ...] = ()  # the words of each text that was read as text
    pictures: tuple[PlacePulls, ...] = ()  # the places of each picture, where a member of the blend tells of them

    def to_json(self, most: int = 0) -> Mapping[str, Any]:
        """Plain JSON values; parts beyond `most` are summed under "rest", where there are more."""
        shown = self.parts[: most or len(self.parts)]
        rest = sum(p for _, _, p in self.parts[len(shown) :])
        return {
            "row": self.row,
            "answer": self.answer if isinstance(self.answer, str) else self.answer.text(),
            "score": self.score,
            "base": self.base,
            "unit": self.unit.text(),
            "parts": [{"name": n, "value": v, "pull": p} for n, v, p in shown],
            **({"rest": rest} if len(shown) < len(self.parts) else {}),
            "texts": [text.to_json() for text in self.texts],
            "pictures": [picture.to_json() for picture in self.pictures],
        }

    def points(self, double: float = 20.0, at: float = 600.0, odds: float = 50.0) -> Explanation:
        """The same in points of a scorecard: `double` more double the odds, and `at` stand for odds of `odds` to one (Siddiqi 2006).

        Only for a score that is log-odds. Words and places are left out. Points hold for this row: unless a model is a sum of one curve a
        column, the same cell may earn others beside other cells.

        >>> found = Explanation(1, "good", math.log(50), 0.0, (("savings", "9", math.log(50)),), Say("answers", "unit_value", {"target": "x"}))
        >>> round(found.points().score, 9), round(found.points().parts[0][2] / 20, 3)
        (600.0, 5.644)
        """
        factor = double / math.log(2.0)
        start = at - factor * math.log(odds)
        said: dict[str, Any] = {"double": double, "at": at, "odds": odds, "label": self.unit.values.get("label", "")}
        border = self.unit.values.get("border")  # above which the label is answered, where not above even odds
        if isinstance(border, float):
            said |= {"border": start + factor * border}
        return replace(
            self,
            score=start + factor * self.score,
            base=start + factor * self.base,
            parts=tuple((name, text, factor * pull) for name, text, pull in self.parts),
            unit=Say("answers", "unit_points" if border is None else "unit_points_above", said),
            texts=(),
            pictures=(),
        )

    def draw(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write each picture with the pulls of its places laid over it into a folder, row-3-photo.jpg, and say where.

        Raises RequestError where nothing can be written there.
        """
        drawn = [(picture.file_name, picture.drawn()) for picture in self.pictures if picture.jpeg]
        names = [name for name, _ in drawn]
        again = [
            f"-{names[:place].count(name) + 1}" if name in names[:place] else "" for place, name in enumerate(names)
        ]
        paths = [Path(folder) / f"row-{self.row}-{name}{more}.jpg" for name, more in zip(names, again, strict=True)]
        try:
            if paths:
                Path(folder).mkdir(parents=True, exist_ok=True)
            for path, (_, jpeg) in zip(paths, drawn, strict=True):
                path.write_bytes(jpeg)
        except OSError as error:
            reason = error.strerror or str(error)
            raise refusal(RequestError, "answers", "undrawn", path=str(folder), reason=reason) from error
        return paths

    def text(self, lang: str = "en", most: int = 0, colours: bool = False) -> str:
        """A table with a bar for each pull; parts beyond `most` are summed in one line."""
        shown = self.parts[: most or len(self.parts)]
        rest = self.parts[len(shown) :]
        rows = [(n, v, p) for n, v, p in shown]
        if rest:
            rows.append((f"… {len(rest)}", "", sum(p for _, _, p in rest)))
        missing = Say("answers", "missing").text(lang)
        rows = [(n, v if v or n.startswith("…") else missing, p) for n, v, p in rows]
        rows += [
            (Say("answers", "base").text(lang), "", self.base),
            (Say("answers", "score").text(lang), "", self.score),
        ]
        largest = max((abs(p) for _, _, p in rows[:-2]), default=1.0) or 1.0
        lines = [
            Say("answers", "heading", {"row": self.row, "answer": self.answer}).text(lang),
            self.unit.text(lang),
            "",
        ]
        wide = min(40, max(width_of(n) for n, _, _ in rows))
        values = min(20, max(width_of(v) for _, v, _ in rows))
        for place, (name, value, pull) in enumerate(rows):
            sign = "+" if pull >= 0 else "−"
            bar = (
                ""
                if place >= len(rows) - 2
                else ("█" if pull >= 0 else "░") * max(0, round(abs(pull) / largest * WIDTH))
            )
            said = f"{sign}{number(abs(pull))}"
            lines.append(f"  {pad(name, wide)}  {pad(value, values)}  {said:>9}  {bar}".rstrip())
        for text in self.texts:
            lines += text.lines(lang, colours)
        for picture in self.pictures:
            lines += picture.lines(lang)
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.text(most=12)
