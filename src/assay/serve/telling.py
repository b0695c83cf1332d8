"""Which models are there, are they well, and what do their reports say? Roads that are read, not asked."""

from __future__ import annotations

from typing import Any

from assay.report.frame import frames
from assay.report.structured import told
from assay.stats.conformal import ClassSets, ValueIntervals

from .hosting import Hosted
from .http import HTML, Reply, Request, Route, refused
from .tables import dataset_of, is_table
from .world import World

_REPORT_POLICY = b"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"  # fmt: skip


async def models(request: Request, world: World) -> Reply:
    """The models by name."""
    return Reply.json(
        {"models": [hosted.facts() for hosted in world.hosts.all], "default": world.hosts.default or None}
    )


async def model(request: Request, world: World) -> Reply:
    """One model: its columns, and an example row."""
    return Reply.json(described(world.hosts.get(request.params.get("model", "")), request.lang))


def described(hosted: Hosted, lang: str) -> dict[str, Any]:
    """What there is to know before asking."""
    of, schema = hosted.model, hosted.schema
    plain = isinstance(of.conformal, ClassSets | ValueIntervals)
    return {
        **hosted.facts(),
        "sha256": hosted.sha256,
        "labels": list(of.codec.labels),
        **({"costs": dict(zip(of.codec.labels, of.codec.costs, strict=True))} if of.codec.costs else {}),
        "columns": [column.to_json(lang) for column in schema.columns],
        "example": dict(schema.example),
        "level": of.plan.level,
        "can": {"explain": plain, "counterfactual": plain and of.profile is not None and of.thresholds is None},
    }


async def report(request: Request, world: World) -> Reply:
    """The report as a page, or one of the technical files."""
    hosted, kind = world.hosts.get(request.params.get("model", "")), request.query.get("as", "")
    if kind and kind not in frames():
        raise refused(404, "no_report", name=kind[:40], names=list(frames()))
    made = await world.off_loop(_made, hosted, kind, request.lang)
    return Reply.text(made, kind=HTML, headers=((b"content-security-policy", _REPORT_POLICY),))


def _made(hosted: Hosted, kind: str, lang: str) -> str:
    found = hosted.model.report
    return found.technical(kind).html(lang) if kind else found.html(lang)


async def audit(request: Request, world: World) -> Reply:
    """The checks on a labelled table that the client sends."""
    hosted = world.hosts.get(request.params.get("model", ""))
    if not is_table(request.kind):
        raise refused(415, "no_table", kind=request.kind[:60])
    return await world.off_loop(_audited, request, world, hosted)


def _audited(request: Request, world: World, hosted: Hosted) -> Reply:
    with dataset_of(request, hosted, world.settings) as data:
        found = hosted.model.audit(data, minutes=world.settings.seconds / 120)
    return Reply.json(
        {"findings": told([finding.without_rows() for finding in found.findings], hosted.model.plan.task)}
    )


async def alive(request: Request, world: World) -> Reply:
    """That this worker answers at all."""
    return Reply.json({"live": True})


async def ready(request: Request, world: World) -> Reply:
    """That every model is as its file says; 503 with the names of those that are not."""
    wrong = sorted(world.hosts.state)
    return Reply.json({"ready": not wrong, "models": list(world.hosts.names), "wrong": wrong}, 503 if wrong else 200)


async def metrics(request: Request, world: World) -> Reply:
    """Counts for Prometheus, of all workers together."""
    from .counts import KIND

    if world.place is not None:
        lines = world.place.lines()
    else:
        lines = world.counts.lines(world.monitor.state() if world.monitor is not None else {})
    return Reply.text("\n".join(lines) + "\n", kind=KIND)


async def openapi(request: Request, world: World) -> Reply:
    """The OpenAPI document, made from the models' own schemas."""
    from .openapi import document

    assert world.routes is not None
    return Reply.json(document(world, world.routes))


ROUTES = (
    Route("GET", "/models", models, "The models by name", answer="Models"),
    Route("GET", "/models/{model}", model, "One model, its columns and an example row", answer="Model"),
    Route("GET", "/report", report, "The report as a page", gives="text/html"),
    Route("GET", "/models/{model}/report", report, "The report as a page", gives="text/html"),
    Route("POST", "/audit", audit, "The checks on a labelled table", large=True),
    Route("POST", "/models/{model}/audit", audit, "The checks on a labelled table", large=True),
    Route("GET", "/health/live", alive, "Whether the server answers", open=True),
    Route("GET", "/health/ready", ready, "Whether every model is as its file says", open=True),
    Route("GET", "/metrics", metrics, "Counts for Prometheus", gives="text/plain"),
    Route("GET", "/openapi.json", openapi, "This document"),
)
