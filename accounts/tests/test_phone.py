"""Phone numbers as people write them, and what must not be guessed."""

import pytest

from accounts.phone import REFUSALS, NotAPhoneNumber, to_e164

TANZANIAN = "+255754123456"


def refusal(text: str, region: str = "TZ") -> str:
    with pytest.raises(NotAPhoneNumber) as refused:
        to_e164(text, region=region)
    return refused.value.code


@pytest.mark.parametrize(
    "text",
    [
        "+255754123456",
        "0754123456",
        "0754-123-456",
        "0754/123.456",
        "(0754) 123 456",
        "754123456",
        "255754123456",
        "00255754123456",  # the world's prefix, though Tanzania dials abroad with 000
        "000255754123456",
        "++255754123456",
        "+255 (0)754 123 456",
        "(+255) 754-123-456",
        "+2550754123456",
        " +255 754 123 456 ",
        "'0754123456",  # as Excel keeps text
        '="0754123456"',  # and exports it
        "Tel: 0754 123 456",
        "tel:+255-754-123-456",
        "tel:754123456;phone-context=+255",
        "sms:+255754123456",
        "255,754,123,456",  # thousands
        "- 0754 123 456.",
    ],
)
def test_every_way_of_writing_it_is_the_same_number(text: str) -> None:
    assert to_e164(text, region="TZ") == TANZANIAN


@pytest.mark.parametrize(
    "text",
    [
        "٠٧٥٤١٢٣٤٥٦",
        "+٢٥٥٧٥٤١٢٣٤٥٦",
        "۰۷۵۴۱۲۳۴۵۶",
        "＋２５５　７５４　１２３　４５６",  # noqa: RUF001
        "०७५४१२३४५६",
        "\u200e+255754123456",  # as copied from a right-to-left page
        "\u202a0754\u2011123\u2011456\u202c",
        "0754\u00a0123\u202f456",
        "07\u00ad54\u200b123\ufeff456",
        "0754\u2013123\u2212456",
        "\u2018+255754123456\u2019",
        "📞 0754123456",
    ],
)
def test_digits_of_any_script_count_and_what_cannot_be_seen_does_not(text: str) -> None:
    assert to_e164(text, region="TZ") == TANZANIAN


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+254712345678", "TZ", "+254712345678"),
        ("254712345678", "TZ", "+254712345678"),  # nobody at home has so many digits
        ("(650) 253-0000", "US", "+16502530000"),  # FIXED_LINE_OR_MOBILE: never demand MOBILE
        ("1 650 253 0000", "US", "+16502530000"),
        ("011 44 7911 123456", "US", "+447911123456"),
        ("+44 7911 123456", "TZ", "+447911123456"),
        ("+39 (0)2 1234 5678", "IT", "+390212345678"),  # Italy's 0 stays
        ("+34 (0)912 345 678", "ES", "+34912345678"),  # and Spain never had one
        ("00 34 (0)912 345 678", "ES", "+34912345678"),
        ("8 916 123-45-67", "RU", "+79161234567"),
        ("687123456", "TZ", "+255687123456"),  # not New Caledonia's +687 123456
        ("+1 800 253 0000", "US", "+18002530000"),  # toll-free numbers in North America take texts
        ("+55 11 96123-4567", "TZ", "+5511961234567"),
        ("+54 9 11 2345 6789", "TZ", "+5491123456789"),
    ],
)
def test_each_country_is_read_by_its_own_rules(text: str, region: str, number: str) -> None:
    assert to_e164(text, region=region) == number


@pytest.mark.parametrize(
    "text", ["255754123456.0", "754123456.0", "0754123456.00", "255754123456,0", "+255754123456.0"]
)
def test_a_float_of_a_spreadsheet_gains_no_digit(text: str) -> None:
    assert to_e164(text, region="TZ") == TANZANIAN


def test_an_exponent_is_read_only_where_every_digit_is_there() -> None:
    assert to_e164("2.55754123456E+11", region="TZ") == TANZANIAN
    for text in ("2.55754E+11", "2,55754E+11", "2.55754e11", "3E+11", "+2.5575412345E+11"):
        assert refusal(text) == "lost_digits"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \u200f ", "empty"),
        ("+", "empty"),
        ("-", "empty"),
        ("call me", "letters"),
        ("0754-FLOWER", "letters"),
        ("O754123456", "letters"),  # the letter
        ("+255754123456 ext. 5", "extension"),
        ("+255754123456x5", "extension"),
        ("+255754123456 #5", "extension"),
        ("tel:+255754123456;ext=5", "extension"),
        ("0754123456,,5", "extension"),
        ("+255754123456, +255713111222", "several"),
        ("+255754123456 / 0713 111 222", "several"),
        ("0754123456/0713111222", "several"),
        ("0754123456\n0713111222", "several"),
        ("0754123456 0713111222", "several"),
        ("0754123456 or 0713111222", "several"),
        ("+255754123456+255713111222", "several"),
        ("*150*00#", "not_a_number"),
        ("0754123456²", "not_a_number"),  # a footnote is no digit
        ("0754\x00123456", "not_a_number"),
        ("0" * 65, "not_a_number"),
        ("+255754123456" + "!" * 99, "not_a_number"),
        ("12", "too_short"),
        ("+2557541", "too_short"),
        ("+2557541234567", "too_long"),
        ("+493012345678901234", "too_long"),  # possible to the library, over E.164's 15 digits
        ("+999123456789", "unknown_country"),
        ("+0754123456", "unknown_country"),
        ("+255154123456", "no_such_number"),  # possible is not valid
        ("+15550100123", "no_such_number"),
        ("+12025550123", "fictional"),
        ("+447700900123", "fictional"),
        ("+255900123456", "cannot_receive"),
        ("0800 123 456", "cannot_receive"),
        ("0840 123 456", "cannot_receive"),
    ],
)
def test_what_is_no_number_is_refused_with_a_code_and_a_sentence(text: str, code: str) -> None:
    with pytest.raises(NotAPhoneNumber, match=r"Write it like \+255754123456\.") as refused:
        to_e164(text, region="TZ")
    assert (refused.value.code, str(refused.value)) == (code, REFUSALS[code])


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("3902123456", "IT"),  # a mobile at home, and Milan with its country code
        ("6581234567", "TZ"),  # a digit too many at home, and a stranger in Singapore
    ],
)
def test_what_may_be_two_numbers_is_refused(text: str, region: str) -> None:
    assert refusal(text, region) == "ambiguous"


def test_without_a_country_only_international_numbers_are_read() -> None:
    assert to_e164("255754123456", region="ZZ") == TANZANIAN
    assert refusal("0754123456", "ZZ") == "unknown_country"
