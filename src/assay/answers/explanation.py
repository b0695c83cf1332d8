"""Why this answer?

The pull of each part of one row, in the unit of the raw score; with the base they add up to the score exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.kernel.words import Say, number, pad, width_of

WIDTH = 24


@dataclass(frozen=True)
class Explanation:
    """One row's answer and the pulls that made it."""

    row: int
    answer: str | Say
    score: float  # raw: log-odds of `label`, or the value
    base: float
    parts: tuple[tuple[str, str, float], ...]  # (column, cell as written, pull), the strongest first
    unit: Say

    def to_json(self) -> Mapping[str, Any]:
        """Plain JSON values."""
        return {
            "row": self.row,
            "answer": self.answer if isinstance(self.answer, str) else self.answer.text(),
            "score": self.score,
            "base": self.base,
            "unit": self.unit.text(),
            "parts": [{"name": n, "value": v, "pull": p} for n, v, p in self.parts],
        }

    def text(self, lang: str = "en", most: int = 0) -> str:
        """A table with a bar for each pull; parts beyond `most` are summed in one line."""
        shown = self.parts[: most or len(self.parts)]
        rest = self.parts[len(shown) :]
        rows = [(n, v, p) for n, v, p in shown]
        if rest:
            rows.append((f"… {len(rest)}", "", sum(p for _, _, p in rest)))
        missing = Say("answers", "missing").text(lang)
        rows = [(n, v if v or n.startswith("…") else missing, p) for n, v, p in rows]
        rows += [
            (Say("answers", "base").text(lang), "", self.base),
            (Say("answers", "score").text(lang), "", self.score),
        ]
        largest = max((abs(p) for _, _, p in rows[:-2]), default=1.0) or 1.0
        lines = [
            Say("answers", "heading", {"row": self.row, "answer": self.answer}).text(lang),
            self.unit.text(lang),
            "",
        ]
        wide = min(40, max(width_of(n) for n, _, _ in rows))
        values = min(20, max(width_of(v) for _, v, _ in rows))
        for place, (name, value, pull) in enumerate(rows):
            sign = "+" if pull >= 0 else "−"
            bar = (
                ""
                if place >= len(rows) - 2
                else ("█" if pull >= 0 else "░") * max(0, round(abs(pull) / largest * WIDTH))
            )
            said = f"{sign}{number(abs(pull))}"
            lines.append(f"  {pad(name, wide)}  {pad(value, values)}  {said:>9}  {bar}".rstrip())
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.text(most=12)
