"""assay plan: what would be done with this table?"""

from __future__ import annotations

import argparse
import json

from .options import common, reading, reading_options, wished, wishes

EPILOG = """\
Nothing is trained and nothing is written. What you would decide otherwise, say: every line of the plan
can be overruled, and 'assay train' takes the same options.

  assay plan loans.csv --target default
  assay plan loans.csv --target default --kind zip=category --drop notes --group customer
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.epilog = EPILOG
    wishes(parser)
    reading(parser)
    common(parser)


def run(parsed: argparse.Namespace) -> int:
    """Print the plan."""
    import assay

    plan = assay.plan(parsed.data, parsed.target, options=reading_options(parsed), **wished(parsed))
    if parsed.json:
        print(json.dumps(plan.to_json(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        from .show import plan_text

        print(plan_text(plan, parsed.lang))
    return 0
