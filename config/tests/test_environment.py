"""What is wrong in the environment is named."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment


def test_a_number_that_is_none_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READS_PER_MINUTE", "many")
    with pytest.raises(ImproperlyConfigured, match="READS_PER_MINUTE"):
        Environment().int("READS_PER_MINUTE")


def test_rates_are_numbers_by_slug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_RATES", "twilio:10,simulator:0.5")
    assert Environment().rates("SMS_RATES") == {"twilio": 10.0, "simulator": 0.5}
    monkeypatch.setenv("SMS_RATES", "twilio:often")
    with pytest.raises(ImproperlyConfigured, match=r"SMS_RATES: .*often.* Write slug:number"):
        Environment().rates("SMS_RATES")


@pytest.mark.parametrize(
    ("read", "value", "said"),
    [
        (lambda env: env.percent("ASKED", default=80), "900", "ASKED: 900 is no percentage from 0 to 100."),
        (lambda env: env.postgres("ASKED"), "nonsense", "ASKED: Write postgres://user:password@host:5432/name."),
        (lambda env: env.postgres("ASKED"), "mysql://a:b@c/d", "ASKED: Write postgres://"),
        (lambda env: env.mail_server("ASKED"), "foo", "ASKED: Write smtp+tls://user:password@host:587."),
        (lambda env: env.addresses("ASKED"), "slack://a/b/c,s3cret", "ASKED: Address 2 of 2 is none."),
    ],
)
def test_what_cannot_be_right_names_its_variable_and_what_to_write(
    read: Callable[[Environment], object], value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKED", value)
    with pytest.raises(ImproperlyConfigured) as refused:
        read(Environment())
    assert str(refused.value).startswith(said)
    assert "s3cret" not in str(refused.value)


def test_what_is_right_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKED", "postgres://me:secret@db:5433/bellwether")
    found = Environment().postgres("ASKED")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db", 5433, "bellwether")
    monkeypatch.setenv("ASKED", "slack://a/b/c,jsons://d")
    assert Environment().addresses("ASKED") == ["slack://a/b/c", "jsons://d"]
    assert Environment().percent("UNSET", default=80) == 80
    assert Environment().mail_server("UNSET")["EMAIL_PORT"] == 25
