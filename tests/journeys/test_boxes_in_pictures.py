"""Are blood cells, annotated as Pascal VOC's are, read as they were published?"""

from __future__ import annotations

import pytest

from assay.reading import read

pytestmark = pytest.mark.journey


def test_blood_cells_are_read_as_published(real):
    data = read(real("medical_bccd/LICENSE").parent)
    assert (data.rows, data.names) == (364, ("picture", "boxes", "split"))
    assert data.source.details["labels"] == {"RBC": 4153, "WBC": 372, "Platelets": 361}
    assert data.source.details["parts"] == {"test": 72, "train": 205, "validation": 87}
    assert data.source.details["met"] == {"flat": 2}
    assert data.source.details["met_names"]["flat"] == [f"JPEGImages/BloodImage_00{n}.jpg" for n in (338, 343)]
