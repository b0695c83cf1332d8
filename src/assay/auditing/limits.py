"""Is a promise kept?

A limit is a check, one of its measures, and a bound: "quality.auc>=0.8". The worse end of the interval is not asked for: the
figure itself must keep the limit. A limit that cannot be measured is broken, so that a pipeline never passes by accident.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assay.kernel.errors import RequestError
from assay.kernel.findings import Finding
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.plugins import Codec, Task
from assay.kernel.shelf import shelf
from assay.kernel.words import Say, refusal

SHAPE = re.compile(r"\s*(\w+)\.(\w+)\s*(<=|>=|<|>)\s*([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\s*")
SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Limit:
    """check.measure SIGN bound"""

    check: str
    measure: str
    sign: str
    bound: float

    def __str__(self) -> str:
        return f"{self.check}.{self.measure}{self.sign}{self.bound:g}"


def parse(text: str) -> Limit:
    """A limit as written. Raises RequestError.

    >>> str(parse("quality.auc >= 0.80"))
    'quality.auc>=0.8'
    """
    found = SHAPE.fullmatch(text)
    keys = shelf("checks").keys()
    if not found or found[1] not in keys:
        raise refusal(RequestError, "auditing", "no_limit", text=text, checks=listing(keys, 30))
    return Limit(found[1], found[2], found[3], float(found[4]))


def parsed(limits: str | Sequence[str]) -> list[Limit]:
    """Limits as written, one or several. Raises RequestError."""
    return [parse(text) for text in ([limits] if isinstance(limits, str) else limits)]


def check_measures(limits: Sequence[Limit], task: Task, codec: Codec) -> None:
    """Raises RequestError where a limit names a figure of quality that the task does not have; before time is spent on others."""
    known = [metric.key for metric in task.metrics(codec)]
    for limit in limits:
        if limit.check == "quality" and limit.measure not in known:
            close = did_you_mean(limit.measure, known) or ""
            said: dict[str, Any] = {"name": limit.measure, "text": str(limit), "known": listing(known, 30)}
            raise refusal(RequestError, "auditing", "no_measure", expected=close, **said)


def keep(findings: Sequence[Finding], limits: Sequence[Limit]) -> tuple[tuple[Finding, ...], int]:
    """Findings with the verdict on each limit added as a note, and how many limits are broken.

    A limit on a question that was not put stands as a finding that says so.
    """
    out, broken = {f.check: f for f in findings}, 0
    for limit in limits:
        finding = out.get(limit.check, Finding(check=limit.check, verdict="unknown", say=Say("auditing", "not_put")))
        known = {m.name: m.value for m in finding.measures}
        value = known.get(limit.measure)
        kept = value is not None and SIGNS[limit.sign](value, limit.bound)
        key = "limit_kept" if kept else "limit_unknown" if value is None else "limit_broken"
        note = Say("auditing", key, {"name": limit.measure, "value": value, "limit": f"{limit.sign} {limit.bound:g}"})
        broken += not kept
        verdict = finding.verdict if kept else "fail"
        out[limit.check] = replace(finding, verdict=verdict, notes=(*finding.notes, note))
    return tuple(out.values()), broken
