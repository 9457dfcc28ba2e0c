"""manage.py backtest_thresholds."""

import datetime
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from notifications.tests.test_backtest_checks import keep

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)


def command(*words: str) -> str:
    out = io.StringIO()
    call_command("backtest_thresholds", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def failed_lately() -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    for ago, failed in ((180, 3), (120, 40), (119, 45), (60, 3), (59, 3), (30, 70), (20, 3), (19, 3)):
        keep("failed_messages", at=minute - ago * MINUTE, measured=failed)


def test_the_command_shows_both_sides_and_a_picture(failed_lately: None) -> None:
    text = command("--check", "failed_messages", "--warning", "39", "--days", "1")
    assert text.startswith("Failed Messages, ")
    assert "In force (warning 50): 1 incident\n" in text
    assert "Proposed (warning 39): 2 incidents\n" in text
    assert "61 minutes, seen in 2, worst 45 messages, high" in text
    assert text.count("#") >= 3
    assert "from 3 to 70 messages, 20 minutes a sign" in text


def test_the_command_says_it_as_json_alone(failed_lately: None) -> None:
    said = json.loads(command("--check", "failed_messages", "--set", "warning=39", "--format", "json"))
    assert (said["in_force"]["count"], said["proposed"]["count"]) == (1, 2)
    assert said["proposed"]["incidents"][0]["worst"] == 45


def test_names_with_two_words_are_options_too() -> None:
    assert "minimum_sample 5" in command("--check", "sms_service", "--minimum-sample", "5")


def test_without_history_it_says_so() -> None:
    assert "Nothing is stored of these days." in command("--check", "sms_service", "--warning", "85")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--check", "nonsense", "--warning", "1"], "There is no check nonsense. There are: database"),
        (["--check", "sms_service", "--critical", "1"], "sms_service has no limit critical. It has: warning"),
        (["--check", "sms_service"], "Name one. sms_service has: warning, minimum_sample."),
        (["--check", "sms_service", "--warning", "1", "--days", "91"], "--days must be from 1 to 90."),
        (["--check", "sms_service", "--set", "count=3"], "sms_service has no limit count."),
    ],
)
def test_a_bad_argument_is_a_clear_message_and_exit_code_2(words: list[str], text: str) -> None:
    with pytest.raises(CommandError, match=text.replace("(", r"\(")) as refused:
        command(*words)
    assert refused.value.returncode == 2


@pytest.mark.parametrize("words", [["--count", "3"], ["--set", "warning"], ["--set", "warning=x"], ["--warning", "x"]])
def test_an_option_that_there_is_not_names_those_that_there_are(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        command("--check", "sms_service", *words)
    assert left.value.code == 2
    assert "sms_service (warning, minimum_sample)" in capsys.readouterr().err
