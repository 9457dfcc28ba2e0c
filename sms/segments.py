"""How many parts a text is sent as (3GPP TS 23.038 for the alphabets, TS 23.040 for the lengths).

The default alphabet with its extension table, or UCS-2; the national language tables are not used. A part of several
loses six octets to the header that joins them (TS 23.040, 9.2.3.24.1): 153 septets are left of 160, 67 units of 70.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")  # an escape and a character: two septets, never split over two parts
GSM = GSM_BASIC | GSM_EXTENSION

#: What word processors and phones write for characters that the alphabet has; the rest is found by decomposing.
_INSTEAD = {
    "'": "\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4`",
    '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212",
    " ": "\t\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000",
    "": "\u00ad\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff",
    "\n": "\x0b\x85\u2028\u2029",
    "*": "\u2022\u00b7\u2023\u25e6",
    "...": "\u2026",
    "<": "\u2039",
    ">": "\u203a",
    "x": "\u00d7",
    "/": "\u00f7\u2044",
    "l": "\u0142",
    "L": "\u0141",
    "d": "\u0111",
    "D": "\u0110",
    "i": "\u0131",
}
LOOKALIKES = {character: plain for plain, characters in _INSTEAD.items() for character in characters}


@dataclass(frozen=True)
class Segmentation:
    encoding: str
    """"GSM-7" or "UCS-2"."""
    segments: int


@dataclass(frozen=True)
class Foreign:
    """A character that the GSM alphabet does not have, so that the whole text goes out as UCS-2."""

    position: int
    """Counted in characters, from 0."""
    character: str
    name: str
    """As Unicode calls it."""
    replacement: str | None
    """What may stand there instead without changing the meaning much; "" when it can go, None when nothing fits."""


def segment(text: str) -> Segmentation:
    """Counts the segments of a text; an empty one is sent as one."""
    if GSM.issuperset(text):
        widths = [2 if character in GSM_EXTENSION else 1 for character in text]
        return Segmentation("GSM-7", _parts(widths, alone=160, joined=153))
    widths = [2 if ord(character) > 0xFFFF else 1 for character in text]  # a surrogate pair stays together too
    return Segmentation("UCS-2", _parts(widths, alone=70, joined=67))


def _parts(widths: list[int], *, alone: int, joined: int) -> int:
    total = sum(widths)
    if total <= alone:
        return 1
    if total == len(widths):  # nothing that could straddle a boundary
        return -(-total // joined)
    parts, room = 1, joined
    for width in widths:
        if width > room:
            parts, room = parts + 1, joined
        room -= width
    return parts


def foreign_characters(text: str) -> Iterator[Foreign]:
    """What forces Unicode, in the order in which it stands."""
    for position, character in enumerate(text):
        if character not in GSM:
            name = unicodedata.name(character, f"U+{ord(character):04X}")
            yield Foreign(position, character, name, _replacement(character))


def in_gsm(text: str) -> str | None:
    """The same text with every character of the GSM alphabet; None where one has no replacement."""
    composed = unicodedata.normalize("NFC", text)  # an e and an accent by itself are é, which the alphabet has
    replaced = [one if one in GSM else _replacement(one) for one in composed]
    return None if None in replaced else "".join(filter(None, replaced))


def _replacement(character: str) -> str | None:
    if character in LOOKALIKES:
        return LOOKALIKES[character]
    if "\u0300" <= character <= "\u036f":
        return ""
    # Full-width letters and ligatures are other ways to write what the alphabet has; ç loses its accent.
    plain = _without_marks(unicodedata.normalize("NFKD", character))
    if plain.isdecimal() and not character.isdecimal():
        return None  # 10² is not 102
    return plain if plain and GSM.issuperset(plain) else None


def _without_marks(characters: Iterable[str]) -> str:
    return "".join(one for one in characters if not unicodedata.combining(one))
