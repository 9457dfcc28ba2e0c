"""A worker that is killed with -9 in the middle of ten thousand deliveries, at a real mail server; and the process of
the event stream, while those who watch are told."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from notifications import services
from notifications.delivery import sweeping
from notifications.models import Delivery, DeliveryAttempt, Incident
from notifications.tests.delivering import Urgent, mail
from notifications.tests.helpers import ago, problem, see
from notifications.tests.mailserver import MailServer
from notifications.tests.streams import PATIENCE, StreamProcess, running

__all__ = ["mail"]
PEOPLE = 10_000
WATCHING = 20
WORKER = """
import sys, django
django.setup()
from django.conf import settings
from django.db import connection
from rest_framework.test import APIClient
from notifications.delivery import dispatch
connection.settings_dict["NAME"], settings.EMAIL_PORT = sys.argv[1], int(sys.argv[2])
settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 30
print(dispatch.hand_over(slug="email", seconds=500))
"""


def worker(server: MailServer) -> "subprocess.Popen[bytes]":
    """It finds Postgres by our own environment."""
    arguments = [sys.executable, "-c", WORKER, str(connection.settings_dict["NAME"]), str(server.port)]
    return subprocess.Popen(arguments, env=os.environ | {"LOG_LEVEL": "ERROR"})


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 240
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_every_recipient_has_each_message_and_nothing_is_stuck(
    mail: MailServer, client_of: Callable[[User], APIClient], capsys: pytest.CaptureFixture[str]
) -> None:
    names = [User(email=f"person-{n}@many.test", password="!") for n in range(PEOPLE)]
    crowd = User.objects.bulk_create(names)
    incident = see(problem())
    clients = [client_of(person) for person in crowd[:WATCHING]]
    with running() as stream:
        seen = [_opened(stream, client) for client in clients]
        stream.send(signal.SIGKILL)
        _tell_and_deliver(crowd, incident, mail)
        assert stream.process is not None
        stream.process.wait(PATIENCE)
        stream.start()
        for client, last in zip(clients, seen, strict=True):
            with stream.watch(client, since=last) as again:
                assert again.next().name == "inbox"

    ids = dict(Delivery.objects.filter(channel="email").values_list("recipient__email", "id"))
    received = Counter((one.recipient, one.delivery_id) for one in mail.taken)
    assert set(received) == {(email, str(key)) for email, key in ids.items()}
    repeats = sum(received.values()) - len(received)
    with capsys.disabled():
        mails = f"{PEOPLE:,} mails, 2 workers killed: {repeats} came again, under the same id"
        sys.stdout.write(f"\n{mails}; the stream killed: {WATCHING} of {WATCHING} watchers were told\n")
    assert repeats <= 2 * 50  # what a killed worker had in its hands
    assert not Delivery.objects.unfinished().exists()
    lost = DeliveryAttempt.objects.filter(outcome="unknown").count()
    assert DeliveryAttempt.objects.filter(outcome="accepted").count() == PEOPLE
    assert repeats <= lost


def _opened(stream: StreamProcess, client: APIClient) -> str:
    """The id of what it was told first."""
    with stream.watch(client) as watcher:
        return watcher.next().id


def _tell_and_deliver(crowd: list[User], incident: Incident, mail: MailServer) -> None:
    told = services.notify(
        kind=Urgent, recipients=crowd, context={"title": "Down", "message": "All of it."}, incident=incident, event="x"
    )
    assert len(told) == Delivery.objects.filter(channel="email", state="waiting").count() == PEOPLE
    for share in (0.2, 0.5):
        with worker(mail) as killed:
            wait_until(lambda least=share: len(mail.taken) > least * PEOPLE)  # type: ignore[misc]
            killed.send_signal(signal.SIGKILL)
        assert Delivery.objects.filter(state="claimed").exists()
        Delivery.objects.filter(state="claimed").update(lease_expires_at=ago(seconds=1))
        assert sweeping.sweep()["replayed"] > 0
    with worker(mail) as first, worker(mail) as second:
        assert (first.wait(240), second.wait(240)) == (0, 0)
