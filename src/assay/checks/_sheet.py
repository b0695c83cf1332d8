"""How do rows look, where a column holds what people would rather look at than read?"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from assay.kernel.data import Column, Ints
from assay.kernel.findings import Figure
from assay.kernel.plugins import Evidence, ShowsCells, modality_of
from assay.kernel.words import Say


def contact_sheet(evidence: Evidence, order: Ints, title: Say, said: Sequence[Say]) -> list[Figure]:
    """A figure of the pictures of some rows for each column that holds pictures; `order` are places among the measured rows."""
    features = [column for column in evidence.data if column.role == "feature"]
    return [figure for column in features for figure in pictures_of(column.take(order), title, said)]


def pictures_of(column: Column, title: Say, said: Sequence[Say]) -> list[Figure]:
    """A figure of the cells of a column, if they are pictures and one at least is to be seen; one sentence for each cell."""
    if not isinstance(modality := modality_of(column.kind), ShowsCells):
        return []
    seen = zip(modality.thumbnails(column), said, strict=True)
    sheet = [{"jpeg": base64.b64encode(jpeg).decode(), "say": say} for jpeg, say in seen if jpeg is not None]
    return [Figure(kind="pictures", title=title, data={"pictures": sheet}, rows=True)] if sheet else []
