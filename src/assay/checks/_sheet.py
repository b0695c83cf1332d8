"""How do rows look, where a column holds what people would rather look at than read?"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from assay.kernel.data import Ints
from assay.kernel.findings import Figure
from assay.kernel.plugins import Evidence, ShowsCells, modality_of
from assay.kernel.words import Say


def contact_sheet(evidence: Evidence, order: Ints, title: Say, said: Sequence[Say]) -> list[Figure]:
    """A figure of the pictures of some rows for each column that holds pictures; `order` are places among the measured rows."""
    found = []
    for column in evidence.data:
        if column.role != "feature" or not isinstance(modality := modality_of(column.kind), ShowsCells):
            continue
        seen = zip(modality.thumbnails(column.take(order)), said, strict=True)
        sheet = [{"jpeg": base64.b64encode(jpeg).decode(), "say": say} for jpeg, say in seen if jpeg is not None]
        if sheet:
            found.append(Figure(kind="pictures", title=title, data={"pictures": sheet}))
    return found
