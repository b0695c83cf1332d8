"""How is arithmetic written down, so that another program can do it?

A Graph records constants and nodes in the words of ONNX, and imports nothing. Whatever knows how to answer in numpy may also
know how to write its answer down: an optional method `graph(graph, x)` of encoders and fitted learners (kernel/plugins/learners.py).
All numbers are float64, but for what is made of pixels: networks that look at pictures answer in single precision, here as there.
Names are given in order, so the same model gives the same graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats, Ints
from ..pictures.difference import SAME

TREES = "ai.onnx.ml"  # the domain of tables of strings and of trees


@dataclass(frozen=True)
class Node:
    """One operation: what goes in, what comes out."""

    operation: str
    inputs: tuple[str, ...]
    output: str
    domain: str
    attributes: dict[str, Any]
    more: tuple[str, ...] = ()  # what comes out beside


@dataclass(frozen=True)
class Body:
    """What a loop does each time: nodes, which may look at what stands around them, what they are given and what they give, by name."""

    nodes: list[Node]
    inputs: dict[str, tuple[str, tuple[int | str, ...]]]  # kind and dimensions
    outputs: dict[str, tuple[str, tuple[int | str, ...]]]


@dataclass(frozen=True)
class Rectangle:
    """How a picture is given whole: no side of more than `longer` pixels, then in the middle of width x height, its aspect kept.

    The pictures of several data columns lie one over the other, three channels each.
    """

    parts: tuple[str, ...]
    longer: int
    width: int
    height: int


@dataclass
class Graph:
    """Nodes in the order in which they can be done, and constants by name."""

    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)
    known: dict[tuple[str, tuple[int, ...], bytes], str] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()  # names of inputs and outputs, which nothing else may bear
    owners: tuple[str, ...] = ()  # [d] the data column that each column of the features x was made of
    pictures: dict[tuple[str, int], str] = field(default_factory=dict)  # input of each data column and side asked for
    # What was read of an input (onnx_graph/texts.py).
    texts: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)  # input that says of which rows there is a picture, a column
    # Columns of references, and the column that each is held against.
    refers: dict[str, str] = field(default_factory=dict)
    # Input of each way in which a picture is given whole.
    rectangles: dict[Rectangle, str] = field(default_factory=dict)
    sized: dict[str, str] = field(default_factory=dict)  # input that says how large the picture of a data column is
    stem: str = ""  # what the names of nodes begin with, in the body of a loop

    def constant(self, value: Any) -> str:
        """The name of an array; float64 unless it holds whole numbers. The same array has one name."""
        array = np.asarray(value)
        return self.kept(array.astype(np.int64 if array.dtype.kind in "iu" else np.float64))

    def kept(self, value: NDArray[Any]) -> str:
        """The name of an array in its own type. The same array has one name."""
        array = np.ascontiguousarray(value).reshape(value.shape)
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self.known:
            self.known[key] = self._free(f"constant_{len(self.constants)}")
            self.constants[self.known[key]] = array
        return self.known[key]

    def single(self, value: Any) -> str:
        """The name of numbers in single precision; what rests as halves is halves in the file, too."""
        array = np.asarray(value)
        if array.dtype == np.float16:
            return self.node("Cast", self.kept(array), to="float")
        return self.kept(array.astype(np.float32))

    def double(self, value: Any) -> str:
        """The name of numbers in double precision; what rests as halves, or singly, does so in the file, too."""
        array = np.asarray(value)
        if array.dtype in (np.float16, np.float32):
            return self.node("Cast", self.kept(array), to="double")
        return self.constant(array)

    def picture(self, part: str, side: int) -> str:
        """The pictures of a data column as squares: uint8 [n, side, side, 3]. Each is an input once; of references, what differs from them."""
        # No node bears such a name: the names of nodes end in _ and a number.
        own = self.pictures.setdefault((part, side), self._free(f"{part}_{side}x{side}"))
        if part not in self.refers:
            return own
        seen, own = (self.node("Cast", name, to="float") for name in (self.picture(self.refers[part], side), own))
        half = self.node("Floor", self.node("Div", self.node("Sub", seen, own), self.single(2)))
        about = self.node("Add", half, self.single(SAME))
        return self.node("Cast", self.node("Clip", about, self.single(0), self.single(255)), to="uint8")

    def there(self, part: str) -> str:
        """In which rows of a data column there is a picture, an input: bool [n, 1], or [1, 1] for all alike; of references, where there are both."""
        own = self.shown.setdefault(part, self._free(f"{part}_there"))
        return self.node("And", self.there(self.refers[part]), own) if part in self.refers else own

    def rectangle(self, what: Rectangle) -> str:
        """The input that holds one picture whole: uint8 [1, height, width, 3 columns]. Each is an input once."""
        if what not in self.rectangles:
            name = self._free(f"{what.parts[0]}_{what.width}x{what.height}")
            while name in (*self.rectangles.values(), *self.pictures.values()):
                name = self._free(f"{name}_")
            self.rectangles[what] = name
        return self.rectangles[what]

    def size(self, part: str) -> str:
        """The input that tells width and height of the picture of a data column, in pixels: int64 [1, 2]; zeros where there is none."""
        return self.sized.setdefault(part, self._free(f"{part}_size"))

    def inner(self) -> Graph:
        """A graph for the body of a loop, which names its nodes otherwise and shares the constants."""
        stem = f"{self.stem}in{len(self.nodes)}_"
        return Graph(constants=self.constants, known=self.known, taken=self.taken, stem=stem)

    def node(self, operation: str, *inputs: str, domain: str = "", output: str = "", **attributes: Any) -> str:
        """The name of what an operation gives: `output`, or one made up."""
        output = output or self._free(f"{self.stem}{operation.lower()}_{len(self.nodes)}")
        self.nodes.append(Node(operation, inputs, output, domain, attributes))
        return output

    def pair(self, operation: str, *inputs: str, between: int = 0, **attributes: Any) -> tuple[str, str]:
        """The names of two things that an operation gives: the first, and the one after so many that nobody asks for."""
        first, second = (self._free(f"{self.stem}{operation.lower()}_{len(self.nodes)}{end}") for end in ("", "_1"))
        self.nodes.append(Node(operation, inputs, first, "", attributes, (*[""] * between, second)))
        return first, second

    def _free(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        return name

    # ------------------------------------------------------------------------------- what several pieces are made of

    def columns(self, x: str, which: Ints | Sequence[int]) -> str:
        """Some columns of x [n, d]: [n, len(which)]."""
        return self.node("Gather", x, self.constant(np.asarray(which, dtype=np.int64)), axis=1)

    def asked(self, x: str, since: int = 0) -> list[int]:
        """The columns of the features x [n, d] that nodes from the place `since` on may look at."""
        found: set[int] = set()
        for node in self.nodes[since:]:
            if x in node.inputs and node.operation != "Shape":
                some = node.operation == "Gather" and node.inputs[0] == x and node.attributes.get("axis") == 1
                places = self.constants.get(node.inputs[1]) if some else None
                found |= set(range(len(self.owners)) if places is None else np.ravel(places).tolist())
        return sorted(found)

    def beside(self, x: str, parts: Sequence[str]) -> str:
        """The features in x [n, d] that were not made of these data columns, in order."""
        return self.columns(x, [i for i, owner in enumerate(self.owners) if owner not in parts])

    def column(self, x: str, which: int) -> str:
        """One column of x [n, d]: [n]."""
        return self.node("Gather", x, self.constant(np.int64(which)), axis=1)

    def rows(self, table: Floats, places: str) -> str:
        """Rows of a table [m, ...] at whole numbers [n]: [n, ...]."""
        return self.node("Gather", self.constant(table), places, axis=0)

    def number(self, x: str) -> str:
        """Truth or whole numbers as float64."""
        return self.node("Cast", x, to="double")

    def whole(self, x: str) -> str:
        """Numbers cut to whole ones, as int64."""
        return self.node("Cast", x, to="int64")

    def filled(self, x: str, value: Any) -> str:
        """x, and `value` where it is missing."""
        return self.node("Where", self.node("IsNaN", x), self.constant(np.asarray(value, dtype=np.float64)), x)

    def within(self, x: str, low: Any, high: Any) -> str:
        """x, none of it missing, drawn in to bounds."""
        low, high = (self.constant(np.asarray(v, dtype=np.float64)) for v in (low, high))
        return self.node("Min", self.node("Max", x, low), high)

    def codes(self, x: str, most: int, missing: int) -> str:
        """Codes from 0 to `most` of numbers [n]; `missing` where there is none: int64 [n]."""
        inside = self.whole(self.within(self.filled(x, 0.0), 0.0, float(most)))
        return self.node("Where", self.node("IsNaN", x), self.constant(np.int64(missing)), inside)

    def cells(self, x: str, edges: Floats) -> str:
        """How many of the rising edges lie below each number [n]; one more than all where it is missing: int64 [n]."""
        if not len(edges):
            return self.node("Where", self.node("IsNaN", x), self.constant(np.int64(1)), self.constant(np.int64(0)))
        upright = self.node("Unsqueeze", x, self.constant(np.asarray([1])))
        below = self.node("Cast", self.node("Less", self.constant(edges), upright), to="int64")  # [n, edges]
        count = self.node("ReduceSum", below, self.constant(np.asarray([1])), keepdims=0)
        return self.node("Where", self.node("IsNaN", x), self.constant(np.int64(len(edges) + 1)), count)

    def repeated(self, row: Floats, x: str) -> str:
        """One row [w] for every row of x [n, d]: [n, w]."""
        n = self.node("Shape", x, start=0, end=1)
        shape = self.node("Concat", n, self.constant(np.asarray([len(row)])), axis=0)
        return self.node("Expand", self.constant(row), shape)

    def sum(self, parts: Sequence[str]) -> str:
        """Arrays of one shape, added."""
        return parts[0] if len(parts) == 1 else self.node("Sum", *parts)
