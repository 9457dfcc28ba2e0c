"""Operators are reached by a webhook and by e-mail, each with the id that a beginning and its end share."""

import time

import pytest
from django.core import mail
from django.db import transaction
from pytest_django import Settings

from notifications.channels import operators
from notifications.channels.base import InTransaction
from notifications.channels.operators import Alert
from notifications.tests.receivers import Receiver

BEGINNING = Alert("outage-1", "Database: unreachable", "It does not answer.")
END = Alert("outage-1", "Resolved: Database: unreachable", "It answers again.", is_over=True)


def test_a_webhook_gets_the_beginning_and_the_end_under_one_id(operator: Receiver) -> None:
    everybody = set(operators.everybody())
    assert operators.tell(BEGINNING, everybody) == everybody
    assert operators.tell(END, everybody) == everybody
    assert operator.alerts == [("outage-1", "failure"), ("outage-1", "success")]
    assert operator.calls[0][1]["title"] == "Database: unreachable"
    assert "It does not answer." in operator.calls[0][1]["message"]


def test_the_mail_of_an_end_is_a_reply_to_that_of_its_beginning(settings: Settings) -> None:
    settings.ALERT_EMAILS = ["ops@acme.test", "night@acme.test"]
    for alert in (BEGINNING, END):
        assert len(operators.tell(alert, set(operators.everybody()))) == 2
    opened, resolved = [one.message() for one in mail.outbox if one.to == ["ops@acme.test"]]
    assert len(mail.outbox) == 4
    assert opened["X-Deduplication-Id"] == resolved["X-Deduplication-Id"] == "outage-1"
    assert resolved["In-Reply-To"] == opened["Message-ID"]
    assert resolved["Message-ID"] != opened["Message-ID"]


def test_a_title_of_several_lines_is_a_subject_of_one(settings: Settings) -> None:
    settings.ALERT_EMAILS = ["ops@acme.test"]
    alert = Alert(id="1", title="Problem reported: Invoices\r\nBcc: evil@acme.test", text="They are wrong.")
    assert operators.tell(alert, operators.everybody())
    (sent,) = [one.message() for one in mail.outbox]
    assert (sent["Subject"], sent["Bcc"]) == ("Problem reported: Invoices Bcc: evil@acme.test", None)


def test_who_cannot_be_reached_is_not_counted_and_holds_nobody_up(operator: Receiver, settings: Settings) -> None:
    gone, broken = "json://127.0.0.1:1/", "nonsense"
    settings.ALERT_URLS = [gone, broken, operator.alert_url]
    (reached,) = operators.tell(BEGINNING, set(operators.everybody()))
    assert operators.everybody()[reached] == operator.alert_url
    operator.status = 500
    assert operators.tell(BEGINNING, set(operators.everybody())) == set()


def test_who_does_not_answer_costs_no_more_than_the_time_limit(operator: Receiver, settings: Settings) -> None:
    operators.tell(BEGINNING, set(operators.everybody()))  # Apprise has been loaded
    settings.ALERT_TIME_LIMIT = settings.ALERT_TIME_LIMIT / 40
    settings.ALERT_EMAILS = ["ops@acme.test"]
    operator.seconds = 30
    started = time.monotonic()
    reached = operators.tell(BEGINNING, set(operators.everybody()))
    assert time.monotonic() - started < 10
    assert [operators.everybody()[name] for name in reached] == ["mailto:ops@acme.test"]


def test_an_address_is_nowhere_written_down(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.ALERT_URLS = ["json://user:hunter2@127.0.0.1:1/", "slak://hunter2"]
    assert operators.tell(BEGINNING, set(operators.everybody())) == set()
    captured = capsys.readouterr()
    assert "hunter2" not in captured.out + captured.err + str(set(operators.everybody()))


def test_nobody_is_told_inside_a_transaction(db: None, operator: Receiver) -> None:
    with transaction.atomic(), pytest.raises(InTransaction):
        operators.tell(BEGINNING, set(operators.everybody()))
    assert operator.calls == []
