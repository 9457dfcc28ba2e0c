"""What is wrong in the environment is named."""

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
