"""How is an endpoint asked, within bounds?

One POST of JSON over http or https: no second try, no address that it sends to, no answer larger than is sensible, and none later
than the time allows, however slowly it drips. A key is taken from ASSAY_ENDPOINT_KEY, sent as a bearer token, and written nowhere.
"""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from ..kernel.clock import Clock
from ..kernel.words import Say
from .door import Unanswered

MOST_BYTES = 32 * 2**20
PIECE = 2**16
KEY = "ASSAY_ENDPOINT_KEY"
LETTERS = 120  # of an answer that is told


class _Stay(urllib.request.HTTPRedirectHandler):
    """Sends nobody elsewhere: rows and a key are for the address that was named."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def host_of(address: str) -> str:
    """The host of an address, without credentials and path.

    >>> host_of("https://me:secret@models.example:8443/score?key=1")
    'models.example:8443'
    """
    return urllib.parse.urlsplit(address).netloc.rpartition("@")[2]


def post(address: str, body: object, clock: Clock) -> str:
    """The answer as text. Raises Unanswered where none comes, or none that can be taken."""
    seconds = clock.remaining()
    late = Unanswered(Say("foreign", "why.late", {"seconds": seconds}), whole=True)
    if seconds <= 0:
        raise late
    head = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "assay"}
    if key := os.environ.get(KEY):
        head["Authorization"] = f"Bearer {key}"
    data = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    try:
        asked = urllib.request.Request(address, data, head, method="POST")
        with urllib.request.build_opener(_Stay).open(asked, timeout=seconds) as answer:
            return _read(answer, clock, late)
    except urllib.error.HTTPError as error:
        if 300 <= error.code < 400:
            raise Unanswered(Say("foreign", "why.moved"), whole=True) from error
        raise Unanswered(Say("foreign", "why.http", {"status": str(error.code)})) from error
    except TimeoutError as error:
        raise late from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # URLError is an OSError
        if isinstance(getattr(error, "reason", None), TimeoutError):
            raise late from error
        said = str(getattr(error, "reason", "") or error)[:LETTERS]
        raise Unanswered(Say("foreign", "why.gone", {"error": said}), whole=True) from error


def _read(answer: Any, clock: Clock, late: Unanswered) -> str:
    """All of an answer, piece by piece, so that one that drips is given up in time."""
    pieces, came = [], 0
    while piece := answer.read1(PIECE):
        pieces.append(piece)
        came += len(piece)
        if came > MOST_BYTES:
            raise Unanswered(Say("foreign", "why.large", {"mb": MOST_BYTES // 2**20}), whole=True)
        if clock.expired():
            raise late
    return b"".join(pieces).decode("utf-8", "replace")
