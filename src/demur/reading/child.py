"""The child process: reads one task and one file from its input, answers on its output, and ends.

Exit codes: 0 the answer, 2 a `{"error": ...}` to be shown to the user; anything else is a parser's death.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from . import confine
from .sources import Trouble


def main() -> int:
    """Run the task; the first input line is the task as JSON, the rest is the file."""
    inbox, outbox = sys.stdin.buffer, os.dup(1)
    os.dup2(2, 1)  # whatever a parser prints must not mix with the answer
    task: dict[str, Any] = json.loads(inbox.readline())
    data = inbox.read()
    limits = task["limits"]
    confine.bound(limits["memory"], limits["seconds"])
    confine.cut_off()
    try:
        answer = _do(task, data)
    except Trouble as trouble:
        return _send(outbox, json.dumps({"error": str(trouble)}).encode(), 2)
    except MemoryError:
        error = "the file needs more memory than one reading may take; hint: it may be a bomb, or split it"
        return _send(outbox, json.dumps({"error": error}).encode(), 2)
    except RecursionError:
        error = "the file is nested too deeply; hint: it may be a bomb"
        return _send(outbox, json.dumps({"error": error}).encode(), 2)
    return _send(outbox, answer, 0)


def _do(task: dict[str, Any], data: bytes) -> bytes:
    # Imported late: a facts file needs neither the PDF library nor the recogniser.
    from . import desk_view, packet

    if task["do"] == "render":
        return desk_view.picture(data, task["name"], task["page"], task["width"], task["limits"])
    read = packet.read_packet(data, task["name"], task["limits"], task["dkim_keys"])
    return json.dumps(read.to_wire()).encode()


def _send(outbox: int, answer: bytes, code: int) -> int:
    view = memoryview(answer)
    while view:
        view = view[os.write(outbox, view) :]
    return code


if __name__ == "__main__":
    # Skip the interpreter's own tidying: some libraries' threads are slow to end.
    code = main()
    sys.stderr.flush()
    os._exit(code)
