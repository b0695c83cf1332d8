"""What does the server say of itself to programs?

An OpenAPI 3.1 document from the table of routes and the schemas of the models that are served, each with an example row: the columns of a body are those of
the model, so that a client that is made from it sends rows that fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import assay

from .hosting import Hosted
from .http import Route
from .multipart import FORM
from .routes import Routes
from .schema import ColumnSchema
from .world import World

_STRING: Mapping[str, Any] = {"type": "string"}
_NUMBER: Mapping[str, Any] = {"type": "number"}


def _beside(name: str, schema: Mapping[str, Any], about: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": dict(schema), "description": about}


# What may stand in the query beside rows that come as a form or a table, by the schema of the same body as JSON.
_FORMED: Mapping[str, tuple[dict[str, Any], ...]] = {
    "Rows": (
        _beside(
            "columns",
            _STRING,
            "With a table, where CSV is accepted: 'input' writes the answers behind the columns that were sent",
        ),
        _beside("reasons", _STRING, "With a form: 'true' where reasons are to be told, too"),
        _beside("on_error", _STRING, "With a form: 'fail' (one bad row refuses all) or 'row'"),
    ),
    "Question": (_beside("label", _STRING, "With a form: the answer that is explained"),),
    "Change": (_beside("wanted", _STRING, "With a form: the answer that is wished for"),),
}


def document(world: World, routes: Routes) -> dict[str, Any]:
    """The document."""
    hosted = world.hosts.get(world.hosts.default or world.hosts.names[0])
    paths: dict[str, Any] = {}
    for route in (one for one in routes.all if one.about):  # the files of the page are no part of the API
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, world)
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": f"Assay: {', '.join(world.hosts.names)}", "version": assay.__version__},
        "paths": paths,
        "components": {"schemas": _schemas(hosted, several=len(world.hosts.names) > 1)},
    }
    if world.settings.tokens:
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"token": []}]
    return found


def _operation(route: Route, world: World) -> dict[str, Any]:
    named = [part[1:-1] for part in route.segments if part.startswith("{")]
    said: dict[str, Any] = {"summary": route.about, "operationId": f"{route.method} {route.path}"}
    if named:
        said["parameters"] = [_parameter(name, world) for name in named]
    if route.body:
        schema = {"$ref": f"#/components/schemas/{route.body}"}
        content: dict[str, Any] = {"application/json": {"schema": schema}}
        if route.body == "Rows":
            content |= {kind: {"schema": dict(_STRING)} for kind in ("text/csv",)}
        if route.body in _FORMED:
            content[FORM] = {"schema": {"$ref": "#/components/schemas/RowForm"}}
            said["parameters"] = [*said.get("parameters", ()), *_FORMED[route.body]]
        said["requestBody"] = {"required": True, "content": content}
    answer = {"schema": {"$ref": f"#/components/schemas/{route.answer}"}} if route.answer else {}
    errors = [
        "400",
        "401",
        "403",
        "404",
        "405",
        "408",
        "411",
        "413",
        "414",
        "415",
        "421",
        "422",
        "429",
        "431",
        "500",
        "503",
    ]
    problem = {
        "description": "What is wrong, in three parts",
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{route.error}"}}},
    }
    said["responses"] = {
        "200": {"description": route.about, "content": {route.gives: answer}},
        **dict.fromkeys(errors, problem),
    }
    return said


def _parameter(name: str, world: World) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if name == "model":
        schema["enum"] = list(world.hosts.names)
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _schemas(hosted: Hosted, several: bool) -> dict[str, Any]:
    row = (
        _row(hosted) if not several else {"type": "object", "description": "A row; GET /models/NAME tells its columns"}
    )
    example = dict(hosted.schema.example)
    texts, flag = {"type": "array", "items": dict(_STRING)}, {"type": "boolean"}
    part = {
        "type": "object",
        "required": ["seen"],
        "properties": {k: dict(_STRING) for k in ("seen", "expected", "do", "column")},
    }
    numbers = {"type": "object", "additionalProperties": dict(_NUMBER)}
    answer = {
        "type": "object",
        "properties": {
            "answer": {},
            "probabilities": numbers,
            "set": texts,
            "interval": {"type": "array", "items": dict(_NUMBER)},
            "notes": texts,
            "out_of_range": flag,
            "error": part,
        },
    }
    reference = {"$ref": "#/components/schemas/Row"}
    return {
        "Row": row,
        "RowForm": _form(hosted, several),
        "Rows": {
            "anyOf": [_rows(reference, "fail"), {**_rows({}, "row"), "required": ["rows", "on_error"]}],
            "examples": [{"rows": [example]}],
        },
        "Question": {"type": "object", "required": ["row"], "additionalProperties": False, "properties": {"row": reference, "label": dict(_STRING)}, "examples": [{"row": example}]},
        "Change": {
            "type": "object",
            "required": ["row"],
            "additionalProperties": False,
            "properties": {"row": reference, "wanted": dict(_STRING), "most": {"type": "integer", "minimum": 1, "maximum": 10}, **dict.fromkeys(("immutable", "increase_only", "decrease_only"), texts)},
            "examples": [{"row": example}],
        },
        "Tensors": {"type": "object", "required": ["inputs"], "properties": {"inputs": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["name", "shape", "datatype"]}}}},
        "Invocation": {"type": "object", "properties": {"dataframe_records": {"type": "array", "items": reference}, "dataframe_split": {"type": "object"}}},
        "Answers": {"type": "object", "required": ["model", "answers"], "properties": {"model": {"type": "object"}, "answers": {"type": "array", "items": answer}}},
        "Reasons": {"type": "object", "required": ["answer", "score", "base", "parts"], "properties": {"score": dict(_NUMBER), "base": dict(_NUMBER), "parts": {"type": "array"}}},
        "Ways": {"type": "object", "required": ["ways"], "properties": {"ways": {"type": "array"}}},
        "Labels": {
            "type": "object",
            "required": ["labels"],
            "additionalProperties": False,
            "properties": {
                "labels": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "object", "required": ["id", "answer"], "additionalProperties": False, "properties": {"id": dict(_STRING), "answer": {"type": ["string", "number", "boolean", "array"], "items": dict(_STRING)}}},
                },
            },
        },
        "LabelsKept": {"type": "object", "required": ["kept", "unknown", "unknown_ids"], "properties": {"kept": {"type": "integer"}, "unknown": {"type": "integer"}, "unknown_ids": texts}},
        "Live": {"type": "object", "required": ["model", "traffic", "labels", "findings"], "properties": {"traffic": {"type": "object"}, "labels": {"type": "integer"}, "findings": {"type": "array"}}},
        "Models": {"type": "object", "required": ["models"], "properties": {"models": {"type": "array"}}},
        "Model": {"type": "object", "required": ["name", "columns", "example"], "properties": {"name": dict(_STRING), "columns": {"type": "array"}, "example": {"type": "object"}}},
        "ErrorText": {"type": "object", "required": ["error"], "properties": {"error": {"type": ["string", "object"]}}},
        "Error": {"type": "object", "required": ["error"], "properties": {"error": part, "problems": {"type": "array"}, "request": dict(_STRING)}},
    }  # fmt: skip


def _rows(row: Mapping[str, Any], on_error: str) -> dict[str, Any]:
    """A body of rows; where each may refuse itself, any row is taken."""
    rows = {"type": "array", "minItems": 1, "items": dict(row)}
    more = {"reasons": {"type": "boolean"}, "on_error": {"type": "string", "enum": [on_error]}}
    return {"type": "object", "required": ["rows"], "additionalProperties": False, "properties": {"rows": rows, **more}}


def _row(hosted: Hosted) -> dict[str, Any]:
    columns = hosted.schema.columns
    return {
        "type": "object",
        "required": [column.name for column in columns],
        "additionalProperties": False,
        "properties": {column.name: _cell(column) for column in columns} | {name: {} for name in sorted(hosted.schema.known - set(hosted.schema.names))},
        "examples": [dict(hosted.schema.example)],
    }  # fmt: skip


def _form(hosted: Hosted, several: bool) -> dict[str, Any]:
    """A row as a form: a part a cell, an empty one where it is not known, a file where it is a picture; several parts of one name are several rows."""
    said: dict[str, Any] = {"type": "object", "description": "A part for each column; several parts of one name are several rows. One part of a table's type is the table."}  # fmt: skip
    if several:
        return said
    picture, columns = {"type": "string", "format": "binary"}, hosted.schema.columns
    named = {column.name: dict(picture if column.kind == "picture" else _STRING) for column in columns}
    return {**said, "required": list(named), "properties": named}


def _cell(column: ColumnSchema) -> dict[str, Any]:
    """What a cell may be. Names may be others than training had: such a row is answered, with a note."""
    kinds = {
        "number": ["number"],
        "flag": ["string", "boolean", "number"],
        "category": ["string", "number"],
        "date": ["string", "number"],  # 20240501, and seconds since 1970
    }.get(column.kind, ["string"])
    said: dict[str, Any] = {"type": [*kinds, "null"], "title": column.kind}
    if column.example is not None:
        said["examples"] = [column.example]
    return said
