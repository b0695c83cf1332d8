"""What of a model stands in its file?

The parts of a model as a box of plain values and arrays, and back; every part checks itself, and one that does not fit the others is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .answers.opened import empty_table
from .kernel.box import Box
from .kernel.errors import BundleInvalid, RequestError
from .kernel.findings import Finding, Trial, to_plain
from .kernel.plan import Plan
from .kernel.plugins import Codec, task_of
from .kernel.words import refusal
from .kernel.written_orders import words_in
from .report import statements
from .search.ensemble import Ensemble
from .stats import promises
from .stats.conformal import ClassSets
from .stats.group_thresholds import GroupThresholds
from .stats.profile import Profile
from .stats.reference import Reference

if TYPE_CHECKING:
    from .model import Model


def box_of(model: Model, examples: bool) -> Box:
    """Everything a file needs, and the figures that show single rows where they are asked for."""
    box = Box("model")
    conformal = {"classes": isinstance(model.conformal, ClassSets)}  # what older releases tell them apart by
    box.put(plan=model.plan.to_json(), labels=list(model.codec.labels), conformal=conformal, card=to_plain(model.card))
    asked, tested = ([f if examples else f.without_rows() for f in found] for found in (model.findings, model.tested))
    box.put(ledger=[to_plain(t) for t in model.ledger], findings=[f.to_json() for f in asked])
    box.put(tested=[f.to_json() for f in tested])
    if len(model.codec.labels) == 2:
        box.put(event=model.codec.event)
    if model.codec.scale:
        box.put_array("scale", np.asarray(model.codec.scale))
    inner = box.add("conformal")
    promises.put(model.conformal, inner)
    inner.put_array("constant", model.constant)
    model.ensemble.dump(box.add("ensemble"))
    if model.profile is not None:
        model.profile.dump(box.add("profile"))
    if model.reference is not None:
        model.reference.dump(box.add("reference"))
    if model.thresholds is not None:
        model.thresholds.dump(box.add("thresholds"))
    if model.statements:
        statements.dump(model.statements, box.add("statements"))
    return box


def parts_of(box: Box) -> Mapping[str, Any]:
    """The fields of the model in a box. Raises BundleError."""
    try:
        plan = Plan.from_json(box.mapping("plan"))
        ledger = tuple(Trial.from_json(row) for row in box.rows("ledger"))
        findings = tuple(Finding.from_json(row) for row in box.rows("findings"))
        tested = tuple(Finding.from_json(row) for row in box.rows("tested"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise refusal(BundleInvalid, "store", "no_sense", error=str(error)) from error
    try:
        task = task_of(plan.task)
    except RequestError as error:
        raise refusal(BundleInvalid, "store", "no_task", task=plan.task) from error
    empty = empty_table(plan)
    ensemble = Ensemble.load(box.box("ensemble"), empty)
    inner, labels = box.box("conformal"), tuple(box.texts("labels"))
    return {
        "plan": plan,
        "codec": Codec(
            labels=labels,
            **_grades(box, plan) if task.about.graded else {},
            most=ensemble.head.most,
            event=box.whole("event", 0, 1) if "event" in box.values else 1,
        ).costing(plan.costs),
        "ensemble": ensemble,
        "conformal": promises.load(inner, ensemble.head, len(labels)),
        "constant": inner.array("constant", np.float64, (ensemble.head.width,)),
        "ledger": ledger,
        "findings": findings,
        "tested": tested,
        "card": box.mapping("card"),
        "profile": Profile.load(box.box("profile"), empty) if "profile" in box.inner else None,
        "reference": Reference.load(box.box("reference"), ensemble.parts) if "reference" in box.inner else None,
        "thresholds": _thresholds(box, plan, labels) if "thresholds" in box.inner else None,
        "statements": statements.load(box.box("statements")) if "statements" in box.inner else (),
    }


def _thresholds(box: Box, plan: Plan, labels: Sequence[str]) -> GroupThresholds:
    """The thresholds of groups, of a column that the plan knows. Raises BundleInvalid."""
    found = GroupThresholds.load(box.box("thresholds"))
    if found.column not in {column.name for column in plan.needed} or len(labels) != 2:
        raise box.refuse(f"'thresholds' are of '{found.column[:60]}', which the plan does not ask for")
    return found


def _grades(box: Box, plan: Plan) -> dict[str, Any]:
    """The grades in order, and their names where they are words. Raises BundleInvalid."""
    found, names = box.array("scale", np.float64, (None,)), words_in(plan.column(plan.target).kind)
    if len(found) < 2 or not (np.diff(found) > 0).all():
        raise box.refuse("'scale' is not grades in order")
    if names and len(names) != len(found):
        raise box.refuse(f"'scale' has {len(found)} grades, the plan {len(names)} words for them")
    return {"scale": tuple(found.tolist()), "names": names}
