"""Has every measure that a check of ours can emit a name in both languages, also those that only a fault brings out?"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

import pytest

from assay.kernel.findings import Measure
from assay.kernel.shelf import shelf
from assay.kernel.words import LANGUAGES

MAKERS = ("Measure", "_measure", "_mean")  # the class, and the helpers by which our checks make it


def texts(node: ast.expr | None) -> Iterator[str]:
    """Every string that an expression of a name may be, the part in braces left open."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(v.value if isinstance(v, ast.Constant) else "*" for v in node.values)


def emitted(key: str) -> set[str]:
    """Keys of the measures that are spelled out in a check's file."""
    tree = ast.parse(inspect.getsource(inspect.getmodule(shelf("checks").get(key))))  # type: ignore[arg-type]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS:
            named = {k.arg: k.value for k in node.keywords}.get("name", node.args[0] if node.args else None)
            found |= {Measure(name=text, value=0.0).key for text in texts(named)}
    return found


@pytest.mark.parametrize("key", shelf("checks").own)
def test_every_measure_that_can_be_emitted_has_a_name(key: str) -> None:
    words = shelf("checks").get(key).about.words
    for lang in LANGUAGES:
        assert not [name for name in emitted(key) if not words[lang].get(f"measure.{name}", "").strip()]


def test_the_measures_of_the_source_are_found() -> None:
    assert emitted("leakage") >= {"strongest_alone", "pure_levels", "forward_rise"}
    assert emitted("calibration") >= {"ece", "calibration_rmse", "spiegelhalter_z"}
    assert emitted("reasons") >= {"pull"}
    assert sum(len(emitted(key)) for key in shelf("checks").own) > 35
