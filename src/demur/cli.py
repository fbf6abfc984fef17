"""The command line: `demur COMMAND ...`. Each command imports what it needs when it runs, so that it starts fast.

Exit codes: 0 done, 1 the answer is no, 2 the input is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars

    from demur.facts import Demand
    from demur.law import Assessment, Finding
    from demur.law.edition import Standing

DONE, NO, WRONG = 0, 1, 2
MOST_FLAWS = 20
"""How many mistakes of one file are told at once."""
LAW = "a day of the library shipped, a folder of rules, or the version of a library kept"
ERRORS = (
    ("demur.reading", "ReadingError"),
    ("demur.paper", "PaperError"),
    ("demur.ledger", "LedgerError"),
    ("demur.options", "OptionError"),
)


class InputError(Exception):
    """What the user gave is wrong; the message says what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never a traceback for bad input."""
    for stream in (sys.stdout, sys.stderr):
        # What a terminal or a file cannot hold (another encoding, half a letter in a name) is shown by its code.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    parser = _parser()
    args = parser.parse_args(argv)
    if not hasattr(args, "run"):
        parser.print_help()
        return WRONG
    try:
        return int(args.run(args))
    except InputError as error:
        return _fail(str(error))
    except BrokenPipeError:
        sys.stderr.close()
        return DONE
    except KeyboardInterrupt:
        return NO
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            said = (error.strerror or "cannot be used").lower()
            return _fail(f"{error.filename}: {said}; hint: check the path, and who may read and write there")
        if _is_input_error(error):
            return _fail(str(error))
        raise


def _is_input_error(error: Exception) -> bool:
    from demur.facts import FactsError
    from demur.law import LawError

    if isinstance(error, FactsError | LawError | LookupError | FileNotFoundError | IsADirectoryError | PermissionError):
        return not isinstance(error, KeyError | IndexError)
    # A room is asked for its own error only where it was imported: the command that failed imported it.
    own = [getattr(sys.modules.get(room), name, None) for room, name in ERRORS]
    return isinstance(error, tuple(kind for kind in own if kind is not None))


def _fail(message: str) -> int:
    print(f"demur: {message}", file=sys.stderr)
    return WRONG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="demur",
        description="Challenge every government demand for customer data wherever there is a lawful basis.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(
        name: str, run: Callable[[Any], int], says: str, *arguments: tuple[tuple[str, ...], dict[str, Any]]
    ) -> None:
        command = commands.add_parser(name, help=says, description=says)
        for names, options in arguments:
            command.add_argument(*names, **options)
        command.set_defaults(run=run)

    def arg(*names: str, **options: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
        return names, options

    file = arg(
        "file", metavar="FILE", help="a PDF, scan, e-mail or text, or facts as TOML or JSON; - for standard input"
    )
    as_json = arg("--json", action="store_true", help="print JSON")
    port = arg("--port", type=int, default=8000, help="port (default 8000)")
    add("demo", _demo, "sample demands through the whole chain, and the desk", port)
    add("read", _read, "read a document into facts and clauses", file, as_json)
    add(
        "assess", _assess, "test a demand against all law in force", file, as_json,
        arg("--as-of", metavar="DATE", help="the law of this day (default: service, else issue, else today)"),
        arg("--letter", metavar="OUT.pdf", help="write the challenge letter (.pdf or .docx)"),
    )  # fmt: skip
    add(
        "serve", _serve, "the desk, and a worker beside it",
        arg("--host", default="127.0.0.1", help="address (default 127.0.0.1)"), port,
        arg("--no-worker", action="store_true", help="the desk alone: a worker runs elsewhere"),
    )  # fmt: skip
    add(
        "worker", _worker, "what the program does by itself: read, assess, watch the clocks, tell, publish",
        arg("--once", action="store_true", help="do what is due and stop; 1 where something failed"),
        arg("--every", type=float, default=5, metavar="SECONDS", help="the pause between two turns (default 5)"),
        arg("--beside", action="store_true", help=argparse.SUPPRESS),  # end with the standard input
    )  # fmt: skip
    add(
        "witness", _witness, "cosign the checkpoints of logs that only grow",
        arg("logs", metavar="KEYS", help="a file of the logs' verifier keys, one a line, as each ledger publishes it"),
        arg("--name", default="witness.invalid", help="the name of this witness's keys, when they are made"),
        arg("--port", type=int, default=8100, help="port (default 8100)"),
    )  # fmt: skip
    add("bench", _bench, "the benchmarks, each beside its peer or floor", arg("name", nargs="?"), as_json)
    _people_parser(commands, as_json)
    _law_parser(commands, as_json)
    _ledger_parser(commands)
    _register_parser(commands, as_json)
    return parser


def _people_parser(commands: Any, as_json: tuple[tuple[str, ...], dict[str, Any]]) -> None:
    people = commands.add_parser("people", help="who may sign in at the desk", description="Who may sign in.")
    inside = people.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add = inside.add_parser("add", help="let a person in, or change what they may do; the password is asked for")
    add.add_argument("username", metavar="NAME")
    add.add_argument("--full-name", default="", help="first and last name, as others see it")
    add.add_argument("--role", action="append", required=True, dest="roles", help="may be given several times")
    add.add_argument("--forum", action="append", default=[], dest="forums", help="a court where counsel is admitted")
    add.set_defaults(run=_people_add)
    listing = inside.add_parser("list", help="everybody with their roles")
    listing.add_argument(*as_json[0], **as_json[1])
    listing.set_defaults(run=_people_list)
    remove = inside.add_parser("remove", help="take a person's roles away; what they did stays theirs")
    remove.add_argument("username", metavar="NAME")
    remove.set_defaults(run=_people_remove)


def _law_parser(commands: Any, as_json: tuple[tuple[str, ...], dict[str, Any]]) -> None:
    law = commands.add_parser("law", help="the library: browse, test", description="Browse and test the law library.")
    inside = law.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = inside.add_parser("list", help="every rule, a line each")
    listing.add_argument(*as_json[0], **as_json[1])
    listing.set_defaults(run=_law_list)
    show = inside.add_parser("show", help="one rule, whole")
    show.add_argument("id", metavar="ID")
    show.add_argument(*as_json[0], **as_json[1])
    show.set_defaults(run=_law_show)
    check = inside.add_parser("check", help="test every rule on its own examples and over time")
    check.add_argument("folder", nargs="?", metavar="FOLDER", help="a library folder (default: the one shipped)")
    check.add_argument("--warnings", action="store_true", help="list warnings too")
    check.add_argument("--notes", action="store_true", help="list what a lawyer should look at, with facts, too")
    check.set_defaults(run=_law_check)
    decided = inside.add_parser("decided", help="replay decided cases")
    decided.add_argument("folder", nargs="?", metavar="FOLDER", help="a folder of cases (default: those shipped)")
    decided.set_defaults(run=_law_decided)
    diff = inside.add_parser("diff", help="what changes between two laws, and for which cases")
    diff.add_argument("old", metavar="A", help=LAW)
    diff.add_argument("new", metavar="B", help=LAW)
    diff.add_argument(
        "--cases", metavar="FOLDER-or-FILE", help="facts as TOML or JSON, to see what changes for each case"
    )
    diff.add_argument("--rows", metavar="ROWS.parquet", help="cases laid flat, to see for whom it changes")
    diff.add_argument("--transfers", action="store_true", help="the rules on transfers")
    replay = inside.add_parser("replay", help="make past decisions of the docket again, each under its own law")
    which = replay.add_mutually_exclusive_group(required=True)
    which.add_argument("case", nargs="?", metavar="CASE", help="the number of a case")
    which.add_argument("--all", action="store_true", help="every case")
    replay.add_argument(*as_json[0], **as_json[1])
    replay.set_defaults(run=_law_replay)
    sweep = inside.add_parser("sweep", help="apply the rules to millions of rows")
    sweep.add_argument("rows", metavar="ROWS.parquet", help="a column per fact, null where unknown")
    sweep.add_argument("--changed-since", metavar="LAW", help=f"only what this law answered otherwise: {LAW}")
    sweep.add_argument(
        "--rows-since",
        metavar="DAY-or-ROWS",
        help="only rows changed since a day (by changed_on), or since these rows",
    )
    sweep.add_argument("--transfers", action="store_true", help="the rows are transfers")
    sweep.add_argument("--sql", choices=("duckdb", "clickhouse", "spark"), help="print the query instead of running it")
    rows = inside.add_parser("rows", help="the docket's cases as rows for a sweep, for your eyes alone")
    rows.add_argument("-o", metavar="ROWS.parquet", required=True, help="where to write them")
    rows.add_argument("--open", action="append_const", dest="kinds", const="open", help="what open cases ask for")
    rows.add_argument("--released", action="append_const", dest="kinds", const="released", help="what has left")
    rows.add_argument(
        "--closed", action="append_const", dest="kinds", const="closed", help="what closed without leaving"
    )
    rows.set_defaults(run=_law_rows)
    work = inside.add_parser("open-work", help="take what a sweep found touched to the docket, each change once")
    work.add_argument("list", metavar="TOUCHED.parquet", help="the list that sweep --changed-since wrote")
    for command in (rows, work):
        command.add_argument(*as_json[0], **as_json[1])
    work.set_defaults(run=_law_open_work)
    for command, run in ((diff, _law_diff), (sweep, _law_sweep)):
        command.add_argument("--as-of", metavar="DATE", help="the law of this day (default: today)")
        command.add_argument("-o", metavar="OUT.parquet", help="write the answers")
        command.add_argument(*as_json[0], **as_json[1])
        command.set_defaults(run=run)


def _ledger_parser(commands: Any) -> None:
    ledger = commands.add_parser("ledger", help="check the public ledger", description="Check the public ledger.")
    inside = ledger.add_subparsers(title="commands", metavar="COMMAND", required=True)
    verify = inside.add_parser("verify", help="check a log offline")
    verify.add_argument("place", metavar="DIR-or-URL")
    verify.add_argument("--recount", metavar="OPENINGS", help="then count what an auditor was shown, by class")
    verify.set_defaults(run=_ledger_verify)
    proof = inside.add_parser("proof", help="make the receipt of an entry, or check a receipt offline")
    proof.add_argument("what", metavar="INDEX|RECEIPT", help="a place in the log, or a .tlog-proof file")
    proof.add_argument("--show", action="append", default=[], choices=("class", "body"), help="what the receipt opens")
    proof.add_argument("-o", metavar="OUT.tlog-proof", help="write the receipt there")
    proof.add_argument("--leaf", metavar="HEX", help="the leaf that a receipt must be for")
    proof.set_defaults(run=_ledger_proof)
    for command in (verify, proof):
        command.add_argument("--key", action="append", default=[], metavar="VKEY", help="a verifier key to insist on")
        command.add_argument("--policy", metavar="FILE", help="logs and witnesses to insist on (c2sp.org/tlog-policy)")
    opened = inside.add_parser("open", help="open a span of the log to an auditor, a line for each entry")
    opened.add_argument("first", metavar="FIRST", type=int, help="the first place, counted from 0")
    opened.add_argument("last", metavar="LAST", type=int, help="the last place")
    opened.add_argument("--bodies", action="store_true", help="open bodies too, not the classes alone")
    opened.add_argument("--by", metavar="COUNSEL", required=True, help="the counsel who decided it, as they sign in")
    opened.add_argument("--to", metavar="NAME", required=True, help="who gets it")
    opened.add_argument("--why", metavar="TEXT", required=True, help="why; it is kept in the entry of the opening")
    opened.set_defaults(run=_ledger_open)
    destroy = inside.add_parser("destroy", help="destroy what an entry said; that it was made, and its class, stay")
    destroy.add_argument("entry", metavar="ENTRY", type=int, help="its place in the log, counted from 0")
    destroy.add_argument("--why", metavar="TEXT", required=True, help="why; it is kept in the entry of the destruction")
    destroy.set_defaults(run=_ledger_destroy)
    schedule = inside.add_parser("schedule", help="how many leaves an epoch has; with --leaves, announce a change")
    schedule.add_argument("--leaves", metavar="N", type=int, help="so many in every epoch")
    schedule.add_argument("--from", dest="start", metavar="DAY", help="from this day on (UTC), a week ahead or more")
    schedule.set_defaults(run=_ledger_schedule)
    catch_up = inside.add_parser("catch-up", help="after an older backup was restored: take what the log holds since")
    catch_up.set_defaults(run=_ledger_catch_up)


# ------------------------------------------------------------------ read and assess


def _bytes(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    path = Path(name)
    if not path.exists():
        raise InputError(f"there is no file {name}; hint: check the path")
    if path.is_dir():
        raise InputError(f"{name} is a folder; hint: name one file")
    return path.read_bytes()


def _facts_file(name: str, data: bytes) -> tuple[Demand, date | None] | None:
    """The demand in a facts file and the day it names, or None where the file is a document."""
    from demur.facts import demand_from_mapping, read_value

    kind = Path(name).suffix.lower()
    if kind not in (".toml", ".json") and not (name == "-" and data.lstrip()[:1] == b"{"):
        return None
    table = _table(kind, data)
    as_of = read_value("served_on", table.pop("as_of", None))
    return demand_from_mapping(table), as_of if isinstance(as_of, date) else None


def _table(kind: str, data: bytes) -> dict[str, Any]:
    import tomllib

    try:
        table = tomllib.loads(data.decode("utf-8")) if kind == ".toml" else json.loads(data)
    except UnicodeDecodeError:
        raise InputError("the facts file is not UTF-8 text; hint: save it as UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"the facts file cannot be read: {error}; hint: see the place named".lower()) from None
    if not isinstance(table, dict) or not table:
        raise InputError("the facts file is no table of facts; hint: begin it with kind = '...'")
    return table


def _read(args: Any) -> int:
    from demur.reading import read

    packet = read(_bytes(args.file), name=Path(args.file).name)
    if args.json:
        print(json.dumps(packet.as_json(), indent=2, ensure_ascii=False, default=str))
        return DONE
    for number, document in enumerate(packet.documents, 1):
        pages = ", ".join(str(p) for p in document.pages)
        print(f"{number}. {document.role}" + (f" (page {pages})" if pages else ""))
        for name, evidence in document.facts.items():
            mark = "  confirm" if evidence.confirm else ""
            print(f"   {name:28} {_show(evidence.value):32} {evidence.confidence:4.0%}  {_quote(evidence.quote)}{mark}")
        for reading in document.clauses:
            clause = reading.clause
            asks = ", ".join(sorted(clause.categories or ())) or "not recognised"
            print(f"   asks: {asks}; {len(clause.targets)} target(s)  {_quote(clause.quote)}")
    for warning in packet.warnings:
        print(f"warning: {warning}")
    return DONE


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _quote(text: str) -> str:
    words = " ".join(text.split())
    return f"“{words[:70]}{'…' if len(words) > 70 else ''}”" if words else ""


def _assess(args: Any) -> int:
    from demur.docket.clocks import clocks
    from demur.facts import demand_to_mapping, read_value
    from demur.law import assess

    data = _bytes(args.file)
    found = _facts_file(args.file, data)
    if found is None:
        from demur.reading import read

        demand, day = read(data, name=Path(args.file).name).demand(), None
    else:
        demand, day = found
    if args.as_of:
        stated = read_value("served_on", args.as_of)
        day = stated if isinstance(stated, date) else day
    as_of = day or _day_of(demand)
    assessment = assess(demand, as_of, clocks=clocks())
    if args.letter:
        _write_letter(assessment, Path(args.letter))
    if args.json:
        body = {
            "as_of": as_of.isoformat(),
            "facts": demand_to_mapping(demand),
            "findings": [f.as_json() for f in assessment.findings],
            "compels": [
                {"clause": c.clause, "category": c.category, "can": c.can, "rules": list(c.rules)}
                for c in assessment.compels
            ],
            "library": assessment.library,
            "rules": assessment.rules,
        }
        print(json.dumps(body, indent=2, ensure_ascii=False))
    else:
        _print_assessment(assessment)
    return DONE


def _day_of(demand: Demand) -> date:
    """Law is taken as of service; where that is unknown, of issue, else of today."""
    for name in ("served_on", "issued_on"):
        day = demand.facts.get(name)
        if isinstance(day, date):
            return day
    return date.today()  # noqa: DTZ011 -- the user's own calendar day


def _write_letter(assessment: Assessment, path: Path) -> None:
    from demur.options import option
    from demur.paper import Party, challenge_letter, render_docx, render_pdf

    served = assessment.demand.facts.get("served_on_entity")
    provider = Party(option("provider") or (str(served) if served else "[provider]"))
    letter = challenge_letter(assessment, provider=provider, today=date.today())  # noqa: DTZ011 -- the signer's day
    path.write_bytes(render_docx(letter) if path.suffix.lower() == ".docx" else render_pdf(letter))


def _print_assessment(assessment: Assessment) -> None:
    from demur.law import ask

    grounds = [f for f in assessment.holding() if f.is_ground]
    open_ = [f for f in assessment.unknown() if f.is_ground]
    print(f"law as of {assessment.as_of}: {len(grounds)} grounds hold, {len(open_)} to ask, {assessment.rules} rules")
    for finding in assessment.findings:
        if finding.is_ground:
            _print_finding(finding)
    questions = ask(assessment)
    if questions:
        print("\nto ask, the most decisive first")
        for question in questions:
            rules = question.settles or question.helps
            print(f"  {question.text}  ({question.fact}, {len(rules)} ground{'s' if len(rules) > 1 else ''})")
    notes = [f for f in assessment.holding() if not f.is_ground]
    if notes:
        print("\nto know")
        for finding in notes:
            print(f"  {finding.title} ({finding.effect}; {'; '.join(finding.cites)})")


def _print_finding(finding: Finding) -> None:
    due = f", by {finding.due}" if finding.due else ""
    print(f"\n{finding.verdict}  {finding.title}  [{finding.strength}, {finding.force}, against the {finding.against}]")
    print(f"  {'; '.join(finding.cites)}  ({finding.rule})")
    print(f"  {finding.says}")
    for reason in finding.because:
        mark = {"true": "✓", "unknown": "?", "false": "✗"}[reason.state]
        print(f"  {'  ' * reason.depth}{mark} {reason.text}")
    print(f"  {finding.effect}: {finding.forum}{due}; raised by {', '.join(finding.who)}")
    if finding.checked == "recheck":
        print("  confirm with local counsel")


# ------------------------------------------------------------------ the library


def _law_list(args: Any) -> int:
    from demur.law import library

    law = library()
    if args.json:
        print(json.dumps([_rule_json(rule) for rule in law.rules], indent=2, ensure_ascii=False, default=str))
        return DONE
    for rule in law.rules:
        print(f"{rule.name:44} {rule.against:10} {rule.effect:11} {rule.strength.steps[-1][1]:9} {rule.title}")
    print(f"{len(law.rules)} rules, {len(law.params)} parameters, {len(law.clocks)} clocks, version {law.version[:12]}")
    return DONE


def _rule_json(rule: Any) -> dict[str, Any]:
    return {
        "id": rule.id, "version": rule.version, "file": rule.file, "title": rule.title, "cites": rule.cites,
        "says": rule.says, "applies": rule.applies, "when": rule.when, "against": rule.against, "effect": rule.effect,
        "force": [{"from": d, "is": v} for d, v in rule.force.steps], "who": rule.who, "stays": rule.stays,
        "forum": rule.forum, "by": rule.by, "strength": [{"from": d, "is": v} for d, v in rule.strength.steps],
        "from": rule.from_, "until": rule.until, "cuts": rule.cuts, "level": rule.level, "facts": rule.facts,
        "checked": {"on": rule.checked_on, "how": rule.checked},
    }  # fmt: skip


def _law_show(args: Any) -> int:
    from demur.facts.values import suggest
    from demur.law import library

    law = library()
    identity = args.id.partition("@")[0]
    versions = [r for r in law.by_id.get(identity, ()) if args.id in (r.id, r.name)]
    if not versions:
        raise InputError(f"there is no rule {args.id}; hint: {suggest(identity, law.by_id)}")
    if args.json:
        print(json.dumps([_rule_json(rule) for rule in versions], indent=2, ensure_ascii=False, default=str))
        return DONE
    for rule in versions:
        life = f"{rule.from_ or 'ever'} to {rule.until or 'now'}"
        print(f"{rule.name}  ({rule.file}; law from {life})\n{rule.title}\n\n{rule.says}\n")
        print(f"cites     {'; '.join(rule.cites)}\napplies   {rule.applies}\nwhen      {rule.when}")
        print(f"against   {rule.against}, {rule.effect}; raised by {', '.join(rule.who)}; stays: {rule.stays}")
        print(f"forum     {rule.forum}, by {rule.by}")
        for day, value in rule.strength.steps:
            print(f"strength  {value}" + (f" from {day}" if day else ""))
        marks = {"text": "text read", "report": "report read", "recheck": "not confirmed: confirm with local counsel"}
        print(f"checked   {rule.checked_on}, {marks[rule.checked]}")
        for example in rule.examples:
            facts = ", ".join(f"{k} = {v!r}" for k, v in example.facts.items())
            print(f"{example.verdict:9} {example.as_of}: {facts}")
        print()
    return DONE


def _law_check(args: Any) -> int:
    from demur.law.check import check
    from demur.law.library import HERE

    law, found = check(args.folder or HERE)
    weights = {"error": True, "warning": args.warnings, "note": args.notes}
    by_weight = {weight: [p for p in found if p.weight == weight] for weight in weights}
    for weight, shown in weights.items():
        for problem in by_weight[weight] if shown else ():
            print(f"{weight}: {problem}")
    examples = sum(len(rule.examples) for rule in law.rules)
    counts = ", ".join(f"{len(problems)} {weight}s" for weight, problems in by_weight.items())
    print(f"{len(law.rules)} rules, {examples} examples: {counts}")
    return NO if by_weight["error"] else DONE


def _law_decided(args: Any) -> int:
    from demur.law import decided, library

    if args.folder and not Path(args.folder).is_dir():
        raise InputError(f"there is no folder {args.folder}; hint: name a folder of decided cases")
    law, wrong = library(), 0
    found = decided.cases(args.folder or decided.HERE)
    if not found:
        raise InputError(f"{args.folder} holds no decided cases; hint: they are TOML files, a table for each case")
    for case in found:
        lines = list(decided.disagreements(case, law))
        wrong += bool(lines)
        print(f"{'FAILS' if lines else 'agrees'}  {case.as_of}  {case.id}: {case.outcome}; {case.result}")
        for line in lines:
            print(f"        {line}")
    print(f"{len(found)} decided cases, {len(found) - wrong} agree, {wrong} do not")
    return NO if wrong else DONE


def _on(text: str | None) -> date:
    from demur.facts import read_value

    day = read_value("served_on", text)
    return day if isinstance(day, date) else date.today()  # noqa: DTZ011 -- the user's own calendar day


def _law_diff(args: Any) -> int:
    from demur.law import sweep
    from demur.law.edition import changed, standing

    day = _on(args.as_of)
    sides = [standing(name, day, _kept_law()) for name in (args.old, args.new)]
    before, after = (side.edition(transfers=args.transfers) for side in sides)
    rules = changed(before, after)
    if args.rows and rules:
        rows, own = _rows(args.rows, args.as_of)
        before, after = (side.edition(own_days=own, transfers=args.transfers) for side in sides)
        _show_touched(sweep.touched(sweep.encode(rows), before, after, day), args.rows, args)
        return NO
    if args.cases:
        return _show_differences(args, *sides)
    how = {r: "gone" if r not in after else "changed" if r in before else "new" for r in rules}
    if args.json:
        print(json.dumps([{"rule": rule, "how": word} for rule, word in how.items()], indent=2))
        return NO if rules else DONE
    for rule, word in how.items():
        print(f"{word:8} {rule}")
    print(f"{len(rules)} rules answer differently as of {day}")
    return NO if rules else DONE


def _show_differences(args: Any, before: Standing, after: Standing) -> int:
    """What two laws find otherwise on each case: the verdict, or the strength or force of what stays."""
    from demur.law.compare import compare, read_cases

    cases = read_cases(args.cases)
    found = list(compare(cases, before, after, _on(args.as_of) if args.as_of else None))
    if args.json:
        names = ("verdict", "strength", "force")
        print(json.dumps([
            {"case": d.case, "rule": d.rule, "title": d.title, "clause": d.clause, "target": d.target,
             "before": dict(zip(names, d.before, strict=True)), "after": dict(zip(names, d.after, strict=True))}
            for d in found
        ], indent=2, ensure_ascii=False))  # fmt: skip
        return NO if found else DONE
    by_case: dict[str, dict[tuple[str, ...], int]] = {}
    for d in found:
        changes = by_case.setdefault(d.case, {})
        line = (d.rule, d.title, *(", ".join(part for part in side if part) for side in (d.before, d.after)))
        changes[line] = changes.get(line, 0) + 1
    for case, changes in by_case.items():
        print(case)
        for (rule, title, was, now), places in changes.items():
            on = f", on {places} items or identifiers" if places > 1 else ""
            print(f"  {rule}: {was} -> {now}{on}\n    {title}")
    rules = len({d.rule for d in found})
    print(f"{len(by_case)} of {len(cases)} cases are judged otherwise, by {rules} rule{'s' if rules != 1 else ''}")
    return NO if found else DONE


def _kept_law() -> Path:
    from demur.options import option

    return Path(option("data", "demur-data")) / "law"


def _rows(name: str, as_of: str | None, *, as_it_lies: bool = False) -> tuple[polars.LazyFrame, bool]:
    """Rows, and whether each is judged on its own day: not where one day is named for all."""
    from demur.law import sweep

    rows = sweep.open_rows(name, as_it_lies=as_it_lies)
    own = "as_of" in rows.collect_schema()
    return (rows.drop("as_of"), False) if own and as_of else (rows, own)


def _law_replay(args: Any) -> int:
    _docket()
    from demur.docket.models import Case
    from demur.docket.replay import replayed

    cases = Case.objects.all() if args.all else Case.objects.filter(number=args.case.upper())
    if not (args.all or cases):
        raise InputError(f"no case {args.case!r}; hint: look it up on the docket")
    found = [one for case in cases.order_by("pk").iterator() for one in replayed(case)]
    wrong = sum(not one.same for one in found)
    if args.json:
        names = ("case", "what", "seq", "as_of", "library", "same", "why")
        print(json.dumps([{n: getattr(one, n) for n in names} for one in found], indent=2, default=str))
        return NO if wrong else DONE
    for one in found:
        under = f", law {one.library[:12]} as of {one.as_of}" if one.library else ""
        print(f"{'same   ' if one.same else 'DIFFERS'}  {one.case}  act {one.seq}  {one.what}{under}")
        for line in one.why:
            print(f"         {line}")
    print(f"{len(found)} made again, {len(found) - wrong} the same, {wrong} not")
    return NO if wrong else DONE


def _law_sweep(args: Any) -> int:
    from demur.law import library, sweep
    from demur.law.edition import Standing, changed, facts_read, only, standing

    day = _on(args.as_of)
    rows, own = _rows(args.rows, args.as_of, as_it_lies=bool(args.sql))
    after = before = Standing(library(), day).edition(own_days=own, transfers=args.transfers)
    if args.changed_since:
        before = standing(args.changed_since, day, _kept_law()).edition(own_days=own, transfers=args.transfers)
    earlier, since = None, _as_day(args.rows_since)
    if since:
        rows = sweep.since(rows, since)
    elif args.rows_since:
        earlier = sweep.encode(_rows(args.rows_since, args.as_of)[0])
    if args.sql:
        from demur.law import sql

        schema = rows.collect_schema()
        by_change = args.changed_since is not None
        print(sql.touched(before, after, schema, day, args.sql) if by_change
              else sql.cells(after, schema, day, args.sql))  # fmt: skip
        return DONE
    read = only(after, changed(before, after)) if args.changed_since and earlier is None else after
    for fact, number in sweep.strays(rows, facts_read(read)).items():
        print(f"warning: {number} rows have a {fact} that is none and count as unknown", file=sys.stderr)
    rows = sweep.encode(rows)
    if args.changed_since or earlier is not None:
        _show_touched(sweep.touched(rows, before, after, day, earlier), args.rows, args)
        return DONE
    if args.o:
        sweep.write(sweep.evaluate(rows, after, day), args.o, beside=args.rows)
    counts = sweep.count(rows, after, day)
    if args.json:
        print(json.dumps([{"rule": c.rule, "holds": c.holds, "unknown": c.unknown} for c in counts], indent=2))
        return DONE
    for item in counts:
        if item.holds or item.unknown:
            print(f"{item.holds:12} hold {item.unknown:12} unknown  {item.rule}")
    return DONE


def _as_day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _show_touched(found: polars.LazyFrame, rows: str, args: Any) -> None:
    """The touched rows written, where that is asked for, and told: how many of each rule, and what they are now."""
    import polars

    from demur.law import sweep

    if args.o:
        sweep.write(found, args.o, beside=rows)
        found = polars.scan_parquet(args.o)
    number, rules = sweep.tally(sweep.gathered(found))
    if args.json:
        print(json.dumps([asdict(touch) for touch in rules], indent=2))
        return
    for one in rules:
        print(f"{one.rows:12} rows  {one.rule}: {one.holds} hold now, {one.unknown} unknown, {one.fails} fail")
    print(f"{number} rows answer otherwise, by {len(rules)} rules")


def _law_rows(args: Any) -> int:
    _docket()
    from demur.docket import rows

    written = rows.write(args.o, args.kinds or rows.KINDS)
    if args.json:
        print(json.dumps(asdict(written)))
    elif written.rows:
        print(f"{written.cases} cases in {written.rows} rows, readable by you alone")
    if not written.rows:
        print("demur: nothing was written: no such case was assessed yet", file=sys.stderr)
        return NO
    return DONE


def _law_open_work(args: Any) -> int:
    from datetime import UTC, datetime

    from django.db import connection

    _docket()
    from demur.docket.models import Touched
    from demur.docket.openwork import open_work

    if Touched._meta.db_table not in connection.introspection.table_names():
        raise InputError("the docket is of an older version; hint: start demur serve or demur worker once")
    opened = open_work(args.list, datetime.now(UTC))
    if args.json:
        print(json.dumps(asdict(opened), indent=2))
        return DONE
    for number, what in (
        (opened.changed, "open cases: the law says otherwise, to be assessed again"),
        (opened.unmoved, "open cases: nothing to do, the docket finds no difference, or has noted it"),
        (opened.noted, "closed or released: noted, and open on the desk"),
        (opened.noted_before, "closed or released: nothing to do, noted before"),
        (opened.unknown, "ids that are no case of this docket: of another register, such as transfers"),
    ):
        print(f"{number:8} {what}")
    return DONE


# ------------------------------------------------------------------ processes, ledger, benchmarks


def _demo(args: Any) -> int:
    from demur.desk.demo import run

    return int(run(port=args.port))


def _serve(args: Any) -> int:
    from demur.desk.server import serve

    serve(host=args.host, port=args.port, worker=not args.no_worker)
    return DONE


def _people() -> Any:
    from demur.desk.server import open_database

    open_database()
    from demur.desk import people

    return people


def _people_add(args: Any) -> int:
    import getpass

    people = _people()
    # Never as an argument: those are seen by everybody on the machine.
    password = getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        people.let_in(args.username, password, args.roles, args.full_name, args.forums)
    except ValueError as error:
        raise InputError(str(error)) from None
    return DONE


def _people_list(args: Any) -> int:
    found = _people().everybody()
    if args.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return DONE
    for person in found:
        forums = f"; admitted: {', '.join(person['forums'])}" if person["forums"] else ""
        print(f"{person['username']:16} {person['name']:24} {', '.join(person['roles']) or 'no role'}{forums}")
    return DONE


def _people_remove(args: Any) -> int:
    try:
        _people().let_go(args.username)
    except LookupError as error:
        raise InputError(str(error.args[0])) from None
    return DONE


def _worker(args: Any) -> int:
    if args.every <= 0:
        raise InputError("the pause is no time; hint: give seconds, such as --every 5")
    from demur.desk.server import open_database
    from demur.desk.watch import end_with_input

    if args.beside:
        end_with_input()
    open_database()
    from datetime import UTC, datetime, timedelta

    from django.conf import settings

    from demur.docket.worker import Worker

    worker = Worker(settings.DATA, timedelta(minutes=settings.EPOCH_MINUTES))
    if args.once:
        return NO if worker.turn(datetime.now(UTC)) else DONE
    worker.run(args.every)
    return DONE


def _text(path: str) -> str:
    try:
        return _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text; hint: is it the right file?") from None


def _policy(args: Any) -> str | None:
    return None if args.policy is None else _text(args.policy)


def _ledger_verify(args: Any) -> int:
    from demur.ledger.verify import recount, verify

    report: Any = verify(args.place, keys=args.key, policy=_policy(args))
    if args.recount and report.sound:
        report = recount(args.place, _text(args.recount).splitlines())
    print(report)
    return DONE if report.sound else NO


def _ledger_proof(args: Any) -> int:
    from demur.ledger import verify_receipt

    if args.what.isdecimal() and not Path(args.what).exists():
        data, entries = _docket()
        text = entries.proof(data, int(args.what), args.show)
        if args.o:
            Path(args.o).write_text(text, "utf-8")
        else:
            print(text, end="")
        return DONE
    try:
        leaf = bytes.fromhex(args.leaf) if args.leaf else None
    except ValueError:
        raise InputError(f"{args.leaf} is no leaf; hint: hexadecimal, as a receipt prints it") from None
    report = verify_receipt(_text(args.what), keys=args.key, policy=_policy(args), leaf=leaf)
    print(report)
    return DONE if report.sound else NO


OPERATOR = "operator"
"""Whoever runs commands on this machine is its operator."""


def _ledger_open(args: Any) -> int:
    from datetime import UTC, datetime

    from django.db import connection

    from demur.ledger import SqlStore
    from demur.ledger.audit import open_span

    _, entries = _docket()
    from demur.desk import people

    to, why = _said("to", args.to), _said("why", args.why)
    by = people.counsel(args.by)
    if by is None:
        raise InputError(f"{args.by!r} is no counsel here; hint: counsel decides what is opened, see demur people list")
    now = datetime.now(UTC)
    entries.opened(args.first, args.last, bodies=args.bodies, by=by, to=to, why=why, now=now)
    with connection.cursor() as cursor:
        for line in open_span(SqlStore.of(connection), cursor, args.first, args.last + 1, bodies=args.bodies):
            print(line, end="")
    return DONE


def _said(name: str, text: str) -> str:
    said = " ".join(text.split())
    if not said:
        raise InputError(f"--{name} says nothing; hint: it is kept in the ledger, write it out")
    return said


def _ledger_destroy(args: Any) -> int:
    from datetime import UTC, datetime

    _, entries = _docket()
    kind = entries.destroy(args.entry, by=OPERATOR, why=_said("why", args.why), now=datetime.now(UTC))
    print(f"what entry {args.entry} said is destroyed; it still counts as {kind}")
    return DONE


def _ledger_schedule(args: Any) -> int:
    from datetime import UTC, datetime

    data, entries = _docket()
    from django.conf import settings

    now = datetime.now(UTC)
    if args.leaves is not None:
        start = _as_day(args.start)
        if args.start and start is None:
            raise InputError(f"{args.start!r} is no date; hint: write a date as 2026-11-23")
        entries.announce(data, args.leaves, start, by=OPERATOR, now=now)
    elif args.start:
        raise InputError("how many leaves is not said; hint: --leaves 128")
    announced, waiting = entries.schedule(data)
    leaves = announced.leaves_on(now.date())
    for day, number in announced.changes:
        print(f"{number:6} leaves an epoch, {'from the beginning' if day == date.min else f'from {day} on'}")
    a_day = int(leaves * 24 * 60 / settings.EPOCH_MINUTES)
    print(f"today {leaves} every {settings.EPOCH_MINUTES:g} minutes: {a_day} entries a day; {waiting} wait")
    return DONE


def _ledger_catch_up(args: Any) -> int:
    data, entries = _docket()
    found = entries.catch_up_with_log(data)
    print(f"{found.epochs} epochs taken from the public folder: {found.placed} entries found again, {found.lost} lost")
    return DONE


def _docket() -> tuple[Path, Any]:
    """The data folder, and the docket's entries, with the database ready to be asked."""
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demur.desk.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.db import DatabaseError, connection

    from demur.docket import entries

    try:
        tables = connection.introspection.table_names()
    except DatabaseError as error:
        said = str(error).strip().partition("\n")[0]
        raise InputError(f"the database does not answer: {said}; hint: see DEMUR_DATABASE_URL") from None
    if "ledger_entry" not in tables:
        raise InputError(f"there is no docket in {settings.DATA}; hint: name its folder with DEMUR_DATA")
    return Path(settings.DATA), entries


def _register_parser(commands: Any, as_json: tuple[tuple[str, ...], dict[str, Any]]) -> None:
    says = "the registers of customers and authorities"
    register = commands.add_parser("register", help=says, description=f"Keep {says}.")
    inside = register.add_subparsers(title="commands", metavar="COMMAND", required=True)
    take = inside.add_parser("import", help="keep every entry of a file, or nothing at all")
    take.add_argument("file", metavar="FILE", help="TOML or JSON as `export` prints it; - for standard input")
    take.set_defaults(run=_register_import)
    give = inside.add_parser("export", help="print all entries, as TOML")
    give.add_argument(*as_json[0], **as_json[1])
    give.set_defaults(run=_register_export)


def _register_import(args: Any) -> int:
    from datetime import UTC, datetime

    _docket()
    from demur.docket import registerfile, registers
    from demur.docket.lifecycle import Actor

    text = _text(args.file)
    if not text.strip():
        raise InputError(f"{args.file} is empty; hint: give a file as `demur register export` prints it")
    try:
        changed = registers.put(registerfile.load(text), Actor(OPERATOR, frozenset({"operator"})), datetime.now(UTC))
    except registers.RegisterError as error:
        place = "" if args.file == "-" else args.file
        lines = [
            f"{place}:{registerfile.line_of(text, f)}: {f.what}" if f.at else f"{place}: {f.what}"
            for f in error.flaws[:MOST_FLAWS]
        ]
        more = len(error.flaws) - len(lines)
        lines += [f"and {more} more; hint: mend these first"] if more else []
        raise InputError("nothing was changed\n" + "\n".join(lines)) from None
    print(f"{len(changed)} changed" + (f": {', '.join(changed)}" if changed else ""))
    return DONE


def _register_export(args: Any) -> int:
    _docket()
    from demur.docket import registerfile, registers

    print(registerfile.dump(registers.everything(), args.json), end="")
    return DONE


def _witness(args: Any) -> int:
    from demur.ledger.witness import run
    from demur.options import option

    run(Path(option("data", "demur-data")) / "witness", _text(args.logs), name=args.name, port=args.port)
    return DONE


def _bench(args: Any) -> int:
    from demur.bench import run

    results = run(args.name)
    if args.json:
        print(json.dumps(results, indent=2))
    else:
        for item in results:
            mark = "met" if item["met"] else "NOT MET"
            beside = (
                f"{item['beside']} {item['beside_value']:.4g}" if item["beside_value"] is not None else item["beside"]
            )
            print(f"{item['name']:44} {item['value']:>12.4g} {item['unit']:14} {beside:40} goal {item['goal']}: {mark}")
    return DONE if all(item["met"] for item in results) else NO


if __name__ == "__main__":
    sys.exit(main())
