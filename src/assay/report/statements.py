"""What has a person said to a clause, and is it well formed?

Statements come from an answers file that a person fills in, or from a model that keeps them. They are text and nothing else;
sizes are capped, and every mistake in a file is told at once.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..kernel.box import Box
from ..kernel.errors import BundleError, RequestError
from ..kernel.hints import did_you_mean, reason
from ..kernel.words import Say, refusal
from ..store import strictjson
from .frame import Frame

FORMAT = "assay-answers"
MOST_BYTES = 4 * 2**20  # of an answers file
MOST = 2_000  # statements in a model
MOST_LETTERS = 20_000  # of one text
MOST_NAME = 200  # letters of a name, a frame or a clause
FIELDS = ("text", "who", "date")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What one person said to one clause, on a day."""

    frame: str
    ref: str
    text: str
    who: str
    date: str


def read(path: str | os.PathLike[str], frame: Frame) -> tuple[Statement, ...]:
    """The statements in an answers file; questions left empty are no statements. Raises RequestError, with all mistakes."""
    name = Path(path).name
    try:
        with open(path, "rb") as handle:
            data = handle.read(MOST_BYTES + 1)
    except OSError as error:
        raise refusal(RequestError, "report", "unread", path=str(path), reason=reason(error)) from error
    try:
        raw = strictjson.read(data, name, MOST_BYTES)
    except BundleError as error:
        raise refusal(RequestError, "report", "no_answers", name=name, problem=error.said[0]) from error
    answers = raw.get("answers") if isinstance(raw, dict) and raw.get("format") == FORMAT else None
    if not isinstance(answers, dict):
        problem = Say("report", "answers.form", {"format": FORMAT})
        raise refusal(RequestError, "report", "no_answers", name=name, problem=problem)
    if raw.get("frame") != frame.key:
        problem = Say("report", "answers.frame", {"found": str(raw.get("frame"))[:MOST_NAME], "asked": frame.key})
        raise refusal(RequestError, "report", "no_answers", name=name, problem=problem)
    mistakes = [said for ref, given in answers.items() for said in _mistakes(ref, given, frame)]
    if mistakes:
        raise refusal(RequestError, "report", "bad_answers", name=name, mistakes=mistakes)
    return tuple(
        Statement(frame=frame.key, ref=ref, **{field: given[field].strip() for field in FIELDS})
        for ref, given in answers.items()
        if given["text"].strip()
    )


def _mistakes(ref: str, given: Any, frame: Frame) -> Iterable[Say]:
    if ref not in frame.refs:
        hint = did_you_mean(ref, frame.refs)
        key = "answers.unknown_near" if hint else "answers.unknown"
        yield Say("report", key, {"ref": ref[:MOST_NAME], "hint": hint or ""})
        return
    if not isinstance(given, dict) or not all(isinstance(given.get(field), str) for field in FIELDS):
        yield Say("report", "answers.fields", {"ref": ref, "fields": list(FIELDS)})
        return
    if not given["text"].strip():
        return
    if len(given["text"]) > MOST_LETTERS or not 0 < len(given["who"].strip()) <= MOST_NAME:
        yield Say("report", "answers.long", {"ref": ref, "most": MOST_LETTERS, "name": MOST_NAME})
    if not _is_day(given["date"].strip()):
        yield Say("report", "answers.date", {"ref": ref, "date": given["date"][:40]})


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def template(frame: Frame, lang: str, given: Sequence[Statement] = ()) -> dict[str, Any]:
    """An answers file to be filled in: each question with room, or with what has been said already."""
    said = {one.ref: one for one in given if one.frame == frame.key}
    answers = {}
    for clause in frame.clauses:
        if clause.person is None:
            continue
        one = said.get(clause.ref)
        answers[clause.ref] = {
            "place": clause.place[lang],
            "question": clause.person[lang],
            "text": one.text if one else "",
            "who": one.who if one else "",
            "date": one.date if one else "",
        }
    return {"format": FORMAT, "frame": frame.key, "answers": answers}


def template_text(frame: Frame, lang: str, given: Sequence[Statement] = ()) -> str:
    """The same as JSON text."""
    return json.dumps(template(frame, lang, given), ensure_ascii=False, indent=1) + "\n"


def joined(old: Iterable[Statement], new: Iterable[Statement]) -> tuple[Statement, ...]:
    """Both; where both speak to one clause, the new."""
    return tuple({(one.frame, one.ref): one for one in (*old, *new)}.values())


def dump(statements: Sequence[Statement], box: Box) -> None:
    """Keep statements in a box."""
    box.put(said=[{name: getattr(one, name) for name in Statement.__dataclass_fields__} for one in statements])


def load(box: Box) -> tuple[Statement, ...]:
    """The statements in a box; clauses that this release does not know are kept as they are. Raises BundleInvalid."""
    found: dict[tuple[str, str], Statement] = {}
    for raw in box.rows("said", MOST):
        one = _loaded(raw, box)
        if (one.frame, one.ref) in found:
            raise box.refuse(f"two statements on '{one.frame} {one.ref}'")
        found[one.frame, one.ref] = one
    return tuple(found.values())


def _loaded(raw: Mapping[str, Any], box: Box) -> Statement:
    most = {"frame": MOST_NAME, "ref": MOST_NAME, "text": MOST_LETTERS, "who": MOST_NAME, "date": 10}
    if raw.keys() != most.keys():
        raise box.refuse("a statement has other fields than expected")
    for name, longest in most.items():
        if not isinstance(raw[name], str) or not 0 < len(raw[name]) <= longest:
            raise box.refuse(f"'{name}' of a statement is no text of 1 to {longest} letters")
    if not _is_day(raw["date"]):
        raise box.refuse("the date of a statement is no day")
    return Statement(**raw)
