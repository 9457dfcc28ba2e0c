"""CSV files as spreadsheets and people make them: whatever encoding and delimiter, with or without a header.

And as we make them: nothing in a cell is run by the spreadsheet that opens it.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MAX_ROWS, MAX_BYTES = 50_000, 10_000_000
TOO_MANY = f"More than {MAX_ROWS} rows. Split it."
DELIMITERS = ",;\t"
#: What the columns are called, in the order that they have where there is no header.
COLUMNS = {
    "phone": ("phone", "phone number", "phone_number", "mobile", "msisdn", "number", "telephone", "tel", "cell"),
    "name": ("name", "full name", "full_name", "contact", "contact name"),
    "groups": ("groups", "group", "tags"),
}
#: What begins so is a formula to a spreadsheet (OWASP, "CSV Injection"), also in full-width forms. One whose language
#: has another delimiter than ours begins a cell after each of its own, and a row after each new line.
BEGINS, FORMULA = "(^|[;\t\r\n])", "(?= *[=+@\t\r\uff1d\uff0b\uff0d\uff20-])"
RUN, NOT_RUN = re.compile(BEGINS + FORMULA), re.compile(f"{BEGINS}'{FORMULA}")

#: How files of spreadsheets themselves begin: ZIP (.xlsx, .ods, .numbers) and OLE (.xls).
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class Unreadable(ValueError):
    """The file is no CSV file that could be imported; the message says why, for whoever made it."""


@dataclass(frozen=True)
class Row:
    number: int
    """As a spreadsheet shows it, from 1."""
    phone: str
    name: str = ""
    groups: str = ""


@dataclass(frozen=True)
class Sheet:
    encoding: str
    delimiter: str
    has_header: bool
    rows: list[Row]


def read(data: bytes) -> Sheet:
    """Raises Unreadable."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"Larger than {MAX_BYTES} bytes.")
    if data.startswith(WORKBOOKS):
        raise Unreadable("It is a spreadsheet's own file. Save it as CSV.")
    text, encoding = _decoded(data)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count) if any(sign in first for sign in DELIMITERS) else ","
    lines = list(_lines(text, delimiter))
    if not lines:
        raise Unreadable("It is empty.")
    places, has_header = _columns(lines[0][1])
    rows = [_row(number, cells, places) for number, cells in lines[has_header:]]
    if not rows:
        raise Unreadable("It has a header and nothing below.")
    if len(rows) > MAX_ROWS:
        raise Unreadable(TOO_MANY)
    return Sheet(encoding, delimiter, has_header, rows)


def _decoded(data: bytes) -> tuple[str, str]:
    """By its byte order mark, by the zeros of unmarked UTF-16, else UTF-8, else what Windows calls Latin-1."""
    if data.startswith(codecs.BOM_UTF8):
        guesses = ["utf-8-sig"]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        guesses = ["utf-16"]
    elif (sample := data[:200]).count(0) * 4 > len(sample):
        guesses = ["utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"]
    else:
        guesses = ["utf-8", "cp1252", "latin-1"]
    for guess in guesses:
        try:
            return data.decode(guess), guess
        except UnicodeDecodeError:
            continue
    raise Unreadable(f"It begins like {guesses[0]} and cannot be read as such. Save it as UTF-8.")


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not empty, with their numbers."""
    count = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(f"Row {number} cannot be read: {error}.") from None
        if any(cell.strip() for cell in cells):
            count += 1
            if count > MAX_ROWS + 1:  # a header may be among them
                raise Unreadable(TOO_MANY)
            yield number, cells


def _columns(first: Sequence[str]) -> tuple[dict[str, int], bool]:
    """The place of each column, and whether the first row is a header."""
    words = [cell.strip().casefold() for cell in first]
    found = {
        column: next(index for index, word in enumerate(words) if word in names)
        for column, names in COLUMNS.items()
        if any(word in names for word in words)
    }
    if not found:
        return {column: index for index, column in enumerate(COLUMNS)}, False
    if "phone" not in found:
        raise Unreadable("Its header names no column for the phone number. Call it phone.")
    return found, True


def _row(number: int, cells: Sequence[str], places: dict[str, int]) -> Row:
    return Row(number, **{name: cells[place] if place < len(cells) else "" for name, place in places.items()})


# --- Ours --------------------------------------------------------------------------------------------------------


def written(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """CSV, line by line, RFC 4180. Texts that are not ours must have gone through `neutralised`."""
    line = io.StringIO()
    writer = csv.writer(line)
    for row in rows:
        writer.writerow(row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def neutralised(text: str) -> str:
    """With an apostrophe in front of whatever a spreadsheet would run."""
    return RUN.sub(r"\1'", text)


def unneutralised(text: str) -> str:
    """What was exported comes back as it was."""
    return NOT_RUN.sub(r"\1", text)
