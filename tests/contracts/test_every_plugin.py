"""Does every plug-in on every shelf keep what its shelf promises?

Ours and those that joined by entry points. The contracts themselves are tried in test_the_contracts.py, on plug-ins that
are broken on purpose.
"""

from __future__ import annotations

import pytest

from assay.kernel.shelf import shelf
from assay.testing import ROOMS, Contract, check_all

CONTRACTS = list(check_all())


@pytest.mark.parametrize("contract", CONTRACTS, ids=str)
@pytest.mark.filterwarnings("error")
def test_every_plugin_keeps_its_contract(contract: Contract) -> None:
    contract()


def test_no_plugin_is_passed_over() -> None:
    asked = {(c.room, c.key) for c in CONTRACTS}
    there = {(room, key) for room in ROOMS for key in shelf(room).keys() if not shelf(room).missing(key)}
    assert asked == there
