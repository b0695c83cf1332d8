"""Does every package that pyproject.toml asks for say from which version on, and is each of those versions tried somewhere?"""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def lowest() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "lowest"), run_name="lowest")


def test_every_package_has_a_lower_bound(lowest: dict[str, Any]) -> None:
    written = [r for extra in lowest["bounds"]().values() for r in extra if not r.startswith("assay[")]
    assert "numpy" in {lowest["name_of"](r) for r in written}
    for requirement in written:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?>=\d+(\.\d+)*(,<\d+(\.\d+)*)?(; .+)?$", requirement), requirement


def test_a_package_named_twice_has_one_bound(lowest: dict[str, Any]) -> None:
    bounds: dict[str, set[str]] = {}
    for requirement in (r for extra in lowest["bounds"]().values() for r in extra if not r.startswith("assay[")):
        bounds.setdefault(lowest["name_of"](requirement), set()).add(requirement)
    assert {name: found for name, found in bounds.items() if len(found) > 1} == {}


def test_every_extra_is_tried_at_its_bounds(lowest: dict[str, Any]) -> None:
    tried = {extra for extras, _, _ in lowest["PARTS"].values() for extra in extras}
    assert tried == set(lowest["bounds"]()) - {"", "dev"}


def test_what_is_tried_is_there(lowest: dict[str, Any]) -> None:
    known = {lowest["name_of"](r) for r in lowest["bounds"]()["dev"]}
    for part, (_, besides, tests) in lowest["PARTS"].items():
        assert set(besides) <= known, part
        for path in tests:
            assert (ROOT / path.removeprefix("--ignore=")).exists(), f"{part}: {path}"


def test_the_lowest_is_what_is_written(lowest: dict[str, Any]) -> None:
    floors = [r.replace(">=", "==") for r in lowest["bounds"]()[""]]
    assert set(floors) <= set(lowest["oldest"]("core"))
    assert [r for r in lowest["oldest"]("nets") if r.startswith("torch")] == [lowest["pinned"]()["torch"]]
    assert all("==" in r for part in lowest["PARTS"] for r in lowest["oldest"](part))
