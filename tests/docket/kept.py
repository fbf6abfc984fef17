"""The database of a process as it once was, to go back to as often as wanted; and what a killed child makes of it.

SQLite is a file that is copied; PostgreSQL makes a database from another one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, connections

COPY = "kept"


def begin() -> None:
    """An empty database, migrated."""
    # A process dies here, not the machine: what the system was given is kept, synced or not.
    os.fsync = lambda _: None  # type: ignore[assignment]
    if connection.vendor == "sqlite":
        connection.settings_dict["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
    call_command("migrate", verbosity=0, skip_checks=True)


def keep(name: str = COPY) -> None:
    """Keep the database as it stands; nobody else may be using it."""
    connections.close_all()
    if connection.vendor == "sqlite":
        # With its last connection the journal went into the file.
        shutil.copyfile(_file(), _file().with_name(name))
    else:
        _replace(f"{_name()}_{name}", _name())


def go_back(name: str = COPY) -> None:
    """The database as it was kept."""
    connections.close_all()
    if connection.vendor == "sqlite":
        for left in ("-wal", "-shm"):
            _file().with_name(_file().name + left).unlink(missing_ok=True)
        shutil.copyfile(_file().with_name(name), _file())
    else:
        _replace(_name(), f"{_name()}_{name}")


def _file() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _replace(new: str, old: str) -> None:
    import psycopg

    where = connection.get_connection_params() | {"dbname": "postgres"}
    known = {k: v for k, v in where.items() if k in ("dbname", "user", "password", "host", "port")}
    with psycopg.connect(**known, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{new}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{new}" TEMPLATE "{old}"')


def content() -> dict[str, tuple[int, str]]:
    """Every table with how many rows it has, and the hash of what they hold; those of Django's own are left out."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table.startswith(("django_", "auth_permission", "auth_group")):
                continue
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
            rows = cursor.fetchall()
            found[table] = len(rows), hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


# ------------------------------------------------------------------------------------------- children


def killed_at(point: int, work: Callable[[], object], *, files: bool = False) -> bool:
    """Do the work in a child that is killed at its `point`-th statement; False where it came through.

    Either side of a commit counts as a statement, and with `files` each renaming of a file. SystemExit where the
    work failed by itself.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            with _counted(point, files):
                work()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit(f"the work failed by itself, killed at {point}")
    return os.WIFSIGNALED(status)


@contextmanager
def _counted(point: int, files: bool) -> Any:
    passed = 0

    def count(execute: Callable[..., Any], *args: Any, **more: Any) -> Any:
        nonlocal passed
        passed += 1
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*args, **more)

    commit, replace = connection._commit, os.replace

    def counted_commit() -> None:
        count(commit)
        count(lambda: None)

    connection._commit = counted_commit  # type: ignore[method-assign]
    if files:
        os.replace = lambda *args, **more: count(replace, *args, **more)  # type: ignore[assignment]
    with connection.execute_wrapper(count):
        yield
