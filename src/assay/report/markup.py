"""How is text put into HTML and SVG without ever becoming markup?

Every element is built by `tag`, which escapes whatever is not already `Raw`; there is no other way to make Raw from
outside text. Letters that would reorder or hide the text around them are shown by their number instead.
"""

from __future__ import annotations

import html
import re
import unicodedata

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_OPTION = re.compile(r"(?<![A-Za-z0-9_-])(--[a-z][a-z-]*)")
_VOID = {"meta", "br", "img", "input", "link", "hr"}


class Raw(str):
    """Markup: text that was escaped, or written by us."""

    __slots__ = ()


def clean(text: object) -> str:
    """The text without control characters; direction overrides are spelled out.

    >>> clean("a\\x00b\\u202ec")
    'a\ufffdb[U+202E]c'
    """
    shown = _OVERRIDES.sub(lambda m: f"[U+{ord(m.group()):04X}]", str(text))
    return _CONTROLS.sub("\ufffd", shown.replace("\r", " "))


def escape(text: object) -> Raw:
    """Text as HTML: cleaned, with markup letters and both quotes escaped.

    >>> escape('<b>"x"')
    '&lt;b&gt;&quot;x&quot;'
    """
    return text if isinstance(text, Raw) else Raw(html.escape(clean(text), quote=True))


def join(*parts: object) -> Raw:
    """Parts one after another, each escaped unless it is Raw; None adds nothing."""
    return Raw("".join(escape(part) for part in parts if part is not None))


def tag(name: str, /, *children: object, **attributes: object) -> Raw:
    """An element. A trailing underscore and inner underscores in attribute names: class_, aria_label.

    >>> tag("a", "x < y", href="#top", class_="q")
    '<a href="#top" class="q">x &lt; y</a>'
    """
    said = "".join(
        f" {key}" if value is True else f' {key}="{escape(value)}"'
        for key, value in ((_attribute(k), v) for k, v in attributes.items())
        if value is not None and value is not False
    )
    return Raw(f"<{name}{said}>") if name in _VOID else Raw(f"<{name}{said}>{join(*children)}</{name}>")


def _attribute(name: str) -> str:
    return name if name in ("viewBox", "preserveAspectRatio") else name.rstrip("_").replace("_", "-")


def whole_options(text: str) -> Raw:
    """A sentence in which options of the command line are not broken at their hyphens.

    >>> whole_options("mark it with --audit-only COLUMN")
    'mark it with <span class="unbroken">--audit-only</span> COLUMN'
    """
    parts = _OPTION.split(text)
    return join(*(tag("span", part, class_="unbroken") if at % 2 else part for at, part in enumerate(parts)))


def cut(text: str, most: int) -> str:
    """The text, ended by an ellipsis where it is longer than `most` letters.

    >>> cut("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def breadth(text: str) -> float:
    """About how wide a text is, in widths of its font's height: 0.56 a Latin letter, 1 a Chinese one."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.56 for letter in text)


def cut_to(text: str, breadth_allowed: float) -> str:
    """The text, ended by an ellipsis where it is wider than allowed (in font heights)."""
    if len(text) < 400 and breadth(text) <= breadth_allowed:
        return text
    room = breadth_allowed - 0.8
    for index, letter in enumerate(text):
        room -= 1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.56
        if room < 0:
            return text[:index].rstrip() + "…"
    return text


def short(text: object, most: int = 60) -> Raw:
    """A name of the user's in running HTML: isolated from the direction around it, the whole of it in its title."""
    whole = clean(text)
    return tag("bdi", cut(whole, most), title=cut(whole, 500) if len(whole) > most else None)
