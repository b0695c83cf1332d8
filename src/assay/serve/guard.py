"""Who is let in, and how much may they ask?

The outermost layer: every request passes here before its road is even looked up, and is refused unless it shows a token, a session of the login page or (with mTLS)
a certificate that the handshake already asked for. Host and Origin are checked against the names of the server, so that a page elsewhere cannot ask in
somebody's name, nor a foreign name lead here (DNS rebinding). Tokens are compared by digest in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping

from .http import Route, refused
from .settings import Settings, loopback

COOKIE = "assay_session"
SESSION_SECONDS = 12 * 3600
MOST_CLIENTS = 10_000  # whose rate is kept
READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Decides by head and client; bodies are bounded where they are read."""

    def __init__(self, settings: Settings, secret: bytes = b"") -> None:
        self._settings = settings
        self._secret = secret or secrets.token_bytes(32)
        self._tokens = tuple(self._digest(token.encode()) for token in settings.tokens)
        own = {settings.host.strip("[]").lower(), *(name.lower() for name in settings.hosts)}
        self._names = own | ({"localhost", "127.0.0.1", "::1"} if settings.loopback else set())
        self._any_name = settings.host in ("0.0.0.0", "::", "") and not settings.hosts
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @property
    def needs_token(self) -> bool:
        """Whether anybody has to show one."""
        return bool(self._tokens)

    def pass_on(self, method: str, route: Route | None, headers: Mapping[bytes, bytes], client: str) -> None:
        """Let a request pass. Raises Refused: 421, 403, 429 or 401."""
        self.knocks(method, headers, client)
        if route is not None and route.open and self._settings.open_health:
            return
        if self._tokens and not (self._bears(headers) or self.in_session(headers)):
            raise refused(401, "no_token", headers=((b"www-authenticate", b'Bearer realm="assay"'),))

    def knocks(self, method: str, headers: Mapping[bytes, bytes], client: str) -> None:
        """What holds for everybody, the login page included. Raises Refused: 421, 403 or 429."""
        self._named(headers)
        if method not in READS:
            self._same_origin(headers)
        if self._settings.rate:
            self._slow_enough(client)

    def _named(self, headers: Mapping[bytes, bytes]) -> None:
        host = name_of(headers.get(b"host", b""))
        known = bool(self._tokens or self._settings.client_ca)
        if self._any_name and (known or _is_address(host)):
            return  # it listens everywhere, under names it cannot know; a name may be rebound, an address not
        if host not in self._names and not (self._any_name and loopback(host)):
            raise refused(421, "other_host")

    def _same_origin(self, headers: Mapping[bytes, bytes]) -> None:
        origin = headers.get(b"origin")
        if origin is None:
            if headers.get(b"sec-fetch-site", b"none") in (b"cross-site", b"same-site"):
                raise refused(403, "other_origin")
            return
        scheme, _, rest = origin.partition(b"://")
        if scheme.decode("latin-1") not in ("http", "https") or rest.lower() != headers.get(b"host", b"").lower():
            raise refused(403, "other_origin")

    def _slow_enough(self, client: str) -> None:
        """A token bucket for each client, of twice what it may ask in a second."""
        rate, now = self._settings.rate, time.monotonic()
        left, then = self._buckets.pop(client, (2 * rate, now))
        left = min(2 * rate, left + (now - then) * rate)
        self._buckets[client] = (max(0.0, left - 1.0), now)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        if left < 1.0:
            raise refused(
                429, "too_often", headers=((b"retry-after", str(max(1, round((1 - left) / rate))).encode()),), rate=rate
            )

    # ------------------------------------------------------------------------------------------ tokens and sessions

    def _bears(self, headers: Mapping[bytes, bytes]) -> bool:
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        return scheme.lower() == b"bearer" and self.is_token(token.strip())

    def is_token(self, token: bytes) -> bool:
        """Whether this is one of the tokens."""
        digest = self._digest(token)
        return sum(hmac.compare_digest(digest, own) for own in self._tokens) > 0  # all are compared: time tells nothing

    def session(self, now: float | None = None) -> str:
        """The value of a cookie that stands for a token: until when, and a seal on it. The token itself is not in it."""
        until = str(int((time.time() if now is None else now) + SESSION_SECONDS))
        return f"{until}.{self._seal(until)}"

    def in_session(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the cookie of a session is there, sealed by this server, and not too old."""
        for pair in headers.get(b"cookie", b"").split(b";"):
            name, _, value = pair.strip().partition(b"=")
            if name == COOKIE.encode():
                until, _, seal = value.decode("latin-1").partition(".")
                whole = until.isascii() and until.isdigit() and len(until) <= 12
                return (
                    whole
                    and hmac.compare_digest(seal.encode("latin-1"), self._seal(until).encode())
                    and int(until) > time.time()
                )
        return False

    def _seal(self, until: str) -> str:
        """Sealed with the tokens beside the secret: sessions end when the tokens change."""
        return hmac.new(self._secret, b"".join(self._tokens) + until.encode(), hashlib.sha256).hexdigest()

    def _digest(self, token: bytes) -> bytes:
        return hmac.new(self._secret, token, hashlib.sha256).digest()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def name_of(host: bytes) -> str:
    """The name in a Host header, without port and brackets.

    >>> name_of(b"Bank.example:8000"), name_of(b"[::1]:80"), name_of(b"")
    ('bank.example', '::1', '')
    """
    said = host.decode("latin-1").strip().lower()
    if said.startswith("["):
        return said[1:].partition("]")[0]
    return said.partition(":")[0]
