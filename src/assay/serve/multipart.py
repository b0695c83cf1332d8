"""How are rows read from a form (multipart/form-data, RFC 7578)?

A part is a cell: its name is that of a column, and several parts of one name are several rows in the order of the parts. A picture comes as the bytes of its file. What stands beside
the rows in a JSON body (reasons, on_error, label) stands in the query. A form of one part whose type is that of a table is that table.

The body is whole and bounded before it is looked at, so parts are found by splitting it once; a parser that is fed piece by piece has nothing to spare here, and those
that there are take a form that ends in the middle. File names that clients send are read past, and used for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .hosting import Hosted
from .http import Request, refused
from .tables import is_table, pictured_in

FORM = "multipart/form-data"
MOST_PARTS = 10_000  # each costs microseconds; whoever has more cells sends a table
MOST_HEAD = 4_096  # bytes of the head of one part
_BOUNDARY = re.compile(rb"""[A-Za-z0-9'()+_,./:=? -]{0,69}[A-Za-z0-9'()+_,./:=?-]""")  # RFC 2046, 5.1.1
_PARAMETER = re.compile(rb"""\s*;\s*([A-Za-z0-9!#$&+.^_`|~*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))""")
_PLAIN = frozenset({b"", b"7bit", b"8bit", b"binary"})
_FLAGS: Mapping[str, Any] = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Part:
    """One part of a form."""

    name: str
    kind: str  # its media type; "" where none is told
    file: bool  # whether it bears the name of a file
    body: bytes


def rows_of(request: Request, hosted: Hosted) -> Request | dict[str, Any]:
    """What a form asks for, as a JSON body would; a request of its own where it holds a table. Raises Refused."""
    parts = parts_of(request)
    if len(parts) == 1 and is_table(parts[0].kind) and parts[0].name not in hosted.schema.names:
        return replace(request, headers={**request.headers, b"content-type": parts[0].kind.encode()}, body=parts[0].body)  # fmt: skip
    pictured = frozenset(pictured_in(hosted))
    columns: dict[str, list[Any]] = {}
    for part in parts:
        columns.setdefault(part.name, []).append(_cell(part, pictured))
    if not columns:
        raise refused(422, "empty_rows")
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        least, most = min(lengths, key=lambda name: lengths[name]), max(lengths, key=lambda name: lengths[name])
        raise refused(422, "form_lengths", a=most[:60], n=lengths[most], b=least[:60], m=lengths[least])
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return {"rows": rows, **_wishes(request.query)}


def question_of(request: Request, hosted: Hosted) -> dict[str, Any]:
    """The one row of a form, and what the query says beside it. Raises Refused."""
    asked = rows_of(request, hosted)
    if isinstance(asked, Request) or len(asked["rows"]) != 1:
        raise refused(422, "form_one_row")
    return {"row": asked["rows"][0], **{key: request.query[key] for key in ("label", "wanted") if key in request.query}}


def _wishes(query: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "reasons" in query:
        found["reasons"] = _FLAGS.get(query["reasons"], query["reasons"])
    if "on_error" in query:
        found["on_error"] = query["on_error"]
    return found


def _cell(part: Part, pictured: frozenset[str]) -> Any:
    """What a part says of its column: bytes of a picture, else a text; nothing where it is empty. Raises Refused."""
    if not part.body:
        return None
    if part.name in pictured and (part.file or (part.kind and not part.kind.startswith("text/"))):
        return part.body
    try:
        return part.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refused(422, "form_text", name=part.name[:60]) from error


# --------------------------------------------------------------------------------------------------------- the parts


def parts_of(request: Request) -> Sequence[Part]:
    """The parts of a form, in order. Raises Refused: 400 where it is not whole or not as RFC 7578 has it, 413 where there are too many."""
    mark = b"\r\n--" + _boundary(request.headers.get(b"content-type", b""))
    first, *pieces = (b"\r\n" + request.body).split(mark, MOST_PARTS + 2)
    if len(pieces) > MOST_PARTS + 1:
        raise refused(413, "form_parts", most=MOST_PARTS)
    if first or not pieces or not _ends(pieces[-1]):  # nothing may stand before the first part or behind the last
        raise refused(400, "form_torn")
    return [_part(piece, number) for number, piece in enumerate(pieces[:-1], 1)]


def _boundary(kind: bytes) -> bytes:
    """What stands between parts. Raises Refused, 400."""
    _, read = _parameters(kind)
    found = read.get(b"boundary", b"")
    if not _BOUNDARY.fullmatch(found):
        raise refused(400, "form_boundary")
    return found


def _ends(piece: bytes) -> bool:
    return piece[:2] == b"--" and not piece[2:].strip()


def _part(piece: bytes, number: int) -> Part:
    start = piece.find(b"\r\n\r\n", 0, MOST_HEAD)
    if piece[:2] != b"\r\n" or start < 0:
        raise refused(400, "form_head", n=number)
    head: dict[bytes, bytes] = {}
    for line in piece[2:start].split(b"\r\n"):
        key, colon, said = line.partition(b":")
        key = key.lower()
        if not colon or not key or key != key.strip() or key in head or b"\n" in line or b"\r" in line:
            raise refused(400, "form_head", n=number)
        head[key] = said.strip()
    shown, told = _parameters(head.get(b"content-disposition", b""))
    if shown != b"form-data" or b"name" not in told:
        raise refused(400, "form_head", n=number)
    kind = head.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
    if kind.startswith("multipart/") or head.get(b"content-transfer-encoding", b"").lower() not in _PLAIN:
        raise refused(415, "form_packed", n=number)
    try:
        name = _unquoted(told[b"name"]).decode("utf-8")
    except UnicodeDecodeError as error:
        raise refused(400, "form_head", n=number) from error
    return Part(name, kind, b"filename" in told or b"filename*" in told, piece[start + 4 :])


def _unquoted(name: bytes) -> bytes:
    """A name as browsers write it (WHATWG, multipart/form-data encoding): quotes and ends of lines by their numbers."""
    return name.replace(b"%22", b'"').replace(b"%0D", b"\r").replace(b"%0A", b"\n").replace(b'\\"', b'"')


def _parameters(said: bytes) -> tuple[bytes, Mapping[bytes, bytes]]:
    """The value of a head and its parameters by lower-case name; none where it is not written as one, or names one twice."""
    kind, place = said.partition(b";")[0], len(said.partition(b";")[0])
    found: dict[bytes, bytes] = {}
    while place < len(said):
        match = _PARAMETER.match(said, place)
        if match is None or match[1].lower() in found:
            return kind.strip().lower(), {}
        found[match[1].lower()] = match[3] if match[2] is None else match[2]
        place = match.end()
    return kind.strip().lower(), found
