"""How is a report kept?

The three views of one Content behind one name. The ending of the path says which view is written.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..kernel.errors import RequestError, Sentences
from ..kernel.hints import did_you_mean, reason
from ..kernel.words import LANGUAGES, Say, refusal
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
            raise refusal(RequestError, "report", "unwritten", path=str(target), reason=reason(error)) from error
        return target

    def _view(self, target: Path, lang: str) -> str:
        ending = target.suffix.lower()
        if ending == ".html":
            return self.html(lang)
        if ending == ".md":
            return self.markdown(lang)
        if ending == ".json":
            return structured.as_text(self.content)
        cure = Sentences([did_you_mean(ending, ENDINGS) or "", Say("report", "ending.do")])
        raise refusal(RequestError, "report", "ending", do=cure, name=target.name)


def _language(lang: str) -> str:
    if lang not in LANGUAGES:
        raise refusal(RequestError, "report", "language", lang=lang, known=LANGUAGES)
    return lang
