"""POST /explain and /counterfactual: why this answer, and what would change it?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from assay.answers.explanation import Explanation
from assay.kernel.words import Say

from . import multipart, strict
from .hosting import Hosted
from .http import Reply, Request, Route, refused
from .rows import misfits, problems_of, refuse
from .tables import pathless, pictured_in, pictures_placed
from .world import World

_EXPLAIN = frozenset({"row", "label"})
_CHANGE = frozenset({"row", "wanted", "immutable", "increase_only", "decrease_only", "most"})
MOST_WAYS = 10


async def explain(request: Request, world: World) -> Reply:
    """The pulls that made one answer."""
    hosted, asked = await _asked(request, world, _EXPLAIN)
    label = _text(asked, "label")
    if hosted.quick and hosted.pace.fits(1, reasons=True):
        _reads(hosted, asked["row"])
        return Reply.json(reasons_of(hosted, asked["row"], request.lang, label))
    return await world.off_loop(_explained, world, hosted, asked["row"], request.lang, label)


def _explained(world: World, hosted: Hosted, row: Mapping[str, Any], lang: str, label: str) -> Reply:
    with pictures_placed([row], hosted, world.settings) as rows:
        _reads(hosted, rows[0])
        return Reply.json(reasons_of(hosted, rows[0], lang, label))


def reasons_of(hosted: Hosted, row: Mapping[str, Any], lang: str, label: str = "") -> dict[str, Any]:
    """The pulls of one row as plain values; with the base they add up to the score."""
    began = time.perf_counter()
    found: Explanation = hosted.model.explain(row, label=label)
    hosted.pace.reasons = min(hosted.pace.reasons, time.perf_counter() - began)
    pictured = () if hosted.quick else pictured_in(hosted)  # their cells are files of ours by now: no path goes out
    return {
        "answer": found.answer.text(lang) if isinstance(found.answer, Say) else found.answer,
        "score": found.score,
        "base": found.base,
        "unit": found.unit.text(lang),
        "parts": [
            {"name": name, "cell": "" if name in pictured else cell, "pull": pull} for name, cell, pull in found.parts
        ],
        **({"texts": [dict(text.to_json()) for text in found.texts]} if found.texts else {}),
    }


async def change(request: Request, world: World) -> Reply:
    """The smallest plausible changes that alter one answer."""
    hosted, asked = await _asked(request, world, _CHANGE)
    rules = {name: tuple(_names(asked, name)) for name in ("immutable", "increase_only", "decrease_only")}
    most = asked.get("most", 3)
    if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= MOST_WAYS:
        raise refused(422, "most_ways", most=MOST_WAYS)
    with_pictures = pictures_placed([asked["row"]], hosted, world.settings)
    return await world.off_loop(_changed, hosted, with_pictures, _text(asked, "wanted"), rules, most, request.lang)


def _changed(
    hosted: Hosted,
    with_pictures: AbstractContextManager[list[Any]],
    wanted: str,
    rules: Mapping[str, tuple[str, ...]],
    most: int,
    lang: str,
) -> Reply:
    stay, rise, fall = (rules[name] for name in ("immutable", "increase_only", "decrease_only"))
    with with_pictures as rows:
        _reads(hosted, rows[0])
        found = hosted.model.counterfactual(rows[0], 1, wanted, stay, rise, fall, most)
    said = found.to_json(lang)
    ways = [
        {**way, "changes": [{"name": c["name"], "from": c["now"], "to": c["then"]} for c in way["changes"]]}
        for way in said["ways"]
    ]
    return Reply.json({**said, "ways": ways})


async def _asked(request: Request, world: World, keys: frozenset[str]) -> tuple[Hosted, dict[str, Any]]:
    """The model and what is asked of it, its row looked at. Raises Refused."""
    hosted = world.hosts.get(request.params.get("model", ""))
    if request.kind == multipart.FORM:
        asked = await world.off_loop(multipart.question_of, request, hosted)
    else:
        asked = await strict.read_beside(request.body, world.off_loop)
    if not isinstance(asked, dict) or "row" not in asked:
        raise refused(422, "one_row")
    if strange := [key[:60] for key in asked if key not in keys]:
        raise refused(422, "strange_keys", names=strange[:10])
    refuse(problems_of(asked["row"], 1, hosted), 1)
    return hosted, asked


def _reads(hosted: Hosted, row: Mapping[str, Any]) -> None:
    """Raises Refused, as /predict does, where a cell does not read as its column's kind."""
    notes = hosted.model.predict(row).notes
    refuse(misfits(notes if hosted.quick else pathless(notes, pictured_in(hosted)), 1), 1)


def _text(asked: Mapping[str, Any], name: str) -> str:
    if not isinstance(found := asked.get(name, ""), str):
        raise refused(422, "no_text", name=name)
    return found


def _names(asked: Mapping[str, Any], name: str) -> list[str]:
    found = asked.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise refused(422, "no_names", name=name)
    return found


ROUTES = tuple(
    Route("POST", f"{start}{path}", handler, about, body=body, answer=answer)
    for start in ("", "/models/{model}")
    for path, handler, about, body, answer in (
        ("/explain", explain, "Why one row is answered as it is", "Question", "Reasons"),
        ("/counterfactual", change, "What would alter the answer to one row", "Change", "Ways"),
    )
)
