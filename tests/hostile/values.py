"""What callers send by mistake or on purpose, by the kind of value that a field wants."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Self

NUL, HALF, BIDI, LONG = "a\x00b", "\ud800", "\u202e", "x" * 100_000
#: Put into the JSON text by `as_json`, because Python would not write it.
TOO_BIG = "<1e400>"
ARABIC_ID = "0192f3a4-0000-7000-8000-" + "\u0663" * 12  # digits to Python's int(), and to nobody else
#: No scalar field takes these, whatever it is for.
NOT_A_WORD: tuple[Any, ...] = ([], {}, [["x"]], {"a": 1}, TOO_BIG, NUL, HALF)


@dataclass(frozen=True)
class Field:
    """One field of a body, or one query parameter: a value that is taken, and such as must be refused by name."""

    good: Any
    wrong: tuple[Any, ...]
    required: bool = True
    odd: tuple[Any, ...] = field(default=())
    """Refused too, but the blame is not this field's alone."""
    apart: bool = False
    """Good only without the others."""
    thing: str = ""
    """Good is the id of this one of the real things."""

    def optional(self) -> Self:
        return replace(self, required=False)

    def alone(self) -> Self:
        return replace(self, required=False, apart=True)


def optional(fields: dict[str, Field]) -> dict[str, Field]:
    return {name: one.optional() for name, one in fields.items()}


def text(good: str, most: int, *, blank: bool = False) -> Field:
    empty = () if blank else ("", "   ", "\t\n")
    return Field(good, (*NOT_A_WORD, None, True, "x" * (most + 1), LONG, *empty))


def whole(good: int, least: int, most: int) -> Field:
    near = (least - 1, most + 1, str(least - 1), str(most + 1), -1, -(10**30), 10**30, 10**300, "9" * 5000)
    like = ("abc", "", " ", "1.0", 1.5, "1e1", "1_0", " 3 ", "+3", "--3", "0x10", "\u0663", "\uff13", f"{BIDI}3", "3;")
    return Field(good, (*NOT_A_WORD, None, True, False, LONG, *near, *like))


def day(good: str) -> Field:
    arabic = good.translate({ord("0") + digit: 0x660 + digit for digit in range(10)})
    like = ("tomorrow", arabic, good.replace("-", ""), f"{good}T00:00:00Z", f"{good}{BIDI}", "2026-02-30", LONG)
    return Field(good, (*NOT_A_WORD, True, 5, "0000-01-01", "9999-12-31", "0001-01-01", *like))


def choice(good: str) -> Field:
    like = ("nonsense", "", good.upper(), f" {good}", f"{good}{BIDI}", f"{good},{good}", "\u0663", "-1", LONG)
    return Field(good, (*NOT_A_WORD, 5, True, *like))


def yes_no(good: bool) -> Field:
    return Field(good, (*NOT_A_WORD, None, "maybe", "", 2, -1, 1.5, f"true{BIDI}", "\u0661", LONG))


def uuid(good: Any, thing: str = "") -> Field:
    like = ("x", "", str(good)[:-1], f"{good}0", f"{{{good}}}", f"urn:uuid:{good}", f"{good}{BIDI}", ARABIC_ID, LONG)
    return Field(str(good), (*NOT_A_WORD, True, 5, 1.5, *like), thing=thing)


def when(good: str) -> Field:
    dates = ("2026-13-45", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z", "0000-00-00T00:00:00Z", "10000-01-01")
    like = ("x", "tomorrow", "\u0662\u0660\u0662\u0666-01-01", f"{good}{BIDI}", f"{good};", LONG)
    return Field(good, (*NOT_A_WORD, True, 1.5, -1, *dates, *like))


def obj(good: dict[str, Any]) -> Field:
    inner = ({"a": NUL}, {"a": HALF}, {"a": TOO_BIG}, {"a": [{"b": TOO_BIG}]}, {NUL: 1})
    deep: Any = {}
    for _ in range(100):
        deep = {"a": deep}
    many = {str(number): None for number in range(5000)}
    return Field(good, ([], [good], "x", "{}", 5, True, deep, {"a": LONG}, *inner, many))


def listing(item: Field, most: int) -> Field:
    items = tuple([bad] for bad in item.wrong if bad is not None)
    return Field(
        [item.good],
        (*items, [], [None], [item.good] * (most + 1), [None] * (most + 1), "x", 5, True, {}, {"0": item.good}, NUL),
        thing=item.thing,
    )


def url(good: str) -> Field:
    schemes = (
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "ftp://a.test/b",
    )
    like = ("//evil.test", "/\\evil.test", "\\\\evil.test", "x", "https://", f"https://a.test/{BIDI}", "https://[a")
    return Field(good, (*NOT_A_WORD, True, 5, *schemes, *like, "https://a.test/" + LONG))


def phone(good: str) -> Field:
    like = ("x", "0800-FLOWERS", "2.55754E+11", "+999", "-1", "1", "+" + "9" * 31, LONG)
    return Field(good, (*NOT_A_WORD, True, *like))


def as_json(body: Any) -> bytes:
    return json.dumps(body).replace(f'"{TOO_BIG}"', "1e400").encode()


JSON = "application/json"
#: Whole bodies that are no object of ours, and their content types; refused by every call that takes a body.
BODIES = {
    "broken JSON": (b'{"a": ', JSON),
    "two objects": (b"{}{}", JSON),
    "a list": (b"[]", JSON),
    "a list of objects": (b'[{"a": 1}]', JSON),
    "a text": (b'"x"', JSON),
    "a number": (b"5", JSON),
    "a number without end": (b"1e400", JSON),
    "null": (b"null", JSON),
    "true": (b"true", JSON),
    "NaN": (b'{"a": NaN}', JSON),
    "1e400": (b'{"a": 1e400}', JSON),
    "a number of 5,000 digits": (b'{"a": ' + b"9" * 5000 + b"}", JSON),
    "NUL": (b'{"a": "\\u0000"}', JSON),
    "NULs in 5,000 fields": (as_json({str(number): NUL for number in range(5000)}), JSON),
    "NUL in a name": (b'{"\\u0000": 1}', JSON),
    "half a surrogate pair": (b'{"a": "\\ud800"}', JSON),
    "half a surrogate pair deep inside": (b'{"a": [{"b": {"c": ["\\udfff"]}}]}', JSON),
    "no UTF-8": (b'{"a": "\xff"}', JSON),
    "another encoding": ('{"a": "\u00e9"}'.encode("utf-16"), JSON),
    "only NULs": (b"\x00" * 100, JSON),
    "100,000 lists in each other": (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", JSON),
    "100,000 objects in each other": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, JSON),
    "10 MB": (b'{"a": "' + b"x" * 10_000_000 + b'"}', JSON),
    "10 MB of brackets": (b"[" * 10_000_000, JSON),
    "XML": (b"<a/>", "application/xml"),
    "a form": (b"a=b", "application/x-www-form-urlencoded"),
    "a form of parts": (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
    "plain text": (b'{"a": 1}', "text/plain"),
    "a type that is none": (b'{"a": 1}', "nonsense"),
    "a type of control characters": (b'{"a": 1}', "a\x01/\x7f"),
}
#: Python's codecs that are none of text, and others that give something else than JSON.
CHARSETS = ("hex", "base64", "zlib", "bz2", "rot13", "undefined", "idna", "punycode", "utf-16", "utf-7", "mbcs")
#: Refused with 401 by every call that wants to know who is there.
CREDENTIALS = (
    *("Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer a b c", "Bearer ...", "Bearer \u00e9.\u00e9.\u00e9"),
    *("Basic YTpi", "bearer x", "x", "\x01\x7f", "Bearer " + "x" * 10_000, "Bearer " + "a." * 5_000, "Bearer \x00"),
    "Bearer eyJhbGciOiJub25lIn0.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.",  # alg: none
)
KEYS = ("", "x" * 201, "x" * 10_000, "a\x01b", "\x7f", "\u00e9", "a\x00b")
GARBAGE = ("x" * 10_000, "\x01\x7f", "\u00e9" * 50, '"' + "x" * 32 + '"', "a\x00b", '*, "x", W/', ";=,")
FORMATS = ("image/png", "text/html", "application/xml", "nonsense", "x" * 10_000, "text/html;q=0.9, image/*")
