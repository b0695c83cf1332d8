"""Does a plug-in keep what its shelf promises?

The contracts of every shelf, run over our own plug-ins in our tests, and meant for the authors of others. What is asked
is chosen by what the plug-in's About declares (`takes`, `gives`, `readable`, `order`), never by its key. In the tests of
an outside package:

    from assay.testing import check_learner
    from my_package import Nearest

    def test_nearest_keeps_its_promises():
        check_learner(Nearest)

Each `check_...` runs every contract and raises one ContractBroken that tells all that are broken. To see them one by one
(as pytest parameters, say), use `contracts_of` and `check_all`; the latter goes over every plug-in on every shelf, those
that joined by entry points among them.

>>> from assay.kernel.shelf import shelf
>>> check_learner(shelf("learners").get("constant"))
>>> len(contracts_of("learners", shelf("learners").get("constant"))) > 30
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..kernel.data import Column
from ..kernel.shelf import shelf
from . import everywhere, of_checks, of_learners, of_modalities, of_readers, of_tasks
from .contract import Contract, ContractBroken, run_all

ROOMS = ("readers", "modalities", "tasks", "learners", "checks")


def contracts_of(room: str, plugin: Any, examples: Any = None) -> list[Contract]:
    """Every contract that applies to a plug-in of a room, ready to run.

    examples : what the plug-in should recognise as its own, where our examples are not for it; raw columns for a
               modality, a raw target for a task, a source for a reader
    """
    own: Callable[[], list[Contract]] = {
        "learners": lambda: of_learners.contracts(plugin),
        "modalities": lambda: of_modalities.contracts(plugin, examples),
        "tasks": lambda: of_tasks.contracts(plugin, examples),
        "readers": lambda: of_readers.contracts(plugin, examples),
        "checks": lambda: of_checks.contracts(plugin),
    }[room]
    return [*everywhere.contracts(room, plugin), *own()]


def check_learner(plugin: Any) -> None:
    """Every contract of a learner. Raises ContractBroken."""
    run_all(contracts_of("learners", plugin))


def check_modality(plugin: Any, examples: list[Column] | None = None) -> None:
    """Every contract of a modality; `examples` are raw columns it should recognise. Raises ContractBroken."""
    run_all(contracts_of("modalities", plugin, examples))


def check_task(plugin: Any, example: Column | None = None) -> None:
    """Every contract of a task; `example` is a raw target it should recognise. Raises ContractBroken."""
    run_all(contracts_of("tasks", plugin, example))


def check_reader(plugin: Any, source: Any = None) -> None:
    """Every contract of a reader; `source` is something it should open. Raises ContractBroken."""
    run_all(contracts_of("readers", plugin, source))


def check_check(plugin: Any) -> None:
    """Every contract of a check. Raises ContractBroken."""
    run_all(contracts_of("checks", plugin))


def check_all(rooms: tuple[str, ...] = ROOMS) -> Iterator[Contract]:
    """The contracts of every plug-in whose packages are installed, on every shelf; nothing is run yet."""
    for room in rooms:
        for plugin in shelf(room).ready():
            yield from contracts_of(room, plugin)


__all__ = [
    "Contract",
    "ContractBroken",
    "check_all",
    "check_check",
    "check_learner",
    "check_modality",
    "check_reader",
    "check_task",
    "contracts_of",
]
