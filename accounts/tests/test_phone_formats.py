"""353 ways in which people and spreadsheets write numbers: each ends as E.164, or refused for its own reason."""

import csv
from pathlib import Path

import phonenumbers
import pytest

from accounts.phone import REFUSALS, NotAPhoneNumber, to_e164

with Path(__file__).with_name("data").joinpath("phone_numbers.csv").open(newline="", encoding="utf-8") as _file:
    ROWS = [(row["raw"], row["region"], row["expected"]) for row in csv.DictReader(_file)]


@pytest.mark.parametrize(("raw", "region", "expected"), ROWS)
def test_every_row_ends_as_it_says(raw: str, region: str, expected: str) -> None:
    try:
        ending = to_e164(raw, region=region)
    except NotAPhoneNumber as refused:
        ending = refused.code
        assert str(refused) == REFUSALS[refused.code]  # noqa: PT017
    assert ending == expected


def test_there_are_353_different_ones_and_every_reason_is_among_them() -> None:
    assert len(ROWS) == len(set(ROWS)) == 353
    endings = {expected for _, _, expected in ROWS}
    assert {ending for ending in endings if not ending.startswith("+")} == set(REFUSALS)


def test_what_is_expected_is_valid_to_the_library() -> None:
    for _, _, expected in ROWS:
        if expected.startswith("+"):
            assert phonenumbers.is_valid_number(phonenumbers.parse(expected))
            assert to_e164(expected, region="ZZ") == expected
