"""POST /invocations: how clients of MLflow's scoring server ask.

The four JSON forms of MLflow (dataframe_split, dataframe_records, instances, inputs) and CSV; answers come as records under "predictions".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.answers.answer import Answer
from assay.answers.boxes import BoxAnswer
from assay.answers.odd import OddAnswer
from assay.kernel.labels import joined

from . import strict
from .batches import answers_to
from .hosting import Hosted
from .http import TEXT, Reply, Request, Route, refused
from .predicting import answered
from .rows import misfits, problems_of, refuse
from .tables import dataset_of, is_table
from .world import World

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")


async def invoke(request: Request, world: World) -> Reply:
    """Answers as records."""
    return await world.off_loop_for(request, _invoked, request, world, world.hosts.get(""))


def _invoked(request: Request, world: World, hosted: Hosted) -> Reply:
    if is_table(request.kind):
        with dataset_of(request, hosted, world.settings) as data:
            found = answers_to(hosted, data)
            world.watch(hosted, data, found, request.id)
            return Reply.json({"predictions": [record(found.row(place), request.lang) for place in range(data.rows)]})
    rows = rows_of(strict.read(request.body))
    if len(rows) > world.settings.most_rows:
        raise refused(413, "many_rows", n=len(rows), most=world.settings.most_rows)
    refuse([problem for number, row in enumerate(rows, 1) for problem in problems_of(row, number, hosted)], len(rows))
    answers = answered(hosted, rows, world.settings)
    refuse(
        [problem for number, answer in enumerate(answers, 1) for problem in misfits(answer.notes, number)], len(rows)
    )
    world.counts.rows[hosted.name, "answered"] += len(rows)
    world.watch(hosted, rows, answers, request.id)
    return Reply.json({"predictions": [record(answer, request.lang) for answer in answers]})


def rows_of(asked: Any) -> Sequence[Any]:
    """The rows of a body. Raises Refused where it is in none of MLflow's forms.

    >>> rows_of({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}}), rows_of({"inputs": {"a": [1, 2]}})
    ([{'a': 1, 'b': 2}], [{'a': 1}, {'a': 2}])
    """
    forms = [form for form in FORMS if form in asked] if isinstance(asked, dict) else []
    if len(forms) != 1:
        raise refused(400, "mlflow_form", forms=list(FORMS))
    said = asked[forms[0]]
    if forms[0] == "dataframe_split":
        said = _split(said)
    elif isinstance(said, dict):
        said = _columns(said)
    if not isinstance(said, list) or not said:
        raise refused(422, "empty_rows")
    return said


def _split(said: Any) -> list[Any]:
    columns, data = (said.get("columns"), said.get("data")) if isinstance(said, dict) else (None, None)
    if (
        not isinstance(columns, list)
        or not isinstance(data, list)
        or not all(isinstance(name, str) for name in columns)
    ):
        raise refused(400, "mlflow_form", forms=list(FORMS))
    if len(set(columns)) != len(columns) or not all(isinstance(row, list) and len(row) == len(columns) for row in data):
        raise refused(400, "mlflow_lengths")
    return [dict(zip(columns, row, strict=True)) for row in data]


def _columns(said: Mapping[str, Any]) -> list[Any]:
    """Rows of a mapping of columns, or of a single row."""
    several = [isinstance(cells, list) for cells in said.values()]
    if not any(several):
        return [said] if said else []
    if not all(several) or len({len(cells) for cells in said.values()}) > 1:
        raise refused(400, "mlflow_lengths")
    return [dict(zip(said, cells, strict=True)) for cells in zip(*said.values(), strict=True)]


def record(answer: Answer | BoxAnswer | OddAnswer, lang: str) -> dict[str, Any]:
    """An answer as one flat record: as many columns as a written file has."""
    said = answer.to_json(lang)
    found: dict[str, Any] = {"answer": "|".join(said["answer"]) if isinstance(said["answer"], list) else said["answer"]}
    found |= {f"p_{label}": p for label, p in said.get("probabilities", {}).items()}
    if "interval" in said:
        found |= {"low": said["interval"][0], "high": said["interval"][1]}
    if "set" in said:
        found["set"] = joined(said["set"])
    return {**found, "notes": "; ".join(said["notes"]), "out_of_range": said["out_of_range"]}


async def ping(request: Request, world: World) -> Reply:
    """That MLflow's clients find a server that is well."""
    return Reply(b"\n", kind=TEXT)


ROUTES = (
    Route(
        "POST",
        "/invocations",
        invoke,
        "Answers, in the forms of MLflow's scoring server",
        large=True,
        body="Invocation",
    ),
    Route("GET", "/ping", ping, "Whether the server answers, as MLflow asks it", gives="text/plain", open=True),
)
