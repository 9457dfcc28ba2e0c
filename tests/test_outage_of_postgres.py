"""Postgres is really killed under a running house: whoever asks still gets an answer, operators are told once, and
afterwards the outage is an incident like any other, with its true times."""

import contextlib
import datetime
import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from config import embedded
from notifications.tests.receivers import Receiver, receiving
from tests.house import House

HEALTH = "/api/notifications/system/health-check/"


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[embedded.Postgres]:
    """One of its own: the house's supervisor would start its own again at once."""
    where = embedded.places(tmp_path / "postgres")
    server = embedded.Postgres(where)
    server.start()
    server.make_roles()
    yield server
    server.stop()
    embedded.remove_private_folders(where)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def house(tmp_path: Path, postgres: embedded.Postgres, receiver: Receiver) -> Iterator[House]:
    folder = postgres.where.postgres_sockets
    urls = {
        name: f"postgres://{role}@/{embedded.DATABASE}?host={folder}"
        for name, role in (("DATABASE_URL", embedded.APP_ROLE), ("DATABASE_OWNER_URL", embedded.OWNER_ROLE))
    }
    rules = {"MONITOR_INTERVAL_SECONDS": "2", "HEALTH_CHECK_MAX_AGE_SECONDS": "1", "ALERT_TIME_LIMIT_SECONDS": "20"}
    rules |= {"DATABASE_SILENCE_SECONDS": "3"}
    told = {"ALERT_URLS": receiver.alert_url, "HEARTBEAT_URL": receiver.heartbeat_url, "METRICS_TOKEN": "collect"}
    one = House(tmp_path / "data", DEMO_STORY="healthy:600", READS_PER_MINUTE="0", **urls, **rules, **told)
    try:
        one.start()
        yield one
    finally:
        one.end()


def kill(postgres: embedded.Postgres) -> None:
    """With -9, and its backends go with it."""
    assert postgres.process is not None
    family = [postgres.process.pid, *(one.pid for one in psutil.Process(postgres.process.pid).children())]
    for pid in family:
        with contextlib.suppress(ProcessLookupError):
            psutil.Process(pid).send_signal(signal.SIGKILL)
    postgres.process.wait()


def command(house: House, *words: str) -> tuple[int, Any, float]:
    started = time.monotonic()
    done = house.run("manage.py", "check_system_health", "--format", "json", *words)
    return done.returncode, json.loads(done.stdout), time.monotonic() - started


def metrics(house: House) -> str:
    return house.get("/metrics", headers={"Authorization": "Bearer collect"}).text


def ask(postgres: embedded.Postgres, sql: str) -> list[Any]:
    place = f"host={postgres.where.postgres_sockets} dbname={embedded.DATABASE} user={embedded.OWNER_ROLE}"
    with contextlib.closing(psycopg2.connect(place)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


INCIDENTS = "SELECT opened_at, resolved_at, id FROM notifications_incident WHERE kind = 'database'"


def alerts(receiver: Receiver) -> list[tuple[str, str]]:
    """Id and kind of each about the database: the demo has other problems, which operators are told of as well."""
    calls = [body for path, body in receiver.calls if path.startswith("/alerts")]
    return [
        (body["alert"], body["type"])
        for body in calls
        if body["title"].removeprefix("Resolved: ").startswith("Database")
    ]


def test_an_outage_from_kill_9_to_the_inbox(house: House, postgres: embedded.Postgres, receiver: Receiver) -> None:
    admin = house.sign_in()
    assert house.get(HEALTH, headers=admin).status_code == 200
    house.wait_until(lambda: receiver.beats >= 2, seconds=30)
    assert "bellwether_database_up 1" in metrics(house)

    # As a tab does all the time: the demo signs in as the same person, which has every session judged again.
    house.get("/api/notifications/recent/", headers=admin)

    killed_at = datetime.datetime.now(datetime.UTC)
    kill(postgres)
    assert house.get("/readyz").status_code == 503
    answer = house.get(HEALTH, headers=admin)
    assert answer.status_code == 503
    health = answer.json()["health_status"]
    assert [one["status"] for one in health["components"]] == ["ERROR"] + ["UNKNOWN"] * 5
    assert "health_status" not in house.get(HEALTH, headers={"Authorization": "Bearer x.y.z"}).json()
    codes = []
    for _ in range(3):
        code, body, seconds = command(house)
        codes.append((code, body["state"], body["isStored"]))
        if seconds < 5:
            break
    assert seconds < 5
    assert set(codes) == {(2, "critical", False)}
    house.wait_until(lambda: alerts(receiver), seconds=30)
    assert metrics(house) == metrics(house) != ""
    assert "bellwether_database_up 0" in metrics(house)
    beats = receiver.beats
    time.sleep(5)  # some more runs of beat
    assert [kind for _, kind in alerts(receiver)] == ["failure"]
    assert receiver.beats == beats, "nothing was complete"

    back_at = datetime.datetime.now(datetime.UTC)
    postgres.start()
    house.wait_until(lambda: len(alerts(receiver)) == 2, seconds=60)
    (opened, failure), (resolved, success) = alerts(receiver)
    assert (opened, failure, success) == (resolved, "failure", "success")
    house.wait_until(lambda: receiver.beats > beats, seconds=60)

    ((opened_at, resolved_at, incident),) = ask(postgres, INCIDENTS)
    assert killed_at - datetime.timedelta(seconds=1) <= opened_at <= killed_at + datetime.timedelta(seconds=20)
    assert back_at - datetime.timedelta(seconds=1) <= resolved_at <= back_at + datetime.timedelta(seconds=40)
    timeline = f"SELECT kind, at FROM notifications_incidentevent WHERE incident_id = '{incident}' ORDER BY id"
    assert ask(postgres, timeline) == [("opened", opened_at), ("resolved", resolved_at)]
    house.wait_until(lambda: house.get(HEALTH, headers=admin).status_code == 200, seconds=30)
    items = house.get("/api/notifications/real/?limit=100", headers=admin).json()["notifications"]
    told = [item["title"] for item in items if "Database: unreachable" in item["title"]]
    assert told == ["Resolved: Database: unreachable", "Database: unreachable"]

    freeze_and_ask(house, postgres, receiver, admin)


def ask_at_once(house: House, admin: dict[str, str]) -> set[tuple[int, str | None]]:
    """What many tabs are told that ask for the list at the same moment: more than the house has threads."""
    with ThreadPoolExecutor(16) as tabs:
        answers = tabs.map(lambda _: house.get("/api/notifications/", headers=admin), range(16))
        return {(answer.status_code, answer.json().get("code")) for answer in answers}


def freeze_and_ask(house: House, postgres: embedded.Postgres, receiver: Receiver, admin: dict[str, str]) -> None:
    """A server that takes connections and never answers: neither a call nor a worker waits for it for ever."""
    assert postgres.process is not None
    assert ask_at_once(house, admin) == {(200, None)}  # every thread has a connection now
    main = psutil.Process(postgres.process.pid)
    family = [main, *main.children()]
    for one in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.suspend()
    told = len(alerts(receiver))
    try:
        code, body, _ = command(house)
        answers = ask_at_once(house, admin)  # which would wait until the server moves again
        house.wait_until(lambda: len(alerts(receiver)) > told, seconds=60)
    finally:
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.resume()
    assert answers == {(503, "unavailable")}
    assert alerts(receiver)[told][1] == "failure"
    house.wait_until(lambda: house.get("/api/notifications/", headers=admin).status_code == 200, seconds=30)
    assert (code, body["state"]) == (2, "critical")
