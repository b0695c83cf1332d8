"""How are the classes called that label files know by number only?

In data.yaml under "names", as a list or by number, on one line or several; or in a text file with one name a line. Of YAML no more is
read than that one entry: quotes, comments and the two ways of writing a list or mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

TEXTS = (
    "classes.txt",
    "obj.names",
    "_darknet.labels",
    "classes.names",
    "predefined_classes.txt",
    "labels.txt",
    "names.txt",
)
ENTRY = re.compile(r"^names\s*:\s*(?P<rest>.*)$")
ITEM = re.compile(r"^\s*(?:-|(?P<number>\d+)\s*:)\s*(?P<name>.*)$")
PIECE = re.compile(r"""\s*(?:(?P<number>\d+)\s*:\s*)?(?P<name>"(?:\\.|[^"\\])*"|'(?:''|[^'])*'|[^,\]\}]*)\s*(?:,|$)""")


def names_in(file: str, text: str) -> dict[int, str]:
    """The name of each class by its number; nothing where the file says none.

    >>> names_in("data.yaml", "nc: 2\\nnames: ['red cell', platelet]  # two")
    {0: 'red cell', 1: 'platelet'}
    >>> names_in("data.yaml", "names:\\n  0: cat\\n  5: 'dog'\\nnc: 2")
    {0: 'cat', 5: 'dog'}
    """
    lines = text.removeprefix("\ufeff").splitlines()
    if not file.lower().endswith((".yaml", ".yml")):
        return {number: line.strip() for number, line in enumerate(lines) if line.strip()}
    at = next((place for place, line in enumerate(lines) if ENTRY.match(line)), None)
    if at is None:
        return {}
    rest = _bare(lines[at].partition(":")[2]).strip()
    found = _flow([rest, *lines[at + 1 :]]) if rest.startswith(("[", "{")) else _block(lines[at + 1 :])
    return {number: name for number, name in found if name}


def _block(lines: list[str]) -> Iterator[tuple[int, str]]:
    """A name a line, up to the first line that is none."""
    number = -1
    for line in map(_bare, lines):
        if not line.strip():
            continue
        item = ITEM.match(line)
        if item is None:
            return
        number = int(item["number"]) if item["number"] else number + 1
        yield number, _unquoted(item["name"])


def _flow(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Names between brackets, over as many lines as they take."""
    joined = ""
    for line in map(_bare, lines):
        joined += line.strip() + " "
        if line.rstrip().endswith(("]", "}")):
            break
    inside = joined.strip()[1:].rstrip("]} ")
    number, at = -1, 0
    while at < len(inside) and (piece := PIECE.match(inside, at)) and piece.end() > at:
        number = int(piece["number"]) if piece["number"] else number + 1
        yield number, _unquoted(piece["name"])
        at = piece.end()


def _bare(line: str) -> str:
    """A line without its comment; a # within quotes is none."""
    return re.sub(r"""^((?:[^'"#]|"[^"]*"|'[^']*'|(?<=\S)#)*?)(?:\s+#.*|^#.*)?$""", r"\1", line).rstrip()


def _unquoted(name: str) -> str:
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1]).strip()
    if len(name) > 1 and name[0] == name[-1] == "'":
        return name[1:-1].replace("''", "'").strip()
    return name
