"""What beat keeps of when each task ran last."""

import datetime
from pathlib import Path

import pytest

from config.beat import Scheduler
from config.celery import app

ALL = set(app.conf.beat_schedule)


def scheduler(folder: Path) -> Scheduler:
    return Scheduler(app=app, schedule_filename=str(folder / "schedule"))


def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("schedule*"))


def test_it_knows_after_a_restart_when_a_task_ran_last(tmp_path: Path) -> None:
    then = datetime.datetime(2026, 3, 11, 2, 45, tzinfo=datetime.UTC)
    first = scheduler(tmp_path)
    first.schedule["reconcile credits"].last_run_at = then
    first.close()
    again = scheduler(tmp_path)
    assert again.schedule["reconcile credits"].last_run_at == then
    again.close()


@pytest.mark.parametrize("left", [b"", b"\0" * 5000, b"(lp0\n"], ids=["nothing", "zeros", "half"])
def test_a_file_that_a_crash_tore_is_begun_anew(tmp_path: Path, left: bytes) -> None:
    scheduler(tmp_path).close()
    for part in parts(tmp_path):
        if part.suffix not in (".dir", ".bak"):  # where dbm is its own the index is whole and what it leads to is not
            part.write_bytes(left)
    mended = scheduler(tmp_path)
    assert set(mended.schedule) >= ALL
    mended.close()
    again = scheduler(tmp_path)
    assert set(again.schedule) >= ALL
    again.close()


def test_it_is_the_one_that_beat_uses() -> None:
    assert app.conf.beat_scheduler == "config.beat:Scheduler"
