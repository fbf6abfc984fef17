"""The registers at the command line: all of a file or nothing, and each flaw with its line."""

from __future__ import annotations

import pytest

from demur.cli import main
from demur.docket.models import Customer, RegisterChange

FILE = """
[[customers]]
slug = "clinic"
name = "Orchard Street Clinic"
kind = "enterprise"
handles = { domain = ["clinic.example"] }

[[customers]]
slug = "press"
name = "Lane Press"
kind = "enterprise"
"""


@pytest.mark.django_db
def test_a_file_goes_in_and_comes_out_again(tmp_path, capsys):
    file = tmp_path / "registers.toml"
    file.write_text(FILE, "utf-8")
    assert main(["register", "import", str(file)]) == 0
    assert capsys.readouterr().out == "2 changed: clinic, press\n"
    assert RegisterChange.objects.first().person == "operator"
    for form, name in ((["--json"], "out.json"), ([], "out.toml")):
        assert main(["register", "export", *form]) == 0
        (tmp_path / name).write_text(capsys.readouterr().out, "utf-8")
        assert main(["register", "import", str(tmp_path / name)]) == 0
        assert capsys.readouterr().out == "0 changed\n"


@pytest.mark.django_db
def test_a_bad_file_changes_nothing_and_each_flaw_has_its_line(tmp_path, capsys):
    file = tmp_path / "registers.toml"
    file.write_text(FILE.replace('"clinic.example"', '"com"').replace('name = "Lane Press"\n', ""), "utf-8")
    assert main(["register", "import", str(file)]) == 2
    said = capsys.readouterr().err
    assert f"{file}:6: handles, domain: 'com' is no domain; hint: such as muster.example" in said
    assert f"{file}:8: name is missing" in said
    assert not Customer.objects.exists()
