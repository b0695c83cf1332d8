"""assay verify: do the claims of a model come out again?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.errors import BundleError, RequestError
from assay.kernel.words import refusal

from .options import common, reading, reading_options, tell, writable
from .speech import helped, word

if TYPE_CHECKING:
    from assay.verifying import Claim, Verified

DIGITS = 6


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("model", help=helped("model", lang))
    parser.add_argument("data", nargs="?", help=helped("verify.data", lang))
    parser.add_argument("--test", metavar="DATA", help=helped("verify.test", lang))
    parser.add_argument("--key", metavar="FILE", help=helped("verify.key", lang))
    parser.add_argument("-o", "--output", metavar="PATH", help=helped("verify.output", lang))
    reading(parser, lang)
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Compute again, and tell claim by claim; without a table, whether the signature is that of a key."""
    if not parsed.data:
        return _signature_alone(parsed)
    if parsed.output:
        writable(Path(parsed.output), parsed.model, parsed.data)
    import assay
    from assay.answers.written import whole

    from .show import Progress

    told = [word("verify.whole", parsed.lang)]
    if parsed.key:
        _check_signature(parsed)
        told.append(word("verify.signed", parsed.lang))
    progress = Progress(parsed.lang)
    found = assay.verify(parsed.model, parsed.data, tell=progress.check, test=parsed.test, **reading_options(parsed))
    progress.done()
    said = found.to_json(parsed.lang)
    if parsed.output:
        whole(Path(parsed.output), lambda handle: json.dump(said, handle, ensure_ascii=False, indent=1))
    if parsed.json:
        print(json.dumps(said, ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join([*told, *_lines(found, parsed.lang)]))
    if parsed.output:
        tell(word("wrote_report", parsed.lang, report=parsed.output))
    if found.holds and not found.confirmed:
        raise refusal(RequestError, "cli", "none_confirmed", model=parsed.model, why=found.why_not or "–")
    return 0 if found.holds else 1


def _signature_alone(parsed: argparse.Namespace) -> int:
    if not parsed.key or parsed.test or parsed.output:
        raise refusal(RequestError, "cli", "nothing_to_verify")
    _check_signature(parsed)
    if parsed.json:
        print(json.dumps({"whole": True, "signed": True}))
    else:
        print("\n".join(word(key, parsed.lang) for key in ("verify.whole", "verify.signed")))
    return 0


def _check_signature(parsed: argparse.Namespace) -> None:
    """Every part has the hash that the manifest states, and the manifest is signed. Raises BundleError."""
    from assay.store.bundle import of_file
    from assay.store.signature import read_key, verify

    key = read_key(parsed.key)
    try:
        verify(parsed.model, key)
    except BundleError as error:
        raise of_file(error, parsed.model) from error


def _lines(found: Verified, lang: str) -> Iterable[str]:
    """What is not the same, each with what was stated, what came out and why; then the sum."""
    for verdict in ("differs", "unchecked", "near"):
        some = [claim for claim in found.claims if claim.verdict == verdict]
        by_why: dict[str, list[Claim]] = {}
        for claim in some:
            by_why.setdefault("" if claim.why is None else claim.why.text(lang), []).append(claim)
        for why, claims in by_why.items():
            yield f"\n{word(f'verify.{verdict}', lang)}: {why}"
            yield from (f"  {claim.name}  {_shown(claim.stated)} → {_shown(claim.found)}" for claim in claims)
    counts = {verdict: found.count(verdict) for verdict in ("same", "near", "differs", "unchecked")}
    yield "\n" + word("verify.line", lang, all=len(found.claims), **counts)


def _shown(value: float | str | None) -> str:
    if value is None:
        return "–"
    return value[:16] if isinstance(value, str) else f"{value:.{DIGITS}g}"
