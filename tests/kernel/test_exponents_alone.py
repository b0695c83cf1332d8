"""Is an exponent without a number before it left alone?"""

from __future__ import annotations

import math

import pytest

from assay.kernel.written_numbers import written_number


@pytest.mark.parametrize("variant", ["", "comma", "unit:kg"])
@pytest.mark.parametrize("text", ["E25", "e-300", "E-90", ".e5", "-E25"])
def test_an_exponent_alone_is_a_name(text: str, variant: str) -> None:
    assert math.isnan(written_number(text, variant))


def test_numbers_with_exponents_are_read_still() -> None:
    assert written_number("$1.5e3") == 1500.0
    assert written_number("1,5e3", "comma") == 1500.0
