"""The server, and the demonstration's folder."""

from __future__ import annotations

import socket

import pytest

from demur.desk import demo, server


def test_a_port_in_use_is_refused_with_a_hint(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as stopped:
            server.serve(port=port)
    assert stopped.value.code == 2
    assert f"port {port} is in use; hint:" in capsys.readouterr().err


def test_a_folder_that_is_no_demonstration_is_never_cleared(tmp_path):
    kept = tmp_path / "real" / "demur.sqlite3"
    kept.parent.mkdir()
    kept.write_bytes(b"a real docket")
    with pytest.raises(demo.DemoError, match="nothing was changed"):
        demo.prepare(kept.parent)
    assert kept.read_bytes() == b"a real docket"
