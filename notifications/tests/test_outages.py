"""An hour without Postgres: noted on disk, and told once."""

import datetime
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications.models import Incident
from notifications.system_monitor import fallback, monitor
from notifications.system_monitor.fallback import journal, outages
from notifications.tests.helpers import told
from notifications.tests.outage import MINUTE, NIGHT, environment, note, spool
from notifications.tests.receivers import Receiver, receiving
from notifications.tests.test_check_system_health import ROOT


def lines() -> list[dict[str, Any]]:
    with journal.opened() as notes:
        return notes.lines()


# --- The journal -------------------------------------------------------------------------------------------------


def test_a_line_that_a_crash_cut_off_loses_no_other_and_swallows_none(db: None) -> None:
    first = note(NIGHT, NIGHT + MINUTE)
    whole = spool().read_bytes()
    for cut in (b'{"id":"x","ki', b"\x00\xff\xfe", b'{"id":', b"null\n", b"[]\n", b"7", b'{"id":"x"}', b"\n\n"):
        spool().write_bytes(whole + cut)
        second = note(NIGHT + 5 * MINUTE)
        assert [one.id for one in outages.outages(lines())] == [first, second], cut


def test_it_is_nobody_elses_to_read(db: None) -> None:
    note(NIGHT)
    assert spool().stat().st_mode & 0o077 == 0
    assert spool().parent.stat().st_mode & 0o077 == 0


def test_a_lock_that_nobody_lets_go_of_is_waited_for_in_vain_but_not_for_long(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LOCK_SECONDS", 0.1)
    with journal.opened(), pytest.raises(journal.JournalBusy), journal.opened():
        pass


def test_lines_that_say_nothing_known_change_nothing(db: None) -> None:
    with journal.opened() as notes:
        notes.add(kind="ended", outage="nobody", at=NIGHT.isoformat())
        mine = notes.add(kind="began", at=NIGHT.isoformat())["id"]
        notes.add(kind="of tomorrow's version", outage=mine, at="later")
        notes.add(kind="began", at="never")
        for facts in (
            {},
            {"until": "soon"},
            {"until": None},
            {"at": "2026-13-45"},
            {"at": "2026-03-10T02:00"},
            {"at": 7},
        ):
            for kind in ("began", "ended", "telling", "told"):
                notes.add(kind=kind, outage=mine, **facts)
    (one,) = outages.outages(lines())
    assert (one.ended, one.replayed, one.is_claimed) == (None, False, False)


# --- Down: noted and told once -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_outage_is_told_once_however_often_it_is_seen_and_once_when_it_is_over(
    away: Callable[[], None], operator: Receiver, admin: User
) -> None:
    away()
    reports = [fallback.check_health() for _ in range(5)]
    assert {(report["state"], report["stored"]) for report in reports} == {("critical", False)}
    assert {report["last_complete_run"] for report in reports} == {None}
    ((alert, kind),) = operator.alerts
    assert kind == "failure"
    away()
    for _ in range(3):
        assert fallback.check_health()["stored"] is True
    assert operator.alerts == [(alert, "failure"), (alert, "success")]
    assert journal.is_empty()
    assert told(admin) == ["opened", "resolved"]


@pytest.mark.django_db(transaction=True)
def test_a_postgres_that_takes_no_writes_is_critical_told_and_made_up_for(operator: Receiver, admin: User) -> None:
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
    assert [kind for _, kind in operator.alerts] == ["failure", "success"]
    assert operator.calls[0][1]["title"] == "Database: it takes no writes"
    assert Incident.objects.get().scope == "unwritable"
    assert told(admin) == ["opened", "resolved"]


def test_a_run_that_was_cut_short_does_not_say_that_postgres_takes_no_writes(
    db: None, operator: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(monitor, "check_health", fail)
    report = fallback.check_health(time_limit=datetime.timedelta(microseconds=1))
    assert (report["state"], report["complete"], report["stored"]) == ("unknown", False, False)
    assert operator.alerts == []
    assert journal.is_empty()


def test_many_processes_at_once_tell_once(operator: Receiver) -> None:
    """Without Postgres and without Redis: only the disk is there to agree by."""
    script = """
import django; django.setup()
from notifications.system_monitor.fallback import outages
outages.begin()
"""
    env = environment(ALERT_URLS=operator.alert_url, REDIS_URL="redis://127.0.0.1:1")
    processes = [subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=env) for _ in range(6)]
    assert [process.wait(60) for process in processes] == [0] * 6
    assert len(operator.alerts) == 1
    assert [line["kind"] for line in lines()] == ["began", "telling", "told"]


def test_who_was_not_reached_is_told_at_the_next_run_and_the_others_are_not_again(
    operator: Receiver, settings: Settings
) -> None:
    with receiving() as second:
        settings.ALERT_URLS = [operator.alert_url, second.alert_url]
        second.status = 500
        for _ in range(3):  # as often as somebody asks
            outages.begin()
        assert (len(operator.alerts), len(second.alerts)) == (1, 1)
        second.status = 200
        with time_machine.travel(timezone.now() + datetime.timedelta(seconds=31)):
            outages.begin()
        assert (len(operator.alerts), len(second.alerts)) == (1, 2)


def test_the_end_is_told_only_to_those_who_know_of_the_beginning(operator: Receiver) -> None:
    operator.status = 500
    outages.begin()
    operator.status, before = 200, len(operator.alerts)
    outages.end()
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=31)):
        outages.tell_operators()
    assert len(operator.alerts) == before


def test_one_who_died_while_telling_is_taken_over_from_under_the_same_id(operator: Receiver) -> None:
    outage = note(NIGHT)
    with time_machine.travel(NIGHT), journal.opened() as notes:
        notes.add(kind="telling", outage=outage, until=NIGHT.timestamp() + 60)
    with time_machine.travel(NIGHT + datetime.timedelta(seconds=30)):
        outages.tell_operators()
        assert operator.alerts == []
    with time_machine.travel(NIGHT + datetime.timedelta(seconds=61)):
        outages.tell_operators()
        assert operator.alerts == [(outage, "failure")]


def test_a_clock_that_was_set_back_keeps_nobody_from_telling(operator: Receiver) -> None:
    outage = note(NIGHT)
    with journal.opened() as notes:
        notes.add(kind="telling", outage=outage, until=NIGHT.timestamp() + 3600)
    with time_machine.travel(NIGHT):
        outages.tell_operators()
    assert operator.alerts == [(outage, "failure")]


def test_a_disk_that_takes_no_notes_does_not_keep_operators_from_hearing(
    operator: Receiver, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    settings.SPOOL_DIR = tmp_path / "file" / "spool"  # no folder can be made there, whoever tries
    outages.begin()
    outages.begin()
    first, second = operator.alerts
    assert first == second, "by its id the receiver knows that it is the same"
