"""Postgres is back: what was noted without it is made up for once, whoever is killed when."""

import datetime
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from accounts.models import User
from notifications import incidents
from notifications.channels import operators
from notifications.models import CheckResult, Incident, MaintenanceWindow, Notification, ReplayedEvent
from notifications.system_monitor.fallback import journal, outages, replay
from notifications.tests.helpers import in_a_copy, in_threads, told
from notifications.tests.outage import MINUTE, NIGHT, note, spool
from notifications.tests.receivers import Receiver


def timeline() -> list[str]:
    """Of the one incident there is."""
    return list(Incident.objects.get().timeline.order_by("id").values_list("kind", flat=True))


def test_the_outage_becomes_an_incident_with_its_true_times(admin: User, outsider: User) -> None:
    outage = note(NIGHT, NIGHT + 12 * MINUTE)
    assert replay.catch_up() == 1
    incident = Incident.objects.get()
    assert (incident.kind, incident.scope, incident.state) == ("database", "unreachable", "resolved")
    assert (incident.opened_at, incident.resolved_at) == (NIGHT, NIGHT + 12 * MINUTE)
    assert incident.details["outage"] == outage
    assert list(incident.timeline.order_by("id").values_list("kind", "at")) == [
        ("opened", NIGHT),
        ("resolved", NIGHT + 12 * MINUTE),
    ]
    assert (told(admin), told(outsider)) == (["opened", "resolved"], [])
    assert "It is over after 12 minutes." in Notification.objects.get(event="resolved").message
    assert journal.is_empty()


def test_of_an_outage_of_months_the_last_week_is_history(admin: User) -> None:
    note(NIGHT, NIGHT + datetime.timedelta(days=100))
    replay.catch_up()
    incident = Incident.objects.get()
    assert incident.opened_at == NIGHT
    minutes = CheckResult.objects.filter(check_slug="database")
    assert minutes.count() == 7 * 24 * 60 + 1
    assert minutes.earliest("at").at == NIGHT + datetime.timedelta(days=93)


def test_what_is_replayed_again_takes_effect_once(admin: User) -> None:
    note(NIGHT, NIGHT + MINUTE)
    before = spool().read_bytes()
    for _ in range(3):
        spool().write_bytes(before)
        replay.catch_up()
    assert (Incident.objects.count(), ReplayedEvent.objects.count()) == (1, 1)
    assert timeline() == ["opened", "resolved"]
    assert told(admin) == ["opened", "resolved"]


def test_two_outages_are_two_incidents_and_the_second_knows_the_first(admin: User) -> None:
    note(NIGHT, NIGHT + MINUTE)
    note(NIGHT + 5 * MINUTE, NIGHT + 6 * MINUTE)
    assert replay.catch_up() == 2
    first, second = Incident.objects.order_by("opened_at")
    assert second.previous == first


def test_two_machines_that_saw_the_same_are_one_incident(admin: User, settings: Settings, tmp_path: Path) -> None:
    note(NIGHT, NIGHT + 10 * MINUTE)
    replay.catch_up()
    settings.SPOOL_DIR = tmp_path / "the other machine's"
    note(NIGHT - MINUTE, NIGHT + 11 * MINUTE)
    replay.catch_up()
    incident = Incident.objects.get()
    assert (incident.opened_at, incident.resolved_at) == (NIGHT - MINUTE, NIGHT + 11 * MINUTE)
    assert told(admin) == ["opened", "resolved"]
    assert timeline() == ["opened", "resolved", "commented"]


@pytest.mark.django_db(transaction=True)
def test_many_machines_that_come_back_at_once_are_one_incident(admin: User) -> None:
    def come_back(number: int) -> None:
        one = outages.Outage(f"00000000-0000-4000-8000-{number:012}", NIGHT, NIGHT + MINUTE)
        replay._replay(one)

    in_threads(8, come_back)
    assert (Incident.objects.count(), ReplayedEvent.objects.count()) == (1, 8)
    assert told(admin) == ["opened", "resolved"]


def test_maintenance_keeps_an_outage_from_opening(admin: User) -> None:
    window = MaintenanceWindow.objects.create(title="Upgrade", starts_at=NIGHT, minutes=60, timezone="UTC", checks=[])
    window.occurrences.create(starts_at=NIGHT, ends_at=NIGHT + 60 * MINUTE)
    note(NIGHT + MINUTE, NIGHT + 5 * MINUTE)
    replay.catch_up()
    assert not Incident.objects.exists()
    assert told(admin) == []
    assert journal.is_empty()


# --- Killed ------------------------------------------------------------------------------------------------------

STEPS: dict[str, tuple[Any, str]] = {
    "the end is noted": (outages, "end"),
    "the id is taken": (replay, "_is_first"),
    "the incident is written": (incidents, "record_past"),
    "it is committed": (replay, "_replay"),
    "the disk knows": (outages, "note_replayed"),
    "operators are told": (operators, "tell"),
    "the disk forgets": (journal.Journal, "keep"),
}


def killed_at(step: str, when: str) -> None:
    """A replay that ends with kill -9 just before or just after one of its steps."""
    place, name = STEPS[step]
    real = getattr(place, name)

    def die(*args: Any, **given: Any) -> None:
        if when == "after":
            real(*args, **given)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(place, name, die)
    replay.catch_up()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_replay_that_is_killed_at_any_step_is_finished_once_by_the_next(
    step: str, when: str, operator: Receiver, admin: User
) -> None:
    ended = datetime.datetime.now(datetime.UTC)  # an end that is an hour old is no longer told
    outage = note(ended - 12 * MINUTE, ended)
    with journal.opened() as notes:
        everybody = sorted(operators.everybody())
        notes.add(kind="told", outage=outage, is_over=False, operators=everybody, until=0)
    assert in_a_copy(lambda: killed_at(step, when)) == -signal.SIGKILL
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=61)):
        replay.catch_up()
    assert journal.is_empty()
    assert (Incident.objects.count(), ReplayedEvent.objects.count()) == (1, 1)
    assert Incident.objects.get().opened_at == ended - 12 * MINUTE
    assert timeline() == ["opened", "resolved"]
    assert told(admin) == ["opened", "resolved"]
    twice = step == "operators are told" and when == "after"  # nobody can know; the id is the same
    assert operator.alerts == [(outage, "success")] * (2 if twice else 1)


def test_a_rewriting_that_is_killed_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    notes = journal.Journal(tmp_path / "outages.jsonl")
    kept = [notes.add(kind="began", at=NIGHT.isoformat()) for _ in range(3)]
    (tmp_path / "outages.new").write_text('{"half')
    assert notes.lines() == kept
    notes.keep(kept[:1])
    assert notes.lines() == kept[:1]
    assert json.loads(notes.path.read_text()) == kept[0]
