"""Do these rows fit the model, and what is wrong with those that do not?

A row is a mapping of column names to cells. Every column of the model must be there (null is a missing cell), every name must be one that the training table had,
every cell one value that reads as its column's kind. All that is wrong is gathered; whether one bad row refuses all or only itself is the client's to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.kernel.errors import RequestError
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.words import Say, refusal

from .hosting import Hosted
from .http import Problem, refused
from .tables import pictured_in

PLAIN = frozenset({str, int, float, type(None)})
MOST_PROBLEMS = 100  # that one reply lists


def problems_of(row: Any, number: int, hosted: Hosted) -> list[Problem]:
    """What is wrong with one row, before it is asked about; most rows pass the first test."""
    if type(row) is not dict:
        return [Problem(number, "", refusal(RequestError, "serve", "no_row", kind=_kind(row)))]
    found: list[Problem] = []
    if row.keys() != hosted.columns:
        found += _names(row, number, hosted)
    if PLAIN.issuperset(map(type, row.values())):
        return found
    for name, value in row.items():
        if type(value) not in PLAIN and not (
            (type(value) is bool and name not in hosted.no_flags)
            or (type(value) is bytes and name in pictured_in(hosted))  # the part of a form
        ):  # also beside the model's columns: a list would make the row a table of columns
            found.append(
                Problem(number, name, refusal(RequestError, "serve", "no_cell", name=name[:60], kind=_kind(value)))
            )
    return found


def misfits(notes: Sequence[Say], number: int) -> list[Problem]:
    """The cells that do not read as their kind, of the notes of an answer."""
    return [
        Problem(number, str(note.values["name"]), refusal(RequestError, "serve", "misfit", value=str(note.values["value"])[:60], name=note.values["name"], kind=note.values["kind"]))
        for note in notes
        if note.key == "misfit"
    ]  # fmt: skip


def refuse(problems: Sequence[Problem], rows: int) -> None:
    """Raises Refused, 422, where there are problems, with the first MOST_PROBLEMS of them."""
    if problems:
        if any(not problem.row for problem in problems):  # of the table, not of a row
            raise refused(422, "bad_table", problems=list(problems)[:MOST_PROBLEMS])
        bad = len({problem.row for problem in problems})
        raise refused(422, "bad_rows", bad=bad, all=rows, problems=list(problems)[:MOST_PROBLEMS])


def columns_lacking(names: Sequence[str], hosted: Hosted) -> list[Problem]:
    """What is wrong with the columns of a table: those that the model asks for and that are not there, and those that nobody knows."""
    return _names(dict.fromkeys(names), 0, hosted)


def _names(row: Mapping[str, Any], number: int, hosted: Hosted) -> list[Problem]:
    lacking = [name for name in hosted.schema.names if name not in row]
    found = [Problem(number, name, refusal(RequestError, "serve", "lacking", name=name)) for name in lacking]
    for name in row:
        if name not in hosted.columns and name not in hosted.schema.known:
            hint = did_you_mean(name, lacking) or Say("serve", "columns", {"names": listing(hosted.schema.names, 20)})
            found.append(
                Problem(number, name[:60], refusal(RequestError, "serve", "strange", expected=hint, name=name[:60]))
            )
    return found


def _kind(value: Any) -> Say:
    names = {bool: "flag", list: "list", bytes: "file", int: "number", float: "number", str: "text", type(None): "null"}
    return Say("serve", f"kind.{names.get(type(value), 'object')}")
