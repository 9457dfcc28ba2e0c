"""`make up` as a person uses it: real processes, real signals, real kills."""

import contextlib
import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from config import embedded
from tests.house import ROOT, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    one = House(tmp_path / "data")
    yield one
    one.end()


def titles(house: House, headers: dict[str, str]) -> list[str]:
    items = house.get("/api/notifications/real/?limit=100", headers=headers).json()["notifications"]
    return [item["title"] for item in items]


def test_a_demo_from_its_first_problem_to_make_clean(house: House) -> None:
    house.environment["DEMO_STORY"] = "healthy:6,degraded:12,healthy:600"
    house.start()
    assert stat.S_IMODE(house.where.settings_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(house.where.sockets.stat().st_mode) == 0o700
    assert house.run("-m", "config.supervisor.clean").returncode == 1, "not while it runs"
    outside = house.run("-c", "import config.wsgi", DEMO="false")
    assert outside.returncode != 0
    assert "can sign in with the demo's published password" in outside.stderr

    headers = house.sign_in()
    low_rate = "SMS Service: the success rate is low"
    house.wait_until(lambda: low_rate in titles(house, headers), seconds=60)
    assert "SMS Credits: tenants are running low" in titles(house, headers)
    told = house.run("manage.py", "check_system_health", "--verbose")
    assert told.returncode == 2
    for fact in ("ERROR    SMS Service", "WARNING  SMS Credits", "OK       Database", "threshold at least 80 %"):
        assert fact in told.stdout
    house.wait_until(lambda: f"Resolved: {low_rate}" in titles(house, headers), seconds=150)
    assert len(titles(house, headers)) == len(set(titles(house, headers))), "one problem is one line"

    script = ["docs/examples/first_alert.sh", house.url]
    played = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
    assert "Problem reported: Invoices: The April invoices show no VAT." in played.stdout
    assert "unread now: 0" in played.stdout

    assert "Stopped." in house.stop()
    assert house.family() == []
    (house.data_dir / "mine.txt").write_text("keep me")
    assert house.run("-m", "config.supervisor.clean").returncode == 0
    assert not house.where.sockets.exists()
    assert not house.where.private_cluster.exists()
    assert [path.name for path in house.data_dir.iterdir()] == ["mine.txt"]


def test_it_comes_back_clean_after_kill_9_and_leaves_nothing_after_ctrl_c(house: House) -> None:
    house.start()
    house.wait_until(lambda: main_worker(house), seconds=30)
    worker = main_worker(house)
    worker.kill()  # one child alone
    house.wait_until(lambda: main_worker(house) not in (None, worker), seconds=30)
    assert "worker ended by itself; starting it again." in house.output.read_text()
    headers = house.sign_in()
    house.wait_until(lambda: titles(house, headers), seconds=60)
    before = titles(house, headers)

    assert house.process is not None
    os.kill(house.process.pid, signal.SIGKILL)  # the parent alone
    house.process.wait()
    house.start()
    assert set(before) <= set(titles(house, house.sign_in()))

    house.process.kill()  # and now everything at once, the servers included
    for process in house.family():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    house.process.wait()
    house.start()
    assert set(before) <= set(titles(house, house.sign_in()))
    assert len(house.family()) == len({process.pid for process in house.family()})

    output = house.stop()
    assert house.process.returncode == 0
    assert "Stopped." in output
    assert house.family() == []


def main_worker(house: House) -> Any:
    return next((one for one in house.family() if _is_main_worker(one)), None)


def _is_main_worker(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        parent = process.parent()
        return "worker" in process.cmdline() and (parent is None or "worker" not in parent.cmdline())
    return False


def test_two_houses_stand_side_by_side_and_a_third_on_the_same_ground_says_so(house: House, tmp_path: Path) -> None:
    neighbour = House(tmp_path / "neighbour")
    try:
        house.start()
        neighbour.start()
        for one in (house, neighbour):
            assert one.get("/healthz").status_code == 200

        twice = House(house.data_dir).run_supervisor(output=tmp_path / "twice.out")
        assert twice.wait(30) == 1
        said = (tmp_path / "twice.out").read_text()
        assert said.startswith(f"Bellwether is already running on {house.data_dir}.")
        assert len(said.splitlines()) == 1

        busy = House(tmp_path / "busy")
        busy.port = house.port
        assert busy.run_supervisor(output=tmp_path / "busy.out").wait(30) == 1
        said = (tmp_path / "busy.out").read_text()
        assert said.startswith(f"Port {house.port} is not free")
        assert len(said.splitlines()) == 1
        assert busy.family() == []

        neighbour.stop()
        assert house.get("/readyz").status_code == 200
    finally:
        neighbour.end()


def statuses(where: Path) -> dict[str, int]:
    link = psycopg2.connect(host=str(where), user=embedded.OWNER_ROLE, dbname=embedded.DATABASE)
    with contextlib.closing(link), link.cursor() as cursor:
        cursor.execute("SELECT status, count(*) FROM sms_message GROUP BY status")
        return dict(cursor.fetchall())


def test_it_runs_on_a_postgres_and_a_redis_of_ones_own_and_records_no_success_without_the_webhook(
    tmp_path: Path,
) -> None:
    where = embedded.places(tmp_path / "servers")
    with embedded.running(where, fast=True):
        host = f"?host={where.postgres_sockets}"
        guest = House(
            tmp_path / "guest",
            DATABASE_URL=f"postgres://{embedded.APP_ROLE}@/{embedded.DATABASE}{host}",
            DATABASE_OWNER_URL=f"postgres://{embedded.OWNER_ROLE}@/{embedded.DATABASE}{host}",
            REDIS_URL=f"{where.redis_url}?db=3",
            SMS_RECEIPTS_ENABLED="false",
            DEMO_STORY="healthy:600",
        )
        try:
            guest.start()
            headers = guest.sign_in()
            guest.wait_until(lambda: titles(guest, headers), seconds=60)
            guest.wait_until(lambda: statuses(where.postgres_sockets).get("submitted", 0) >= 20, seconds=60)
            assert set(statuses(where.postgres_sockets)) <= {"queued", "claimed", "submitted"}
            assert not guest.where.cluster.exists()
            assert not guest.where.sockets.exists()
            guest.stop()
            assert embedded.Postgres(where).answers()
            assert embedded.Valkey(where).answers()
        finally:
            guest.end()
