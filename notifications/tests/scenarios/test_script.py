"""What stands in a scenario's file, and what its author is told when it cannot be read."""

from pathlib import Path
from typing import Any

import pytest

from notifications.tests.scenarios import script
from notifications.tests.scenarios.breaks import BREAKS
from notifications.tests.scenarios.killed import STEPS
from notifications.tests.scenarios.play import play
from notifications.tests.scenarios.script import BadScenario, Numbers, span
from notifications.tests.scenarios.stage import ROOT
from notifications.tests.scenarios.words import STATES, WORDS

GOOD = """
title = "Nothing"
lasts = "2:00"
happens = [{at = "0:05", carrier = "outage"}]
truths = [{kind = "sms_service", scope = "provider:simulator", from = "0:05"}]
[expected]
incidents = 1
told = {ada = 1, sam = 1}
false = 0
missed = 0
resolved = 0
opening_delay = 0
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.django_db(transaction=True)
def test_a_new_file_is_a_new_scenario(folder: Path) -> None:
    (folder / "nothing.toml").write_text(GOOD)
    assert script.names() == ["nothing"]
    scenario = script.load("nothing")
    assert play(scenario) == scenario.expected


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('lasts = "2:00"', "", "lasts is missing."),
        ('"2:00"', '"two hours"', "'two hours' is no time"),
        ('"2:00"', "2", "2 is no time"),
        ('title = "Nothing"', 'title = "Nothing"\nmood = "good"', "mood: nobody knows this"),
        ('{at = "0:05", carrier', "{carrier", "when?"),
        ('{at = "0:05", carrier', '{at = "2:05", carrier', "after the last run"),
        ("missed = 0", "mist = 0", "mist"),
        ("missed = 0", "", "missed"),
        ('from = "0:05"', 'from = "0:05", why = "so"', "why"),
        ('kind = "sms_service", ', "", "kind"),
        ("truths = [", "truths = ", "line 5"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_file_and_what_is_wrong(
    folder: Path, right: str, wrong: str, said: str
) -> None:
    assert right in GOOD
    (folder / "bad.toml").write_text(GOOD.replace(right, wrong))
    with pytest.raises(BadScenario, match=r"^bad\.toml: ") as refused:
        script.load("bad")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('weather = "rain"', "weather: no such word; there are carrier"),
        ("top_up = 10", "top_up: missing a required argument: 'of'"),
        ('carrier = "outage", of = "acme"', "carrier: got an unexpected keyword argument 'of'"),
    ],
)
def test_a_word_that_nobody_knows_or_that_misses_something_is_refused(folder: Path, wrong: str, said: str) -> None:
    (folder / "bad.toml").write_text(GOOD.replace('carrier = "outage"', wrong))
    with pytest.raises(BadScenario, match=r"^bad\.toml: ") as refused:
        play(script.load("bad"))
    assert said in str(refused.value)


def test_one_that_is_not_there_is_told_with_those_that_are(folder: Path) -> None:
    (folder / "nothing.toml").write_text(GOOD)
    with pytest.raises(BadScenario, match="no scenario nope; there are nothing"):
        script.load("nope")


def test_what_happens_again_and_again_happens_from_the_first_to_the_last_time(folder: Path) -> None:
    again = '{from = "0:10", every = "0:30", until = "1:10", carrier'
    (folder / "often.toml").write_text(GOOD.replace('{at = "0:05", carrier', again))
    assert [one.at for one in script.load("often").happens] == [span("0:10"), span("0:40"), span("1:10")]


def test_the_scenarios_that_there_are_expect_neither_false_alarms_nor_missed_ones() -> None:
    scenarios = [script.load(name) for name in script.names()]
    assert len(scenarios) >= 16
    assert {(one.expected.false, one.expected.missed) for one in scenarios} == {(0, 0)}
    assert script.load("quiet_week").lasts == span("168:00")


def test_the_document_names_every_word_step_and_rule() -> None:
    text = (ROOT / "docs" / "scenarios.md").read_text()
    wanted: list[Any] = [*WORDS, *STATES, *STEPS, *BREAKS, *Numbers.__dataclass_fields__]
    assert [name for name in wanted if f"`{name}`" not in text] == []
    example = text.split("```toml\n")[1].split("```")[0]
    assert example == (script.FOLDER / "stuck_queue.toml").read_text()
