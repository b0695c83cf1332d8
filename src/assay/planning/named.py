"""Which learner does a person mean who names one?

A learner has its key, and names that the field has for it (`About.also`): LightGBM is "boosting", RealMLP "perceptron". The plan lists
candidates by names of their own, "forest random" among them; each can be asked for as it stands there, and forests by what the field
calls them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from assay.kernel.shelf import shelf

FORESTS: Mapping[str, str] = MappingProxyType({"extra_trees": "forest random", "random_forest": "forest"})


def other_names() -> tuple[str, ...]:
    """What learners are called in the field, beside their keys."""
    room = shelf("learners")
    return (*FORESTS, *(name for key in room.own for name in room.get(key).about.also))


def learner_named(asked: str, candidates: Mapping[str, str]) -> str:
    """The key of a learner, or the name of one of the `candidates`, that is meant; what means none stays as it is.

    >>> learner_named("LightGBM", {}), learner_named("Extra Trees", {"forest random": "boosting"}), learner_named("riddle", {})
    ('boosting', 'forest random', 'riddle')
    """
    room = shelf("learners")
    if asked in room.keys() or asked in candidates:
        return asked
    folded = asked.strip().casefold().replace("-", "_").replace(" ", "_")
    if FORESTS.get(folded) in candidates:
        return FORESTS[folded]
    meant = [key for key in room.own if folded == key or folded in room.get(key).about.also]
    return meant[0] if len(meant) == 1 else asked
