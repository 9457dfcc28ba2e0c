"""The compiled plans say of every number what the library says, with fewer steps."""

from unittest import mock

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    CountryCodeSource,
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
)

from accounts import numbering
from accounts.numbering import Kind
from accounts.phone import NotAPhoneNumber, to_e164

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
CODES = sorted(COUNTRY_CODE_TO_REGION_CODE)
TYPES = [value for value in PhoneNumberType.values() if value != PhoneNumberType.UNKNOWN]
DEAF = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.TOLL_FREE}


def by_the_library(text: str, region: str | None) -> tuple[str, Kind] | None:
    """E.164 and what the number is good for; None where it is no number, or has a country code after all."""
    try:
        number = phonenumbers.parse(text, region, keep_raw_input=True)
    except NumberParseException:
        return None
    if region and number.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY:
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    rule = numbering.FICTIONAL.get(number.country_code or 0)
    is_free = rule and rule.fullmatch(phonenumbers.national_significant_number(number))
    if not phonenumbers.is_valid_number(number) or len(e164) > 16 or is_free:
        return None
    kind = phonenumbers.number_type(number)
    takes_texts = kind not in DEAF or (kind == PhoneNumberType.TOLL_FREE and number.country_code == 1)
    return e164, Kind.RECEIVES if takes_texts else Kind.CANNOT


def examples() -> list[str]:
    """A number of each type of each region, without the plus."""
    found = [phonenumbers.example_number_for_type(region, kind) for region in REGIONS for kind in TYPES]
    found += [phonenumbers.example_number_for_non_geo_entity(code) for code in CODES]
    return sorted({phonenumbers.format_number(one, PhoneNumberFormat.E164)[1:] for one in found if one})


EXAMPLES = examples()


@st.composite
def near_numbers(draw: st.DrawFn) -> str:
    """An example with some of its digits changed, added or lost: mostly still a number, or nearly one."""
    digits = draw(st.sampled_from(EXAMPLES))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(digits)))
        taken = draw(st.sampled_from([0, 1, 1]))
        digits = digits[:place] + draw(st.sampled_from([*"0123456789", ""])) + digits[place + taken :]
    return digits


international_digits = st.one_of(
    near_numbers(),
    st.builds(
        lambda code, rest: f"{code}{rest}", st.sampled_from(CODES), st.from_regex(r"[0-9]{4,14}", fullmatch=True)
    ),
)
thorough = hypothesis_settings(deadline=None, max_examples=1500, database=None, derandomize=True)


def reading_of(reading: numbering.Reading) -> tuple[str, Kind] | None:
    return (reading.e164, reading.kind) if reading.is_number else None


@thorough
@given(international_digits)
def test_international_numbers_are_read_as_the_library_reads_them(digits: str) -> None:
    assert reading_of(numbering.international(digits)) == by_the_library(f"+{digits}", None)


@thorough
@given(international_digits)
def test_the_short_way_only_lets_pass_what_the_library_leaves_as_it_is(digits: str) -> None:
    if numbering.is_exact(digits):
        assert by_the_library(f"+{digits}", None) == (f"+{digits}", Kind.RECEIVES)


@thorough
@given(st.sampled_from(REGIONS), st.data())
def test_national_numbers_are_read_as_the_library_reads_them(region: str, data: st.DataObject) -> None:
    example = phonenumbers.example_number_for_type(region, data.draw(st.sampled_from(TYPES)))
    example = example or phonenumbers.example_number(region)
    assert example is not None
    digits = phonenumbers.national_significant_number(example)
    digits = data.draw(st.sampled_from(["", "", "0", "1", "8", "06"])) + digits
    place = data.draw(st.integers(0, len(digits) - 1))
    digits = digits[:place] + data.draw(st.sampled_from([*"0123456789", ""])) + digits[place + 1 :]
    home = numbering.plan_of(region)
    assert home is not None
    expected = by_the_library(digits, region)
    if expected is not None:
        assert reading_of(numbering.national(digits, home)) == expected


def test_every_example_of_every_country_is_read_the_short_way_or_refused_for_its_type() -> None:
    read = 0
    for digits in EXAMPLES:
        expected = by_the_library(f"+{digits}", None)
        assert reading_of(numbering.international(digits)) == expected
        read += numbering.is_exact(digits)
    # The others are deaf, fictional, or carry what looks like a trunk prefix.
    assert read > len(EXAMPLES) / 2


def test_ten_thousand_recipients_in_e164_do_not_ask_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it costs is the library's parsing, so that there is none of it says more than a number of seconds."""
    parse = mock.Mock(side_effect=AssertionError("the library was asked"))
    monkeypatch.setattr(phonenumbers, "parse", parse)
    for digits in EXAMPLES:
        if numbering.is_exact(digits):
            to_e164(f"+{digits}", region="TZ")
    for text in ("0754 123 456", "00254712345678", "256712345678", "+2507abc"):
        try:
            to_e164(text, region="TZ")
        except NotAPhoneNumber as refused:
            assert refused.code == "letters"  # noqa: PT017
