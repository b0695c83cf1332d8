"""What can be asked on the command line?

One verb, one file. Exit codes: 0 done, 1 a check with a limit failed, 2 the request cannot be met, 3 our fault.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import assay
from assay.kernel.errors import AssayError
from assay.kernel.interrupts import none_lost

from .help import HELP
from .speech import Parser, helped, language, word

VERBS = (
    "plan",
    "train",
    "predict",
    "explain",
    "counterfactual",
    "audit",
    "verify",
    "sign",
    "report",
    "export",
    "serve",
    "similar",
    "embed",
    "fetch",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; gives the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    arguments = [a for a in arguments if a != "--debug"]
    lang = language(arguments)
    try:
        with none_lost():
            return _run(arguments, lang)
    except AssayError as error:
        _complain(error, lang)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"\n{word('stopped', lang)}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of a pipe has left, as `| head` does
        sys.stderr.close()
        return 0
    except Exception as error:
        if debug:
            raise
        print(word("broke", lang, error=f"{type(error).__name__}: {error}"), file=sys.stderr)
        print(word("our_fault", lang), file=sys.stderr)
        return 3


def _run(arguments: list[str], lang: str) -> int:
    top = Parser(prog="assay", description=helped("top", lang), epilog=helped("top.epilog", lang), lang=lang)
    top.add_argument("--version", action="version", version=f"assay {assay.__version__}", help=helped("version", lang))
    verbs = top.add_subparsers(dest="verb", metavar="VERB", title=helped("verbs", lang))
    top.add_argument("--lang", choices=tuple(HELP), default=lang, help=helped("lang", lang))
    asked = next((a for a in arguments if a in VERBS), "")
    for verb in VERBS:
        about = helped(verb, lang)
        said = about[0].upper() + about[1:] + ("。" if lang == "zh" else ".")
        parser = verbs.add_parser(verb, help=about, description=said, epilog=helped(f"{verb}.epilog", lang), lang=lang)
        if verb == asked:  # only the verb that is asked for is loaded
            importlib.import_module(f"assay.cli.{verb}").options(parser, lang)
    try:
        parsed, unread = top.parse_known_args(arguments)
    except SystemExit as left:  # after --help and --version
        return int(left.code or 0)
    if unread:
        verbs.choices.get(parsed.verb, top).error(f"unrecognized arguments: {' '.join(unread)}")
    if not parsed.verb:
        top.print_help()
        return 0
    code: int = importlib.import_module(f"assay.cli.{parsed.verb}").run(parsed)
    return code


def _complain(error: AssayError, lang: str) -> None:
    seen, *more = error.parts(lang)
    print(seen, file=sys.stderr)
    for part in more:
        if part:
            print(f"  {part}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
