"""What do tests of several rooms share: a browser, where there is one, garbage looked for among few things, products on one thread."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# Tests run side by side, on small tables. Each process would have its products shared out among all cores, and threads that wait
# for one another spin meanwhile: a training of 240 rows took twice the time of the processor, a kernel machine ten times and more.
# Read when numpy is loaded, here and in the processes that tests start. Whoever says otherwise is heeded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


# Each training looks for garbage, a time or three. A process that has collected all our tests holds a million things that
# stay, and going through them took half a second each time: more than many a training.
@pytest.fixture(scope="module", autouse=True)
def what_stays_is_passed_over() -> Iterator[None]:
    """What is there before the tests of a module is no garbage of theirs; what they leave is, of the next one's."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


# The browser lives no longer than a module: its event loop would be in the way of tests that run one of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (pip install 'assay[dev]')"
    )
    path = os.environ.get("ASSAY_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("there is no Chromium (apt install chromium, or set ASSAY_CHROMIUM to its path)")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()
