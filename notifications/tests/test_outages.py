"""An hour without Postgres: noted on disk, told once, and made up for once, whoever is killed when."""

import datetime
import json
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from notifications.channels import operators
from notifications.models import Incident, MaintenanceWindow, Notification, ReplayedEvent
from notifications.system_monitor import fallback
from notifications.system_monitor.fallback import journal, outages, replay
from notifications.tests.helpers import in_threads, told
from notifications.tests.receivers import Receiver, receiving
from notifications.tests.test_check_system_health import ROOT

NIGHT = datetime.datetime(2026, 3, 10, 2, 0, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with receiving() as found, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        settings.ALERT_URLS = [found.alert_url]
        settings.ALERT_TIME_LIMIT = datetime.timedelta(seconds=20)
        yield found


@pytest.fixture
def away() -> Iterator[Callable[[], None]]:
    """Postgres at an address where nobody listens, from when this is called until it is called again."""
    before = dict(connection.settings_dict)
    is_away = False

    def change() -> None:
        nonlocal is_away
        is_away = not is_away
        connection.close()
        connection.settings_dict.update({"HOST": "127.0.0.1", "PORT": "1"} if is_away else before)

    yield change
    connection.close()
    connection.settings_dict.update(before)


def lines() -> list[dict[str, Any]]:
    with journal.opened() as notes:
        return notes.lines()


def note(began: datetime.datetime, ended: datetime.datetime | None = None) -> str:
    """One outage in this machine's journal; returns its id."""
    with journal.opened() as notes:
        line = notes.add(kind="began", at=began.isoformat())
        if ended is not None:
            notes.add(kind="ended", outage=line["id"], at=ended.isoformat())
    return str(line["id"])


def path() -> Path:
    return journal._path()


# --- The journal -------------------------------------------------------------------------------------------------


def test_a_line_that_a_crash_cut_off_loses_no_other_and_swallows_none(db: None) -> None:
    first = note(NIGHT, NIGHT + MINUTE)
    whole = path().read_bytes()
    for cut in (b'{"id":"x","ki', b"\x00\xff\xfe", b'{"id":', b"null\n", b"[]\n", b"7", b'{"id":"x"}', b"\n\n"):
        path().write_bytes(whole + cut)
        second = note(NIGHT + 5 * MINUTE)
        assert [one.id for one in outages.outages(lines())] == [first, second], cut


def test_it_is_nobody_elses_to_read(db: None) -> None:
    note(NIGHT)
    assert path().stat().st_mode & 0o077 == 0
    assert path().parent.stat().st_mode & 0o077 == 0


def test_a_lock_that_nobody_lets_go_of_is_waited_for_in_vain_but_not_for_long(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LOCK_SECONDS", 0.1)
    with journal.opened(), pytest.raises(journal.JournalBusy), journal.opened():
        pass


def test_lines_that_say_nothing_known_change_nothing(db: None) -> None:
    with journal.opened() as notes:
        notes.add(kind="ended", outage="nobody", at=NIGHT.isoformat())
        notes.add(kind="of tomorrow's version", outage=note_id(notes), at="later")
        notes.add(kind="began", at="never")
    (one,) = outages.outages(lines())
    assert (one.ended, one.replayed) == (None, False)


def note_id(notes: journal.Journal) -> str:
    return str(notes.add(kind="began", at=NIGHT.isoformat())["id"])


# --- Down: noted and told once -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_outage_is_told_once_however_often_it_is_seen_and_once_when_it_is_over(
    away: Callable[[], None], receiver: Receiver, admin: User
) -> None:
    away()
    reports = [fallback.check_health() for _ in range(5)]
    assert {(report["state"], report["stored"]) for report in reports} == {("critical", False)}
    assert {report["last_complete_run"] for report in reports} == {None}
    ((alert, kind),) = receiver.alerts
    assert kind == "failure"
    away()
    for _ in range(3):
        assert fallback.check_health()["stored"] is True
    assert receiver.alerts == [(alert, "failure"), (alert, "success")]
    assert journal.is_empty()
    assert told(admin) == ["opened", "resolved"]


@pytest.mark.django_db(transaction=True)
def test_a_postgres_that_takes_no_writes_is_critical_told_and_made_up_for(receiver: Receiver, admin: User) -> None:
    before = dict(connection.settings_dict["OPTIONS"])
    connection.close()
    connection.settings_dict["OPTIONS"] = before | {"options": "-c default_transaction_read_only=on"}
    try:
        reports = [fallback.check_health() for _ in range(2)]
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = before
    assert {(report["state"], report["stored"]) for report in reports} == {("critical", False)}
    assert [item["error"] for item in reports[0]["issues"]] == ["Postgres answers, and takes no writes."]
    assert fallback.check_health()["stored"] is True
    assert [kind for _, kind in receiver.alerts] == ["failure", "success"]
    assert receiver.calls[0][1]["title"] == "Database: it takes no writes"
    assert Incident.objects.get().scope == "unwritable"
    assert told(admin) == ["opened", "resolved"]


def test_many_processes_at_once_tell_once(receiver: Receiver) -> None:
    """Without Postgres and without Redis: only the disk is there to agree by."""
    script = """
import django; django.setup()
from notifications.system_monitor.fallback import outages
outages.begin()
"""
    env = environment(ALERT_URLS=receiver.alert_url, REDIS_URL="redis://127.0.0.1:1")
    processes = [subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=env) for _ in range(6)]
    assert [process.wait(60) for process in processes] == [0] * 6
    assert len(receiver.alerts) == 1
    assert [line["kind"] for line in lines()] == ["began", "telling", "told"]


def test_who_was_not_reached_is_told_at_the_next_run_and_the_others_are_not_again(
    receiver: Receiver, settings: Settings
) -> None:
    with receiving() as second:
        settings.ALERT_URLS = [receiver.alert_url, second.alert_url]
        second.status = 500
        outages.begin()
        second.status = 200
        outages.begin()
        assert (len(receiver.alerts), len(second.alerts)) == (1, 2)


def test_the_end_is_told_only_to_those_who_know_of_the_beginning(receiver: Receiver) -> None:
    receiver.status = 500
    outages.begin()
    receiver.status, before = 200, len(receiver.alerts)
    outages.end()
    outages.tell_operators()
    assert len(receiver.alerts) == before


def test_one_who_died_while_telling_is_taken_over_from_under_the_same_id(receiver: Receiver) -> None:
    outage = note(NIGHT)
    with time_machine.travel(NIGHT), journal.opened() as notes:
        notes.add(kind="telling", outage=outage, until=NIGHT.timestamp() + 60)
    with time_machine.travel(NIGHT + datetime.timedelta(seconds=30)):
        outages.tell_operators()
        assert receiver.alerts == []
    with time_machine.travel(NIGHT + datetime.timedelta(seconds=61)):
        outages.tell_operators()
        assert receiver.alerts == [(outage, "failure")]


def test_a_clock_that_was_set_back_keeps_nobody_from_telling(receiver: Receiver) -> None:
    outage = note(NIGHT)
    with journal.opened() as notes:
        notes.add(kind="telling", outage=outage, until=NIGHT.timestamp() + 3600)
    with time_machine.travel(NIGHT):
        outages.tell_operators()
    assert receiver.alerts == [(outage, "failure")]


def test_a_disk_that_takes_no_notes_does_not_keep_operators_from_hearing(
    receiver: Receiver, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    settings.SPOOL_DIR = tmp_path / "file" / "spool"  # no folder can be made there, whoever tries
    outages.begin()
    outages.begin()
    first, second = receiver.alerts
    assert first == second, "by its id the receiver knows that it is the same"


# --- Back: made up for once --------------------------------------------------------------------------------------


def test_the_outage_becomes_an_incident_with_its_true_times(admin: User, outsider: User) -> None:
    outage = note(NIGHT, NIGHT + 12 * MINUTE)
    assert replay.catch_up() == 1
    incident = Incident.objects.get()
    assert (incident.kind, incident.scope, incident.state) == ("database", "unreachable", "resolved")
    assert (incident.opened_at, incident.resolved_at) == (NIGHT, NIGHT + 12 * MINUTE)
    assert incident.details["outage"] == outage
    timeline = list(incident.timeline.order_by("id").values_list("kind", "at"))
    assert timeline == [("opened", NIGHT), ("resolved", NIGHT + 12 * MINUTE)]
    assert (told(admin), told(outsider)) == (["opened", "resolved"], [])
    assert "It is over after 12 minutes." in Notification.objects.get(event="resolved").message
    assert journal.is_empty()


def test_what_is_replayed_again_takes_effect_once(admin: User) -> None:
    note(NIGHT, NIGHT + MINUTE)
    before = path().read_bytes()
    for _ in range(3):
        path().write_bytes(before)
        replay.catch_up()
    assert (Incident.objects.count(), ReplayedEvent.objects.count()) == (1, 1)
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
    assert [one.kind for one in incident.timeline.order_by("id")] == ["opened", "resolved", "commented"]


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

#: Ends the process with kill -9 just before or just after one step of the replay.
KILLED = """
import os, signal, sys
import django; django.setup()
from django.conf import settings
from django.db import connection
from notifications import incidents
from notifications.system_monitor.fallback import journal, outages, replay
from notifications.channels import operators
connection.settings_dict["NAME"] = sys.argv[1]
place, name = {
    "the end is noted": (outages, "end"),
    "the id is taken": (replay, "_is_first"),
    "the incident is written": (incidents, "record_past"),
    "it is committed": (replay, "_replay"),
    "the disk knows": (outages, "note_replayed"),
    "operators are told": (operators, "tell"),
    "the disk forgets": (journal.Journal, "keep"),
}[sys.argv[2]]
real = getattr(place, name)
def die(*args, **kwargs):
    if sys.argv[3] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    real(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(place, name, die)
replay.catch_up()
"""
STEPS = (
    "the end is noted",
    "the id is taken",
    "the incident is written",
    "it is committed",
    "the disk knows",
    "operators are told",
    "the disk forgets",
)


def environment(**more: str) -> dict[str, str]:
    from django.conf import settings  # noqa: PLC0415 (as it is in this test)

    words = {"DJANGO_SETTINGS_MODULE": "config.settings", "SPOOL_DIR": str(settings.SPOOL_DIR)}
    return os.environ | words | {"ALERT_TIME_LIMIT_SECONDS": "20"} | more


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_replay_that_is_killed_at_any_step_is_finished_once_by_the_next(
    step: str, when: str, receiver: Receiver, admin: User
) -> None:
    outage = note(NIGHT, NIGHT + 12 * MINUTE)
    with journal.opened() as notes:
        everybody = sorted(operators.everybody())
        notes.add(kind="told", outage=outage, is_over=False, operators=everybody)
    # An end that is an hour old is no longer told; this one is of a moment ago.
    path().write_text(
        path().read_text().replace("2026-03-10T02:12", f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M}")
    )
    words = [sys.executable, "-c", KILLED, connection.settings_dict["NAME"], step, when]
    done = subprocess.run(words, cwd=ROOT, env=environment(ALERT_URLS=receiver.alert_url), check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=61)):
        replay.catch_up()
    assert journal.is_empty()
    assert (Incident.objects.count(), ReplayedEvent.objects.count()) == (1, 1)
    assert Incident.objects.get().opened_at == NIGHT
    assert told(admin) == ["opened", "resolved"]
    twice = step == "operators are told" and when == "after"  # nobody can know; the id is the same
    assert receiver.alerts == [(outage, "success")] * (2 if twice else 1)


def test_a_rewriting_that_is_killed_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    notes = journal.Journal(tmp_path / "outages.jsonl")
    kept = [notes.add(kind="began", at=NIGHT.isoformat()) for _ in range(3)]
    (tmp_path / "outages.new").write_text('{"half')
    assert notes.lines() == kept
    notes.keep(kept[:1])
    assert notes.lines() == kept[:1]
    assert json.loads(notes.path.read_text()) == kept[0]
