"""Phone numbers as people write them, and what must not be guessed."""

import pytest

from accounts.phone import NotAPhoneNumber, to_e164


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+255754123456", "TZ", "+255754123456"),
        ("0754123456", "TZ", "+255754123456"),
        ("0754-123-456", "TZ", "+255754123456"),
        ("754123456", "TZ", "+255754123456"),
        ("255754123456", "TZ", "+255754123456"),
        ("000255754123456", "TZ", "+255754123456"),  # Tanzania dials abroad with 000
        (" +255 754 123 456 ", "TZ", "+255754123456"),
        ("\u200e+255754123456", "TZ", "+255754123456"),  # as copied from a right-to-left page
        ("٠٧٥٤١٢٣٤٥٦", "TZ", "+255754123456"),
        ("+254712345678", "TZ", "+254712345678"),
        ("(650) 253-0000", "US", "+16502530000"),  # FIXED_LINE_OR_MOBILE: never demand MOBILE
        ("+44 7911 123456", "TZ", "+447911123456"),
    ],
)
def test_a_number_becomes_e164(text: str, region: str, number: str) -> None:
    assert to_e164(text, region=region) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "12",
        "call me",
        "0800-FLOWERS",
        "+2557541",  # possible is not valid
        "+15555550100",  # fictional
        "00255754123456",  # Tanzania's prefix is 000; with 00 it would be read as a national number
        "255754123456.0",  # a spreadsheet's float would gain a digit
        "2.55754E+11",  # and this one has lost some
        "+255754123456, +255713111222",
        "+255754123456 / 0713 111 222",
        "+255754123456 ext. 5",
        "+2557541234567",
        "+999123456789",
    ],
)
def test_what_is_no_number_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(NotAPhoneNumber, match=r"Write it like \+255754123456\."):
        to_e164(text, region="TZ")
