"""POST /predict: what does the model say of these rows?

Few rows go the road of single rows, which costs microseconds; many are answered as one table, beside the loop. Rows come as JSON, as a form,
or as a table (CSV, Parquet, Arrow).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.answers.answer import Answer
from assay.reading import read

from . import multipart, strict
from .batches import answers_to, wanted
from .explaining import reasons_of
from .hosting import Hosted
from .http import Problem, Reply, Request, Route, encode, parts, refused
from .rows import columns_lacking, misfits, problems_of, refuse
from .settings import Settings
from .tables import TABLES, pictures_placed, sent_and_placed
from .world import World
from .written import as_csv

FEW = 16  # rows that are answered one by one, on the loop
ON_ERROR = ("fail", "row")
NO_JSON = TABLES | {multipart.FORM}
_KEYS = frozenset({"rows", "row", "reasons", "on_error"})


async def predict(request: Request, world: World) -> Reply:
    """Answers to rows."""
    hosted = world.hosts.get(request.params.get("model", ""))
    if request.kind in NO_JSON:
        asked = await world.off_loop(multipart.rows_of, request, hosted) if request.kind == multipart.FORM else request
        if isinstance(asked, Request):
            return await world.off_loop_for(request, _of_table, asked, world, hosted)
    else:
        small = len(request.body) <= strict.LARGE
        asked = strict.read(request.body) if small else await world.off_loop(strict.read, request.body)
    rows, wishes = _asked(asked, world.settings.most_rows)
    few, reasons = len(rows) <= FEW, bool(wishes.get("reasons"))
    if few and hosted.on_loop(len(rows), len(request.body), reasons):
        return _few(request, world, hosted, rows, wishes)
    if few and hosted.gathers and not reasons:
        return await _gathered(request, world, hosted, rows, wishes)
    return await world.off_loop_for(request, _many, request, world, hosted, rows, wishes)


def _asked(asked: Any, most: int) -> tuple[list[Any], Mapping[str, Any]]:
    """The rows of a body, and what else it asks for. Raises Refused."""
    if isinstance(asked, list):
        asked = {"rows": asked}
    if not isinstance(asked, dict):
        raise refused(422, "no_rows")
    if "rows" not in asked and "row" not in asked:
        raise refused(422, "no_rows")
    if strange := [key for key in asked if key not in _KEYS]:
        raise refused(422, "strange_keys", names=[key[:60] for key in strange[:10]])
    rows = asked["rows"] if "rows" in asked else [asked["row"]]
    if not isinstance(rows, list) or not rows:
        raise refused(422, "empty_rows")
    if len(rows) > most:
        raise refused(413, "many_rows", n=len(rows), most=most)
    if asked.get("on_error", "fail") not in ON_ERROR:
        raise refused(422, "on_error")
    if not isinstance(asked.get("reasons", False), bool):
        raise refused(422, "no_flag", name="reasons")
    return rows, asked


def _few(request: Request, world: World, hosted: Hosted, rows: Sequence[Any], wishes: Mapping[str, Any]) -> Reply:
    model, lang, answers, wrong = hosted.model, request.lang, [], []
    asked, told = [], []
    for number, row in enumerate(rows, 1):
        problems = problems_of(row, number, hosted)
        if not problems:
            answer = model.predict(row)
            if answer.notes:
                problems = misfits(answer.notes, number)
        if problems:
            wrong += problems
            answers.append({"error": _first(problems, lang)})
            continue
        said = answer.to_json(lang)
        if wishes.get("reasons"):
            said["reasons"] = reasons_of(hosted, row, lang)
        answers.append(said)
        asked.append(row)
        told.append(answer)
    return _reply(request, world, hosted, answers, wrong, wishes, (asked, told))


async def _gathered(
    request: Request, world: World, hosted: Hosted, rows: Sequence[Any], wishes: Mapping[str, Any]
) -> Reply:
    """Few rows of texts, answered together with those of others that come at the same time."""
    problems = {number: found for number, row in enumerate(rows, 1) if (found := problems_of(row, number, hosted))}
    good = [row for number, row in enumerate(rows, 1) if number not in problems]
    asked = good and not (problems and wishes.get("on_error", "fail") == "fail")
    answers = await world.gathering.ask(hosted, good, world.off_loop) if asked else []
    return _listed(request, world, hosted, rows, good, answers, problems, wishes)


def _many(request: Request, world: World, hosted: Hosted, rows: Sequence[Any], wishes: Mapping[str, Any]) -> Reply:
    problems = {number: found for number, row in enumerate(rows, 1) if (found := problems_of(row, number, hosted))}
    good = [row for number, row in enumerate(rows, 1) if number not in problems] if problems else rows
    answers: list[Any] = []
    if good and not (problems and wishes.get("on_error", "fail") == "fail"):
        with pictures_placed(good, hosted, world.settings) as placed:
            found = answers_to(hosted, read(placed))
            answers = [found.row(place) for place in wanted(range(len(good)))]
            return _listed(request, world, hosted, rows, placed, answers, problems, wishes)
    return _listed(request, world, hosted, rows, good, answers, problems, wishes)


def _listed(request: Request, world: World, hosted: Hosted, rows: Sequence[Any], placed: Sequence[Any], answers: Sequence[Any], problems: dict[int, list[Problem]], wishes: Mapping[str, Any]) -> Reply:  # fmt: skip
    """Answers in the order of the rows, each bad row with its own error. `placed` are the good ones, as the model reads them."""
    lang, said, wrong, asked, told, given = request.lang, [], [], [], [], iter(zip(placed, answers, strict=False))
    for number, row in wanted(enumerate(rows, 1)):
        own = problems.get(number)
        read, answer = (row, None) if own else next(given, (row, None))
        if answer is not None and answer.notes:
            own = misfits(answer.notes, number)
        if own or answer is None:
            wrong += own or []
            said.append({"error": _first(own or [], lang)})
            continue
        one = answer.to_json(lang)
        if wishes.get("reasons"):
            one["reasons"] = reasons_of(hosted, read, lang)
        said.append(one)
        asked.append(row)
        told.append(answer)
    return _reply(request, world, hosted, said, wrong, wishes, (asked, told))


def _reply(request: Request, world: World, hosted: Hosted, answers: list[Any], wrong: list[Problem], wishes: Mapping[str, Any], seen: tuple[list[Any], list[Any]]) -> Reply:  # fmt: skip
    name, counts = hosted.name, world.counts.rows
    if wrong and wishes.get("on_error", "fail") == "fail":
        counts[name, "refused"] += len(answers)
        refuse(wrong, len(answers))
    counts[name, "tried" if request.trial else "answered"] += len(seen[0])
    if len(seen[0]) < len(answers):
        counts[name, "refused"] += len(answers) - len(seen[0])
    if request.trial:  # what a person tries out on the page is counted, but is no traffic
        return Reply(encode({"model": {"name": name, "version": hosted.version}, "answers": answers}))
    numbers = None  # of the rows that were answered, where they are not all
    if world.monitor is not None and len(seen[0]) < len(answers):
        numbers = [number for number, said in enumerate(answers, 1) if "error" not in said]
    world.watch(hosted, seen[0], seen[1], request.id, numbers)
    return Reply(encode({"model": {"name": name, "version": hosted.version}, "answers": answers}))


def _first(problems: Sequence[Problem], lang: str) -> dict[str, Any]:
    return {"column": problems[0].column, **parts(problems[0].error, lang)} if problems else {}


def _of_table(request: Request, world: World, hosted: Hosted) -> Reply:
    """Answers to the rows of a table: as JSON, or as CSV where the client takes it."""
    with sent_and_placed(request, hosted, world.settings) as (sent, data):
        refuse(columns_lacking(data.names, hosted), data.rows)
        if request.accepts("text/csv"):
            reply, answers = as_csv(request, hosted, sent, data)
        else:
            answers = answers_to(hosted, data)
            said = [answers.row(place).to_json(request.lang) for place in wanted(range(data.rows))]
            reply = Reply(encode({"model": {"name": hosted.name, "version": hosted.version}, "answers": said}))
        world.counts.rows[hosted.name, "answered"] += data.rows
        world.watch(hosted, data, answers, request.id)
    return reply


def answered(hosted: Hosted, rows: Sequence[Any], settings: Settings) -> list[Answer]:
    """Answers to rows that fit, for other dialects of the API. Raises Refused where one names a file that it may not."""
    if len(rows) <= FEW and hosted.alone:
        return [hosted.model.predict(row) for row in rows]
    with pictures_placed(rows, hosted, settings) as placed:
        found = answers_to(hosted, read(placed))
    return [found.row(place) for place in range(len(rows))]


ROUTES = (
    Route("POST", "/predict", predict, "Answers to rows", large=True, body="Rows", answer="Answers"),
    Route(
        "POST",
        "/models/{model}/predict",
        predict,
        "Answers to rows, by one of several models",
        large=True,
        body="Rows",
        answer="Answers",
    ),
)
