"""Is a client that does not read its answer given up, and one that reads slowly not?"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from assay.serve.protocol import Bounded


class Loop:
    """Runs what is called later at once, as often as a test says."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def call_later(self, seconds: float, function: Any, *arguments: Any) -> None:
        """Remember it."""
        self.waiting.append(lambda: function(*arguments))


class Transport:
    """A buffer from which a client takes some bytes each time that it is looked at."""

    def __init__(self, sizes: list[int]) -> None:
        self.sizes, self.aborted = sizes, False

    def get_write_buffer_size(self) -> int:
        """What lies ready."""
        return self.sizes.pop(0)

    def abort(self) -> None:
        """The connection is cut."""
        self.aborted = True


@pytest.mark.parametrize(
    ("sizes", "cut"), [([900, 900], True), ([900, 500, 100, 0], False), ([900, 500, 500], True), ([900, 0], False)]
)
def test_who_takes_nothing_is_given_up(sizes: list[int], cut: bool) -> None:
    loop, transport = Loop(), Transport(sizes)
    one = cast(Any, SimpleNamespace(loop=loop, transport=transport, seconds=1.0))
    one._unread = lambda before: Bounded._unread(one, before)
    Bounded._unread(one, sizes[0] + 1)
    while loop.waiting:
        loop.waiting.pop()()
    assert transport.aborted is cut
