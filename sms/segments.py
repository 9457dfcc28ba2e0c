"""How many parts a text is sent as (3GPP TS 23.038 for the alphabets, TS 23.040 for the lengths)."""

from collections.abc import Iterable
from dataclasses import dataclass

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")  # an escape and a character: two septets, never split over two parts


@dataclass(frozen=True)
class Segmentation:
    encoding: str
    """"GSM-7" or "UCS-2"."""
    segments: int


def segment(text: str) -> Segmentation:
    """Counts the segments of a text; an empty one is sent as one."""
    if all(character in GSM_BASIC or character in GSM_EXTENSION for character in text):
        widths = [2 if character in GSM_EXTENSION else 1 for character in text]
        return Segmentation("GSM-7", _parts(widths, alone=160, joined=153))
    widths = [2 if ord(character) > 0xFFFF else 1 for character in text]  # a surrogate pair stays together too
    return Segmentation("UCS-2", _parts(widths, alone=70, joined=67))


def _parts(widths: Iterable[int], *, alone: int, joined: int) -> int:
    widths = list(widths)
    if sum(widths) <= alone:
        return 1
    parts, room = 1, joined
    for width in widths:
        if width > room:
            parts, room = parts + 1, joined
        room -= width
    return parts
