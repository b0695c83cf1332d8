"""What do the checks say?

Every check on the shelf is asked, in its order. A check that does not apply says why; a check that breaks is a finding of its
own, never silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from assay.kernel.clock import Clock
from assay.kernel.errors import DoesNotApply, RequestError
from assay.kernel.findings import Finding
from assay.kernel.forms import PLAIN
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.plugins import Evidence
from assay.kernel.shelf import shelf
from assay.kernel.words import Say, refusal

BEYOND = 1.0  # seconds that checks may take when the time is up, all together,
CHEAP = 0.3  # beside so many of each: those of a small table are still asked
Tell = Callable[[str, int, int], None]  # check, place, of how many


def checks_named(names: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """The keys of the checks that are asked for; None for all. Raises RequestError where there is no such check."""
    if names is None:
        return None
    asked, known = (names,) if isinstance(names, str) else tuple(names), shelf("checks").keys()
    if strange := [name for name in asked if name not in known]:
        hint = did_you_mean(str(strange[0]), known) or ""
        raise refusal(
            RequestError, "auditing", "no_check", name=str(strange[0]), expected=hint, checks=listing(known, 30)
        )
    return asked


def examine(evidence: Evidence, tell: Tell | None = None, only: Sequence[str] | None = None) -> tuple[Finding, ...]:
    """One finding a check; `only` names those to be asked, None asks all that are put to this task."""
    findings, beyond = [], 0.0
    ready = shelf("checks").ready()
    checks = [plugin for plugin in ready if (_put(plugin, evidence) if only is None else plugin.about.key in only)]
    for place, plugin in enumerate(checks):
        key = plugin.about.key
        timer = evidence.clock.slice(evidence.clock.remaining())
        # A check may use its share of what is left, so that one slow check does not starve the others.
        share = max(evidence.clock.remaining() * 2 / (len(checks) - place + 1), 0.2)
        began = evidence.clock.over()
        try:  # an interruption ends the check under way, the telling of it included
            if tell is not None:
                tell(key, place, len(checks))
            asked = replace(evidence, clock=timer.slice(share))
            finding = _ask(plugin, asked, key) if beyond <= BEYOND else _too_late(key)
        except KeyboardInterrupt:
            finding = _too_late(key)
        beyond += max(0.0, evidence.clock.over() - began - CHEAP)
        findings.append(finding.on(evidence.rows, timer.spent()))
    return tuple(findings)


def _too_late(key: str) -> Finding:
    return Finding(check=key, verdict="unknown", say=Say("auditing", "no_time"))


def _put(plugin: Any, evidence: Evidence) -> bool:
    """Whether the question is put to such a model without being named."""
    return _takes(plugin, evidence) and (bool(evidence.plan.privacy) or not plugin.about.of_private)


def _takes(plugin: Any, evidence: Evidence) -> bool:
    """Whether the question is for this task."""
    return bool(set(evidence.task.about.gives) & set(plugin.about.takes or PLAIN))


def _ask(plugin: Any, evidence: Evidence, key: str) -> Finding:
    try:
        if not _takes(plugin, evidence):
            raise DoesNotApply(
                "another task", say=Say("auditing", "other_task", {"task": evidence.task.about.say("tasks", "title")})
            )
        finding: Finding = plugin().run(evidence)
        return finding
    except DoesNotApply as answer:
        reason = answer.say if isinstance(answer.say, Say) else str(answer)
        return Finding(check=key, verdict="unknown", say=Say("auditing", "not_applicable", {"reason": reason}))
    except Exception as error:  # noqa: BLE001  a broken check must not take the model with it; it is told as broken
        said = f"{type(error).__name__}: {error}"[:500]
        return Finding(check=key, verdict="error", say=Say("auditing", "broken", {"error": said}))


def unlimited() -> Clock:
    """A clock for checks run without a budget."""
    return Clock.start()
