"""Which plug-ins are there?

A room's folder is its registry: the file's name is the key, and keys are listed without importing anything. In the
file stands one class (or object) whose `about.key` is that name. Packages from outside join through entry points of
the group `assay.<room>`; they are asked only when the folder lacks the key, so nobody can replace what ships here.
"""

from __future__ import annotations

import functools
import importlib
import importlib.resources
from typing import Any

from .errors import PluginFault
from .hints import unknown
from .need import has


class Shelf:
    """The plug-ins of one room."""

    def __init__(self, room: str) -> None:
        self.room = room

    @functools.cached_property
    def own(self) -> tuple[str, ...]:
        """Keys of the plug-ins that ship with Assay, in alphabetical order; nothing is imported."""
        folder = importlib.resources.files(f"assay.{self.room}")
        names = [f.name.removesuffix(".py") for f in folder.iterdir() if f.name.endswith(".py")]
        return tuple(sorted(name for name in names if not name.startswith("_") and name != "words"))

    @functools.cached_property
    def outside(self) -> dict[str, Any]:
        """Entry points of other packages, by key; those that ship with Assay cannot be replaced."""
        from importlib.metadata import entry_points

        found = entry_points(group=f"assay.{self.room}")
        return {point.name: point for point in found if point.name not in self.own}

    def keys(self) -> tuple[str, ...]:
        """All keys: ours, then those from outside."""
        return self.own + tuple(sorted(self.outside))

    def get(self, key: str) -> Any:
        """The plug-in called `key`. Raises UnknownKey with the closest name."""
        if key in self.own:
            return _plugin_in(importlib.import_module(f"assay.{self.room}.{key}"), key, self.room)
        if key in self.outside:
            plugin = self.outside[key].load()
            if getattr(getattr(plugin, "about", None), "key", None) != key:
                raise PluginFault(f"The entry point '{key}' of assay.{self.room} does not give a plug-in of that key.")
            return plugin
        raise unknown(self.room, key, self.keys())

    def missing(self, key: str) -> tuple[str, ...]:
        """Packages the plug-in needs that are not installed."""
        return tuple(package for package in self.get(key).about.needs if not has(package))

    def ready(self) -> list[Any]:
        """Every plug-in whose packages are installed, in the order their About asks for."""
        plugins = [self.get(key) for key in self.keys() if not self.missing(key)]
        return sorted(plugins, key=lambda plugin: (plugin.about.order, plugin.about.key))


@functools.cache
def shelf(room: str) -> Shelf:
    """The shelf of a room: `shelf("learners").get("boosting")`."""
    return Shelf(room)


@functools.cache
def _plugin_in(module: Any, key: str, room: str) -> Any:
    for value in vars(module).values():
        about = getattr(value, "about", None)
        if getattr(about, "key", None) == key and getattr(value, "__module__", module.__name__) == module.__name__:
            return value
    raise PluginFault(f"assay/{room}/{key}.py holds no plug-in whose about.key is '{key}'.")
