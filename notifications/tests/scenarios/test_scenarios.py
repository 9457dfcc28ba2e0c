"""Every scenario comes out as its file says, and a rule that is broken on purpose does not go unnoticed."""

import pytest

from notifications.tests.scenarios import script
from notifications.tests.scenarios.breaks import BREAKS
from notifications.tests.scenarios.play import play


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", script.names())
def test_it_comes_out_as_written(name: str) -> None:
    scenario = script.load(name)
    assert play(scenario) == scenario.expected


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_rule_turns_a_cell_red(name: str) -> None:
    scenario = script.load(BREAKS[name].seen_by)
    try:
        found = play(scenario, broken=name)
    except ConnectionError:
        return
    assert found.differences(scenario.expected)
