"""What is said of a cell that does not read as its column's kind, and of many that read alike in another way?

The note is that of the cell alone: a file whose dates are all written in another order is told by counting such notes.
"""

from __future__ import annotations

from assay.kernel.plugins import KnowsMisfits, Modality
from assay.kernel.words import Say


def misfit(modality: Modality, name: str, text: str) -> Say:
    """The note of one cell."""
    key = modality.misfit(text) if isinstance(modality, KnowsMisfits) else ""
    kind = Say(f"modalities/{modality.about.key}", key or "title")
    return Say("answers", "misfit", {"name": name, "kind": kind, "value": text})


def sort_of(note: Say) -> str:
    """By which notes of one column are counted that know what their cells are instead; "" for others."""
    kind = note.values.get("kind") if (note.owner, note.key) == ("answers", "misfit") else None
    known = isinstance(kind, Say) and kind.key != "title"
    return f"{kind.owner}/{kind.key}={note.values['name']}" if isinstance(kind, Say) and known else ""


def counted(sort: str, n: int) -> Say:
    """The sentence on the rows of a sort."""
    place, _, name = sort.partition("=")
    owner, _, key = place.rpartition("/")
    return Say(owner, f"{key}_count", {"name": name, "n": n})
