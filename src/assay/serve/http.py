"""What comes in, what goes out, and which handler is for which road?

A request is whole when a handler sees it: its body is bounded and unpacked, its road matched. A handler gives a Reply or raises: an AssayError
is a request that cannot be met as it stands (422), Refused one that another status tells better. Nothing here knows models.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import AssayError, MissingPackage, RequestError
from assay.kernel.need import need
from assay.kernel.words import refusal

if TYPE_CHECKING:
    from .world import World

JSON, HTML, TEXT, CSV = (
    "application/json",
    "text/html; charset=utf-8",
    "text/plain; charset=utf-8",
    "text/csv; charset=utf-8",
)
Headers = tuple[tuple[bytes, bytes], ...]


# Not frozen: one is made for each request, and freezing costs as much as decoding a row.
@dataclass(eq=False, slots=True)
class Request:
    """One request; `headers` by lower-case name, of a name that stands twice the last."""

    method: str
    path: str
    headers: Mapping[bytes, bytes]
    body: bytes = b""
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    client: str = ""
    lang: str = "en"
    id: str = ""
    receive: Callable[[], Awaitable[Mapping[str, Any]]] | None = None  # tells when the client has left

    @property
    def kind(self) -> str:
        """The media type of the body, without parameters, in lower case; "" where none is told."""
        return self.headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")

    @property
    def trial(self) -> bool:
        """Whether its rows are only tried, as the page does for "what if": they are answered like all others, and are no traffic to be watched."""
        return self.headers.get(b"x-assay-purpose") == b"trial"

    def accepts(self, kind: str) -> bool:
        """Whether the client names this media type among those it takes."""
        return kind in self.headers.get(b"accept", b"").decode("latin-1").lower()


@dataclass(eq=False, slots=True)
class Reply:
    """One answer: a body, or a stream of pieces."""

    body: bytes = b""
    status: int = 200
    kind: str = JSON
    headers: Headers = ()
    stream: AsyncIterator[bytes] | None = None

    @classmethod
    def json(cls, said: Any, status: int = 200, headers: Headers = ()) -> Reply:
        """Plain values as JSON."""
        return cls(encode(said), status, JSON, headers)

    @classmethod
    def text(cls, said: str, status: int = 200, kind: str = TEXT, headers: Headers = ()) -> Reply:
        """Text in UTF-8."""
        return cls(said.encode("utf-8", "replace"), status, kind, headers)


Handler = Callable[[Request, "World"], Awaitable[Reply]]


@dataclass(frozen=True)
class Route:
    """One road: segments in braces match one segment each and stand in `Request.params`.

    open  : answered without a token where the operator says so (`--open-health`)
    large : its body may be as large as the limit of tables; others have that of small questions
    """

    method: str
    path: str
    handler: Handler
    about: str = ""  # a road without it stands not in the OpenAPI document
    open: bool = False
    large: bool = False
    body: str = ""  # the schema of its body in the OpenAPI document, where it takes one
    answer: str = ""  # and of its answer
    gives: str = "application/json"  # the media type of it
    error: str = "Error"  # the schema of what is said where it is refused

    @property
    def segments(self) -> tuple[str, ...]:
        """The path in pieces."""
        return tuple(self.path.strip("/").split("/"))


@dataclass(frozen=True)
class Problem:
    """What is wrong with one row or column of a request."""

    row: int  # counted from 1
    column: str
    error: AssayError

    def to_json(self, lang: str) -> dict[str, Any]:
        """Plain JSON values."""
        return {"row": self.row, "column": self.column, **parts(self.error, lang)}


class Refused(RequestError):
    """A request that is refused with a status of its own, and all its problems."""

    def __init__(self, error: AssayError, status: int, problems: Sequence[Problem] = (), headers: Headers = ()) -> None:
        super().__init__(*error.said)
        self.status = status
        self.problems = tuple(problems)
        self.headers = headers


def refused(
    status: int, key: str, /, headers: Headers = (), problems: Sequence[Problem] = (), **values: Any
) -> Refused:
    """The refusal of a template of this room, with a status."""
    return Refused(refusal(RequestError, "serve", key, **values), status, problems, headers)


def parts(error: AssayError, lang: str) -> dict[str, str]:
    """The three parts of an error by name."""
    seen, expected, do = error.parts(lang)
    return {"seen": seen, "expected": expected, "do": do}


def said(error: AssayError, lang: str, request_id: str = "") -> Reply:
    """The reply that an error comes to."""
    status = 422
    problems: tuple[Problem, ...] = ()
    headers: Headers = ()
    if isinstance(error, Refused):
        status, problems, headers = error.status, error.problems, error.headers
    elif error.exit_code == 3:
        status = 500
    elif isinstance(error, MissingPackage):  # the server lacks it, whatever the request
        status = 503
    body: dict[str, Any] = {"error": parts(error, lang)}
    if problems:
        body["problems"] = [one.to_json(lang) for one in problems]
    if request_id:
        body["request"] = request_id
    return Reply.json(body, status, headers)


def encode(value: Any) -> bytes:
    """JSON of plain values."""
    made: bytes = _encoder()(value)
    return made


@functools.cache
def _encoder() -> Any:
    return need("msgspec", extra="serve").json.Encoder().encode
