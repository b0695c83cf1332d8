"""How are bars, dots and small intervals drawn?

Horizontal, so that names can be read; each value stands in figures at the right, intervals as thin lines. Sizes are in
drawing units of a figure WIDTH wide, and leave room for the larger letters that phones are given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .axes import Scale, fitting, place, span, tick_words, ticks
from .markup import Raw, breadth, cut, cut_to, join, tag

WIDTH = 440.0
EM = 14.5  # height of the largest letters, in drawing units
ROW = 25.0
LABELS = 0.44  # of the width, at most


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Labelled values, one a row; NaN is not drawn."""

    labels: Sequence[str]
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    words: Sequence[str] = ()
    reference: float = math.nan
    ends: float = math.nan  # where the scale ends at the latest; what is longer is cut there, and its figure is told
    signed: bool = False
    dots: bool = False  # dots on a scale of their own instead of bars from zero


def strip(data: Strip, x_title: str, name: str) -> Raw:
    """Bars or dots with names at the left and values at the right, as one SVG."""
    left = min(LABELS * WIDTH, max((breadth(cut(t, 40)) for t in data.labels), default=1.0) * EM) + 16
    right = max((breadth(w) for w in data.words), default=3.0) * EM + 8
    every = [*data.values, *data.low, *data.high, data.reference, *([] if data.dots else [0.0])]
    low, high = span(every if math.isnan(data.ends) else [min(v, data.ends) for v in every if math.isfinite(v)])
    pad = (high - low) * (0.06 if data.dots else 0.0)
    top = _rounded_up(low, high + pad)
    scale = Scale(low - pad, top if math.isnan(data.ends) else min(top, data.ends), left + 4, WIDTH - right - 4)
    bottom = ROW * len(data.labels) + 4
    body = [_grid(scale, bottom), *(_row(data, index, scale, left) for index in range(len(data.labels)))]
    if math.isfinite(data.reference):
        x = place(scale(data.reference))
        body.append(tag("line", x1=x, x2=x, y1="0", y2=place(bottom), class_="ref"))
    height = bottom + 22
    if x_title:
        body.append(
            tag("text", cut_to(x_title, (WIDTH - left) / EM), x=place(left + 4), y=place(height + 16), class_="axis")
        )
        height += 22
    return svg(join(*body), height, name)


def svg(body: Raw, height: float, name: str, width: float = WIDTH, *, fixed: bool = False) -> Raw:
    """A drawing that scales with its box (or keeps its size) and says what it shows."""
    box = f"0 0 {place(width)} {place(height)}"
    return tag(
        "svg", tag("title", name), body, viewBox=box, width=place(width) if fixed else None, role="img", aria_label=name
    )


def _grid(scale: Scale, bottom: float) -> Raw:
    marks = ticks(scale.low, scale.high, 4)
    lines = "".join(f"M{place(scale(m))} 0V{place(bottom)}" for m in marks)
    labels = [
        tag("text", mark.word, x=place(mark.at), y=place(bottom + 16), class_=f"tick {mark.side}")
        for mark in fitting(marks, tick_words(marks), scale, EM, WIDTH)
    ]
    return join(tag("path", d=lines, class_="grid"), *labels)


def _rounded_up(low: float, high: float) -> float:
    """The end of the scale, moved to the next round number where that is near."""
    marks = ticks(low, high, 4)
    following = marks[-1] + (marks[1] - marks[0]) if len(marks) > 1 else high
    return following if 0 < following - high < 0.12 * (high - low) else high


def _row(data: Strip, index: int, scale: Scale, left: float) -> Raw:
    top = ROW * index
    middle = top + ROW / 2
    label, value = data.labels[index], data.values[index]
    parts: list[Raw] = [
        tag(
            "text",
            tag("title", cut(label, 500)),
            cut_to(label, (left - 6) / EM),
            x=place(left - 4),
            y=place(middle + 4.5),
            class_="e",
        )
    ]
    if math.isfinite(value):
        colour = "neg" if data.signed and value < 0 else "pos"
        parts.append(_mark(value, scale, middle, colour, data.dots))
    parts.append(_interval(data, index, scale, middle))
    if data.words:
        parts.append(tag("text", data.words[index], x=place(WIDTH - 2), y=place(middle + 4.5), class_="e num"))
    return join(*parts)


def _mark(value: float, scale: Scale, middle: float, colour: str, dots: bool) -> Raw:
    if dots:
        return tag("circle", cx=place(scale(value)), cy=place(middle), r="4.5", class_=colour)
    zero, end = scale(0.0), scale(value)
    return tag(
        "rect",
        x=place(min(zero, end)),
        y=place(middle - 7),
        width=place(max(0.8, abs(end - zero))),
        height="14",
        class_=colour,
    )


def _interval(data: Strip, index: int, scale: Scale, middle: float) -> Raw:
    if index >= min(len(data.low), len(data.high)):
        return Raw("")
    low, high = data.low[index], data.high[index]
    if not (math.isfinite(low) and math.isfinite(high)):
        return Raw("")
    a, b, y = place(scale(low)), place(scale(high)), middle
    return tag("path", d=f"M{a} {place(y)}H{b}M{a} {place(y - 4)}v8M{b} {place(y - 4)}v8", class_="whisker")


def interval_plot(value: float, low: float, high: float, constant: float, name: str) -> Raw:
    """One measure as a dot with its interval, and the constant guess as an open diamond (or zero as a stroke)."""
    alone = not math.isfinite(constant)
    scale = Scale(*span([value, low, high, 0.0 if alone else constant]), 8.0, 132.0)
    zero = f"M{place(scale(0.0))} 4v16" if alone else ""
    parts = [tag("path", d=f"M2 12H138{zero}", class_="grid")]
    if math.isfinite(low) and math.isfinite(high):
        parts.append(tag("path", d=f"M{place(scale(low))} 12H{place(scale(high))}", class_="range"))
    if math.isfinite(constant):
        parts.append(tag("path", d=f"M{place(scale(constant))} 6l6 6l-6 6l-6 -6z", class_="open"))
    if math.isfinite(value):
        parts.append(tag("circle", cx=place(scale(value)), cy="12", r="4", class_="pos"))
    return svg(join(*parts), 24, name, width=140.0)
