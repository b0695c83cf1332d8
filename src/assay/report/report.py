"""How is a report kept?

The three views of one Content behind one name. The ending of the path says which view is written.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..kernel.errors import RequestError, Sentences
from ..kernel.hints import did_you_mean, reason
from ..kernel.words import LANGUAGES, Say, refusal
from . import html, markdown, structured, technical, technical_html, technical_markdown
from .content import Content
from .frame import frame
from .statements import Statement, joined

ENDINGS = (".html", ".md", ".json")


@dataclass(frozen=True)
class Report:
    """Findings, plan and ledger for people, tools and repositories."""

    content: Content
    statements: tuple[Statement, ...] = ()  # what persons have said to clauses of technical files

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
        return _save(self, Path(path), lang)

    def technical(self, key: str, statements: Sequence[Statement] = ()) -> TechnicalReport:
        """The technical file of a name ("ai-act", "model-card" ...), with what persons have said to it.

        Raises RequestError where there is none of that name.
        """
        said = joined(self.statements, statements)
        return TechnicalReport(technical.technical(frame(key), self.content, said))


@dataclass(frozen=True)
class TechnicalReport:
    """The clauses of a frame, answered: three views of one TechnicalFile."""

    file: technical.TechnicalFile

    def html(self, lang: str = "en") -> str:
        """One file for people: opens offline, prints. Raises RequestError for an unknown language."""
        return technical_html.html(self.file, _language(lang))

    def markdown(self, lang: str = "en") -> str:
        """The same for a repository. Raises RequestError for an unknown language."""
        return technical_markdown.markdown(self.file, _language(lang))

    def structured(self) -> dict[str, Any]:
        """Everything, as plain JSON values for tools."""
        return technical.structured(self.file)

    def save(self, path: str | os.PathLike[str], lang: str = "en") -> Path:
        """Write the view that the ending asks for, as `Report.save` does."""
        return _save(self, Path(path), lang)


def _save(report: Report | TechnicalReport, target: Path, lang: str) -> Path:
    text = _view(report, target, lang)
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        os.replace(partial, target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise refusal(RequestError, "report", "unwritten", path=str(target), reason=reason(error)) from error
    return target


def _view(report: Report | TechnicalReport, target: Path, lang: str) -> str:
    ending = target.suffix.lower()
    if ending == ".html":
        return report.html(lang)
    if ending == ".md":
        return report.markdown(lang)
    if ending == ".json":
        return structured.text_of(report.structured())
    cure = Sentences([did_you_mean(ending, ENDINGS) or "", Say("report", "ending.do")])
    raise refusal(RequestError, "report", "ending", do=cure, name=target.name)


def _language(lang: str) -> str:
    if lang not in LANGUAGES:
        raise refusal(RequestError, "report", "language", lang=lang, known=LANGUAGES)
    return lang
