"""Are rows drawn so that every group is there, and does it end where that cannot be had?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from assay.checks._gaps import Cut, Unit
from assay.checks._mended import ROUNDS, draws_of, prices
from assay.kernel.plugins import Codec


def test_every_draw_holds_every_group() -> None:
    code = np.repeat([0, 1], [5, 200])
    draws = draws_of(None, code, np.random.default_rng(0))
    assert len(draws) == ROUNDS
    assert all(set(code[some]) == {0, 1} for some in draws)


def test_many_groups_of_one_block_each_do_not_hold_up_the_check() -> None:
    code = np.repeat(np.arange(40), 30)  # each a block of its own: hardly a draw holds all
    assert len(draws_of(code, code, np.random.default_rng(0))) < ROUNDS


def test_of_one_group_there_is_no_price() -> None:
    n = 60
    unit = Unit("yes", np.zeros(n, dtype=bool), np.full(n, 0.4), np.zeros(n, dtype=bool))
    before = np.zeros((n, 1))
    evidence: Any = SimpleNamespace(
        before=before,
        chosen=None,
        codec=Codec(labels=("no", "yes")),
        task=SimpleNamespace(answers=lambda s: np.hstack([s, s])),
        seed=0,
    )
    for code in (np.full(n, -1), np.zeros(n, dtype=np.int64)):
        assert prices(Cut("sex", code, (), (), False), unit, None, evidence) == []
