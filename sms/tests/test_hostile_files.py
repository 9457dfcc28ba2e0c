"""Files that nobody should have sent: each is refused by name or reported, none is an error of ours."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import User
from config.tests.test_exceptions import assert_problem
from sms import sheets
from tests.database import contents
from tests.hostile import values
from tests.hostile.calls import assert_tells_nothing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
URL = "/api/sms/contacts/import/"
REFUSED = {
    "nothing": b"",
    "only blanks": b" \n\t\n,,,\n",
    "only a byte order mark": b"\xef\xbb\xbf",
    "half of UTF-16": b"\xff\xfea",
    "UTF-8 by its mark and not by its bytes": b"\xef\xbb\xbfphone\n\xff\xfe\n",
    "a header alone": b"phone,name\n",
    "a header without phones": b"name,groups\nAsha,Friends\n",
    "a cell without end": b'phone,name\n"' + b"x" * 200_000,
    "too many rows": b"0754000001\n" * (sheets.MAX_ROWS + 1),
}
REPORTED = {
    "NUL": b"0754000001,A\x00sha\n",
    "NULs among letters": b"phone,name\n0754000001,\x00\n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(1, 256)) * 50,
    "100,000 columns": b"x," * 100_000 + b"\n",
    "formulas for numbers": b"=1+1,Asha\n\"=cmd|' /C calc'!A0\",Asha\n@SUM(A1),Asha\n",
    "digits of another script": "\u0660\u0667\u0665\u0664\u0660\u0660\u0660\u0660\u0660\u0661x,Asha\n".encode(),
    "a name too long": b"0754000001," + b"x" * 100_000 + b"\n",
    "101 groups": b"0754000001,Asha," + b"|".join(b"g%d" % n for n in range(101)) + b"\n",
    "a group's name too long": b"0754000001,Asha," + b"x" * 101 + b"\n",
    "a number without end": b"9" * 100_000 + b"\n",
}


@pytest.fixture
def nosy(api: APIClient) -> APIClient:
    """Who gets an answer also where the server fell over."""
    api.raise_request_exception = False
    return api


def both_ways(client: APIClient, content: bytes, query: str = "") -> list[Any]:
    form = {"file": SimpleUploadedFile("people.csv", content)}
    as_form = client.post(URL + query, form, format="multipart")
    as_body = client.generic("POST", URL + query, content, content_type="text/csv")  # type: ignore[arg-type] # takes bytes
    return [as_form, as_body]


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_read_is_refused_by_name(content: bytes, nosy: APIClient) -> None:
    before = contents()
    for answer in both_ways(nosy, content):
        assert_tells_nothing(answer)
        assert set(assert_problem(answer, 400)["errors"]) == {"file"}
    assert contents() == before


@pytest.mark.parametrize("content", REPORTED.values(), ids=REPORTED)
def test_rows_that_cannot_be_taken_are_reported_and_not_written(content: bytes, nosy: APIClient) -> None:
    before = contents()
    for answer in both_ways(nosy, content):
        assert_tells_nothing(answer)
        assert answer.status_code == 200, answer.content
        report = answer.json()["report"]
        assert report["rejected"] == report["rows"] > 0
        assert all(len(one["phone"]) <= 64 for one in report["rejects"])
    assert contents() == before


def test_a_file_that_is_too_large_is_not_read(nosy: APIClient) -> None:
    before = contents()
    small, large = b"x" * (sheets.MAX_BYTES + 1), b"x" * (sheets.MAX_BYTES + 20_000)
    for answer in both_ways(nosy, small):
        assert set(assert_problem(answer, 400)["errors"]) == {"file"}
    for answer in both_ways(nosy, large):
        assert assert_problem(answer, 413)["code"] == "body_too_large"
    assert contents() == before


@pytest.mark.parametrize("value", ["maybe", "2", "-1", values.NUL, f"true{values.BIDI}", "\u0661", values.LONG])
def test_a_dry_run_that_is_neither_yes_nor_no_imports_nothing(value: str, nosy: APIClient) -> None:
    before = contents()
    form = {"file": SimpleUploadedFile("people.csv", b"0754000001\n"), "dry_run": value}
    body = assert_problem(nosy.post(URL, form, format="multipart"), 400)
    assert "dry_run" in body.get("errors", {}), body
    assert contents() == before


@pytest.mark.parametrize(
    "content",
    [b"", b"--x", b"--x\r\n\r\n--x--", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n'],
)
def test_a_form_without_a_file_is_refused_by_name(content: bytes, nosy: APIClient) -> None:
    for boundary in ("; boundary=x", ""):
        answer: Any = nosy.generic("POST", URL, content, content_type=f"multipart/form-data{boundary}")  # type: ignore[arg-type] # takes bytes
        assert_tells_nothing(answer)
        assert_problem(answer, 400)


def test_a_session_cookie_alone_imports_nothing(owner: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(owner)
    before = contents()
    for answer in both_ways(client, b"0754000001\n"):
        assert_problem(answer, 403)
    assert contents() == before
