"""How does a browser get the page, and no file beside it?

The files of the page are read once, when the server begins; a name that is not among them is no road, whatever it points to. A browser keeps what it has
and asks each time whether it is still right: the tag is the hash of the bytes, so that a new release is seen at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from .http import HTML, JSON, Headers, Reply, Request, Route, refused
from .world import World

FOLDER = Path(__file__).with_name("page")
START = "index.html"
KINDS: Mapping[str, str] = {
    ".html": HTML,
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": JSON,
    ".svg": "image/svg+xml",
}
# Of a picture opened by itself.
_SEALED: Headers = ((b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),)


@dataclass(frozen=True)
class PageFile:
    """One file of the page as it is sent."""

    body: bytes
    kind: str
    tag: bytes

    @classmethod
    def of(cls, path: Path) -> PageFile:
        """A file as it lies in the package. Raises KeyError where its ending is none of KINDS."""
        body = path.read_bytes()
        return cls(body, KINDS[path.suffix], b'"' + sha256(body).hexdigest()[:32].encode() + b'"')

    def reply(self, headers: Mapping[bytes, bytes]) -> Reply:
        """The file, or that the browser's own is still right."""
        told: Headers = ((b"etag", self.tag), (b"cache-control", b"no-cache"))
        if self.kind == KINDS[".svg"]:
            told += _SEALED
        known = headers.get(b"if-none-match", b"")
        if known == b"*" or self.tag in {one.strip().removeprefix(b"W/") for one in known.split(b",")}:
            return Reply(status=304, kind=self.kind, headers=told)
        return Reply(self.body, kind=self.kind, headers=told)


FILES: Mapping[str, PageFile] = {
    path.name: PageFile.of(path) for path in sorted(FOLDER.iterdir()) if path.suffix in KINDS
}


async def start(request: Request, world: World) -> Reply:
    """The page itself."""
    return FILES[START].reply(request.headers)


async def part(request: Request, world: World) -> Reply:
    """A file that the page needs. Raises Refused, 404, for any other name."""
    found = FILES.get(request.params["file"])
    if found is None or request.params["file"] == START:
        raise refused(404, "no_road")
    return found.reply(request.headers)


ROUTES = (
    Route("GET", "/", start, gives="text/html"),
    Route("GET", "/page/{file}", part),
)
