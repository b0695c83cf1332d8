"""What is wrong with the arguments, in three parts and in the reader's language?

argparse tells it in one English sentence below a wall of options; its usual sentences are taken apart here, and one that
is not known is passed on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assay.kernel.errors import Part, RequestError
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.words import refusal

SENTENCES = {
    "no_verb": r"argument VERB: invalid choice: '(?P<value>.*)' \(choose from (?P<known>.*)\)",
    "no_number": r"argument (?P<option>.+): invalid float value: '(?P<value>.*)'",
    "no_whole": r"argument (?P<option>.+): invalid int value: '(?P<value>.*)'",
    "no_choice": r"argument (?P<option>.+): invalid choice: '?(?P<value>.*?)'? \(choose from (?P<known>.*)\)",
    "no_value": r"argument (?P<option>.+): expected (?:one|at least one|\d+) arguments?",
    "none_taken": r"argument (?P<option>.+): ignored explicit argument '(?P<value>.*)'",
    "lacking": r"the following arguments are required: (?P<names>.*)",
    "ambiguous": r"ambiguous option: (?P<value>.+) could match (?P<known>.*)",
    "too_much": r"unrecognized arguments: (?P<value>.*)",
}


def refused(message: str, prog: str, options: Iterable[str]) -> RequestError:
    """The error for what argparse says of the arguments of `prog`, which has those options."""
    for key, pattern in SENTENCES.items():
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return _told(key, found.groupdict(), prog, list(options))
    return refusal(RequestError, "cli", "arguments", message=message, prog=prog)


def _told(key: str, said: dict[str, str], prog: str, options: list[str]) -> RequestError:
    known = re.findall(r"[^\s,']+", said.pop("known", ""))
    if key == "too_much" and said["value"].startswith("-"):
        key, known, said["value"] = "no_option", options, said["value"].partition(" ")[0]
    hint: Part = did_you_mean(said.get("value", "").partition("=")[0], known) or ""
    if "option" in said:  # such as "-o/--output"
        names = said["option"].split("/")
        said["option"] = next((name for name in names if name.startswith("--")), names[0])
    return refusal(RequestError, "cli", key, do=hint, prog=prog, **said, known=listing(known, most=20))
