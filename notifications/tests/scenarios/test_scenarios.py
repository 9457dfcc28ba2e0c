"""Every scenario comes out as its file says, and a rule that is broken on purpose does not go unnoticed."""

import os
import subprocess
import sys

import pytest

from notifications.tests.scenarios import script
from notifications.tests.scenarios.breaks import BREAKS
from notifications.tests.scenarios.play import play
from notifications.tests.scenarios.stage import ROOT


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", script.names())
def test_it_comes_out_as_written(name: str) -> None:
    scenario = script.load(name, in_tests=True)
    assert play(scenario) == scenario.expected


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", [name for name, one in BREAKS.items() if one.cell])
def test_a_broken_rule_turns_its_cell_red(name: str) -> None:
    scenario = script.load(BREAKS[name].seen_by)
    assert BREAKS[name].cell in play(scenario, broken=name).differences(scenario.expected)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", [name for name, one in BREAKS.items() if not one.cell])
def test_a_broken_rule_that_fails_a_run_breaks_the_scenario_off(name: str) -> None:
    with pytest.raises(ConnectionError):
        play(script.load(BREAKS[name].seen_by), broken=name)


def test_the_command_says_which_cells_are_red_and_fails() -> None:
    words = [sys.executable, "-m", "notifications.tests.scenarios", "admin_added", "credits_jump"]
    done = subprocess.run(
        words, cwd=ROOT, env=os.environ | {"BREAK": "levels"}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    assert "!=" not in lines["admin_added"]
    assert "1!=0" in lines["credits_jump"]
    assert lines["12"] == "12 of 14 cells are as expected."
