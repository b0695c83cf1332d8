"""assay serve: a page and an API for one model or several."""

from __future__ import annotations

import argparse
import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.errors import RequestError
from assay.kernel.hints import reason
from assay.kernel.words import refusal

from .options import common, tell
from .speech import helped, word

if TYPE_CHECKING:
    from assay.serve.hosting import Hosts

MB = 2**20


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("models", nargs="*", help=helped("serve.models", lang))
    parser.add_argument("--host", default="127.0.0.1", help=helped("serve.host", lang))
    parser.add_argument("--port", type=int, default=8000, help=helped("serve.port", lang))
    parser.add_argument("--default", default="", metavar="NAME", help=helped("serve.default", lang))
    parser.add_argument("--workers", type=int, default=1, metavar="N", help=helped("serve.workers", lang))
    parser.add_argument("--data", default="", metavar="FOLDER", help=helped("serve.data", lang))
    parser.add_argument("--monitor", default="", metavar="PATH|URL", help=helped("serve.monitor", lang))
    parser.add_argument("--keep-answers", action="store_true", help=helped("serve.keep_answers", lang))
    parser.add_argument("--quiet", action="store_true", help=helped("serve.quiet", lang))
    guard = parser.add_argument_group(helped("serve.guard", lang))
    guard.add_argument("--token-file", default="", metavar="FILE", help=helped("serve.token_file", lang))
    guard.add_argument("--new-token", action="store_true", help=helped("serve.new_token", lang))
    for name in ("certificate", "private-key", "client-ca"):
        guard.add_argument(
            f"--{name}", default="", metavar="FILE", help=helped(f"serve.{name.replace('-', '_')}", lang)
        )
    guard.add_argument("--host-name", action="append", default=[], metavar="NAME", help=helped("serve.host_name", lang))
    guard.add_argument("--open-health", action="store_true", help=helped("serve.open_health", lang))
    guard.add_argument("--insecure", action="store_true", help=helped("serve.insecure", lang))
    guard.add_argument("--require-signature", default="", metavar="KEY", help=helped("serve.require_signature", lang))
    limits = parser.add_argument_group(helped("serve.limits", lang))
    limits.add_argument("--most-mb", type=float, default=64, metavar="MB", help=helped("serve.most_mb", lang))
    limits.add_argument("--most-rows", type=int, default=1_000_000, metavar="N", help=helped("serve.most_rows", lang))
    limits.add_argument("--seconds", type=float, default=60, help=helped("serve.seconds", lang))
    limits.add_argument("--concurrent", type=int, default=64, metavar="N", help=helped("serve.concurrent", lang))
    limits.add_argument("--rate", type=float, default=0, metavar="N", help=helped("serve.rate", lang))
    limits.add_argument("--drain", type=float, default=30, metavar="SECONDS", help=helped("serve.drain", lang))
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Serve until told to stop."""
    if parsed.new_token:
        print(secrets.token_urlsafe(32))
        return 0
    from assay.serve.server import run as serve
    from assay.serve.settings import Settings

    settings = Settings(
        models=tuple(parsed.models),
        host=parsed.host,
        port=parsed.port,
        tokens=tokens_of(parsed.token_file),
        insecure=parsed.insecure,
        open_health=parsed.open_health,
        certificate=parsed.certificate,
        private_key=parsed.private_key,
        client_ca=parsed.client_ca,
        hosts=tuple(parsed.host_name),
        default=parsed.default,
        workers=parsed.workers,
        most_bytes=int(parsed.most_mb * MB),
        most_rows=parsed.most_rows,
        seconds=parsed.seconds,
        concurrent=parsed.concurrent,
        rate=parsed.rate,
        drain=parsed.drain,
        key=parsed.require_signature,
        data=parsed.data,
        monitor=parsed.monitor,
        keep_answers=parsed.keep_answers,
    )

    def told(hosts: Hosts, address: str) -> None:
        if parsed.json:
            print(
                json.dumps(
                    {"address": address, "models": [hosted.facts() for hosted in hosts.all]}, ensure_ascii=False
                ),
                flush=True,
            )
        for hosted in hosts.all:
            tell(
                word(
                    "serve.model",
                    parsed.lang,
                    name=hosted.name,
                    target=hosted.model.plan.target,
                    version=hosted.version,
                )
            )
        tell(word("serve.at", parsed.lang, address=address))
        if not settings.loopback and settings.insecure and not settings.tokens:
            tell(word("serve.insecure", parsed.lang))

    serve(settings, parsed.quiet, told)
    tell(word("serve.ended", parsed.lang))
    return 0


def tokens_of(path: str) -> tuple[str, ...]:
    """The tokens of a file, one a line. Raises RequestError where it cannot be read, or has none."""
    if not path:
        return ()
    try:
        found = tuple(line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error) if isinstance(error, OSError) else "UTF-8"
        raise refusal(RequestError, "serve", "unread_tokens", path=path, reason=why) from error
    if not found:
        raise refusal(RequestError, "serve", "no_tokens", path=path)
    return found
