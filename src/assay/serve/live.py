"""GET /audit/live and POST /labels: how is the model doing on what it is asked now, and how good was it where the truth has come?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.kernel.findings import Finding
from assay.kernel.words import Say
from assay.report.structured import told

from . import strict
from .hosting import Hosted
from .http import Reply, Request, Route, refused
from .monitor.findings import drift, traffic
from .monitor.labels import MOST, codes, no_quality, quality, takes_labels
from .monitor.store import StoreFails
from .monitor.watching import HOURS, Monitor
from .world import World

USUAL = 24  # hours that are looked at
MOST_LABELS = 10_000  # of one body
TOLD = 20  # ids that are not known


async def audit_live(request: Request, world: World) -> Reply:
    """What came in the last hours, and how it stands against training."""
    hosted, monitor = _asked(request, world)
    hours = _hours(request.query.get("hours", str(USUAL)))
    return await world.off_loop(_told, hosted, monitor, hours)


def _told(hosted: Hosted, monitor: Monitor, hours: int) -> Reply:
    try:
        found, layout = monitor.hours(hosted, hours), monitor.layout(hosted)
        waiting = monitor.held(hosted)
        findings = [drift(layout, found, waiting)]
        pairs = monitor.labelled(hosted, hours, MOST) if monitor.keeps_answers else []
    except StoreFails as error:
        raise refused(503, "monitor_away") from error
    if monitor.keeps_answers:
        findings.append(quality(hosted.model, pairs) if takes_labels(hosted.model) else no_quality())
    model = {"name": hosted.name, "version": hosted.version}
    said = told(findings, hosted.model.plan.task, _spoken(findings))
    came = traffic(layout, found, waiting)
    return Reply.json({"model": model, "traffic": came, "labels": len(pairs), "findings": said})


def _spoken(findings: Sequence[Finding]) -> Mapping[str, Say]:
    """Quality on live rows is no check of the shelf: its title is ours, its measures are those of `quality`."""
    named = {measure.key for finding in findings for measure in finding.measures if finding.check == "live_quality"}
    measures = {
        f"checks/live_quality.measure.{key}": Say("checks/quality", f"measure.{key}") for key in named - {"coverage"}
    }
    coverage = {"checks/live_quality.measure.coverage": Say("checks/coverage", "measure.coverage")}
    titles = {f"checks/live_quality.{key}": Say("serve", f"live_quality.{key}") for key in ("title", "question")}
    return {**measures, **coverage, **titles}


async def labels(request: Request, world: World) -> Reply:
    """Answers as they turned out to be."""
    hosted, monitor = _asked(request, world)
    if not monitor.keeps_answers:
        raise refused(404, "no_answers_kept")
    if not takes_labels(hosted.model):
        raise refused(422, "no_labels_taken", name=hosted.name)
    return await world.off_loop(
        _labelled, hosted, monitor, _pairs(await strict.read_beside(request.body, world.off_loop))
    )


def _labelled(hosted: Hosted, monitor: Monitor, pairs: list[tuple[str, Any]]) -> Reply:
    found = codes(hosted.model, [answer for _, answer in pairs])
    if wrong := [own for (own, _), code in zip(pairs, found, strict=True) if code is None]:
        raise refused(422, "no_label", ids=[own[:80] for own in wrong[:TOLD]], n=len(wrong))
    known = [(own, code) for (own, _), code in zip(pairs, found, strict=True) if code is not None]
    try:
        kept = monitor.label(hosted, known)
    except StoreFails as error:
        raise refused(503, "monitor_away") from error
    unknown = [own[:80] for (own, _), there in zip(known, kept, strict=True) if not there]
    return Reply.json({"kept": sum(kept), "unknown": len(unknown), "unknown_ids": unknown[:TOLD]})


def _pairs(asked: Any) -> list[tuple[str, Any]]:
    """The labels of a body. Raises Refused."""
    given = asked.get("labels") if isinstance(asked, dict) and asked.keys() == {"labels"} else None
    if not isinstance(given, list) or not given:
        raise refused(422, "no_labels")
    if len(given) > MOST_LABELS:
        raise refused(413, "many_rows", n=len(given), most=MOST_LABELS)
    found = []
    for one in given:
        if not (isinstance(one, dict) and one.keys() == {"id", "answer"} and isinstance(one["id"], str)):
            raise refused(422, "no_labels")
        found.append((one["id"], _answer(one["answer"])))
    return found


def _answer(said: Any) -> str | int | float:
    """An answer as a table would write it: several labels of a row with bars between. Raises Refused."""
    if isinstance(said, list) and all(isinstance(label, str) for label in said):
        return "|".join(said)
    if not isinstance(said, (str, int, float)):
        raise refused(422, "no_labels")
    return said


def _asked(request: Request, world: World) -> tuple[Hosted, Monitor]:
    """The model and who sums up its traffic. Raises Refused, 404, where nobody does."""
    hosted = world.hosts.get(request.params.get("model", ""))
    if world.monitor is None:
        raise refused(404, "no_monitor")
    return hosted, world.monitor


def _hours(said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 6 and 1 <= int(said) <= HOURS):
        raise refused(422, "no_hours", most=HOURS)
    return int(said)


_LIVE, _LABELS = "What came in the last hours, held against training", "Answers as they turned out to be"
ROUTES = (
    Route("GET", "/audit/live", audit_live, _LIVE, answer="Live"),
    Route("GET", "/models/{model}/audit/live", audit_live, _LIVE, answer="Live"),
    Route("POST", "/labels", labels, _LABELS, body="Labels", answer="LabelsKept"),
    Route("POST", "/models/{model}/labels", labels, _LABELS, body="Labels", answer="LabelsKept"),
)
