"""`demur assess` of a facts file as a user runs it: the whole process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from demur.facts import demand_to_mapping

from . import Row, law, median_time, row


def bench() -> list[Row]:
    """The whole process beside a bare start of Python."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "facts.json"
        file.write_text(json.dumps(demand_to_mapping(law.sample())), "utf-8")

        def run(*arguments: str) -> None:
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

        command = ("-m", "demur.cli", "assess", str(file), "--json", "--as-of", law.DAY.isoformat())
        run(*command)
        whole = median_time(lambda: run(*command))
        floor = median_time(lambda: run("-c", "pass"))
    return [row("demur assess FILE", whole, "s", "python -c pass", floor, "<= 0.6 s", whole <= 0.6)]
