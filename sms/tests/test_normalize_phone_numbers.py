"""`manage.py normalize_phone_numbers` as ops and cron call it: exit codes, files, kills, and the way back."""

import csv
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from sms.management.commands.normalize_phone_numbers import DRY
from sms.models import Contact, ContactGroup, GroupMember, Message, NumberReview
from sms.tests.helpers import make_message
from tenants.models import Tenant

ROOT = Path(__file__).parents[2]
NUMBER = "+255754123456"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
committed = pytest.mark.django_db(transaction=True)


def contact(tenant: Tenant, raw: str, **fields: Any) -> Contact:
    made: Contact = Contact.objects.create(tenant=tenant, raw_phone_number=raw, **fields)
    return made


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def said(*words: str) -> str:
        call_command("normalize_phone_numbers", *words)
        return capsys.readouterr().out

    return said


def exit_code(*words: str) -> tuple[int, str]:
    with pytest.raises(CommandError) as error:
        call_command("normalize_phone_numbers", *words)
    return error.value.returncode, str(error.value)


def everything() -> list[tuple[Any, ...]]:
    """All that a run may change, but for the time of the change."""
    rows: list[tuple[Any, ...]] = list(
        Contact.objects.order_by("id").values_list(
            "id", "tenant", "phone_number", "raw_phone_number", "name", "opted_out_at", "created_at"
        )
    )
    rows += User.objects.order_by("id").values_list("id", "phone_number", "phone_verified")
    rows += Message.objects.order_by("id").values_list("id", "recipient", "status")
    rows += GroupMember.objects.order_by("contact", "group").values_list("tenant", "contact", "group")
    return rows


@pytest.fixture
def mixed(platform: None, tenant: Tenant, other_tenant: Tenant, member: User) -> None:
    """Every case at once: changed, refused, colliding, opted out, in groups."""
    group = ContactGroup.objects.create(tenant=tenant, name="all")
    for index, raw in enumerate(
        ("0754 123 456", "255754123456", "0754123456", "0713111222", "call me", "2.55754E+11")
    ):
        one = contact(tenant, raw, name=f"{index}"[index % 2 :], opted_out_at=timezone.now() if index == 2 else None)
        GroupMember.objects.create(tenant=tenant, group=group, contact=one)
    contact(tenant, "", phone_number="+255713111222", name="Asha")
    contact(tenant, "", phone_number="0784000001")
    contact(other_tenant, "0754123456")
    User.objects.filter(pk=member.pk).update(phone_number="0754123456", phone_verified=True)
    make_message(tenant, batch_id=None, recipient="0786 000 001")


# --- What it says ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("mixed")
def test_a_dry_run_is_the_default_and_writes_nothing(said: Callable[..., str]) -> None:
    before = everything()
    text = said()
    assert text.splitlines()[0] == ("Read 11 numbers: 1 are E.164 already, 5 changed, 3 collided, 2 refused.")
    why = "A spreadsheet has rounded this number and its last digits are lost"
    assert f"  1 refused: lost_digits ({why})\n" in text
    assert text.splitlines()[-1] == DRY
    assert everything() == before
    assert NumberReview.objects.count() == 0


@pytest.mark.usefixtures("mixed")
def test_applying_does_what_the_dry_run_said(said: Callable[..., str]) -> None:
    foreseen = said().splitlines()[0]
    assert said("--apply").splitlines()[0] == foreseen
    assert NumberReview.objects.count() == 10


@pytest.mark.usefixtures("mixed")
def test_quiet_says_nothing_when_it_went_well(said: Callable[..., str]) -> None:
    assert said("--apply", "--quiet") == ""


def test_model_region_and_tenant_narrow_it(
    tenant: Tenant, other_tenant: Tenant, member: User, said: Callable[..., str]
) -> None:
    for one in (tenant, other_tenant):
        contact(one, "0712345678")
    User.objects.filter(pk=member.pk).update(phone_number="0712345678")
    said("--apply", "--model", "contact", "--region", "ke", "--tenant", "acme")
    assert set(Contact.objects.values_list("tenant__slug", "phone_number")) == {
        ("acme", "+254712345678"),
        ("globex", ""),
    }
    said("--apply", "--model", "user", "--model", "message", "--region", "KE")
    member.refresh_from_db()
    assert member.phone_number == "+254712345678"


# --- Exit codes --------------------------------------------------------------------------------------------------


def test_too_many_rejects_are_1_and_nothing_is_written(tenant: Tenant, said: Callable[..., str]) -> None:
    for raw in ("0754123456", "0713111222", "0784000001", "call me"):
        contact(tenant, raw)
    before = everything()
    for words in ((), ("--apply",)):
        code, text = exit_code("--max-reject-rate", "24.9", *words)
        assert code == 1
        assert "1 of 4 numbers (25.0 %)" in text
        assert everything() == before
    said("--apply", "--max-reject-rate", "25")  # exactly as many is not more
    assert everything() != before


@pytest.mark.parametrize(
    "words",
    [
        ("--region", "XX"),
        ("--tenant", "nobody"),
        ("--batch-size", "0"),
        ("--batch-size", "10001"),
        ("--undo", "/nowhere.csv"),
        ("--undo", __file__),
        ("--undo", "x.csv", "--report", "y.csv"),
        ("--report", "/nowhere/x.csv"),
    ],
)
@pytest.mark.usefixtures("db")
def test_a_bad_argument_is_2(words: tuple[str, ...]) -> None:
    assert exit_code(*words)[0] == 2


def test_an_older_report_is_never_overwritten(tmp_path: Path) -> None:
    report = tmp_path / "r.csv"
    report.write_text("mine")
    assert exit_code("--report", str(report)) == (2, f"{report}: File exists.")
    assert report.read_text() == "mine"


def test_a_percentage_that_is_none_is_refused_in_words() -> None:
    for wrong in ("abc", "-1", "101", "nan"):
        with pytest.raises(CommandError, match=f"'{wrong}' is no percentage from 0 to 100"):
            call_command("normalize_phone_numbers", f"--max-reject-rate={wrong}")


# --- The way back ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize("size", ["1", "2", "1000"])
@pytest.mark.parametrize("collision", ["skip", "merge"])
def test_undoing_puts_everything_back(tmp_path: Path, said: Callable[..., str], collision: str, size: str) -> None:
    before, report = everything(), tmp_path / "r.csv"
    said("--apply", "--on-collision", collision, "--batch-size", size, "--report", str(report))
    after = everything()
    assert after != before
    assert report.stat().st_mode & 0o777 == 0o600

    would = said("--undo", str(report))
    assert everything() == after
    did = said("--undo", str(report), "--apply")

    assert everything() == before
    assert did == would.replace("Would put back", "Put back")
    assert " 0 have changed" in did
    assert NumberReview.objects.filter(outcome="undone").count() == int(did.split()[2])


def test_undoing_leaves_what_was_changed_since(tenant: Tenant, tmp_path: Path, said: Callable[..., str]) -> None:
    first, second = contact(tenant, "0754123456"), contact(tenant, "0713111222")
    said("--apply", "--report", str(tmp_path / "r.csv"))
    Contact.objects.filter(pk=first.pk).update(phone_number="+255754999999")
    for restored, left in ((1, 1), (0, 2)):
        text = said("--undo", str(tmp_path / "r.csv"), "--apply")
        assert text == f"Put back {restored} rows; {left} have changed since and are left as they are.\n"
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.phone_number, second.phone_number) == ("+255754999999", "")


@pytest.mark.usefixtures("mixed")
def test_the_report_says_each_number_before_and_after(tmp_path: Path, said: Callable[..., str]) -> None:
    said("--report", str(tmp_path / "r.csv"))
    with (tmp_path / "r.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 10
    rows = {(row["model"], row["before"] or row["raw"]): row for row in lines}
    assert rows["contact", "2.55754E+11"]["reason"] == "lost_digits"
    assert rows["contact", "0784000001"]["after"] == "+255784000001"
    assert rows["user", "0754123456"]["after"] == NUMBER


# --- As a process ------------------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    """The test's own database, for a process of its own."""
    at = connection.settings_dict
    url = f"postgres://{at['USER']}@/{at['NAME']}?host={quote(str(at['HOST']))}"
    return os.environ | {"DATABASE_URL": url, "DATABASE_OWNER_URL": url}


def process(*words: str, **streams: Any) -> "subprocess.Popen[bytes]":
    line = [sys.executable, "manage.py", "normalize_phone_numbers", *words]
    return subprocess.Popen(line, cwd=ROOT, env=environment(), **streams)


@committed
def test_a_run_that_is_killed_in_the_middle_is_simply_started_again(tenant: Tenant, tmp_path: Path) -> None:
    total = 6000
    Contact.objects.bulk_create(
        Contact(tenant=tenant, raw_phone_number=("0754 {:06d}", "255754{:06d}")[index % 2].format(index // 2))
        for index in range(total)
    )
    Contact.objects.filter(raw_phone_number__startswith="255").update(opted_out_at=timezone.now())
    before = everything()
    words = ("--apply", "--on-collision", "merge", "--batch-size", "20")

    first = process(*words, "--report", str(tmp_path / "1.csv"), stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while NumberReview.objects.count() < 500 and first.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    assert first.wait(20) == -signal.SIGKILL
    left = Contact.objects.filter(phone_number="").count()
    assert 0 < left < total - 400

    assert process(*words, "--report", str(tmp_path / "2.csv"), stdout=subprocess.DEVNULL).wait(120) == 0
    assert Contact.objects.count() == total // 2
    assert Contact.objects.filter(phone_number="").count() == 0
    assert Contact.objects.opted_out().count() == total // 2
    # Each row has its story once, whichever run told it.
    assert NumberReview.objects.count() == total
    assert NumberReview.objects.values("subject_id").distinct().count() == total

    # Both reports together, the last one first, are the way back: the killed one's is complete.
    for name in ("2.csv", "1.csv"):
        call_command("normalize_phone_numbers", "--undo", str(tmp_path / name), "--apply", "--quiet")
    assert everything() == before


@committed
def test_exit_codes_reach_the_shell(tenant: Tenant) -> None:
    contact(tenant, "call me")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    assert process("--quiet", **quiet).wait(60) == 0
    assert process("--max-reject-rate", "50", "--apply", **quiet).wait(60) == 1
    assert process("--max-reject-rate", "101", **quiet).wait(60) == 2
    assert process("--model", "dog", **quiet).wait(60) == 2


def test_a_database_that_does_not_answer_is_3_without_a_stack_trace() -> None:
    line = [sys.executable, "manage.py", "normalize_phone_numbers"]
    away = os.environ | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}
    done = subprocess.run(line, cwd=ROOT, env=away, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "Start it again." in done.stderr


@committed
def test_a_terminal_sees_a_bar_and_nobody_else_does(tenant: Tenant) -> None:
    contact(tenant, "0754123456")
    done = process("--apply", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.communicate(timeout=60)[1] == b""
    terminal, end = pty.openpty()
    shown = process("--apply", stdout=subprocess.DEVNULL, stderr=end)
    os.close(end)
    assert shown.wait(60) == 0
    seen = b""
    while select.select([terminal], [], [], 0.5)[0]:
        try:
            seen += os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
    os.close(terminal)
    assert b"Normalising" in seen
    assert b"1/1" in seen
