"""How are lines, clouds of points and histograms drawn?

A quiet grid, the name of the vertical axis written across the top, and a name at the end of each line where the names
are short enough; otherwise, and for clouds, a key in words stands above the drawing. Series differ in dash or shape as
well as in colour.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .axes import Scale, date_ticks, fitting, place, reals, span, thin, tick_words, ticks
from .bars import EM, WIDTH, svg
from .limits import Limits
from .markup import Raw, breadth, cut, cut_to, join, tag

PLOT = 210.0
TOP = 26.0
DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 4", "4 2", "1 4", "6 2 1 2 1 2")
SHAPES = (  # of points: drawn around the current place, which they leave as it was
    "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z",
    "m-2.7 -2.7h5.4v5.4h-5.4z",
    "m0 -3.6l3.4 6h-6.8z",
    "m0 -3.8l3.8 3.8l-3.8 3.8l-3.8 -3.8z",
    "m-3.4 -.9h2.5v-2.5h1.8v2.5h2.5v1.8h-2.5v2.5h-1.8v-2.5h-2.5z",
    "m0 3.6l3.4 -6h-6.8z",
)


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One series, ready to draw."""

    name: str
    x: list[float]
    y: list[float]
    low: list[float]
    high: list[float]
    steps: bool = False
    dashed: bool = False


@dataclass(frozen=True)
class Frame:
    """The two scales and what is drawn around them."""

    x: Scale
    y: Scale
    around: Raw
    height: float


def frame(
    xs: Sequence[float],
    ys: Sequence[float],
    titles: tuple[str, str],
    right: float = 10.0,
    words: Sequence[str] = (),
    *,
    dates: bool = False,
) -> Frame:
    """Axes around the data; `words` name whole numbers along x where x is not a number; dates are days since 1970."""
    y_low, y_high = span(ys)
    pad = 0.04 * (y_high - y_low)
    y = Scale(y_low - pad, y_high + pad, TOP + PLOT, TOP)
    y_marks = ticks(y.low, y.high, 5)
    y_words = tick_words(y_marks)
    left = max((breadth(w) for w in y_words), default=1.0) * EM + 10
    x_low, x_high = (-0.4, len(words) - 0.6) if words else span(xs)
    x = Scale(x_low, x_high, left + 4, WIDTH - right)
    lines = "".join(f"M{place(left)} {place(y(m))}H{place(WIDTH - right)}" for m in y_marks)
    parts = [tag("path", d=lines, class_="grid")]
    parts += [
        tag("text", word, x=place(left - 4), y=place(y(mark) + 4.5), class_="tick e")
        for mark, word in zip(y_marks, y_words, strict=True)
    ]
    parts += _x_labels(x, words, dates=dates)
    parts.append(tag("text", cut_to(titles[1], WIDTH / EM), x="2", y="13", class_="axis"))
    height = TOP + PLOT + 24
    if titles[0]:
        height += 18
        shown = cut_to(titles[0], (WIDTH - left) / EM)
        parts.append(tag("text", shown, x=place(WIDTH - right), y=place(height - 4), class_="axis e"))
    return Frame(x, y, join(*parts), height)


def _x_labels(x: Scale, words: Sequence[str], *, dates: bool) -> list[Raw]:
    if words:
        marks = [float(i) for i in thin(len(words), 5)]
        said = [cut_to(words[int(m)], (x.end - x.start) / EM / max(1, len(marks)) * 0.95) for m in marks]
    elif dates:
        marks, said = date_ticks(x.low, x.high, 5)
    else:
        marks = ticks(x.low, x.high, 5)
        said = tick_words(marks)
    base = TOP + PLOT
    written = fitting(marks, said, x, EM, WIDTH)
    stubs = tag("path", d="".join(f"M{place(mark.at)} {place(base)}v4" for mark in written), class_="stub")
    labels = [
        tag("text", mark.word, x=place(mark.at), y=place(base + 18), class_=f"tick {mark.side}") for mark in written
    ]
    return [stubs, *labels]


def lines(data: Mapping[str, Any], titles: tuple[str, str], name: str, said: Any, limits: Limits) -> Raw:
    """Lines with bands, steps or dashes. `said` turns a label into text."""
    raw = list(data.get("series", ()))[: limits.series]
    levels = _levels(raw, said)
    curves = [_curve(one, said, levels, limits.samples) for one in raw]
    xs = [v for c in curves for v in c.x]
    ys = [v for c in curves for v in (*c.y, *c.low, *c.high)]
    direct = not levels and len(curves) > 1 and all(breadth(c.name) <= 9 for c in curves) and len(curves) <= 4
    right = max(breadth(c.name) for c in curves) * EM + 12 if direct else 14.0
    axes = frame(xs, ys, titles, right, levels, dates=bool(data.get("dates")))
    body = [axes.around, *(_band(c, axes, i) for i, c in enumerate(curves) if not levels)]
    body += [_spots(c, axes, i, len(curves)) if levels else _line(c, axes, i) for i, c in enumerate(curves)]
    if direct:
        body += _end_names(curves, axes)
    keys = Raw("") if direct or len(curves) < 2 else key([c.name for c in curves], "line")
    return join(keys, svg(join(*body), axes.height, name))


def _levels(raw: Sequence[Mapping[str, Any]], said: Any) -> list[str]:
    """The distinct words along x, where x is not made of numbers."""
    every = [v for one in raw for v in one.get("x", ())]
    if all(v is None or (isinstance(v, (int, float)) and not isinstance(v, bool)) for v in every):
        return []
    return list(dict.fromkeys(said(v) for v in every))


def _curve(one: Mapping[str, Any], said: Any, levels: Sequence[str], most: int) -> Curve:
    parts = [list(one.get(part) or ()) for part in ("x", "y", "low", "high")]
    kept = thin(min(len(parts[0]), len(parts[1])), most)
    x, y, low, high = ([part[i] for i in kept] if len(part) > max(kept, default=0) else [] for part in parts)
    spots = {word: float(i) for i, word in enumerate(levels)}
    return Curve(
        name=said(one.get("name", "")),
        x=[spots[said(v)] for v in x] if levels else reals(x),
        y=reals(y),
        low=reals(low),
        high=reals(high),
        steps=bool(one.get("steps")),
        dashed=bool(one.get("dashed")),
    )


def _path(xs: Sequence[float], ys: Sequence[float], axes: Frame, steps: bool) -> str:
    """Path data; a missing value lifts the pen."""
    out: list[str] = []
    down = False
    for x, y in zip(xs, ys, strict=True):
        if not (math.isfinite(x) and math.isfinite(y)):
            down = False
            continue
        px, py = place(axes.x(x)), place(axes.y(y))
        out.append((f"H{px}V{py}" if steps else f"L{px} {py}") if down else f"M{px} {py}")
        down = True
    return "".join(out)


def _band(curve: Curve, axes: Frame, index: int) -> Raw:
    """The interval along a curve; where a value is missing there is none."""
    stretches: list[list[tuple[float, float, float]]] = [[]]
    for x, low, high in zip(curve.x, curve.low, curve.high, strict=False):
        if math.isfinite(x) and math.isfinite(low) and math.isfinite(high):
            stretches[-1].append((x, low, high))
        elif stretches[-1]:
            stretches.append([])
    d = "".join(_outline(kept, curve.steps, axes) for kept in stretches if len(kept) > 1)
    return tag("path", d=d, class_=f"band f{index % 8}") if d else Raw("")


def _outline(kept: Sequence[tuple[float, float, float]], steps: bool, axes: Frame) -> str:
    there = _path([k[0] for k in kept], [k[2] for k in kept], axes, steps)
    back = [(k[0], k[1]) for k in reversed(kept)]
    if steps:  # going back, a step goes down before it goes along
        back = [p for i, p in enumerate(back) for p in ([(back[i - 1][0], p[1]), p] if i else [p])]
    home = _path([p[0] for p in back], [p[1] for p in back], axes, False)
    return there + "L" + home[1:] + "z"


def _line(curve: Curve, axes: Frame, index: int) -> Raw:
    d = _path(curve.x, curve.y, axes, curve.steps)
    dash = "5 4" if curve.dashed else DASHES[index % 8] or None
    line = tag("path", tag("title", cut(curve.name, 500)), d=d, class_=f"line c{index % 8}", stroke_dasharray=dash)
    if len(curve.x) > 14 or curve.steps or curve.dashed:
        return line
    dots = "".join(
        f"M{place(axes.x(x))} {place(axes.y(y))}{SHAPES[index % 6]}"
        for x, y in zip(curve.x, curve.y, strict=True)
        if math.isfinite(x) and math.isfinite(y)
    )
    return join(line, tag("path", d=dots, class_=f"f{index % 8}"))


def _spots(curve: Curve, axes: Frame, index: int, count: int) -> Raw:
    """Dots with intervals: words along x have nothing between them that a line could show."""
    beside = 9.0 * (index - (count - 1) / 2)
    dots, whiskers = [], []
    for at, (x, y) in enumerate(zip(curve.x, curve.y, strict=True)):
        if not math.isfinite(y):
            continue
        px = axes.x(x) + beside
        dots.append(f"M{place(px)} {place(axes.y(y))}{SHAPES[index % 6]}")
        if at < min(len(curve.low), len(curve.high)) and math.isfinite(curve.low[at]) and math.isfinite(curve.high[at]):
            whiskers.append(f"M{place(px)} {place(axes.y(curve.low[at]))}V{place(axes.y(curve.high[at]))}")
    line = tag("path", d="".join(whiskers), class_=f"line c{index % 8}")
    return join(line, tag("path", d="".join(dots), class_=f"f{index % 8}", stroke="none"))


def _end_names(curves: Sequence[Curve], axes: Frame) -> list[Raw]:
    ends = []
    for index, curve in enumerate(curves):
        last = next((y for y in reversed(curve.y) if math.isfinite(y)), None)
        if last is not None:
            ends.append((axes.y(last), index, curve.name))
    ends.sort()
    spots: list[float] = []
    for y, _, _ in ends:
        spots.append(max(y, spots[-1] + EM + 1) if spots else y)
    over = max(0.0, spots[-1] - (TOP + PLOT)) if spots else 0.0
    return [
        tag("text", name, x=place(axes.x.end + 6), y=place(spot - over + 4.5), class_=f"t{index % 8} name")
        for spot, (_, index, name) in zip(spots, ends, strict=True)
    ]


def points(data: Mapping[str, Any], titles: tuple[str, str], name: str, said: Any, limits: Limits) -> Raw:
    """A cloud of points, each group with a colour and a shape of its own."""
    x, y = reals(data.get("x")), reals(data.get("y"))
    count = min(len(x), len(y))
    groups = [said(g) for g in data.get("groups") or [""] * count]
    kept = [i for i in thin(count, limits.points) if math.isfinite(x[i]) and math.isfinite(y[i])]
    names = list(dict.fromkeys(groups[i] for i in kept))
    order = {group: min(rank, limits.series - 1) for rank, group in enumerate(names)}
    axes = frame([x[i] for i in kept], [y[i] for i in kept], titles)
    paths: dict[int, list[str]] = {}
    for i in kept:
        rank = order[groups[i]]
        paths.setdefault(rank, []).append(f"M{place(axes.x(x[i]))} {place(axes.y(y[i]))}{SHAPES[rank % 6]}")
    body = [tag("path", d="".join(d), class_=f"cloud f{rank % 8}") for rank, d in sorted(paths.items())]
    if data.get("diagonal"):
        ends = max(axes.x.low, axes.y.low), min(axes.x.high, axes.y.high)
        body.append(tag("path", d=_path(ends, ends, axes, False), class_="ref", fill="none"))
    shown = [*names[: limits.series - 1], "…"] if len(names) > limits.series else names
    keys = key(shown, "shape") if len(names) > 1 else Raw("")
    return join(keys, svg(join(axes.around, *body), axes.height, name))


def histogram(data: Mapping[str, Any], titles: tuple[str, str], name: str, said: Any, limits: Limits) -> Raw:
    """Counts between edges: the first series filled, all outlined."""
    edges = reals(data.get("edges"))
    series = list(data.get("series", ()))[: limits.series]
    curves = [
        Curve(
            name=said(one.get("name", "")),
            x=[edges[0], *edges, edges[-1]] if edges else [],
            y=[0.0, *(counts := reals(one.get("counts"))[: max(0, len(edges) - 1)]), *counts[-1:], 0.0],
            low=[],
            high=[],
            steps=True,
        )
        for one in series
    ]
    axes = frame(edges, [0.0, *(v for c in curves for v in c.y)], titles)
    body = [axes.around]
    for index, curve in enumerate(curves):
        if len(curve.x) != len(curve.y):
            continue
        d = _path(curve.x, curve.y, axes, True)
        body.append(tag("path", d=d, class_=f"bin b{index % 8}", stroke_dasharray=DASHES[index % 8] or None))
    keys = key([c.name for c in curves], "line") if len(curves) > 1 else Raw("")
    return join(keys, svg(join(*body), axes.height, name))


def key(names: Sequence[str], sign: str) -> Raw:
    """The names of the series with the mark of each, as a list that wraps."""
    items = []
    for index, name in enumerate(names):
        if sign == "line":
            mark = tag("path", d="M0 7H26", class_=f"line c{index % 8}", stroke_dasharray=DASHES[index % 8] or None)
        else:
            mark = tag("path", d=f"M13 7{SHAPES[index % 6]}", class_=f"f{index % 8}")
        drawn = tag("svg", mark, viewBox="0 0 26 14", width="26", height="14", aria_hidden="true")
        items.append(tag("li", drawn, tag("bdi", cut(name, 40), title=cut(name, 500))))
    return tag("ul", *items, class_="key")
