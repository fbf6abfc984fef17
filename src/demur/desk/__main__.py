"""For the operator: let a person in, or change what they may do.

    python -m demur.desk let-in ana --name "Ana Lind" --role analyst --role counsel

The password is asked for, or read from the first line of standard input.
"""

from __future__ import annotations

import argparse
import getpass
import sys


def main() -> int:
    """Run the command; 0 done, 2 the input is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m demur.desk", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    commands = parser.add_subparsers(required=True)
    let_in = commands.add_parser("let-in", help="let a person in with these roles")
    let_in.add_argument("username")
    let_in.add_argument("--name", default="", help="first and last name")
    let_in.add_argument("--role", action="append", required=True, dest="roles", help="may be given several times")
    let_in.add_argument("--forum", action="append", default=[], dest="forums", help="where counsel is admitted")
    given = parser.parse_args()

    from .server import prepare

    prepare()
    from . import people

    password = getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        people.let_in(given.username, password, given.roles, given.name, given.forums)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
