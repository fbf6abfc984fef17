"""A PostgreSQL server of one's own, in a temporary folder, for as long as it is needed.

python tests/postgres.py pytest tests/docket    runs a command with DEMUR_DATABASE_URL naming an empty database
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def program(name: str) -> str | None:
    """Where a program of the server lies: on the path, or where Debian keeps the newest."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    return shutil.which(name) or next((str(p / name) for p in reversed(places) if (p / name).exists()), None)


@contextmanager
def server() -> Iterator[str]:
    """A running server, as the URL to which a database's name is added; the one of DEMUR_DATABASE_URL where it is set.

    Raises FileNotFoundError where PostgreSQL is not installed.
    """
    url = os.environ.get("DEMUR_DATABASE_URL", "")
    if url.startswith("postgres"):
        yield url.rpartition("/")[0]
        return
    initdb, postgres, isready = program("initdb"), program("postgres"), program("pg_isready")
    if not (initdb and postgres and isready):
        raise FileNotFoundError("no PostgreSQL server is installed; hint: apt-get install postgresql")
    # It refuses to run as root.
    who = {"user": "postgres"} if os.geteuid() == 0 else {}
    home = Path(tempfile.mkdtemp(prefix="demur-postgres-"))
    if who:
        shutil.chown(home, **who)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [initdb, "-D", str(home / "data"), "-U", "demur", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(command, check=True, capture_output=True, cwd=home, **who)
    # Unsynced: clients are killed here, never the server.
    command = [postgres, "-D", str(home / "data"), "-p", port, "-k", str(home), "-h", "127.0.0.1", "-F"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home, **who)
    try:
        wait = f"until {isready} -q -h 127.0.0.1 -p {port}; do sleep 0.05; done"
        subprocess.run(["timeout", "30", "sh", "-c", wait], check=True)
        yield f"postgres://demur@127.0.0.1:{port}"
    finally:
        running.send_signal(signal.SIGINT)  # fast: whoever is still connected is sent away
        running.wait(60)
        shutil.rmtree(home, ignore_errors=True)


def database(url: str, name: str) -> str:
    """Make an empty database on a server and give its URL."""
    import psycopg

    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{url}/{name}"


def anew(folder: Path) -> dict[str, str]:
    """The environment in which a process has a data folder and an empty database of its own."""
    env = {**os.environ, "DEMUR_DATA": str(folder)}
    if os.environ.get("DEMUR_DATABASE_URL", "").startswith("postgres"):
        with server() as at:
            env["DEMUR_DATABASE_URL"] = database(at, f"try_{secrets.token_hex(4)}")
    return env


if __name__ == "__main__":
    with server() as at:
        env = {**os.environ, "DEMUR_DATABASE_URL": database(at, "demur")}
        sys.exit(subprocess.run(sys.argv[1:], env=env, check=False).returncode)
