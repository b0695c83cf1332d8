"""Do products of matrices keep to one thread where they are told to, and get back what they had?"""

from __future__ import annotations

from typing import Any

import scipy.optimize  # noqa: F401  brings a library of its own
from threadpoolctl import threadpool_info, threadpool_limits

from assay.kernel.threads import one_thread_for_products


def used() -> set[Any]:
    """Threads of every library of products."""
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_products_use_one_thread_within_and_as_many_as_before_after_the_last_has_left() -> None:
    with threadpool_limits(2, user_api="blas"):
        with one_thread_for_products():
            with one_thread_for_products():
                assert used() == {1}
            assert used() == {1}
        assert used() == {2}
