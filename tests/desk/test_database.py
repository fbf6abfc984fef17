"""DEMUR_DATABASE_URL: what it names, and that a password in it is never told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demur.desk.database import database
from demur.options import OptionError

DATA = Path("/data")


def test_without_a_url_it_is_a_file_of_the_data_folder():
    made = database("", DATA)
    assert (made["ENGINE"], made["NAME"]) == ("django.db.backends.sqlite3", Path("/data/demur.sqlite3"))
    assert database("sqlite:////srv/d%20x.db", DATA)["NAME"] == Path("/srv/d x.db")


@pytest.mark.parametrize(
    ("url", "who", "where", "name"),
    [
        ("postgres://ana:p%2Fw%40%3A@db.example:5433/docket", ("ana", "p/w@:"), ("db.example", "5433"), "docket"),
        ("postgresql://ana@[::1]/docket", ("ana", ""), ("::1", ""), "docket"),
        ("postgres:///docket?host=/run/PostgreSQL", ("", ""), ("/run/PostgreSQL", ""), "docket"),
    ],
)
def test_a_server_is_named_by_host_or_socket(url, who, where, name):
    made = database(url, DATA)
    assert (made["USER"], made["PASSWORD"]) == who
    assert (made["HOST"], made["PORT"]) == where
    assert made["NAME"] == name


def test_tls_can_be_asked_for_and_nothing_else():
    assert database("postgres://h/d?sslmode=verify-full", DATA)["OPTIONS"]["sslmode"] == "verify-full"
    with pytest.raises(OptionError, match="cannot set options"):
        database("postgres://h/d?options=-c%20synchronous_commit=off", DATA)


@pytest.mark.parametrize(
    "url",
    ["postgres://ana:s3cret/1@h/d", "postgres://ana:1/s3cret@h/d", "postgres://ana:s3cret#@h/d", "mysql://a:s3cret@h/d",
     "postgres://ana:s3cret@h", "postgres://ana:s3cret@h/d?x", "s3cret", "sqlite://s3cret/x"],
)  # fmt: skip
def test_what_cannot_be_used_is_told_without_the_secret(url, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "demur.cli", "serve", "--port", "0"],
        env={**os.environ, "DEMUR_DATABASE_URL": url, "DEMUR_DATA": str(tmp_path)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("demur: DEMUR_DATABASE_URL")
    assert "hint:" in done.stderr
    assert "s3cret" not in done.stderr + done.stdout


def test_a_server_that_does_not_answer_is_told_without_the_secret(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "demur.cli", "serve", "--port", "0"],
        env={**os.environ, "DEMUR_DATABASE_URL": "postgres://ana:s3cret@127.0.0.1:1/d", "DEMUR_DATA": str(tmp_path)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "the database does not answer" in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr + done.stdout
