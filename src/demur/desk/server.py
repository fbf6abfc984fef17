"""Serve the desk: bring the database and the static files up to date, then answer on one address."""

from __future__ import annotations

import gc
import hashlib
import os
import socket
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from demur.options import OptionError

from .watch import kept_running


def prepare() -> None:
    """Migrate the database and collect the static files if any of them changed since the last time.

    Raises OptionError where the database does not answer.
    """
    open_database()
    _collect_static()


def open_database() -> None:
    """Set Django up and bring the database up to date. Raises OptionError where it does not answer."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demur.desk.settings")
    import django
    from django.core.management import call_command
    from django.db import OperationalError

    django.setup()
    # An act makes many small objects that die with it: passes over all that lives, law and models, pay for nothing.
    gc.set_threshold(20_000, 20, 50)
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except OperationalError as error:
        said = str(error).strip().partition("\n")[0]
        raise OptionError(f"the database does not answer: {said}; hint: see DEMUR_DATABASE_URL") from None


def _collect_static() -> None:
    from django.conf import settings
    from django.contrib.staticfiles import finders
    from django.core.management import call_command

    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            at = Path(storage.path(name)).stat()
            digest.update(f"{name} {at.st_size} {at.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text("ascii") == digest.hexdigest():
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(digest.hexdigest(), "ascii")


def need_free(host: str, port: int) -> None:
    """Stop the command (exit code 2) where something answers there: two desks on one port would share its callers."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((host, port)) == 0:
            print(f"port {port} is in use; hint: stop what runs there, or choose another with --port", file=sys.stderr)
            raise SystemExit(2)


def worker_beside(every: float = 2) -> AbstractContextManager[None]:
    """A worker in a process of its own while the desk is served, with a pause of so many seconds between its turns."""
    command = [sys.executable, "-m", "demur.cli", "worker", "--every", str(every), "--beside"]
    return kept_running("the worker", command)


def serve(host: str = "127.0.0.1", port: int = 8000, threads: int = 8, log: bool = False, worker: bool = True) -> None:
    """Serve the desk until it is stopped; `threads` answer at a time, `log` writes an access log.

    A `worker` runs beside it, unless there is one elsewhere already.
    """
    need_free(host, port)
    prepare()
    from granian import Granian
    from granian.constants import Interfaces

    desk = Granian(
        "demur.desk.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        websockets=False,
        log_enabled=log,
        log_access=log,
    )
    with worker_beside() if worker else nullcontext():
        desk.serve()
