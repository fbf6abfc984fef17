"""The demonstration: an invented response team, sample demands of each main kind, and the desk over them.

Everything goes through the same acts as real work: received, read, confirmed, assessed, drafted, and published in
the ledger. People, passwords and demands are made for the demonstration alone.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from demur.options import option

if TYPE_CHECKING:
    from demur.docket.acts import Done, Refused
    from demur.samples import Sample

MARK = "demonstration.json"
"""The file that marks a folder as a demonstration's: only such a folder is ever made anew."""


class DemoError(ValueError):
    """The demonstration cannot be made; the message ends with a hint."""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Someone of the invented team. The password is made for this demonstration and printed by it."""

    username: str
    name: str
    roles: tuple[str, ...]
    password: str


@dataclass(frozen=True, slots=True)
class DemoInfo:
    """Where the demonstration is and who may sign in."""

    address: str
    data: Path
    users: tuple[DemoPerson, ...]


TEAM = (
    ("ana", "Ana Lind", ("analyst",), ()),
    ("carl", "Carl Moreau", ("counsel",), ("U.S. district courts",)),
    ("dora", "Dora Weiss", ("counsel",), ()),
    ("lea", "Lea Brandt", ("lead", "releaser"), ()),
    ("rita", "Rita Voss", ("releaser",), ()),
    ("paul", "Paul Okoye", ("privacy-officer",), ()),
    ("ada", "Ada Nilsen", ("auditor",), ()),
    ("otto", "Otto Reyes", ("operator",), ()),
    ("sorcha", "Sorcha Byrne", ("customer",), ()),
)
"""Username, name, roles, forums where admitted."""

STAGES = {
    "01-nsl": ("read", "verify", "confirm", "gag", "preserve", "assess", "draft"),
    "02-nsl-scan": ("read", "assess"),
    "03-warrant-with-gag": ("read", "verify", "confirm", "gag", "assess"),
    "04-order-2703d": ("read", "verify", "confirm", "assess", "draft"),
    "05-subpoena-grand-jury": ("read", "assess"),
    "06-summons-customs": ("read", "verify", "confirm", "assess"),
    "07-preservation": ("read", "verify", "confirm", "preserve", "assess"),
    "08-emergency-request": ("read", "assess"),
    "09-epoc": ("read", "verify", "confirm", "assess", "draft"),
    "10-epoc-pr": ("read", "verify", "assess"),
    "11-copo": (),
    "12-foreign-order": ("read",),
    "13-mailed-state-warrant": ("read", "forged"),
    "14-warrant-data-abroad": ("read", "verify", "confirm", "assess", "draft", "tell"),
}
"""How far each sample has come, so that the docket shows a day of work and not fourteen finished cases."""


def prepare(folder: Path | str, *, port: int = 8000, today: date | None = None) -> DemoInfo:
    """Make the demonstration in `folder`, which must be new, empty or an earlier demonstration's.

    A second one on the same day starts from a copy of the first. Raises DemoError.
    """
    data, day = Path(folder).resolve(), today or datetime.now(UTC).date()
    address = f"http://localhost:{port}/"
    kept = data.with_name(data.name + ".kept")
    _clear(data)
    made = _mark(kept)
    if made and made.get("of") == _what(day):
        shutil.copytree(kept, data)
        return DemoInfo(address, data, _people(made))
    _clear(kept)
    _configure(data)
    people = _let_in()
    with _progress() as tell:
        _take_all(data, day, people, tell)
    _publish(data)
    text = json.dumps({"of": _what(day), "people": [asdict(p) for p in people]}, indent=1)
    (data / MARK).write_text(text, "utf-8")
    _settle()
    shutil.copytree(data, kept)
    return DemoInfo(address, data, people)


def run(port: int = 8000) -> int:
    """Prepare the demonstration within the data folder, print who may sign in, and serve the desk until stopped."""
    from .server import need_free, serve

    need_free("127.0.0.1", port)
    data = Path(option("data", "demur-data")).resolve() / "demo"
    try:
        info = prepare(data, port=port)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 2
    _configure(data)
    print(f"\nthe desk is at http://127.0.0.1:{port}/ (passkeys want {info.address})\n")
    for person in info.users:
        print(f"  {person.username:6} {person.password}   {person.name}, {', '.join(person.roles)}")
    print("\nthese people and demands are invented; stop with ctrl-c\n", flush=True)
    serve(port=port)
    return 0


# ------------------------------------------------------------------ the folder


def _what(day: date) -> str:
    # What a kept demonstration was made of; with another day, code or law it is made anew.
    from demur.law.library import library

    here = Path(__file__).parent.parent
    newest = max(p.stat().st_mtime_ns for p in here.rglob("*.py"))
    return f"{day} {library().version} {newest}"


def _mark(data: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((data / MARK).read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return {}


def _people(made: dict[str, Any]) -> tuple[DemoPerson, ...]:
    return tuple(DemoPerson(p["username"], p["name"], tuple(p["roles"]), p["password"]) for p in made["people"])


def _clear(data: Path) -> None:
    if not data.exists():
        return
    if any(data.iterdir()) and not _mark(data):
        raise DemoError(f"{data} is not a demonstration's folder; hint: name a new one, nothing was changed")
    shutil.rmtree(data)


def _configure(data: Path) -> None:
    os.environ["DEMUR_DATA"] = str(data)
    # Invented cases never come into a provider's own database.
    os.environ["DEMUR_DATABASE_URL"] = f"sqlite:///{quote(str(data / 'demur.sqlite3'))}"
    os.environ.setdefault("DEMUR_PROVIDER", "Muster Cloud GmbH")
    os.environ.setdefault("DEMUR_PROVIDER_LINES", "Legal Response Team|Musterweg 1|10115 Berlin|Germany")
    from .server import prepare as bring_up

    (data).mkdir(parents=True, exist_ok=True, mode=0o700)
    # Half made, it may be cleared as well.
    if not (data / MARK).exists():
        (data / MARK).write_text('{"of": "", "people": []}', "utf-8")
    bring_up()
    from django.conf import settings

    if Path(settings.DATA) != data:
        raise DemoError("another data folder is in use already; hint: make the demonstration in a process of its own")


def _settle() -> None:
    # All of the database in one file, so that the folder can be copied.
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


# ------------------------------------------------------------------ the people


def _let_in() -> tuple[DemoPerson, ...]:
    from django.contrib.auth import get_user_model

    from demur.docket.models import Membership

    people = []
    for username, name, roles, forums in TEAM:
        password = "-".join(secrets.choice(WORDS) for _ in range(3)) + f"-{secrets.randbelow(900) + 100}"
        first, _, last = name.partition(" ")
        user = get_user_model().objects.create_user(username, password=password, first_name=first, last_name=last)
        Membership.objects.bulk_create(Membership(user=user, role=role, forums=list(forums)) for role in roles)
        people.append(DemoPerson(username, name, roles, password))
    return tuple(people)


WORDS = (
    "anchor", "barley", "cedar", "delta", "ember", "fennel", "garnet", "harbor", "indigo", "juniper", "kestrel",
    "lantern", "meadow", "nickel", "orchard", "pepper", "quartz", "raven", "saffron", "timber", "umber", "violet",
    "walnut", "yarrow",
)  # fmt: skip


# ------------------------------------------------------------------ the demands


class _progress:
    """A line that says what is being done, on a terminal alone."""

    def __enter__(self) -> Callable[[str], None]:
        return self.tell

    def __exit__(self, *_: object) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)

    def tell(self, what: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{what} ...", end="", file=sys.stderr, flush=True)


def _take_all(data: Path, day: date, people: tuple[DemoPerson, ...], tell: Callable[[str], None]) -> None:
    from django.contrib.auth import get_user_model

    from demur import samples
    from demur.docket import acts, registerfile, registers

    users = {u.get_username(): acts.actor_for(u) for u in get_user_model().objects.all()}
    text = (files("demur.samples") / "registers.toml").read_text("utf-8")
    registers.put(registerfile.load(text), users["otto"], datetime.combine(day, time(8), UTC) - timedelta(days=30))
    for sample in samples.render(data / "samples", day):
        tell(f"taking in {sample.title}")
        try:
            _take(sample, users, STAGES.get(sample.name, ("read", "assess")))
        except DemoError as error:
            # The case stays where it came to, as it would at work.
            print(f"{sample.path.name}: {error}", file=sys.stderr)


def _take(sample: Sample, users: dict[str, Any], stages: tuple[str, ...]) -> None:
    from django.conf import settings

    from demur.docket import acts, clerk
    from demur.paper import Party

    ana, carl = users["ana"], users["carl"]
    clock = _Clock(sample.served_on)
    opened = acts.receive(
        [(sample.path.name, sample.path.read_bytes())],
        served_on=sample.served_on,
        channel="email" if sample.form == "eml" else "post",
        actor=ana,
        token=_token(),
        now=clock.next(0),
    )
    number = _done(opened).case

    def act(name: str, actor: Any = ana, **payload: Any) -> None:
        _done(acts.act(number, name, actor, payload, token=_token(), now=clock.next()))

    provider = Party(settings.PROVIDER, tuple(settings.PROVIDER_LINES), signer="Carl Moreau", role="Counsel")
    for stage in stages:
        match stage:
            case "read":
                _done(clerk.read(number, ana, token=_token(), now=clock.next(1)))
            case "verify":
                act("authenticate", **_verified(number))
            case "confirm":
                # The register knows the organisations; of the others the provider knows itself what they are.
                known = [{"name": "customer_kind", "clause": None, "target": None, "value": sample.customer_kind}]
                act("confirm", carl, facts=known if sample.customer_kind == "consumer" else [], rest=True)
            case "gag":
                act("record-gag", gag="the order not to disclose that came with it")
            case "preserve":
                act("preserve")
            case "assess":
                act("assess")
            case "forged":
                act("reject-as-forged", why="the sender's domain is four days old, and the court knows no such case")
            case "tell":
                for party in _done(acts.act(number, "assess", ana, {}, token=_token(), now=clock.next())).state.parties:
                    _done(
                        clerk.write_notice(number, party.name, ana, provider=provider, token=_token(), now=clock.next())
                    )
                    act("notify", carl, party=party.name)
            case "draft":
                try:
                    _done(
                        clerk.draft(
                            number, "objection", carl, provider=provider, token=_token(), today=clock.now.date(),
                            now=clock.next(),
                        )
                    )  # fmt: skip
                except acts.ActError as error:
                    # No ground of the provider's own holds: then there is nothing to object to.
                    print(f"{sample.name}: {error}", file=sys.stderr)


def _verified(number: str) -> dict[str, str]:
    """How the sender of a case was verified: by its number in the register, else another way."""
    from demur.docket import matching, models

    authority = matching.issuer_of(models.Case.objects.get(number=number))
    if authority is not None and authority.call_back:
        return {"means": "call-back", "number": authority.call_back[0], "how": "the duty officer confirmed the file"}
    return {"means": "second-channel", "how": "asked through the contact in the public register of the authority"}


class _Clock:
    """The hours of a working day, from the day of service on, but never ahead of now."""

    def __init__(self, served_on: date) -> None:
        self.now = datetime.combine(served_on, time(9, 2), UTC)

    def next(self, minutes: int = 37) -> datetime:
        self.now += timedelta(minutes=minutes)
        return min(self.now, datetime.now(UTC))


def _token() -> str:
    return f"demo-{secrets.token_hex(12)}"


def _done(done: Done | Refused) -> Done:
    from demur.docket.acts import Refused

    if isinstance(done, Refused):
        raise DemoError(f"{done.act} was refused: {done}")
    return done


def _publish(data: Path) -> None:
    from demur.docket import entries

    entries.publish(data, now=datetime.now(UTC))
