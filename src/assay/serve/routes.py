"""Which roads are there, and which of them does a request take?

A table of routes: literal roads are found by one look, those with names in them by their number of segments. A road that is there for another verb
is told apart from one that is not there at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .http import Route, refused

LONGEST = 2_000  # characters of a path


class Routes:
    """The roads of a server."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.all = tuple(routes)
        self._plain: dict[tuple[str, str], Route] = {}
        self._named: dict[int, list[Route]] = {}
        for route in self.all:
            if "{" in route.path:
                self._named.setdefault(len(route.segments), []).append(route)
            elif (route.method, route.path) in self._plain:
                raise ValueError(f"two handlers for {route.method} {route.path}")
            else:
                self._plain[route.method, route.path] = route

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """The route and what its braces hold. Raises Refused: 404, or 405 with the verbs that are there."""
        asked = "GET" if method == "HEAD" else method
        route = self._plain.get((asked, path))
        if route is not None:
            return route, {}
        if len(path) > LONGEST:
            raise refused(414, "long_path", most=LONGEST)
        found = [
            (route, params)
            for route in self._named.get(path.count("/"), ())
            if (params := _held(route, path)) is not None
        ]
        for route, params in found:
            if route.method == asked:
                return route, params
        verbs = sorted({verb for verb, known in self._plain if known == path} | {route.method for route, _ in found})
        if verbs:
            raise refused(405, "no_verb", headers=((b"allow", ", ".join(verbs).encode()),), verbs=verbs)
        raise refused(404, "no_road")


def _held(route: Route, path: str) -> dict[str, str] | None:
    """What the braces of a route hold of a path; None where it is another road."""
    held = {}
    for own, said in zip(route.segments, path[1:].split("/"), strict=True):
        if own.startswith("{"):
            if not said:
                return None
            held[own[1:-1]] = said
        elif own != said:
            return None
    return held
