"""assay plan: what would be done with this table?"""

from __future__ import annotations

import argparse
import json
import math

from .options import common, reading, reading_options, tell, wished, wishes
from .speech import word


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    wishes(parser, lang)
    reading(parser, lang)
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Print the plan."""
    import assay
    from assay.planning.durations import seconds

    if seconds(parsed.latency or math.nan):
        tell(word("plan.measuring", parsed.lang))
    plan = assay.plan(parsed.data, parsed.target, options=reading_options(parsed), **wished(parsed))
    if parsed.json:
        print(json.dumps(plan.to_json(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        from .show import plan_text

        print(plan_text(plan, parsed.lang))
    return 0
