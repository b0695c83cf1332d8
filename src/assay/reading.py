"""Which door is for this source?

The readers' shelf is asked in order; the first that opens the source reads all of it.
"""

from __future__ import annotations

from typing import Any

from .kernel.data import Dataset
from .kernel.errors import DataError
from .kernel.shelf import shelf
from .kernel.words import refusal


def read(source: Any, **options: Any) -> Dataset:
    """A Dataset of raw columns from a path, a URL, a frame, or a Dataset itself. Raises DataError."""
    if isinstance(source, Dataset):
        return source
    room = shelf("readers")
    for plugin in sorted((room.get(key) for key in room.keys()), key=lambda p: p.about.order):
        reader = plugin() if isinstance(plugin, type) else plugin
        if reader.opens(source):
            found: Dataset = reader.read(source, **options)
            return found
    raise refusal(DataError, "readers", "no_door", kind=type(source).__name__)
