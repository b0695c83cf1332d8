"""How is a report kept?

The three views of one Content behind one name. The ending of the path says which view is written.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..kernel.errors import RequestError, did_you_mean
from ..kernel.words import LANGUAGES
from . import html, markdown, structured
from .content import Content

ENDINGS = (".html", ".md", ".json")


@dataclass(frozen=True)
class Report:
    """Findings, plan and ledger for people, tools and repositories."""

    content: Content

    def html(self, lang: str = "en") -> str:
        """One file for people: opens offline, prints, under 600 kB. Raises RequestError for an unknown language."""
        return html.html(self.content, _language(lang))

    def markdown(self, lang: str = "en") -> str:
        """A model card for a repository. Raises RequestError for an unknown language."""
        return markdown.markdown(self.content, _language(lang))

    def structured(self) -> dict[str, Any]:
        """Everything, as plain JSON values for tools."""
        return structured.structured(self.content)

    def save(self, path: str | os.PathLike[str], lang: str = "en") -> Path:
        """Write the view that the ending asks for, whole or not at all; gives the path.

        Raises RequestError where the ending, the language or the place is not possible.
        """
        target = Path(path)
        text = self._view(target, lang)
        partial = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            partial.write_text(text, encoding="utf-8", newline="\n")
            os.replace(partial, target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            said = error.strerror or type(error).__name__
            raise RequestError(
                f"The report could not be written to {target}: {said}.",
                "A place that can be written to was expected.",
                "Name another place with -o.",
            ) from error
        return target

    def _view(self, target: Path, lang: str) -> str:
        ending = target.suffix.lower()
        if ending == ".html":
            return self.html(lang)
        if ending == ".md":
            return self.markdown(lang)
        if ending == ".json":
            return structured.as_text(self.content)
        raise RequestError(
            f"A report cannot be written as '{target.name}'.",
            "The name must end in .html (for people), .md (for a repository) or .json (for tools).",
            " ".join(filter(None, (did_you_mean(ending, ENDINGS), "Change the ending and try again."))),
        )


def _language(lang: str) -> str:
    if lang not in LANGUAGES:
        raise RequestError(
            f"The report does not speak '{lang}'.", f"It speaks {', '.join(LANGUAGES)}.", "Choose one of these as lang."
        )
    return lang
