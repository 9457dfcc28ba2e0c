"""Every decision says its rule in words for people."""

import datetime
from typing import Any

import pytest

from notifications.models import Channel, Delivery
from notifications.models.choice import Column
from notifications.tests.test_clock import at
from notifications.tests.test_rules import cells, decided


@pytest.mark.parametrize(
    ("channel", "given_", "words"),
    [
        ("email", {}, "E-mail for billing: at once, as it is built in."),
        ("email", {"email": ""}, "No e-mail address."),
        ("sms", {"phone_number": ""}, "No verified phone number."),
        ("email", {"email_on": False}, "You switched e-mail off."),
        ("sms", {"sms_on": False}, "You switched SMS off."),
        ("email", {"cells": cells("email", "off", "tenant")}, "E-mail for billing: off, your tenant's choice."),
        (
            "sms",
            {},
            "SMS for billing: at once, your choice. By SMS only high and critical ones go at once.",
        ),
        ("email", {"category": "security"}, "E-mail for security: at once; it cannot be switched off."),
        (
            "email",
            {"cells": cells("email", "daily")},
            "E-mail for billing: in a digest each day, your choice. "
            "Told in the daily digest of 2026-01-11 08:00 (Europe/Berlin).",
        ),
        (
            "email",
            {"quiet": (datetime.time(11, 30), datetime.time(13)), "snoozed_until": at("2026-01-10T11:30")},
            "E-mail for billing: at once, as it is built in. Snoozed until 2026-01-10 12:30 (Europe/Berlin). "
            "Quiet hours from 11:30 to 13:00: held until 2026-01-10 13:00 (Europe/Berlin).",
        ),
    ],
)
def test_every_decision_says_its_rule_in_words(channel: str, given_: dict[str, Any], words: str) -> None:
    assert decided(channel, **given_).rule == words


def test_the_longest_rule_fits_where_it_is_kept() -> None:
    decision = decided(
        category="maintenance",
        timezone="America/Argentina/ComodRivadavia",
        cells=cells("email", "hourly", "platform", "maintenance"),
        quiet=(datetime.time(11, 30), datetime.time(11)),
        snoozed_until=at("2026-01-20T15:00"),
    )
    storm = " More than 1000 in 10 minutes: told together in a summary."
    most = Delivery._meta.get_field("rule").max_length
    assert most is not None
    assert len(decision.rule + storm) < most


def test_the_channels_of_people_are_columns_of_the_matrix() -> None:
    assert {Column.EMAIL.value, Column.SMS.value} == {Channel.EMAIL.value, Channel.SMS.value}
