"""Which database the docket is kept in: SQLite in the data folder, or the one that DEMUR_DATABASE_URL names."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from demur.options import OptionError

SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # FULL: what was committed is on the disk. secure_delete: what was destroyed is gone from the file.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;PRAGMA secure_delete=ON;",
}
# What was committed is on the disk, whatever the server's own default is.
POSTGRESQL = {"options": "-c synchronous_commit=on"}
TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey")
FORMS = "hint: postgres://user:password@host:port/name, postgres:///name?host=/run/postgresql or sqlite:////path"


def database(url: str, data: Path) -> dict[str, Any]:
    """The database as Django takes it; without a `url`, SQLite in the folder `data`.

    A PostgreSQL URL may carry `host` (a folder: its unix socket) and libpq's `sslmode`, `sslrootcert`, `sslcert` and
    `sslkey`; what is special in a URL is written %xx. Raises OptionError, which never repeats the URL: it may hold a
    password.
    """
    if not url:
        return _sqlite(data / "demur.sqlite3")
    try:
        parts = urlsplit(url)
        port = parts.port or ""
        asked = {name: values[-1] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
    except ValueError:
        raise OptionError(f"DEMUR_DATABASE_URL is no URL; {FORMS}; write / # ? @ : in a password as %xx") from None
    name = unquote(parts.path[1:])
    if parts.scheme == "sqlite" and name and not (parts.netloc or asked):
        return _sqlite(Path(name).resolve())
    if parts.scheme not in ("postgres", "postgresql") or parts.fragment or not name or "/" in name or "@" in name:
        raise OptionError(f"DEMUR_DATABASE_URL names no database; {FORMS}; write / # ? @ : in a password as %xx")
    host = asked.pop("host", "") or unquote(parts.hostname or "")
    if wrong := sorted(asked.keys() - set(TLS)):
        raise OptionError(f"DEMUR_DATABASE_URL cannot set {wrong[0]}; hint: only host, {', '.join(TLS)}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port),
        "OPTIONS": {**POSTGRESQL, **asked},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite(path: Path) -> dict[str, Any]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": dict(SQLITE)}
