"""The Open Inference Protocol, version 2: how KServe and Triton clients ask.

One tensor a column, [rows] or [rows, 1]. Errors are told as the protocol has it, one text under "error".
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

import assay
from assay.answers.answer import Answer
from assay.kernel.errors import AssayError, MissingPackage

from . import strict
from .hosting import Hosted
from .http import Handler, Refused, Reply, Request, Route, refused
from .predicting import answered
from .rows import misfits, problems_of, refuse
from .settings import Settings
from .tensors import BYTES, Tensor, cells_of, parted
from .world import World

LENGTH = b"inference-header-content-length"
KINDS = {"number": "FP64", "flag": BYTES}
MISSING = "null in JSON, NaN in reals, an empty text in BYTES"


def spoken(handler: Handler) -> Handler:
    """The same handler, its errors as the protocol has them."""

    @functools.wraps(handler)
    async def answering(request: Request, world: World) -> Reply:
        try:
            return await handler(request, world)
        except AssayError as error:
            status, problems = (error.status, error.problems) if isinstance(error, Refused) else (400, ())
            status = 503 if isinstance(error, MissingPackage) else status
            more = "".join(f" {problem.column}: {problem.error.text(request.lang)}" for problem in problems[:3])
            return Reply.json({"error": error.text(request.lang) + more}, 400 if status == 422 else status)

    return answering


async def server(request: Request, world: World) -> Reply:
    """What this server is."""
    return Reply.json({"name": "assay", "version": assay.__version__, "extensions": ["binary_tensor_data"]})


async def live(request: Request, world: World) -> Reply:
    """That it answers."""
    return Reply.json({"live": True})


async def ready(request: Request, world: World) -> Reply:
    """That every model is as its file says."""
    return Reply.json({"ready": not world.hosts.state}, 503 if world.hosts.state else 200)


@spoken
async def model_ready(request: Request, world: World) -> Reply:
    """That one model can be asked."""
    hosted = _hosted(request, world)
    wrong = hosted.name in world.hosts.state
    return Reply.json({"name": hosted.name, "ready": not wrong}, 503 if wrong else 200)


@spoken
async def metadata(request: Request, world: World) -> Reply:
    """The tensors that a model takes and gives."""
    hosted = _hosted(request, world)
    inputs = [
        {
            "name": c.name,
            "datatype": KINDS.get(c.kind, BYTES),
            "shape": [-1],
            "parameters": {"kind": c.kind, "missing": MISSING},
        }
        for c in hosted.schema.columns
    ]
    outputs = [{"name": name, "datatype": kind, "shape": [-1, *more]} for name, kind, more in _outputs(hosted)]
    more = {"parameters": {"labels": list(hosted.model.codec.labels)}} if hosted.model.codec.labels else {}
    return Reply.json(
        {
            "name": hosted.name,
            "versions": [hosted.version],
            "platform": "assay",
            "inputs": inputs,
            "outputs": outputs,
            **more,
        }
    )


@spoken
async def infer(request: Request, world: World) -> Reply:
    """Answers to the rows that the tensors hold."""
    hosted = _hosted(request, world)
    head, raw = parted(request.body, request.headers.get(LENGTH))
    asked = await strict.read_beside(head, world.off_loop)
    if not isinstance(asked, dict) or not isinstance(asked.get("inputs"), list) or not asked["inputs"]:
        raise refused(400, "v2_input")
    said = (asked["inputs"], raw, hosted, world.settings.most_rows)
    rows = await world.off_loop(_rows, *said) if len(request.body) > strict.LARGE else _rows(*said)
    wanted, binary = _wanted(asked, hosted)
    heavy = len(rows) > 1 or not hosted.on_loop(1, len(request.body), reasons=False)
    asked_of = (hosted, rows, world.settings)
    found = await world.off_loop_for(request, _answers, *asked_of) if heavy else _answers(*asked_of)
    world.counts.rows[hosted.name, "answered"] += len(rows)
    world.watch(hosted, rows, found, request.id)
    tensors = [tensor for tensor in _tensors(hosted, found) if tensor.name in wanted]
    return _written(asked, hosted, tensors, binary)


def _hosted(request: Request, world: World) -> Hosted:
    hosted = world.hosts.get(request.params["model"])
    if request.params.get("version", hosted.version) != hosted.version:
        raise refused(404, "no_version", name=hosted.name, version=hosted.version)
    return hosted


def _rows(inputs: Sequence[Any], raw: bytes, hosted: Hosted, most: int) -> list[dict[str, Any]]:
    columns: dict[str, list[Any]] = {}
    for said in inputs:
        name, cells, raw = cells_of(said, raw, most)
        if name in columns:
            raise refused(400, "v2_twice", name=name)
        columns[name] = cells
    if raw:
        raise refused(400, "v2_rest")
    if len({len(cells) for cells in columns.values()}) > 1:
        raise refused(400, "v2_lengths")
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    refuse(problems_of(rows[0], 1, hosted), len(rows))
    return rows


def _answers(hosted: Hosted, rows: Sequence[dict[str, Any]], settings: Settings) -> list[Answer]:
    found = answered(hosted, rows, settings)
    refuse(
        [
            problem
            for number, answer in enumerate(found, 1)
            if answer.notes
            for problem in misfits(answer.notes, number)
        ],
        len(rows),
    )
    return found


def _wanted(asked: dict[str, Any], hosted: Hosted) -> tuple[set[str], dict[str, bool]]:
    """Names of the outputs that are asked for, and which of them are to be raw. Raises Refused."""
    names = [name for name, _, _ in _outputs(hosted)]
    flags = asked.get("parameters") or {}
    every = isinstance(flags, dict) and flags.get("binary_data_output") is True
    said = asked.get("outputs")
    if not said:
        return set(names), dict.fromkeys(names, every)
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        raise refused(400, "v2_outputs", known=names)
    if not all(one.get("name") in names for one in said):
        raise refused(400, "v2_outputs", known=names)
    return {one["name"] for one in said}, {
        one["name"]: bool((one.get("parameters") or {}).get("binary_data", every)) for one in said
    }


def _outputs(hosted: Hosted) -> list[tuple[str, str, tuple[int, ...]]]:
    k = len(hosted.model.codec.labels)
    if k:
        return [
            ("answer", BYTES, ()),
            ("probabilities", "FP64", (k,)),
            ("set", "BOOL", (k,)),
            ("out_of_range", "BOOL", ()),
        ]
    kind = BYTES if hosted.model.codec.names else "FP64"
    return [("answer", kind, ()), ("interval", "FP64", (2,)), ("out_of_range", "BOOL", ())]


def _tensors(hosted: Hosted, found: Sequence[Answer]) -> list[Tensor]:
    n, labels = len(found), hosted.model.codec.labels
    outside = Tensor("out_of_range", "BOOL", (n,), np.asarray([answer.out_of_range for answer in found]))
    if labels:
        said = ["|".join(a.answer) if isinstance(a.answer, tuple) else str(a.answer) for a in found]
        p = np.asarray([[a.probabilities[label] for label in labels] for a in found])
        among = np.asarray([[label in a.set for label in labels] for a in found])
        return [
            Tensor("answer", BYTES, (n,), said),
            Tensor("probabilities", "FP64", p.shape, p),
            Tensor("set", "BOOL", among.shape, among),
            outside,
        ]
    between = np.asarray([a.interval for a in found])
    if hosted.model.codec.names:
        told = Tensor("answer", BYTES, (n,), [str(a.answer) for a in found])
    else:
        told = Tensor("answer", "FP64", (n,), np.asarray([a.answer for a in found], dtype=np.float64))
    return [told, Tensor("interval", "FP64", between.shape, between), outside]


def _written(asked: dict[str, Any], hosted: Hosted, tensors: Sequence[Tensor], binary: dict[str, bool]) -> Reply:
    said: dict[str, Any] = {"model_name": hosted.name, "model_version": hosted.version, "outputs": []}
    if isinstance(asked.get("id"), str):
        said["id"] = asked["id"][:200]
    raw = b""
    for tensor in tensors:
        plain = tensor.plain()
        if binary[tensor.name]:
            packed = tensor.packed()
            del plain["data"]
            plain["parameters"] = {"binary_data_size": len(packed)}
            raw += packed
        said["outputs"].append(plain)
    reply = Reply.json(said)
    if not raw:
        return reply
    return Reply(reply.body + raw, kind="application/octet-stream", headers=((LENGTH, str(len(reply.body)).encode()),))


ROUTES = (
    Route("GET", "/v2", server, "Open Inference Protocol: this server"),
    Route("GET", "/v2/health/live", live, "Open Inference Protocol: whether it answers", open=True),
    Route("GET", "/v2/health/ready", ready, "Open Inference Protocol: whether every model is well", open=True),
    *(
        Route(
            method,
            f"/v2/models/{{model}}{version}{path}",
            handler,
            f"Open Inference Protocol: {about}",
            large=method == "POST",
            body=body,
            error="ErrorText",
        )
        for version in ("", "/versions/{version}")
        for method, path, handler, about, body in (
            ("GET", "", metadata, "tensors of a model", ""),
            ("GET", "/ready", model_ready, "whether a model is well", ""),
            ("POST", "/infer", infer, "answers", "Tensors"),
        )
    ),
)
