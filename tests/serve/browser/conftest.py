"""What do the tests of the page need? Two small models, a server on loopback that ends by itself, and a browser that reports whatever a policy would not allow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.model import Model
from assay.serve.server import address_of, application, bind, config
from assay.serve.settings import Settings

N = 160
BAD_LEVEL = "<img src=x onerror=window.caught=1>"  # a level that would run, were it read as HTML
FAST: dict[str, Any] = {"learners": ("linear",), "folds": 3, "trials": 1, "checks": ()}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TOKEN = "a-token-of-the-tests-0123456789"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class World:
    """The served models, where they lie, and the table that they learnt from."""

    folder: Path
    loans: Model
    prices: Model
    rows: dict[str, list[Any]]
    bad_level: str = BAD_LEVEL
    token: str = TOKEN


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    rng = np.random.default_rng(7)
    rows: dict[str, list[Any]] = {
        "age": rng.integers(18, 76, N).tolist(),
        "income": rng.lognormal(8, 0.5, N).round(0).tolist(),
        "purpose": rng.choice(["car", "house", BAD_LEVEL], N).tolist(),
        "town": rng.choice([f"town {k}" for k in range(14)], N).tolist(),
        "opened": [str(np.datetime64("2020-01-01") + int(day)) for day in rng.integers(900, size=N)],
        "owner": rng.choice(["yes", "no"], N).tolist(),
    }
    worth = (np.asarray(rows["age"]) - 45) / 12 + (np.asarray(rows["purpose"]) == "house") + rng.normal(0, 0.5, N)
    repaid = np.where(worth > 0.2, "repaid", "lost").tolist()
    folder = tmp_path_factory.mktemp("models")
    loans = assay.train({**rows, "loan": repaid}, "loan", **FAST)
    prices = assay.train({**rows, "price": (2000 + 500 * worth).round(2).tolist()}, "price", **FAST)
    loans.save(folder / "loans.assay")
    prices.save(folder / "prices.assay")
    return World(folder, loans, prices, rows)


@contextmanager
def serving(**settings: Any) -> Iterator[str]:
    """The address of a server that runs until the block ends."""
    import uvicorn

    chosen = Settings(port=0, **settings)
    bound = bind(chosen)
    server = uvicorn.Server(config(chosen, application(chosen)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        yield address_of(chosen, bound)
    finally:
        server.should_exit = True
        thread.join(10)
        bound.close()


@pytest.fixture(scope="session")
def address(world: World) -> Iterator[str]:
    with serving(models=(str(world.folder),), default="loans") as found:
        yield found


@pytest.fixture(scope="session")
def guarded(world: World) -> Iterator[str]:
    """A server that asks for a token."""
    with serving(models=(str(world.folder / "loans.assay"),), tokens=(TOKEN,)) as found:
        yield found


@dataclass
class Seen:
    """What no page may do: said on the console, thrown, asked of other hosts, refused by the policy."""

    address: str
    console: list[str] = field(default_factory=list)
    thrown: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    allowed: tuple[str, ...] = ()

    def listen(self, page: Any) -> None:
        page.on(
            "console",
            lambda said: (
                said.type in ("error", "warning") and self.console.append(f"{said.text} {said.location.get('url', '')}")
            ),
        )
        page.on("pageerror", lambda error: self.thrown.append(str(error)))
        page.on("request", lambda asked: self._own(asked.url) or self.elsewhere.append(asked.url))

    def _own(self, url: str) -> bool:
        return url.startswith((self.address + "/", "data:", "blob:" + self.address))

    def faults(self) -> list[str]:
        loud = [said for said in self.console if not any(part in said for part in self.allowed)]
        return [*loud, *self.thrown, *self.elsewhere]


Opening = Callable[..., Any]
WATCH = "window.violations = []; addEventListener('securitypolicyviolation', (e) => window.violations.push(e.violatedDirective + ' ' + e.blockedURI));"


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Opening]:
    """Opens the page at a path; when the test ends, it must have done nothing that it may not do."""
    pages: list[tuple[Any, Seen]] = []

    def open_at(path: str = "/", *, at: str = address, wide: int = 1280, high: int = 900, scheme: Any = "light", locale: str = "en-GB", allowed: tuple[str, ...] = (), ready: str = "main .card") -> Any:  # fmt: skip
        context = browser.new_context(viewport={"width": wide, "height": high}, color_scheme=scheme, locale=locale)
        context.set_default_timeout(15_000)
        context.add_init_script(WATCH)
        page, seen = context.new_page(), Seen(at, allowed=allowed)
        seen.listen(page)
        pages.append((page, seen))
        page.goto(at + path)
        page.locator(ready).first.wait_for()
        return page

    yield open_at
    for page, seen in pages:
        violations, caught = page.evaluate("[window.violations, window.caught ?? null]")
        page.context.close()
        assert seen.faults() == []
        assert violations == []
        assert caught is None
