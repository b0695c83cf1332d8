"""What do mistakes cost, where those of one class cost more than those of another?

What is learnt stays the same, and so do probabilities, which are calibrated: what a mistake costs decides which class they are answered
with (Elkan 2001, "The foundations of cost-sensitive learning"). A class that was not named costs 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.kernel.data import plain_number
from assay.kernel.errors import RequestError, Sentences
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.plugins import Codec, Task
from assay.kernel.words import Say, refusal

from .wishes import Wishes

SHOWN = 30  # classes that are named


def costs(wishes: Wishes, task: Task, codec: Codec) -> dict[str, float]:
    """What another answer costs where each of some classes is true. Raises RequestError that tells all that stands against it."""
    if not wishes.costs:
        return {}
    wrong: list[Say] = []
    hints: list[Say | str] = []

    def against(key: str, **values: Any) -> None:
        wrong.append(Say("planning", f"costs.{key}", values))

    if task.head(codec).name != "classes":
        against("no_classes", target=wishes.target, task=task.about.say("tasks", "title"))
    elif strange := [label for label in wishes.costs if label not in codec.labels]:
        against("no_class", target=wishes.target, names=strange, known=listing(codec.labels, SHOWN))
        hints += [did_you_mean(label, codec.labels) or "" for label in strange]
    if "thresholds" in wishes.mitigate.values():
        against("thresholds")
    if wrong:
        do = Sentences([*hints, Say("planning", "costs.do")])
        raise refusal(RequestError, "planning", "costs", wrong=wrong, do=do)
    return dict(wishes.costs)


def cost_notes(found: Mapping[str, float], codec: Codec) -> list[Say]:
    """From which probability on one of two classes is answered; of more, what each costs."""
    if not found:
        return []
    costs = codec.costing(found).costs
    if len(costs) > 2:
        told = [Say("planning", "costs.one", {"label": label, "cost": plain_number(c)}) for label, c in found.items()]
        return [Say("planning", "note.costs", {"told": told})]
    dear = int(costs[1] >= costs[0])
    (label, cost), (other, less) = ((codec.labels[k], costs[k]) for k in (dear, 1 - dear))
    said = {"label": label, "cost": plain_number(cost), "other": other, "less": plain_number(less)}
    return [Say("planning", "note.costs_two", said | {"from": less / (cost + less)})]
