"""The desk as people meet it: the demonstration served by the real server, opened in Debian's Chromium."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

CHROMIUM = "/usr/bin/chromium"
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--no-first-run"]  # fmt: skip
MAKE = "import sys; from demur.desk.demo import prepare; prepare(sys.argv[1])"
SERVE = "import sys; from demur.desk.server import serve; serve(port=int(sys.argv[1]))"


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            if not Path(CHROMIUM).exists():
                item.add_marker(pytest.mark.skip(reason=f"no Chromium at {CHROMIUM}: install Debian's"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ARGS}


@dataclass(frozen=True)
class Desk:
    """A running desk: its address, and the passwords of its invented people."""

    address: str
    passwords: dict[str, str]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _serve(data: Path):
    port = _free_port()
    environment = {**os.environ, "DEMUR_DATA": str(data), "DJANGO_SETTINGS_MODULE": "demur.desk.settings"}
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(port)], env=environment)
    deadline = time.monotonic() + 60
    while True:
        try:
            with urlopen(f"http://localhost:{port}/sign-in/"):
                return process, f"http://localhost:{port}"
        except OSError:
            assert process.poll() is None, "the desk stopped at once"
            assert time.monotonic() < deadline, "the desk did not answer within a minute"
            time.sleep(0.1)


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """A demonstration, made once; each desk works on a copy."""
    data = tmp_path_factory.mktemp("made") / "demo"
    subprocess.run([sys.executable, "-c", MAKE, str(data)], check=True)
    return data


def _desk(data: Path):
    people = json.loads((data / "demonstration.json").read_text("utf-8"))["people"]
    process, address = _serve(data)
    try:
        yield Desk(address, {p["username"]: p["password"] for p in people})
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def desk(made, tmp_path_factory):
    data = tmp_path_factory.mktemp("desk") / "demo"
    shutil.copytree(made, data)
    yield from _desk(data)


@pytest.fixture(scope="session")
def empty_desk(made, tmp_path_factory):
    """A desk with its people and no case."""
    data = tmp_path_factory.mktemp("empty") / "demo"
    data.mkdir()
    code = (
        "from demur.desk import server; server.prepare()\n"
        "from django.contrib.auth import get_user_model\n"
        "from demur.docket.models import Membership\n"
        "user = get_user_model().objects.create_user('ana', password='an-empty-desk-1')\n"
        "Membership.objects.create(user=user, role='analyst')\n"
    )
    environment = {**os.environ, "DEMUR_DATA": str(data), "DJANGO_SETTINGS_MODULE": "demur.desk.settings"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    (data / "demonstration.json").write_text('{"people": [{"username": "ana", "password": "an-empty-desk-1"}]}')
    yield from _desk(data)


@dataclass
class Watched:
    """A page whose every request and console line is kept."""

    page: object
    hosts: set[str]
    errors: list[str]


@pytest.fixture
def watch(browser):
    contexts = []

    def open_page(**options) -> Watched:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, **options)
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        watched = Watched(page, set(), [])
        page.on("request", lambda r: watched.hosts.add(r.url.split("/")[2] if "://" in r.url else r.url))
        page.on("console", lambda m: watched.errors.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: watched.errors.append(str(e)))
        return watched

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def signed_in() -> dict[tuple[str, str], dict]:
    """The cookies of who signed in at which desk: it takes only so many sign-ins a minute from one place."""
    return {}


@pytest.fixture
def sign_in(watch, signed_in):
    def enter(desk: Desk, who: str = "carl", anew: bool = False, **options) -> Watched:
        watched = watch(storage_state=None if anew else signed_in.get((desk.address, who)), **options)
        watched.page.goto(f"{desk.address}/")
        if "sign-in" in watched.page.url:
            watched.page.fill("#id_login", who)
            watched.page.fill("#id_password", desk.passwords[who])
            watched.page.press("#id_password", "Enter")
            watched.page.wait_for_url(lambda url: "sign-in" not in url)
            if not anew:
                signed_in[desk.address, who] = watched.page.context.storage_state()
        return watched

    return enter
