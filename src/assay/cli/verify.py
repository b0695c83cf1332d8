"""assay verify: do the claims of a model come out again?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .options import common, reading, reading_options, tell, writable
from .speech import helped, word

if TYPE_CHECKING:
    from assay.verifying import Claim, Verified

DIGITS = 6


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("model", help=helped("model", lang))
    parser.add_argument("data", help=helped("verify.data", lang))
    parser.add_argument("--test", metavar="DATA", help=helped("verify.test", lang))
    parser.add_argument("--key", metavar="FILE", help=helped("verify.key", lang))
    parser.add_argument("-o", "--output", metavar="PATH", help=helped("verify.output", lang))
    reading(parser, lang)
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Compute again, and tell claim by claim."""
    if parsed.output:
        writable(Path(parsed.output), parsed.model, parsed.data)
    import assay
    from assay.answers.written import whole

    from .show import Progress

    told = [word("verify.whole", parsed.lang)]
    if parsed.key:
        from assay.store.signature import verify as signed

        signed(parsed.model, Path(parsed.key).read_bytes())
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
    return 0 if found.holds else 1


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
