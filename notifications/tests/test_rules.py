"""Who is told on which channel, and why: the last word has whoever stands highest."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.delivery import clock, rules
from notifications.delivery.rules import Choice, Decision, Whose, Wishes, decide, in_force
from notifications.models import Delivery, Notification
from notifications.models.choice import When
from notifications.models.priority import Priority
from notifications.tests.test_clock import MOMENTS, TIMES, ZONES, at

NOW = at("2026-01-10T11:00")  # noon in Berlin
REACHED: dict[str, Any] = {
    "email": "mina@acme.test",
    "phone_number": "+255754123456",
    "timezone": "Europe/Berlin",
    "sms_on": True,
}
LOW, MEDIUM, HIGH, CRITICAL = Priority
YOURS, TENANT, PLATFORM, BUILT_IN = Whose


def cells(column: str, when: str, whose: str = "yours", category: str = "billing") -> dict[Any, Any]:
    return {(category, column): (when, whose)}


def decided(
    channel: str = "email",
    *,
    category: str = "billing",
    priority: Priority = MEDIUM,
    now: datetime.datetime = NOW,
    **wishes: Any,
) -> Decision:
    both = decide(category=category, priority=priority, wishes=Wishes(**REACHED | wishes), now=now)
    assert [one.channel for one in both] == ["email", "sms"]
    return next(one for one in both if one.channel == channel)


# --- Precedence ---------------------------------------------------------------------------------------------------

ON, OFF = When.AT_ONCE, When.OFF


@pytest.mark.parametrize(
    ("column", "wishes", "category", "expected"),
    [
        # Nobody chose anything.
        ("in_app", {}, "billing", Choice(ON, BUILT_IN)),
        ("email", {}, "billing", Choice(ON, BUILT_IN)),
        ("sms", {}, "billing", Choice(OFF, BUILT_IN)),
        # Somebody did.
        ("email", {"cells": cells("email", "daily", "platform")}, "billing", Choice(When.DAILY, PLATFORM)),
        ("email", {"cells": cells("email", "hourly", "tenant")}, "billing", Choice(When.HOURLY, TENANT)),
        ("email", {"cells": cells("email", "off")}, "billing", Choice(OFF, YOURS)),
        ("email", {"cells": cells("email", "off")}, "contact", Choice(ON, BUILT_IN)),
        ("email", {"cells": cells("sms", "off")}, "billing", Choice(ON, BUILT_IN)),
        ("sms", {"cells": cells("sms", "at_once", "tenant")}, "billing", Choice(ON, TENANT)),
        # The switch of a whole channel is stronger than any cell when it is off, and weaker than all when it is on.
        ("in_app", {"in_app_on": False}, "billing", Choice(OFF, YOURS, is_switched_off=True)),
        ("email", {"email_on": False}, "billing", Choice(OFF, YOURS, is_switched_off=True)),
        (
            "email",
            {"email_on": False, "cells": cells("email", "daily")},
            "billing",
            Choice(OFF, YOURS, is_switched_off=True),
        ),
        ("sms", {"sms_on": False, "cells": cells("sms", "at_once")}, "billing", Choice(OFF, YOURS, False, True)),
        ("sms", {"sms_on": True}, "billing", Choice(ON, YOURS)),
        ("sms", {"sms_on": True, "cells": cells("sms", "off", "tenant")}, "billing", Choice(OFF, TENANT)),
        # What is mandatory stands above all of it, in the inbox and by e-mail; when it comes may be chosen.
        ("email", {}, "security", Choice(ON, BUILT_IN, is_mandatory=True)),
        ("email", {"email_on": False}, "security", Choice(ON, BUILT_IN, is_mandatory=True)),
        ("in_app", {"in_app_on": False}, "security", Choice(ON, BUILT_IN, is_mandatory=True)),
        (
            "email",
            {"email_on": False, "cells": cells("email", "daily", category="security")},
            "security",
            Choice(When.DAILY, YOURS, is_mandatory=True),
        ),
        (
            "email",
            {"cells": cells("email", "off", category="security")},
            "security",
            Choice(ON, YOURS, is_mandatory=True),
        ),
        ("sms", {}, "security", Choice(OFF, BUILT_IN)),
        ("sms", {"sms_on": False}, "security", Choice(OFF, YOURS, is_switched_off=True)),
    ],
)
def test_the_last_word(column: str, wishes: dict[str, Any], category: str, expected: Choice) -> None:
    assert in_force(category, column, Wishes(**wishes)) == expected


def test_what_is_mandatory_is_a_setting_and_security_whatever_it_says(settings: Any) -> None:
    settings.MANDATORY_CATEGORIES = ["billing"]
    assert rules.mandatory_categories() == {"billing", "security"}
    assert decided(email_on=False).is_sent
    assert decided(email_on=False, category="security").is_sent
    assert not decided(email_on=False, category="contact").is_sent


@pytest.mark.parametrize(
    ("column", "wishes", "is_on"),
    [
        ("email", {}, True),
        ("email", {"email_on": False}, False),
        ("sms", {}, False),
        ("sms", {"sms_on": True}, True),
        ("sms", {"cells": cells("sms", "daily", "tenant")}, True),
        ("sms", {"sms_on": False, "cells": cells("sms", "daily")}, False),
        ("email", {"cells": cells("email", "off")}, True),
        (
            "email",
            {"cells": {(one, "email"): ("off", "platform") for one, _ in Notification.Type.choices}},
            False,
        ),
    ],
)
def test_a_flat_setting_says_whether_anything_comes_that_could_be_switched_off(
    column: str, wishes: dict[str, Any], is_on: bool
) -> None:
    assert rules.is_on(column, Wishes(**wishes)) is is_on


@pytest.mark.parametrize(
    ("priority", "wishes", "comes"),
    [
        (LOW, {}, True),
        (MEDIUM, {"in_app_on": False}, False),
        (HIGH, {"in_app_on": False}, True),
        (CRITICAL, {"in_app_on": False}, True),
        (MEDIUM, {"cells": cells("in_app", "off")}, False),
        (HIGH, {"cells": cells("in_app", "off", "tenant")}, True),
    ],
)
def test_high_and_critical_ones_come_to_an_inbox_that_is_off(
    priority: Priority, wishes: dict[str, Any], comes: bool
) -> None:
    assert rules.comes_to_inbox(category="billing", priority=priority, wishes=Wishes(**wishes)) is comes


# --- What happens on a channel ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "priority", "wishes", "outcome"),
    [
        ("email", MEDIUM, {}, "at once"),
        ("email", CRITICAL, {"email": ""}, "skipped"),
        ("email", CRITICAL, {"email_on": False}, "skipped"),
        ("sms", CRITICAL, {"phone_number": ""}, "skipped"),
        ("sms", CRITICAL, {"sms_on": None}, "skipped"),
        ("sms", CRITICAL, {}, "at once"),
        ("sms", HIGH, {}, "at once"),
        # SMS costs: at once only what is urgent, whoever chose it.
        ("sms", MEDIUM, {}, "skipped"),
        ("sms", MEDIUM, {"cells": cells("sms", "at_once")}, "skipped"),
        ("sms", MEDIUM, {"cells": cells("sms", "daily")}, "daily 2026-01-11T07:00"),
        # Only low and medium ones wait for a digest.
        ("email", LOW, {"cells": cells("email", "hourly")}, "hourly 2026-01-10T12:00"),
        ("email", MEDIUM, {"cells": cells("email", "daily")}, "daily 2026-01-11T07:00"),
        (
            "email",
            MEDIUM,
            {"cells": cells("email", "daily"), "daily_digest_at": datetime.time(18, 30)},
            "daily 2026-01-10T17:30",
        ),
        ("email", HIGH, {"cells": cells("email", "daily")}, "at once"),
        ("email", CRITICAL, {"cells": cells("email", "hourly")}, "at once"),
        # Snoozed.
        ("email", HIGH, {"snoozed_until": at("2026-01-10T15:00")}, "2026-01-10T15:00"),
        ("email", CRITICAL, {"snoozed_until": at("2026-01-10T15:00")}, "at once"),
        ("email", MEDIUM, {"snoozed_until": at("2026-01-10T11:00")}, "at once"),
        (
            "email",
            LOW,
            {"snoozed_until": at("2026-01-10T15:00"), "cells": cells("email", "hourly")},
            "hourly 2026-01-10T15:00",
        ),
    ],
)
def test_what_happens(channel: str, priority: Priority, wishes: dict[str, Any], outcome: str) -> None:
    decision = decided(channel, priority=priority, **wishes)
    assert outcome_of(decision) == outcome
    assert decision.rule.endswith(".")


def outcome_of(decision: Decision) -> str:
    if not decision.is_sent:
        assert decision.state == Delivery.State.SKIPPED
        return "skipped"
    assert decision.state == (Delivery.State.HELD if decision.digest else Delivery.State.WAITING)
    due = f"{decision.due_at:%Y-%m-%dT%H:%M}" if decision.due_at else "at once"
    return f"{decision.digest} {due}".strip()


@pytest.mark.parametrize(
    ("priority", "wishes", "outcome"),
    [
        (MEDIUM, {}, "2026-01-11T06:00"),
        (HIGH, {}, "2026-01-11T06:00"),
        (CRITICAL, {}, "at once"),
        # Snoozed into the night, and out of it.
        (MEDIUM, {"snoozed_until": at("2026-01-11T03:00")}, "2026-01-11T06:00"),
        (MEDIUM, {"snoozed_until": at("2026-01-11T09:00")}, "2026-01-11T09:00"),
        # A digest does not come by night either.
        (LOW, {"cells": cells("email", "hourly")}, "hourly 2026-01-11T06:00"),
        (LOW, {"cells": cells("email", "daily"), "daily_digest_at": datetime.time(3)}, "daily 2026-01-11T06:00"),
        # Half past ten at night is still the afternoon in New York.
        (MEDIUM, {"timezone": "America/New_York"}, "at once"),
        (MEDIUM, {"timezone": "Mars/Base"}, "2026-01-11T07:00"),
    ],
)
def test_quiet_hours(priority: Priority, wishes: dict[str, Any], outcome: str) -> None:
    night = {"quiet": (datetime.time(22), datetime.time(7))}
    # 23:30 in Berlin, and 22:30 in UTC.
    assert outcome_of(decided(priority=priority, now=at("2026-01-10T22:30"), **night | wishes)) == outcome


@given(
    now=MOMENTS,
    quiet=st.tuples(TIMES, TIMES),
    zone=st.sampled_from(ZONES),
    snooze=st.none() | st.timedeltas(datetime.timedelta(hours=-5), datetime.timedelta(days=3)),
    when=st.sampled_from(When),
    priority=st.sampled_from(Priority),
    digest_at=TIMES,
)
def test_whatever_somebody_chose(
    now: datetime.datetime,
    quiet: clock.Window,
    zone: Any,
    snooze: datetime.timedelta | None,
    when: When,
    priority: Priority,
    digest_at: datetime.time,
) -> None:
    """Nothing is due by night or while it is snoozed, nothing is held for longer than was asked for, and what is
    critical is not held at all."""
    until = now + snooze if snooze is not None else None
    for channel in ("email", "sms"):
        decision = decided(
            channel,
            priority=priority,
            now=now,
            quiet=quiet,
            timezone=zone.key,
            snoozed_until=until,
            daily_digest_at=digest_at,
            cells=cells(channel, when),
        )
        if not decision.is_sent:
            continue
        due = decision.due_at or now
        assert bool(decision.digest) <= (priority in (LOW, MEDIUM))
        if priority == CRITICAL:
            assert due == now
            continue
        assert not clock.is_quiet(due, quiet, zone)
        assert now <= due
        asked_for = max([now, *([until] if until else [])])
        digests = datetime.timedelta(hours=50) if decision.digest else datetime.timedelta()
        assert due <= asked_for + digests + datetime.timedelta(days=1, hours=3)
        assert until is None or due >= until
