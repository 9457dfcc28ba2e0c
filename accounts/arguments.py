"""Arguments of commands whose exit codes mean something."""

import sys
from typing import NoReturn

from django.core.management.base import CommandParser


def refusing(parser: CommandParser, *, code: int, more: str = "") -> CommandParser:
    """Has a bad argument end the command with this code, and says `more` of what there is.

    argparse's own code for it is 2, which means something else to whoever reads ours.
    """

    def refuse(message: str) -> NoReturn:
        parser.print_usage(sys.stderr)
        sys.stderr.write(f"{parser.prog}: {message}\n{more}")
        sys.exit(code)

    parser.error = refuse  # type: ignore[method-assign]
    return parser
