"""What does every plug-in promise, on whichever shelf?"""

from __future__ import annotations

import dataclasses
import functools
import string
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from ..kernel.errors import MissingPackage
from ..kernel.need import has
from ..kernel.plugins import About
from ..kernel.shelf import shelf
from ..kernel.words import LANGUAGES, SHELF_ROOMS
from .contract import Contract, demand

HEAVY = ("lightgbm", "scipy", "pyarrow", "pandas", "polars", "sklearn", "torch", "openpyxl", "statsmodels", "interpret")
STATELESS = ("readers",)  # rooms whose plug-ins need not be dataclasses, as long as they keep nothing


def contracts(room: str, plugin: Any) -> list[Contract]:
    """The contracts that hold in every room."""
    tests = (
        ("has an About with a key", lambda: has_about(plugin)),
        ("speaks English and Chinese", lambda: speaks(plugin)),
        ("says the same in both languages", lambda: says_the_same(plugin)),
        ("is frozen", lambda: is_frozen(room, plugin)),
        ("imports nothing heavy", lambda: imports_lightly(plugin)),
        ("names packages that can be looked for", lambda: names_packages(plugin)),
    )
    return [Contract(room, getattr(getattr(plugin, "about", None), "key", "?"), name, test) for name, test in tests]


def has_about(plugin: Any) -> None:
    """`about` is an About of the class; its key is the file's name where the file is ours."""
    about = getattr(plugin, "about", None)
    demand(isinstance(about, About), f"{plugin!r} has no `about` that is an About")
    key = about.key  # type: ignore[union-attr]
    demand(key.isidentifier() and key == key.lower(), f"the key {key!r} is no lower-case name")
    if plugin.__module__.startswith("assay."):
        file = plugin.__module__.rpartition(".")[2]
        demand(key == file, f"the key is {key!r} but the file is {file}.py")


def speaks(plugin: Any) -> None:
    """A title in both languages, and no sentence empty."""
    for lang in LANGUAGES:
        words = plugin.about.words.get(lang, {})
        demand(words.get("title"), f"there is no title in '{lang}'")
        empty = [key for key, text in words.items() if not str(text).strip()]
        demand(not empty, f"empty sentences in '{lang}': {empty}")


def says_the_same(plugin: Any) -> None:
    """The same keys in both languages, with the same placeholders."""
    first, *others = (plugin.about.words.get(lang, {}) for lang in LANGUAGES)
    for words in others:
        demand(set(first) == set(words), f"keys differ: {sorted(set(first) ^ set(words))}")
        differ = [key for key in first if placeholders(first[key]) != placeholders(words[key])]
        demand(not differ, f"placeholders differ in {differ}")


def placeholders(template: str) -> set[str]:
    """The names a template asks for.

    >>> sorted(placeholders("{share:%} of {n} rows"))
    ['n', 'share']
    """
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def is_frozen(room: str, plugin: Any) -> None:
    """A frozen dataclass; a reader may be a plain class that keeps nothing."""
    if dataclasses.is_dataclass(plugin):
        demand(plugin.__dataclass_params__.frozen, "it is a dataclass but not a frozen one")  # type: ignore[union-attr]
        return
    demand(room in STATELESS, "it is no frozen dataclass")
    kept: Mapping[str, Any] = vars(plugin() if isinstance(plugin, type) else plugin)
    demand(not kept, f"it keeps {sorted(kept)}")


def imports_lightly(plugin: Any) -> None:
    """Importing its file loads no heavy package; they are imported where they are used."""
    module = plugin.__module__
    ours = _ours()
    loaded = frozenset() if module in ours and _loaded_by(ours) == frozenset() else _loaded_by((module,)) or frozenset()
    demand(not loaded, f"importing {module} loads {sorted(loaded)}")


@functools.cache
def _ours() -> tuple[str, ...]:
    """Modules of the plug-ins that come with the house: where all at once load nothing heavy, none does."""
    return tuple(
        f"assay.{room}.{key}" for room in SHELF_ROOMS for key in shelf(room).own if not shelf(room).missing(key)
    )


@functools.cache
def _loaded_by(modules: tuple[str, ...]) -> frozenset[str] | None:
    """Heavy packages that a new process has loaded after importing some modules; None where it could not import them."""
    code = f"import sys, importlib; [importlib.import_module(m) for m in {modules!r}]; "
    code += "print(*(m.partition('.')[0] for m in sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if said.returncode:  # a module of a test, say, that only this process can import: nothing can be said of it
        return None
    return frozenset(said.stdout.split()) & frozenset(HEAVY)


def names_packages(plugin: Any) -> None:
    """`needs` are names of packages, and where there are any, the About says which extra installs them or none."""
    for package in plugin.about.needs:
        try:
            has(package)
        except (ValueError, ImportError, MissingPackage) as error:
            demand(False, f"'{package}' is no name of a package: {error}")
