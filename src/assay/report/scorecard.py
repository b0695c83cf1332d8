"""How is a scorecard shown to people and programs?

HTML, Markdown and CSV hold the rounded points, JSON the exact ones beside them. Nothing is left out, however long it grows: a card of which
a part is lacking adds up to nothing.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..answers.cells import plain_cell
from ..answers.forms import marked
from ..answers.scorecard import Runs, Scorecard
from ..kernel.data import plain_number
from ..kernel.errors import RequestError, Sentences
from ..kernel.findings import to_plain
from ..kernel.hints import did_you_mean, reason
from ..kernel.words import LANGUAGES, Say, refusal
from . import structured
from .content import Content
from .html import asset, document, top
from .markdown import inline, rows
from .markup import Raw, tag
from .speech import Voice

FORMAT, VERSION = "assay-scorecard", 1
ENDINGS = (".html", ".md", ".json", ".csv")


@dataclass(frozen=True, eq=False)
class ScorecardReport:
    """A card and the model it is of."""

    card: Scorecard
    content: Content

    def html(self, lang: str = "en") -> str:
        """One file for people: opens offline, prints."""
        voice = self._voice(lang)
        alone, pairs = self._tables()
        head = tag(
            "section",
            tag("h1", voice.word("card.title", target=self.card.target)),
            tag("p", voice.say(self.card.unit), class_="lead"),
            *(tag("p", line) for line in self._told(voice)),
            tag("p", voice.word("card.base"), tag("b", self._points(self._base)), class_="base"),
            id="board",
        )
        cards = tag("div", *(_single(self, one, voice) for one in alone), class_="cards")
        singles = tag("section", tag("h2", voice.word("card.columns")), cards, id="columns")
        how = tag("p", voice.word("card.pairs_how"))
        every = [_grid(self, one, voice) for one in pairs]
        grids = tag("section", tag("h2", voice.word("card.pairs")), how, *every, id="pairs") if pairs else None
        body = tag("div", self._contents(voice, bool(pairs)), tag("main", head, singles, grids), class_="layout")
        style = asset("report.css") + "\n" + asset("scorecard.css")
        title = f"{self.content.title} · {voice.word('card.kind')}"
        return document(title, self.content, voice, top(voice, voice.word("card.kind")), body, style=style)

    def _contents(self, voice: Voice, pairs: bool) -> Raw:
        places = [("board", "card.base"), ("columns", "card.columns"), *([("pairs", "card.pairs")] if pairs else [])]
        items = [tag("li", tag("a", tag("span", voice.word(key)), href=f"#{place}")) for place, key in places]
        return tag("nav", tag("ol", *items), class_="toc", aria_label=voice.word("contents"))

    def markdown(self, lang: str = "en") -> str:
        """The same for a repository."""
        voice = self._voice(lang)
        alone, pairs = self._tables()
        parts = [f"# {inline(voice.word('card.title', target=self.card.target))}", inline(voice.say(self.card.unit))]
        parts += [inline(line) for line in self._told(voice)]
        parts.append(f"**{inline(voice.word('card.base'))}: {self._points(self._base)}**")
        heads = [voice.word("card.band"), voice.word("card.points")]
        for one in alone:
            body = [
                (inline(voice.say(name)), self._points(v)) for name, v in zip(one.names[0], one.points, strict=True)
            ]
            parts += [f"## {inline(one.table.sides[0].feature)}", rows(heads, body)]
        for one in pairs:
            down, along = one.table.sides
            table = [
                (inline(voice.say(name)), *map(self._points, line))
                for name, line in zip(one.names[0], one.points, strict=True)
            ]
            parts.append(f"## {inline(down.feature)} × {inline(along.feature)}")
            parts.append(rows([inline(down.feature), *(inline(voice.say(name)) for name in one.names[1])], table))
        return "\n\n".join(parts) + "\n"

    def csv(self, lang: str = "en") -> str:
        """One line a cell: column, band, and for pairs the other column and its band; points, rounded."""
        voice, stream = self._voice(lang), io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([voice.word(f"card.{key}") for key in ("column", "band", "other", "other_band", "points")])
        writer.writerow([voice.word("card.base"), "", "", "", self._points(self._base)])
        alone, pairs = self._tables()
        for one in alone:
            for name, points in zip(one.names[0], one.points, strict=True):
                cells = plain_cell(one.table.sides[0].feature), _band(name, voice)
                writer.writerow([*cells, "", "", self._points(points)])
        for one in pairs:
            down, along = (plain_cell(side.feature) for side in one.table.sides)
            for name, line in zip(one.names[0], one.points, strict=True):
                for other, points in zip(one.names[1], line, strict=True):
                    cells_of_two = down, _band(name, voice), along, _band(other, voice)
                    writer.writerow([*cells_of_two, self._points(points)])
        return stream.getvalue()

    def structured(self) -> dict[str, Any]:
        """The exact card as plain JSON values.

        Of numbers cell k holds values above edges[k - 1] and up to edges[k], the next one all above, the last the missing ones; of names cell
        k is levels[k] ("" where the cell is missing), the last all others.
        """
        card = self.card
        return {
            "format": FORMAT,
            "version": VERSION,
            "model": self.content.title,
            "target": card.target,
            "unit": {lang: card.unit.text(lang) for lang in LANGUAGES},
            "score": {"factor": card.factor, "start": card.start},
            **({} if card.border is None else {"answered_above": card.border}),
            "rounded": {"step": card.step, "off_by_at_most": card.loss},
            "base": card.base,
            "tables": [
                {
                    "columns": [
                        {"name": side.feature, "column": side.part}
                        | (
                            {"levels": list(side.names)}
                            if side.axis.edges is None
                            else {"edges": side.axis.edges.tolist()}
                        )
                        for side in table.sides
                    ],
                    "points": to_plain(table.points),
                }
                for table in card.tables
            ],
        }

    def save(self, path: str | os.PathLike[str], lang: str = "en") -> Path:
        """Write the view that the ending asks for, whole or not at all. Raises RequestError."""
        target = Path(path)
        views = {".html": self.html, ".md": self.markdown, ".csv": self.csv}
        ending = target.suffix.lower()
        if ending not in ENDINGS:
            cure = Sentences([did_you_mean(ending, ENDINGS) or "", Say("answers", "card.endings")])
            raise refusal(RequestError, "answers", "card_ending", do=cure, name=target.name)
        text = structured.text_of(self.structured()) if ending == ".json" else views[ending](lang)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            part.write_bytes(marked(text.encode()) if ending == ".csv" else text.encode())
            os.replace(part, target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise refusal(RequestError, "report", "unwritten", path=str(target), reason=reason(error)) from error
        return target

    def _tables(self) -> tuple[list[Runs], list[Runs]]:
        """Single columns, and pairs, rounded."""
        found = [self.card.rounded(table) for table in self.card.tables]
        return [one for one in found if len(one.names) == 1], [one for one in found if len(one.names) == 2]

    def _told(self, voice: Voice) -> list[str]:
        card = self.card
        score = "card.how_odds" if card.start else "card.how"
        return [
            voice.word(score),
            voice.word("card.rounded", step=self._points(card.step), loss=self._points(card.loss), n=len(card.tables)),
        ]

    @property
    def _base(self) -> float:
        return round(self.card.base / self.card.step) * self.card.step

    def _points(self, value: float) -> str:
        """As it is added up: no digits beyond the step."""
        return plain_number(float(f"{float(value):.12g}"))

    def _voice(self, lang: str) -> Voice:
        if lang not in LANGUAGES:
            raise refusal(RequestError, "report", "language", lang=lang, known=LANGUAGES)
        return _Card(lang, self.content.spoken, self.content.plan.task)


class _Card(Voice):
    """Speaks with the sentences of answers where a key is the card's own."""

    def word(self, key: str, **values: Any) -> str:
        """A sentence or heading."""
        return self.say(Say("answers", key, values)) if key.startswith("card.") else super().word(key, **values)


def _single(report: ScorecardReport, one: Runs, voice: Voice) -> Raw:
    """A column: a line a band."""
    best = max(one.points)
    lines = [
        tag("tr", tag("td", voice.say(name)), tag("td", report._points(v), class_="num up" if v == best else "num"))
        for name, v in zip(one.names[0], one.points, strict=True)
    ]
    heads = tag("tr", tag("th", voice.word("card.band")), tag("th", voice.word("card.points"), class_="num"))
    return _table(report, one, voice, heads, lines)


def _grid(report: ScorecardReport, one: Runs, voice: Voice) -> Raw:
    """A pair: a line a band of the first, a cell a band of the other."""
    best = one.points.max()
    lines = [
        tag(
            "tr",
            tag("th", voice.say(name), scope="row"),
            *(tag("td", report._points(v), class_="num up" if v == best else "num") for v in line),
        )
        for name, line in zip(one.names[0], one.points, strict=True)
    ]
    heads = tag(
        "tr",
        tag("th", one.table.sides[0].feature),
        *(tag("th", voice.say(name), class_="num") for name in one.names[1]),
    )
    return tag("div", _table(report, one, voice, heads, lines), class_="wide scroll", tabindex="0")


def _table(report: ScorecardReport, one: Runs, voice: Voice, heads: Raw, lines: list[Raw]) -> Raw:
    title = " × ".join(side.feature for side in one.table.sides)
    reach = voice.word("card.reach", reach=report._points(one.points.max() - one.points.min()))
    caption = tag("caption", title, tag("span", reach))
    return tag("table", caption, tag("thead", heads), tag("tbody", *lines), class_="card-table")


def _band(name: str | Say, voice: Voice) -> str:
    """A cell that no spreadsheet takes for a formula; bands of numbers ("-5 to 3") are our own words and stay."""
    return plain_cell(name) if isinstance(name, str) else voice.say(name)
