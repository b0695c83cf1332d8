"""What can be asked on the command line?

One verb, one file. Exit codes: 0 done, 1 a check with a limit failed, 2 the request cannot be met, 3 our fault.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

import assay
from assay.kernel.errors import AssayError

VERBS = {
    "plan": "what would be done with a table, nothing trained",
    "train": "a table in, a model with its assay out",
    "predict": "answers for new rows",
    "explain": "why one row is answered as it is",
    "audit": "the same checks on new labelled rows",
    "report": "the report of a model, as HTML, Markdown or JSON",
}
EXAMPLES = """\
from a table to answers:
  assay plan    loans.csv --target default
  assay train   loans.csv --target default --minutes 2     writes loans.assay and loans.html
  assay predict loans.assay new.csv -o scored.csv
  assay explain loans.assay new.csv --row 3
  assay audit   loans.assay june.csv
  assay report  loans.assay -o loans.md

'assay VERB --help' tells more. Exit codes: 0 done, 1 a check with a limit failed,
2 the request cannot be met, 3 our fault.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; gives the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    arguments = [a for a in arguments if a != "--debug"]
    try:
        return _run(arguments)
    except AssayError as error:
        _complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of a pipe has left, as `| head` does
        sys.stderr.close()
        return 0
    except Exception as error:
        if debug:
            raise
        print(f"assay broke: {type(error).__name__}: {error}", file=sys.stderr)
        print("This is our fault. Run it again with --debug and send us what it prints.", file=sys.stderr)
        return 3


def _run(arguments: list[str]) -> int:
    top = argparse.ArgumentParser(
        prog="assay",
        description="Your own data and a target in; a model that stands up to inspection out.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"assay {assay.__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    asked = next((a for a in arguments if not a.startswith("-")), "")
    for verb, about in VERBS.items():
        parser = verbs.add_parser(
            verb, help=about, description=about[0].upper() + about[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        if verb == asked:  # only the verb that is asked for is loaded
            importlib.import_module(f"assay.cli.{verb}").options(parser)
    if not arguments:
        top.print_help()
        return 0
    try:
        parsed = top.parse_args(arguments)
    except SystemExit as left:  # argparse has already said what is wrong
        return int(left.code or 0)
    code: int = importlib.import_module(f"assay.cli.{parsed.verb}").run(parsed)
    return code


def _complain(error: AssayError) -> None:
    print(error.seen, file=sys.stderr)
    for part in (error.expected, error.do):
        if part:
            print(f"  {part}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
