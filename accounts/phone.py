"""Phone numbers, as E.164 or not at all."""

import phonenumbers


class NotAPhoneNumber(ValueError):
    """The text is no number that could be called; the message says why, for the person who typed it."""


def to_e164(text: str, *, region: str) -> str:
    """Reads a number as people write it and returns E.164, such as +255754123456.

    `region` is the ISO country whose national format is assumed where no country code is given.
    Raises NotAPhoneNumber.
    """
    # Letters would be read as digits ("0800-FLOWERS"), which is never meant in a list of recipients.
    if any(character.isalpha() for character in text):
        raise NotAPhoneNumber("Letters in a phone number. Write it like +255754123456.")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise NotAPhoneNumber("Not a phone number. Write it like +255754123456.") from None
    if not phonenumbers.is_valid_number(number):
        raise NotAPhoneNumber("No such phone number. Write it like +255754123456.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
