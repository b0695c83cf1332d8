"""assay explain: why is one row answered as it is?"""

from __future__ import annotations

import argparse
import json
import os
import sys

from assay.kernel.errors import RequestError
from assay.kernel.words import refusal

from .options import common, reading, reading_options, tell
from .speech import helped, word


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("model", help=helped("model", lang))
    parser.add_argument("data", help=helped("explain.data", lang))
    parser.add_argument("--row", type=int, default=1, help=helped("row", lang))
    parser.add_argument("--class", dest="label", default="", help=helped("class", lang))
    parser.add_argument("--most", type=int, default=0, help=helped("most", lang))
    parser.add_argument("--draw", default="", metavar="FOLDER", help=helped("draw", lang))
    parser.add_argument("--places", choices=("pulls", "occlusion"), default="", help=helped("places", lang))
    parser.add_argument(
        "--as", dest="form", choices=("pulls", "points", "reason-codes"), default="pulls", help=helped("as", lang)
    )
    parser.add_argument("--reference", default="", metavar="FILE", help=helped("explain.reference", lang))
    reading(parser, lang)
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Explain."""
    _refuse_what_goes_unheeded(parsed)
    import assay

    model, asked = assay.load(parsed.model), reading_options(parsed)
    if parsed.form == "reason-codes":
        codes = model.reason_codes(parsed.data, parsed.row, parsed.label, parsed.reference or None, **asked)
        told = json.dumps(codes.to_json(parsed.lang), ensure_ascii=False, indent=2, allow_nan=False)
        print(told if parsed.json else codes.text(parsed.lang))
        return 0
    found = model.explain(parsed.data, parsed.row, parsed.label, parsed.places, **asked)
    if parsed.form == "points":
        if len(model.codec.labels) != 2:
            raise refusal(RequestError, "cli", "no_points")
        found = found.points()
    drawn = [str(path) for path in found.draw(parsed.draw)] if parsed.draw else []
    if parsed.json:
        print(json.dumps(found.to_json(parsed.most), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        print(found.text(parsed.lang, parsed.most, colours=sys.stdout.isatty() and "NO_COLOR" not in os.environ))
    if parsed.draw:
        tell(word("drawn", parsed.lang, paths=drawn) if drawn else word("undrawn", parsed.lang))
    return 0


def _refuse_what_goes_unheeded(parsed: argparse.Namespace) -> None:
    """Options that are not for what is asked. Raises RequestError."""
    if parsed.most < 0:
        raise refusal(RequestError, "cli", "no_most", value=parsed.most)
    codes = parsed.form == "reason-codes"
    unheeded = (
        {"--most": parsed.most, "--draw": parsed.draw, "--places": parsed.places}
        if codes
        else {"--reference": parsed.reference}
    )
    if named := [name for name, value in unheeded.items() if value]:
        raise refusal(
            RequestError,
            "cli",
            "unheeded",
            names=named,
            n=len(named),
            form=parsed.form,
            others="pulls" if codes else "reason-codes",
        )
