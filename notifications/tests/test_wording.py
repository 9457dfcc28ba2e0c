"""Times and lengths as people say them."""

import datetime

import pytest

from notifications import wording
from notifications.tests.helpers import NOON


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),  # another machine's clock is ahead
        (0, "just now"),
        (59.9, "just now"),
        (60, "1 minute ago"),
        (119, "1 minute ago"),
        (120, "2 minutes ago"),
        (3599, "59 minutes ago"),
        (3600, "1 hour ago"),
        (2 * 3600 + 1800, "2 hours ago"),
        (86399, "23 hours ago"),
        (86400, "1 day ago"),
        (6 * 86400, "6 days ago"),
        (7 * 86400, "1 week ago"),
        (29 * 86400, "4 weeks ago"),
        (30 * 86400, "1 month ago"),
        (364 * 86400, "12 months ago"),
        (365 * 86400, "1 year ago"),
        (800 * 86400, "2 years ago"),
    ],
)
def test_time_ago_names_the_largest_unit_only(seconds: float, words: str) -> None:
    assert wording.time_ago(NOON - datetime.timedelta(seconds=seconds), now=NOON) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (datetime.timedelta(seconds=59), "less than a minute"),
        (datetime.timedelta(minutes=1), "1 minute"),
        (datetime.timedelta(minutes=90), "1 hour"),
        (datetime.timedelta(days=3), "3 days"),
    ],
)
def test_a_duration_names_the_largest_unit_only(length: datetime.timedelta, words: str) -> None:
    assert wording.duration(length) == words


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(1, "minute"), (5, "5 minutes"), (60, "hour"), (90, "90 minutes"), (120, "2 hours"), (1440, "24 hours")],
)
def test_a_window_is_said_exactly(minutes: int, words: str) -> None:
    assert wording.window(datetime.timedelta(minutes=minutes)) == words


@pytest.mark.parametrize(
    ("number", "unit", "words"),
    [
        (1, "messages", "1 message"),
        (1234567, "messages", "1,234,567 messages"),
        (2.5, "ms", "2.5 ms"),
        (1, "ms", "1 ms"),
        (97.6, "%", "97.6 %"),
        (3, "", "3"),
    ],
)
def test_a_measure_is_written_in_full_and_agrees_with_its_unit(number: float, unit: str, words: str) -> None:
    assert wording.measure(number, unit) == words
