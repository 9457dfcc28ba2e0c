"""Phone numbers, as E.164 or not at all: what is not surely one number is refused, and never guessed."""

import re
import unicodedata
from typing import Final

from accounts import numbering
from accounts.numbering import Kind, Plan, Reading

#: Longer than any way of writing one number.
MOST_CHARACTERS = 64
_EXAMPLE = "Write it like +255754123456."
#: Every code a refusal may carry, and what it tells people to do. docs/phone-numbers.md explains them.
REFUSALS: Final = {
    "empty": f"There is no number here. {_EXAMPLE}",
    "letters": f"Letters in a phone number. {_EXAMPLE}",
    "not_a_number": f"Not a phone number. {_EXAMPLE}",
    "several": f"More than one phone number. Give each a line of its own. {_EXAMPLE}",
    "extension": f"A text message cannot reach an extension. Leave the extension out. {_EXAMPLE}",
    "lost_digits": "A spreadsheet has rounded this number and its last digits are lost. Make the column text and fill "
    f"the number in again. {_EXAMPLE}",
    "ambiguous": f"This may be a national or an international number. Begin with + and the country code. {_EXAMPLE}",
    "unknown_country": f"No country has this calling code. {_EXAMPLE}",
    "too_short": f"Too short for a phone number. Begin with the country code. {_EXAMPLE}",
    "too_long": f"Too long for a phone number. Look for digits too many. {_EXAMPLE}",
    "fictional": f"This number is kept free for films and examples, and nobody has it. {_EXAMPLE}",
    "cannot_receive": "Premium-rate, shared-cost and toll-free numbers receive no text messages. Give a mobile "
    f"number. {_EXAMPLE}",
    "no_such_number": f"No such phone number. {_EXAMPLE}",
}
_CODES = {
    Kind.CANNOT: "cannot_receive",
    Kind.FICTIONAL: "fictional",
    Kind.TOO_SHORT: "too_short",
    Kind.TOO_LONG: "too_long",
    Kind.UNUSED: "no_such_number",
    Kind.NOWHERE: "unknown_country",
}

_E164 = re.compile(r"\+([1-9][0-9]{6,14})")
_PLAIN = re.compile(r"\(?(\+{0,2})([0-9 ()./-]*)")
_DIGITS_ONLY = str.maketrans("", "", " ()./-")
#: What surrounds a number in lists: Excel's apostrophe and ="...", quotes, list marks, a stop at the end.
_AROUND = " \t'\"`=<>:,;.-_*\u00b7\u2022\u2018\u2019\u201c\u201d\u00ab\u00bb\u2706\u260e\ufe0f\U0001f4de\U0001f4f1"
_LABEL = re.compile(
    r"(?:tel|telephone|phone|ph|mobile|mob|cell|whatsapp|callto|sms|simu|namba|no|nr|m|t|p)\b\.?\s*[:=]?\s*(?=\W*[0-9])",
    re.IGNORECASE,
)
_CONTEXT = re.compile(r"(.*?);phone-context=(\+[0-9]{1,3})", re.IGNORECASE)
_EXTENSION = re.compile(
    r"[0-9][\s.,()-]*(?:;?\s*ext(?:n|ension)?\b[.:=]?|[x\u00d7#]|;isub=|,,+|;|[pw])\s*[0-9]{1,7}\)?", re.IGNORECASE
)
_BETWEEN = re.compile(r"[,;/|&\n]| or | and | au | na |(?<=[0-9]{9})\s(?=\+?[0-9]{9})", re.IGNORECASE)
_SECOND_PLUS = re.compile(r"[0-9)\s]\+")
_SCIENTIFIC = re.compile(r"\+?([0-9])(?:[.,]([0-9]+))?e\+?([0-9]{1,3})", re.IGNORECASE)
_FLOAT = re.compile(r"(\+?[0-9]{5,})[.,]0{1,2}")
_THOUSANDS = re.compile(r"\+?[0-9]{1,3}(?:,[0-9]{3})+(?:\.0{1,2})?")


class NotAPhoneNumber(ValueError):
    """The text is no number that could be written to.

    `code` is one of REFUSALS, for programs; the message says why and what to do, for the person who typed it.
    """

    def __init__(self, code: str) -> None:
        super().__init__(REFUSALS[code])
        self.code = code


def to_e164(text: str, *, region: str) -> str:
    """Reads a number as people write it and returns E.164, such as +255754123456.

    `region` is the ISO country whose national format is assumed where no country code is given.
    Raises NotAPhoneNumber.
    """
    exact = _E164.fullmatch(text)
    if exact and numbering.is_exact(exact[1]):
        return text
    if len(text) > MOST_CHARACTERS:
        raise NotAPhoneNumber("not_a_number")
    plain = _PLAIN.fullmatch(text)
    if plain is None or "." in text or "/" in text:
        plain = _PLAIN.fullmatch(_tidied(text))
    if plain is None:
        raise NotAPhoneNumber("not_a_number")
    plus, body = plain.groups()
    if not body.strip(" ()./-"):
        raise NotAPhoneNumber("empty")
    reading = _read(plus, body, numbering.plan_of(region.upper()))
    if reading.kind is not Kind.RECEIVES:
        raise NotAPhoneNumber("several" if _is_several(body) else _CODES[reading.kind])
    return reading.e164


# --- From characters to digits -----------------------------------------------------------------------------------


def _tidied(text: str) -> str:
    """The same number in plain digits and separators, where the text holds one and nothing else that matters."""
    text = (text if text.isascii() else _in_ascii(text)).strip(_AROUND + "\r\n")
    if not text:
        raise NotAPhoneNumber("empty")
    text = _without_context(_LABEL.sub("", text, count=1) if _LABEL.match(text) else text).strip(_AROUND)
    _refuse_more_than_a_number(text)
    if found := _SCIENTIFIC.fullmatch(text):
        return _without_exponent(*found.groups(default=""))
    if any(character.isalpha() for character in text):
        raise NotAPhoneNumber("letters")
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    as_float = _FLOAT.fullmatch(text)
    return as_float[1] if as_float else " ".join(text.split())


def _in_ascii(text: str) -> str:
    """Digits of any script, and the spaces, dashes and full-width marks of any; without what cannot be seen."""
    return "".join(_ascii(character) for character in text)


def _ascii(character: str) -> str:
    if character.isascii():
        return character
    kind = unicodedata.category(character)
    if kind == "Nd":  # not "No": a superscript is a footnote, not a digit of the number
        return str(unicodedata.decimal(character))
    if kind == "Cf":  # marks of direction, zero-width characters, soft hyphens
        return ""
    if kind == "Zs":
        return " "
    if kind == "Pd" or character == "\u2212":
        return "-"
    # Full-width marks stand in a block of their own, in ASCII's order.
    return chr(ord(character) - 0xFEE0) if "\uff01" <= character <= "\uff0f" else character


def _without_context(text: str) -> str:
    """`tel:754123456;phone-context=+255` (RFC 3966, 5.1.5) is the number within that country code."""
    found = _CONTEXT.fullmatch(text)
    if not found:
        return text
    number, context = found.groups()
    return number if number.startswith("+") else f"{context}{number}"


def _refuse_more_than_a_number(text: str) -> None:
    if _is_several(text) or _SECOND_PLUS.search(text):
        raise NotAPhoneNumber("several")
    found = _EXTENSION.search(text)
    if found and found.end() == len(text) and _count(text[: found.start() + 1]) >= 5:
        raise NotAPhoneNumber("extension")


def _is_several(text: str) -> bool:
    return sum(_count(part) >= 7 for part in _BETWEEN.split(text)) > 1


def _without_exponent(first: str, fraction: str, exponent: str) -> str:
    """Only where every digit is there: 2.55754E+11 has lost six, and who knows which."""
    if len(fraction) != int(exponent):
        raise NotAPhoneNumber("lost_digits")
    return first + fraction


def _count(text: str) -> int:
    return sum(map(str.isdecimal, text))


# --- From digits to a number -------------------------------------------------------------------------------------


def _read(plus: str, body: str, home: Plan | None) -> Reading:
    digits = body.translate(_DIGITS_ONLY)
    if not plus and not digits.startswith("00"):
        return _without_prefix(digits, home)
    if plus:
        readings = [numbering.international(digits)]
    else:
        readings = [numbering.international(digits[2:]), *_as_dialled(digits, home)]
    if "(0)" in body:  # +34 (0)911 234 567, where there is no trunk prefix to leave out
        start = digits[: _count(body[: body.index("(0)")])]
        readings.append(numbering.international((start + digits[len(start) + 1 :]).removeprefix("" if plus else "00")))
    return _only(readings)


def _without_prefix(digits: str, home: Plan | None) -> Reading:
    """Digits with neither a plus nor 00 in front: national, or international with the plus left out."""
    if home is None:
        return numbering.international(digits)
    at_home = [*_as_dialled(digits, home), numbering.national(digits, home)]
    if digits.startswith(str(home.country_code)):
        abroad = numbering.international(digits)
        return _only([*at_home, abroad] if abroad.is_number or len(digits) > home.longest else at_home)
    reading = _only(at_home)
    abroad = reading if reading.is_number else numbering.international(digits)
    if reading.is_number or not abroad.is_number:
        return reading
    # One digit too many at home makes a stranger's number elsewhere, so only what cannot be such a slip is taken.
    if len(digits) < home.longest + 2:
        raise NotAPhoneNumber("ambiguous")
    return abroad


def _as_dialled(digits: str, home: Plan | None) -> list[Reading]:
    """What it is for a caller at home who dials abroad: 011 in the United States, 000 in Tanzania."""
    found = home.international.match(digits) if home and home.international else None
    rest = digits[found.end() :] if found else ""
    return [numbering.international(rest)] if rest and rest[0] != "0" else []


def _only(readings: list[Reading]) -> Reading:
    """The one reading that is a number; without any, the last one, which says best what is wrong.

    Raises NotAPhoneNumber when several are, and differ.
    """
    if len(readings) == 1:
        return readings[0]
    numbers = {reading.e164: reading for reading in readings if reading.is_number}
    if len(numbers) > 1:
        raise NotAPhoneNumber("ambiguous")
    return next(iter(numbers.values()), readings[-1])
