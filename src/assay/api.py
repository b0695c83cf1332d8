"""What can be asked of the house from Python: a plan, a model, what a file holds, and whether it is true."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import private, verifying
from .auditing.examine import checks_named
from .auditing.limits import parsed
from .foreign.doors import is_foreign
from .foreseeing import foreseen
from .kernel.clock import Clock
from .kernel.errors import BundleError, RequestError
from .kernel.plan import Plan
from .kernel.words import Say, refusal
from .model import Model
from .opening import opening
from .planning.draw import draw
from .planning.said import wishes_of
from .reading import read
from .store import plain
from .store.bundle import of_file, read_bytes
from .training import Wanted, Watch, trained
from .verifying import Verified

if TYPE_CHECKING:
    from .foreign.audit import Audit


def plan(source: Any, target: str = "", **wishes: Any) -> Plan:
    """What would be done with this table; nothing is trained but, where `latency` is asked for, what tells the time of an answer.

    wishes : any field of `assay.planning.wishes.Wishes`, such as minutes=2, group="patient", drop=("id",)

    Raises RequestError for wishes that are none, and DataError for a table that cannot teach.
    """
    options = wishes.pop("options", None) or {}
    asked = wishes_of({"target": target, **wishes})
    if private.asked(asked):
        rows = read(source, **options)
        return private.draw(rows, asked.told_by(rows)).plan
    with opening(source, asked, options) as opened:
        drawn, table = draw(opened.data, opened.wishes, opened.fit)
        return replace(drawn, notes=(*drawn.notes, foreseen(drawn, opened.data, table))) if drawn.latency else drawn


def train(
    source: Any,
    target: str = "",
    *,
    test: Any = None,
    limits: str | Sequence[str] = (),
    checks: str | Sequence[str] | None = None,
    journal: str | os.PathLike[str] | None = None,
    resume: bool = False,
    watch: Watch | None = None,
    clock: Clock | None = None,
    options: dict[str, Any] | None = None,
    **wishes: Any,
) -> Model:
    """A model with its assay, within the budget.

    test    : a labelled table of the user's own, measured beside; a file is read with the same options as the source
    limits  : promises such as "quality.auc>=0.8"; see `Model.broken_limits`
    checks  : keys of the checks to run; None runs all of them, () none. Test rows are put to the same ones, and to "quality" at least
    journal : a folder that keeps finished steps; with `resume` those found there are not done again, else they are removed
    wishes  : any field of Wishes: minutes, task, kinds, group, time, weight, drop, seed ...
    """
    asked = wishes_of({"target": target, **wishes})
    clock = asked.clock() if clock is None or asked.trials else clock
    wanted = Wanted(
        test=test,
        limits=parsed(limits),
        checks=checks_named(checks),
        journal=journal,
        resume=resume,
        watch=watch or Watch(),
        options=options or {},
    )
    if private.asked(asked):
        private.more_than_rows(test, checks)
        taught = read(source, **wanted.options)
        return private.train(taught, asked.told_by(taught), wanted.limits, wanted.watch.planned, wanted.watch.price)
    with opening(source, asked, wanted.options) as opened:
        return trained(opened, wanted, clock)


def load(path: str | os.PathLike[str]) -> Model:
    """The model in a .assay file. Raises BundleError; nothing in the file is ever run."""
    return load_bytes(read_bytes(Path(path)), path)


def load_bytes(data: bytes, path: str | os.PathLike[str]) -> Model:
    """The model in the bytes of a .assay file, which `path` names in errors. Raises BundleError."""
    try:
        manifest, box = plain.open_bytes(data)
        if manifest.kind == "model":
            return Model.from_box(box)
    except BundleError as error:
        raise of_file(error, path) from error
    raise refusal(RequestError, "store", "no_model", path=str(path), kind=manifest.kind)


def audit(model: Any, source: Any, limits: str | Sequence[str] = (), **more: Any) -> Model | Audit:
    """The same checks on new labelled data; `.findings` and `.report` of what comes back speak of that data.

    model : a Model, its .assay file, or a model that was made elsewhere: an ONNX or skops file, an address, "module:function", a
        callable; with `target` and what else `assay.foreign.audit` takes
    """
    asked = parsed(limits)
    if not isinstance(model, Model) and is_foreign(model):
        from .foreign.audit import audit as of_foreign

        return of_foreign(model, source, more.pop("target", ""), asked, **more)
    opened = model if isinstance(model, Model) else load(model)
    return opened.audit(source, asked, **more)


def verify(model: Model | str | os.PathLike[str], source: Any, **more: Any) -> Verified:
    """Every claim of a model held against the table that it was learnt from: the same, near, different, or not to be checked here.

    more : options of the reader, `tell(check, place, of how many)`, and `test`, the user's own test rows if it was measured on such

    Raises BundleError, DataError where a column lacks, and RequestError for test rows of a model that was measured on none.
    """
    tell, test = more.pop("tell", None), more.pop("test", None)
    opened = model if isinstance(model, Model) else load(model)
    return verifying.verify(opened, read(source, **more), tell, None if test is None else opened.reading(test, **more))


__all__ = ["Say", "Watch", "audit", "load", "plan", "read", "train"]
