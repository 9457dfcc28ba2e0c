"""docs/phone-numbers.md: its commands run, and its examples are true."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.phone import REFUSALS, NotAPhoneNumber, to_e164
from sms.models import Contact
from tenants.models import Tenant

NUMBER = "+255754123456"
DOCS = Path(__file__).parents[2].joinpath("docs", "phone-numbers.md").read_text(encoding="utf-8")


def test_every_command_in_the_docs_runs(
    tenant: Tenant, tmp_path: Path, platform: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Contact.objects.create(tenant=tenant, raw_phone_number="0712345678")
    lines = re.findall(r"^    manage\.py normalize_phone_numbers(.*)$", DOCS, re.MULTILINE)
    assert len(lines) == 6
    for line in lines:
        call_command("normalize_phone_numbers", *line.split())
    assert "--apply --max-reject-rate 20 --quiet" in lines[3]
    assert f"manage.py normalize_phone_numbers{lines[3]}" in DOCS.split("* * * cd")[1]


def test_the_docs_name_every_refusal_with_a_true_example() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|.*\| `(.+)` \|$", DOCS, re.MULTILINE)
    assert sorted(code for code, _ in rows) == sorted(REFUSALS)
    for code, example in rows:
        with pytest.raises(NotAPhoneNumber) as refused:
            to_e164(example, region="TZ")
        assert refused.value.code == code


def test_all_that_the_docs_say_is_accepted_is_one_number() -> None:
    table = DOCS.split("## What is refused")[0]
    written = [
        text for row in re.findall(r"^\| (`.+`) \|", table, re.MULTILINE) for text in re.findall(r"`([^`]+)`", row)
    ]
    assert len(written) == 18
    assert {to_e164(text, region="TZ") for text in written} == {NUMBER}
