"""A rule is drafted by a person who does not program: each mistake names its place and remedy, and all at once."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.facts import demand_from_mapping, vocabulary
from demur.law import LawError, library
from demur.law.draft import LONGEST, current, propose, read_draft, skeleton, table_of, try_on
from demur.law.library import sources_of

SKELETON = skeleton()
SOURCES = sources_of()
WHEN = 'when     = "asks_content"'
DAY = date(2026, 11, 25)


def test_the_skeleton_reads_as_it_stands() -> None:
    draft = read_draft(SKELETON, library())
    assert draft.sound
    assert draft.mistakes == draft.remarks == ()
    assert [t.given for t in draft.tried] == ["holds", "fails", "fails", "unknown"]


ASKS_FALSE = "asks_content = false }"


def when(text: str) -> tuple[str, str]:
    """The change of the skeleton's condition to this text."""
    return WHEN, f'when = "{text}"'


@pytest.mark.parametrize(
    ("change", "place", "message", "hint", "line", "word"),
    [
        ((SKELETON, ""), "", "there is no rule yet", '["us.nsl.scope"]', None, ""),
        (('title    = "', "title    = "), "line 5, column", "this is not TOML", "quotes", 5, "Content"),
        (when("asks_conten"), "when, column 1", "unknown fact 'asks_conten'", "asks_content", 12, "asks_conten"),
        (when("kind = 'nls'"), "when, column 8", "'nls' is no value of kind", "nsl", 12, "'nls'"),
        (when("kind > 'nsl'"), "when, column 1", "kind is enum and has no order", "in (...)", 12, "kind"),
        (when("kind in ('nsl', null)"), "when", "null is not a value", "is null", 12, ""),
        (when("coalesce(asks_content, true)"), "when", "a function is not part", "param", 12, ""),
        (when("kind in (select 1)"), "when, column 1", "a sub-query is not part", "param", 12, "kind"),
        (when("offence_max_months > 3.5"), "when, column 22", "not a whole number", "no floats", 12, "3"),
        (when('""\nsigned\n  and sined""'), "when, line 2, column 7", "unknown fact", "signed", 12, "sined"),
        (("examples.unknown", "# "), "examples", "no example for unknown", "examples.unknown", None, ""),
        (('["provider", "cus', '["all", "cus'), "who", "'all' is not allowed", "provider", 23, ""),
        (("against  =", "agianst ="), "agianst", "unknown key 'agianst'", "against", 15, ""),
        (('"return-date"', '"return_date"'), "by", "unknown clock 'return_date'", "return-date", 26, ""),
        ((ASKS_FALSE, "asks_content = 3 }"), "examples.fails, 1", "asks_content is 3", "true, false", 39, ""),
        ((ASKS_FALSE, "ask_content = true }"), "examples.fails, 1", "unknown fact 'ask_content'", "did you", 39, ""),
        (('["us.sample', '["US.sample'), "", "no name of a rule", "small letters", None, ""),
        ((SKELETON, SKELETON + SKELETON.replace("us.s", "us.o")), "", "there are 2 rules", "one table", None, ""),
        ((SKELETON, "x" * (LONGEST + 1)), "", "characters", "at most", None, ""),
        ((SKELETON, "a = " + "[" * 5000), "", "nested too deeply", "", None, ""),
        (
            ('["us.s', '[terms]\neea = "kind = 5"\n["us.s'),
            "column 8",
            "5 is not of the type of kind",
            "quotes",
            None,
            "",
        ),
    ],
)
def test_a_mistake_names_its_place_and_the_remedy(
    change: tuple[str, str], place: str, message: str, hint: str, line: int | None, word: str
) -> None:
    assert change[0] in SKELETON
    draft = read_draft(SKELETON.replace(*change, 1), library())
    assert not draft.sound
    (found, *_) = [m for m in draft.mistakes if message in m.message]
    assert place in found.place
    assert hint in found.hint
    if line:
        assert found.line == line
    assert found.words[1] == word or not word


def test_all_mistakes_are_told_at_once_and_one_is_not_told_as_many() -> None:
    text = (
        SKELETON.replace(WHEN, 'when = "asks_conten"')
        .replace('"void"', '"viod"')
        .replace("kind in ('subp", "kind in ('supb")
    )
    text = text.replace("asks_content = false", "asks_content = 7").replace("title ", "titel ")
    told = [(m.place.partition(",")[0], m.line) for m in read_draft(text, library()).mistakes]
    assert told == [
        ("title", None),
        ("titel", 5),
        ("applies", 11),
        ("when", 12),
        ("effect", 18),
        ("examples.fails", 39),
    ]


def test_an_example_that_disagrees_is_shown_with_what_it_gives() -> None:
    draft = read_draft(SKELETON.replace("asks_content = false", "asks_content = true"), library())
    assert draft.rule is not None
    assert not draft.sound
    assert [(t.example.verdict, t.given) for t in draft.tried if not t.agrees] == [("fails", "holds")]


def test_what_the_checks_of_a_library_would_say_is_said() -> None:
    def remarks(text: str) -> str:
        return " ".join(p.message for p in read_draft(text, library()).remarks)

    assert "no example reaches the alternative on asks_location" in remarks(
        SKELETON.replace(WHEN, 'when = "asks_content or asks_location"')
    )
    assert "can never be true" in remarks(SKELETON.replace(WHEN, "when = \"asks_content or kind = 'nsl'\""))
    twin = current("us.pen.gag-indefinite", library(), SOURCES).replace("us.pen.gag-indefinite", "us.pen.second")
    assert "holds on the very facts of" in remarks(twin)


def test_a_change_of_what_was_law_is_pointed_out() -> None:
    text = current("us.nsl.permit", library(), SOURCES)
    assert not any("for past days too" in p.message for p in read_draft(text, library()).remarks)
    wider = text.replace('when     = "', 'when     = "asks_content or ')
    assert any("for past days too" in p.message for p in read_draft(wider, library()).remarks)


def test_a_version_may_not_overlap_those_of_the_library() -> None:
    text = current("us.nsl.cert-gag@2015", library(), SOURCES)
    assert read_draft(text, library()).sound
    early = text.replace("2015-06-02", "2015-06-01", 1)
    (told,) = read_draft(early, library()).mistakes
    assert "overlaps in time with us.nsl.cert-gag@2006" in told.message


def test_a_draft_may_bring_a_figure_and_a_term_of_its_own() -> None:
    text = SKELETON.replace(WHEN, "when = \"much and offence_max_months < param('bar')\"") + (
        '[terms]\nmuch = "asks_content"\n[params.bar]\nmeans = "a bar"\nvalues = [{ is = 36, source = "s. 1" }]\n'
    )
    for name in ("asks_content = true }]", "asks_content = true },"):
        text = text.replace(name, name.replace(" }", ", offence_max_months = 12 }"))
    assert read_draft(text, library()).sound


# ------------------------------------------------------------------ trying


def test_a_draft_is_tried_on_cases_of_its_sort_and_beside_the_version_it_replaces() -> None:
    text = current("us.nsl.scope", library(), SOURCES).replace('when     = "', 'when     = "asks_subscriber or ')
    draft = read_draft(text, library())
    letter = {"kind": "nsl", "issuer_country": "us"}
    found, whole = try_on(
        draft,
        library(),
        [
            ("wider", demand_from_mapping({**letter, "asks_subscriber": True, "asks_transactional": False}), DAY),
            ("same", demand_from_mapping({**letter, "asks_transactional": True}), DAY),
            ("open", demand_from_mapping(letter), DAY),
            ("other", demand_from_mapping({"kind": "cid"}), DAY),
            ("early", demand_from_mapping({**letter, "asks_subscriber": True}), date(1990, 1, 1)),
            ("transfer", {"importer_country": "us"}, DAY),
        ],
    )
    assert whole
    assert [(t.case, t.now, t.before, t.law_then) for t in found] == [
        ("wider", "holds", "unknown", True),
        ("same", "holds", "holds", True),
        ("open", "unknown", "unknown", True),
        ("other", "fails", "fails", True),
        ("early", "holds", "", False),
    ]
    assert "asks_subscriber" in found[2].missing


def test_it_counts_on_how_many_identifiers_it_holds() -> None:
    draft = read_draft(
        SKELETON.replace(WHEN, 'when = "user_is_journalist"').replace("asks_content", "user_is_journalist"), library()
    )
    people = [{"identifier": str(n), "user_is_journalist": n < 3} for n in range(40)]
    demand = demand_from_mapping({"kind": "subpoena.gj", "issuer_country": "us", "clauses": [{"targets": people}]})
    ((trial,), _) = try_on(draft, library(), [("many", demand, DAY)])
    assert (trial.now, trial.places) == ("holds", 3)


def test_trying_ends_when_the_time_is_up() -> None:
    draft = read_draft(SKELETON, library())
    cases = [(str(n), demand_from_mapping({"kind": "nsl"}), DAY) for n in range(5)]
    assert try_on(draft, library(), cases, seconds=-1) == ((), False)


# ------------------------------------------------------------------ proposing


def test_every_rule_is_found_in_its_file_whole_and_alone() -> None:
    for rule in library().rules:
        text = SOURCES[rule.file]
        start, end = table_of(text, rule.name)
        assert set(tomllib.loads(text[start:end])) == {rule.name}
        assert text[start:end].rstrip().splitlines()[-1].lstrip()[:1] not in ("#", "")


@pytest.mark.parametrize("name", ["us.nsl.scope", "eu.eev.13", "uk.copo.gag", "ch.category", "us.nsl.cert-gag@2006"])
def test_a_rule_proposed_as_it_stands_changes_nothing(name: str) -> None:
    proposal = propose(read_draft(current(name, library(), SOURCES), library()), library(), SOURCES)
    assert proposal.before == proposal.after == SOURCES[proposal.file]
    assert proposal.diff == ""


def test_a_change_touches_its_own_lines_alone() -> None:
    text = current("us.nsl.scope", library(), SOURCES).replace("Only four things", "Just four things")
    proposal = propose(read_draft(text, library()), library(), SOURCES)
    changed = [line for line in proposal.diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert [line[:1] for line in changed] == ["-", "+"]
    assert "+++ b/us/nsl.toml" in proposal.diff


def test_a_new_rule_goes_to_the_file_of_its_kin_or_a_new_one() -> None:
    def proposed(name: str):
        return propose(
            read_draft(SKELETON.replace("us.sample.content-needs-warrant", name), library()), library(), SOURCES
        )

    assert proposed("us.nsl.new").file == "us/nsl.toml"
    assert proposed("us.sample.new").file == "us/sample.toml"
    assert proposed("us.nsl.new").after.startswith(SOURCES["us/nsl.toml"].rstrip())
    assert proposed("zz.act.first").file == "zz/act.toml"
    assert read_draft(proposed("zz.act.first").after, library()).sound


def test_what_does_not_fit_is_refused_with_a_remedy() -> None:
    text = current("eu.eev.13", library(), SOURCES) + '[terms]\nmuch = "asks_content"\n'
    with pytest.raises(LawError, match=r"does not fit into eu/e-evidence\.toml.*hint: write what stands beside"):
        propose(read_draft(text, library()), library(), SOURCES)
    with pytest.raises(LawError, match=r"no rule us\.nowhere; hint: begin from the skeleton"):
        current("us.nowhere", library(), SOURCES)


# ------------------------------------------------------------------ anybody's text

PIECES = st.sampled_from(
    ["'", '"', "[", "]", "{", "}", "=", "\n", ",", "(", ")", " and ", " or not ", "null", "9" * 30, "²", "\x00", "é",
     "date '9999-12-31'", "as_of", "kind", "served_on > issued_on + 999999999", "param('eea')", "true", "-1", "1.5",
     "#", "2026-02-30", "from = ", "until = 2000-01-01", "[terms]", "[[compels]]", "asks_content", "issuer_in_eea",
     "[" * 300, "(" * 300, "'''", '"""', "select", "exists (select 1)", "case when", "::int", "--", "/*"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(SKELETON)), st.integers(0, 40), st.one_of(PIECES, st.text(max_size=8))), max_size=5
    )
)
def test_no_text_breaks_it(edits: list[tuple[int, int, str]]) -> None:
    text = SKELETON
    for at, cut, piece in edits:
        text = text[:at] + piece + text[at + cut :]
    draft = read_draft(text, library())
    assert draft.rule is not None or draft.mistakes
    assert all(m.message and m.hint for m in draft.mistakes)


def test_a_text_made_to_cost_time_is_given_up() -> None:
    flags = [f.name for f in vocabulary().facts.values() if f.type == "bool" and f.level in ("demand", "clause")]
    chains = " and ".join("(" + " or ".join(flags[n + m] for m in range(6)) + ")" for n in range(0, 180, 3))
    none = " and ".join(f"not {flag}" for flag in flags[100:140])
    draft = read_draft(SKELETON.replace(WHEN, f'when = "{chains} and {none}"'), library())
    assert not draft.sound
