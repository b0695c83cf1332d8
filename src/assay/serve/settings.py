"""What may whoever runs a server decide?

Defaults are the safe ones: loopback, no other origin, bounded everything. What would open more than that is refused here with what to do
instead, before a port is bound.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from assay.kernel.errors import RequestError
from assay.kernel.words import refusal

LEAST_TOKEN = 16  # characters


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a server listens and what it takes.

    models       : .assay files, or folders of them
    tokens       : bearer tokens that are let in; none means that nobody needs one
    certificate, private_key, client_ca : PEM files of TLS, the last of mTLS
    hosts        : names under which it may be asked beside that of the address (Host and Origin are checked)
    most_bytes   : of a body, as sent and as unpacked; most_small of one that holds a single question
    most_rows    : of a body
    seconds      : for one request, its body included; header_seconds until its head is whole
    concurrent   : requests under way at once; connections open at once
    rate         : requests a second of one client, with bursts of twice as many; 0 sets no limit
    drain        : seconds that requests under way are given after SIGTERM
    key          : file of a public key: only models signed with it are served
    data         : the folder below which files that rows name may lie; "" lets rows name no file
    monitor      : where traffic is summed up: a path of SQLite or a URL of PostgreSQL; "" sums nothing
    keep_answers : whether answers (no cells) are kept beside, so that labels that come later tell how good they were
    """

    models: tuple[str, ...]
    host: str = "127.0.0.1"
    port: int = 8000
    tokens: tuple[str, ...] = field(default=(), repr=False)
    insecure: bool = False
    open_health: bool = False
    certificate: str = ""
    private_key: str = ""
    client_ca: str = ""
    hosts: tuple[str, ...] = ()
    default: str = ""
    workers: int = 1
    most_bytes: int = 64 * 2**20
    most_small: int = 2 * 2**20
    most_rows: int = 1_000_000
    seconds: float = 60.0
    header_seconds: float = 10.0
    concurrent: int = 64
    connections: int = 1_000
    rate: float = 0.0
    drain: float = 30.0
    key: str = ""
    data: str = ""
    monitor: str = ""
    keep_answers: bool = False
    swap_seconds: float = 2.0

    def __post_init__(self) -> None:
        """Raises RequestError where the settings would not be safe, or make no sense."""
        for name in (
            "most_bytes",
            "most_small",
            "most_rows",
            "seconds",
            "header_seconds",
            "concurrent",
            "connections",
            "workers",
        ):
            if getattr(self, name) <= 0:
                raise refusal(RequestError, "serve", "not_positive", name=name, value=getattr(self, name))
        if not 0 <= self.port < 65_536:
            raise refusal(RequestError, "serve", "no_port", port=self.port)
        if bool(self.certificate) != bool(self.private_key) or (self.client_ca and not self.certificate):
            raise refusal(RequestError, "serve", "half_tls")
        if any(
            len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token
            for token in self.tokens
        ):
            raise refusal(RequestError, "serve", "short_token", least=LEAST_TOKEN)
        if not (self.loopback or self.tokens or self.client_ca or self.insecure):
            raise refusal(RequestError, "serve", "open_door", host=self.host)
        if self.keep_answers and not self.monitor:
            raise refusal(RequestError, "serve", "keep_where")
        if missing := [
            path
            for path in (self.certificate, self.private_key, self.client_ca, self.key)
            if path and not Path(path).is_file()
        ]:
            raise refusal(RequestError, "serve", "no_file", paths=missing)
        if self.data and not Path(self.data).is_dir():
            raise refusal(RequestError, "serve", "no_data", path=self.data)

    @property
    def loopback(self) -> bool:
        """Whether only programs of this machine can ask."""
        return loopback(self.host)

    @property
    def scheme(self) -> str:
        """Of its address."""
        return "https" if self.certificate else "http"


def loopback(host: str) -> bool:
    """Whether a host is this machine alone.

    >>> loopback("127.0.0.1"), loopback("localhost"), loopback("::1"), loopback("0.0.0.0"), loopback("bank.example")
    (True, True, True, False, False)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
