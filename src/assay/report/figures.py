"""How does the data of a figure become a picture?

`draw` gives each of kernel.findings.FIGURES as hand-written SVG (a table as HTML): colours by class, so that the page's
theme decides them; sizes by viewBox, so that they fit the screen; names cut where long and whole in their titles.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..kernel.findings import Figure
from ..kernel.words import Say
from . import curves
from .axes import place, real, reals
from .bars import EM, WIDTH, Strip, strip, svg
from .limits import Limits
from .markup import Raw, breadth, cut, cut_to, join, short, tag
from .speech import Voice, signed

MOST_JPEG = 60_000  # letters of one small picture
BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
NUMERAL = re.compile(r"([-−]?(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d+)?) ?%?")
DEPTHS = 5  # of the colour of a word
# Columns, and units, that half of the page holds; between two columns of a table.
MOST_IN_HALF, HALF, BETWEEN = 6, 460.0, 18.0
LONG_CELL, HEAD, NUMBER = 40, 12.0, 8.0  # letters of a cell and of a heading that may take several lines; of a number
LEANING = 24  # letters of a column's name that leans because it is wider than its column
FEW, NARROW = 8, 34.0  # columns that may stay as wide as the picture allows; the width of one of many


def draw(figure: Figure, voice: Voice, limits: Limits) -> Raw:
    """A figure with its caption, in the language of the voice."""
    title = voice.say(figure.title)
    titles = (voice.say(figure.x), voice.say(figure.y))
    painted = _painted(figure, titles, title, voice, limits)
    return tag(
        "figure",
        tag("figcaption", title),
        painted or tag("p", voice.word("no_data"), class_="muted"),
        _left_out(figure, voice, limits),
        class_=f"figure {figure.kind}" + (" wide" if _is_wide(figure, voice, limits) else ""),
    )


def _painted(figure: Figure, titles: tuple[str, str], title: str, voice: Voice, limits: Limits) -> Raw | None:
    data = figure.data
    if _empty(figure.kind, data):
        return None
    if figure.kind == "bars":
        return bars(data, titles[0] or titles[1], title, voice, limits)
    if figure.kind == "matrix":
        return matrix(data, titles, title, voice, limits)
    if figure.kind == "table":
        return table(data, voice, limits)
    if figure.kind == "pictures":
        return pictures(data, voice, limits)
    if figure.kind == "texts":
        return texts(data, voice, limits)
    curve = {"lines": curves.lines, "points": curves.points, "histogram": curves.histogram}[figure.kind]
    return curve(data, titles, title, voice.say, limits)


def _empty(kind: str, data: Mapping[str, Any]) -> bool:
    """Whether there is nothing finite to draw."""
    if kind in ("lines", "histogram"):
        part = "y" if kind == "lines" else "counts"
        return not any(math.isfinite(real(v)) for one in data.get("series", ()) for v in one.get(part) or ())
    if kind == "points":
        return not any(math.isfinite(real(v)) for v in data.get("y") or ())
    return not data.get(
        "values" if kind in ("bars", "matrix") else kind if kind in ("texts", "pictures") else "columns"
    )


def bars(data: Mapping[str, Any], axis: str, name: str, voice: Voice, limits: Limits) -> Raw:
    """Horizontal bars from zero."""
    kept = slice(0, limits.bars)
    values = reals(data["values"])[kept]
    return strip(
        Strip(
            labels=[voice.say(label) for label in data.get("labels", ())][: len(values)],
            values=values,
            low=reals(data.get("low"))[kept],
            high=reals(data.get("high"))[kept],
            words=figures_of(values),
            reference=real(data.get("reference")),
            ends=real(data.get("ends")),
            signed=data.get("colours") == "signed",
        ),
        axis,
        name,
    )


def figures_of(values: list[float]) -> list[str]:
    """Numbers as people read them: without decimals where all are whole.

    >>> figures_of([4.0, 12000.0]), figures_of([4.0, 0.5])
    (['4', '12,000'], ['4.00', '0.500'])
    """
    whole = all(value.is_integer() and abs(value) < 1e15 for value in values if math.isfinite(value))
    return [signed(int(v) if whole else v) if math.isfinite(v) else "–" for v in values]


def matrix(data: Mapping[str, Any], titles: tuple[str, str], name: str, voice: Voice, limits: Limits) -> Raw:
    """A heat map with its numbers; negative values have a colour of their own."""
    values = [reals(row)[: limits.cells] for row in data["values"]][: limits.cells]
    rows = [voice.say(r) for r in data.get("rows", ())][: len(values)]
    columns = [voice.say(c) for c in data.get("columns", ())][: limits.cells]
    texts = data.get("text") or _grouped(figures_of([v for row in values for v in row]), values)
    widest = max((breadth(cut(r, 40)) for r in [*rows, f"{titles[1]} ↓"]), default=1.0)
    left = min(0.34 * WIDTH, widest * EM) + 18
    width = max(WIDTH, 96 + 62.0 * len(columns))
    side = (width - left) / max(1, len(columns))
    longest = max((breadth(cut(c, LEANING)) for c in columns), default=0.0) * EM
    leaning = longest > side
    if leaning:  # names in full beside each other need room above and to the right, and less between them
        cells = max((breadth(voice.say(t)) for row in texts for t in row), default=1.0) * EM + 10
        side = max(cells, side if len(columns) <= FEW else NARROW)
        width = max(WIDTH, left + side * len(columns) + longest / 2)
    top = 24.0 + (18 if titles[0] else 0) + (0.87 * longest if leaning else 0)
    greatest = max((abs(v) for row in values for v in row if math.isfinite(v)), default=1.0) or 1.0
    parts = [tag("text", f"{titles[0]} →", x=place(left), y="13", class_="axis")] if titles[0] else []
    if titles[1]:
        shown_title = cut_to(f"{titles[1]} ↓", left / EM - 0.5)
        parts.append(tag("text", shown_title, x=place(left - 6), y=place(top - 7), class_="axis e"))
    for c, column in enumerate(columns):
        shown = tag("title", cut(column, 500)), cut(column, LEANING) if leaning else cut_to(column, side / EM - 0.3)
        over, above = place(left + side * (c + 0.5)), place(top - 7)
        turned = {"class_": "tick", "transform": f"rotate(-60 {over} {above})"} if leaning else {"class_": "tick m"}
        parts.append(tag("text", *shown, x=over, y=above, **turned))
    for r, (row_name, row) in enumerate(zip(rows, values, strict=False)):
        y = top + 34.0 * r
        shown = tag("title", cut(row_name, 500)), cut_to(row_name, left / EM - 0.5)
        parts.append(tag("text", *shown, x=place(left - 6), y=place(y + 21), class_="tick e"))
        for c, value in enumerate(row[: len(columns)]):
            words = cut_to(voice.say(texts[r][c]), side / EM) or ("" if math.isfinite(value) else "–")
            parts.append(_cell(value / greatest, words, left + side * c, y, side))
    drawn = svg(join(*parts), top + 34.0 * len(rows) + 2, name, width=width, fixed=True)
    return tag("div", drawn, class_="scroll", tabindex="0")


def _grouped(flat: list[str], like: list[list[float]]) -> list[list[str]]:
    rest = iter(flat)
    return [[next(rest) for _ in row] for row in like]


def _cell(share: float, words: str, x: float, y: float, side: float) -> Raw:
    depth = f"{0.58 * min(1.0, abs(share)):.2f}" if math.isfinite(share) else "0"
    box = tag(
        "rect",
        x=place(x + 1),
        y=place(y + 1),
        width=place(side - 2),
        height="32",
        class_="cold" if share < 0 else "hot",
        fill_opacity=depth,
    )
    return join(box, tag("text", words, x=place(x + side / 2), y=place(y + 21), class_="m num"))


def table(data: Mapping[str, Any], voice: Voice, limits: Limits) -> Raw:
    """A table of words and numbers, in a box that scrolls sideways by itself."""
    columns = [voice.say(c) for c in data["columns"]][: limits.cells]
    rows = [[*row, *[None] * len(columns)][: len(columns)] for row in data.get("rows", ())][: limits.rows]
    heads = [
        tag("th", short(name, 40), scope="col", class_="num" if _numeric(row[at] for row in rows) else None)
        for at, name in enumerate(columns)
    ]
    head = tag("thead", tag("tr", *heads))
    body = tag("tbody", *(tag("tr", *(cell(v, voice, limits) for v in row)) for row in rows))
    return tag("div", tag("table", head, body, class_="data sortable"), class_="scroll", tabindex="0")


def texts(data: Mapping[str, Any], voice: Voice, limits: Limits) -> Raw:
    """Texts whose words are coloured by what they pull: the colour says which way, its depth how strongly."""
    shown = []
    for one in data["texts"][: limits.texts]:
        pulls = reals(one["pulls"])
        most = max((abs(pull) for pull in pulls if math.isfinite(pull)), default=0.0) or 1.0
        text, at, parts = str(one["text"])[: limits.text_letters], 0, list[Any]()
        for start, stop, pull in zip(one["starts"], one["stops"], pulls, strict=False):
            depth = round(DEPTHS * abs(pull) / most) if math.isfinite(pull) else 0
            if not depth or not at <= start < stop <= len(text):
                continue
            word = tag("mark", text[start:stop], class_=f"{'u' if pull > 0 else 'd'}{depth}", title=signed(pull))
            parts += [text[at:start], word]
            at = stop
        cut_short = "…" if len(str(one["text"])) > len(text) else None
        heading = tag("p", voice.say(one["title"]), class_="muted")
        shown.append(tag("div", heading, tag("p", *parts, text[at:], cut_short, dir="auto"), class_="said"))
    return tag("div", *shown, class_="texts")


def pictures(data: Mapping[str, Any], voice: Voice, limits: Limits) -> Raw:
    """Small pictures with what is said of each, as a contact sheet."""
    shown = []
    for one in data["pictures"][: limits.pictures]:
        said = voice.say(one.get("say", ""))
        jpeg = str(one.get("jpeg", ""))
        whole = len(jpeg) <= MOST_JPEG and BASE64.fullmatch(jpeg)
        picture = tag("img", src=f"data:image/jpeg;base64,{jpeg}", alt=cut(said, 200), loading="lazy") if whole else ""
        shown.append(
            tag(
                "div", picture, tag("p", short(said, limits.letters)), class_="seen wide" if one.get("wide") else "seen"
            )
        )
    return tag("div", *shown, class_="sheet")


def _numeric(values: Iterable[Any]) -> bool:
    return all(value is None or math.isfinite(_worth(value)) for value in values)


def _worth(value: Any) -> float:
    """The number that a cell says, also one that is written out: "38.5 %"; NaN where it says none."""
    written = NUMERAL.fullmatch(value) if isinstance(value, str) else None
    return real(value) if written is None else float(written[1].replace("−", "-").replace(",", ""))


def cell(value: Any, voice: Voice, limits: Limits) -> Raw:
    """One cell: numbers to the right, with the whole number kept for sorting."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return tag("td", voice.figure(value), class_="num", data_v=repr(value))
    if value is None:
        return tag("td", "–", class_="num")
    if math.isfinite(_worth(value)):
        return tag("td", value, class_="num", data_v=repr(_worth(value)))
    return tag("td", short(voice.say(value), min(80, limits.letters)))


def _is_wide(figure: Figure, voice: Voice, limits: Limits) -> bool:
    """Whether half of the page is too narrow for it."""
    columns = figure.data.get("columns", ())
    if figure.kind in ("texts", "pictures") or (figure.kind in ("table", "matrix") and len(columns) > MOST_IN_HALF):
        return True
    if figure.kind != "table":
        return False
    rows = figure.data.get("rows", ())[: limits.rows]
    widest = [min(breadth(voice.say(head)), HEAD) for head in columns]
    for at in range(len(columns)):
        widest[at] = max([widest[at], *(_breadth(row[at], voice) for row in rows if at < len(row))])
    return sum(width * EM + BETWEEN for width in widest) > HALF


def _breadth(value: Any, voice: Voice) -> float:
    """Letters that a cell takes in one line, as far as it takes them."""
    words = value if isinstance(value, (str, Say)) else ""
    return min(breadth(cut(voice.say(words), LONG_CELL)), LONG_CELL) if words else NUMBER


def _left_out(figure: Figure, voice: Voice, limits: Limits) -> Raw | None:
    """What the caps kept out of the picture, in words."""
    data, kind = figure.data, figure.kind
    if kind == "points" and len(data.get("x", ())) > limits.points:
        said = voice.word("thinned", shown=limits.points, n=len(data["x"]))
    elif kind == "bars" and len(data.get("values", ())) > limits.bars:
        said = voice.word("more_bars", n=len(data["values"]) - limits.bars)
    elif kind == "table" and len(data.get("rows", ())) > limits.rows:
        said = voice.word("more_rows", n=len(data["rows"]) - limits.rows)
    elif kind == "pictures" and len(data.get("pictures", ())) > limits.pictures:
        said = voice.word("more_rows", n=len(data["pictures"]) - limits.pictures)
    elif kind == "matrix" and len(data.get("values", ())) > limits.cells:
        said = voice.word("more_rows", n=len(data["values"]) - limits.cells)
    elif kind in ("lines", "histogram") and len(data.get("series", ())) > limits.series:
        said = voice.word("more_bars", n=len(data["series"]) - limits.series)
    else:
        return None
    return tag("p", said, class_="muted")
