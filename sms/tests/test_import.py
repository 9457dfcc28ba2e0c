"""Contacts from a file and to a file."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import User
from sms import sheets
from sms.models import Contact, ContactGroup, GroupMember
from sms.services.importing import import_contacts
from sms.tests.conftest import streamed
from sms.tests.helpers import at_once, number
from sms.tests.test_send_options import contact, group
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
URL, EXPORT = "/api/sms/contacts/import/", "/api/sms/contacts/export.csv"
ClientOf = Callable[[User], APIClient]


def load(api: APIClient, text: str | bytes, query: str = "") -> dict[str, Any]:
    data = text.encode() if isinstance(text, str) else text
    response = api.post(URL + query, data, content_type="text/csv")
    assert response.status_code == 200, response.content
    report: dict[str, Any] = response.json()["report"]
    return report


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {
        name: value
        for name, value in report.items()
        if isinstance(value, int) and not isinstance(value, bool) and value
    }


def refused(response: Any, status: int = 400) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert Contact.objects.count() == 0
    body: dict[str, Any] = response.json()
    return body


# --- In ----------------------------------------------------------------------------------------------------------


def test_a_file_is_imported_with_a_report_of_what_was_not(api: APIClient, tenant: Tenant) -> None:
    contact(tenant, 1, name="Old name")
    contact(tenant, 2, name="Same")
    contact(tenant, 3, name="Gone", opted_out_at=timezone.now())
    report = load(
        api,
        "phone,name,groups\n"
        "0754000001,New name,Friends\n"
        "0754000002,,\n"
        "0754000003,Back again,Friends\n"
        "+255 754 000 004,Dada,Friends|Family\n"
        "\n"
        "0754000004,Twice,Work\n"
        "123,Nobody,\n"
        ",Nameless,\n"
        "0754000005," + "a" * 151 + ",\n",
    )
    assert counts(report) == {
        "rows": 8,
        "created": 1,
        "updated": 1,
        "unchanged": 1,
        "duplicates": 1,
        "opted_out": 1,
        "rejected": 3,
        "groups_created": 3,
    }
    assert report["rejects"] == [
        {
            "row": 8,
            "phone": "123",
            "reason": "Too short for a phone number. Begin with the country code. Write it like +255754123456.",
        },
        {"row": 9, "phone": "", "reason": "No phone number."},
        {"row": 10, "phone": "0754000005", "reason": "The name is longer than 150 characters."},
    ]
    stored = dict(Contact.objects.values_list("phone_number", "name"))
    assert stored == {number(1): "New name", number(2): "Same", number(3): "Gone", number(4): "Dada"}
    assert Contact.objects.get(phone_number=number(4)).raw_phone_number == "+255 754 000 004"
    members = set(GroupMember.objects.values_list("group__name", "contact__phone_number"))
    assert members == {
        ("Friends", number(1)),
        ("Friends", number(4)),
        ("Family", number(4)),
        ("Work", number(4)),
    }


def test_whoever_opted_out_stays_so(api: APIClient, tenant: Tenant) -> None:
    gone = contact(tenant, 1, opted_out_at=timezone.now())
    load(api, f"{number(1)},Asha,Friends")
    kept = Contact.objects.get()
    assert (kept.opted_out_at, kept.name, kept.updated_at) == (gone.opted_out_at, gone.name, gone.updated_at)
    assert GroupMember.objects.count() == 0


def test_importing_it_again_changes_nothing(api: APIClient) -> None:
    text = "phone,name,groups\n0754000001,Asha,Friends\n0754000002,Baraka,Friends\n"
    assert counts(load(api, text)) == {"rows": 2, "created": 2, "groups_created": 1}
    before = list(Contact.objects.order_by("pk").values())
    assert counts(load(api, text)) == {"rows": 2, "unchanged": 2}
    assert list(Contact.objects.order_by("pk").values()) == before
    assert GroupMember.objects.count() == 2


@pytest.mark.parametrize("how", ["query", "form"])
def test_a_dry_run_reports_the_same_and_writes_nothing(api: APIClient, tenant: Tenant, how: str) -> None:
    contact(tenant, 1, name="Old")
    data = b"0754000001,New,Friends\n0754000002,Asha,\n12,,\n"
    if how == "query":
        dry = load(api, data, "?dry_run=true")
    else:
        form = {"file": SimpleUploadedFile("people.csv", data), "dry_run": "true"}
        dry = api.post(URL, form, format="multipart").json()["report"]
    assert [(one.phone_number, one.name) for one in Contact.objects.all()] == [(number(1), "Old")]
    assert ContactGroup.objects.count() == 0
    wet = load(api, data)
    assert dry | {"dry_run": False} == wet
    assert (dry["dry_run"], wet["created"], wet["updated"]) == (True, 1, 1)


def test_each_tenant_has_its_own_contacts(api: APIClient, tenant: Tenant, other_tenant: Tenant) -> None:
    theirs = contact(other_tenant, 1, name="Theirs", opted_out_at=timezone.now())
    group(other_tenant)
    assert counts(load(api, f"{number(1)},Mine,Friends")) == {"rows": 1, "created": 1, "groups_created": 1}
    theirs.refresh_from_db()
    assert theirs.name == "Theirs"
    assert GroupMember.objects.get().tenant_id == tenant.pk


@pytest.mark.parametrize(
    ("codec", "said"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("latin-1", "cp1252"),
        ("cp1252", "cp1252"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_are_found_out(api: APIClient, codec: str, said: str, delimiter: str) -> None:
    report = load(api, f"name{delimiter}phone\r\nJosé Nuñez{delimiter}0754000001\r\n".encode(codec))
    assert (report["encoding"], report["delimiter"], report["has_header"]) == (said, delimiter, True)
    assert (Contact.objects.get().name, Contact.objects.get().phone_number) == ("José Nuñez", number(1))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0754000001\n0754000002\n", [("", 1), ("", 2)]),
        ("0754000001,Asha\n", [("Asha", 1)]),
        ("Mobile;Full Name\n0754000001;Asha\n", [("Asha", 1)]),
        ("GROUP, PHONE ,Name\nx,0754000001,Asha\n", [("Asha", 1)]),
        ("phone,name\n0754000001\n", [("", 1)]),
        ('phone,name\n0754000001,"Asha, the\nsecond"\n', [("Asha, the\nsecond", 1)]),
        ("\n\nphone\n0754000001\n", [("", 1)]),
    ],
)
def test_headers_and_columns_are_found_out(api: APIClient, text: str, found: list[tuple[str, int]]) -> None:
    load(api, text)
    stored = Contact.objects.order_by("phone_number").values_list("name", "phone_number")
    assert list(stored) == [(name, number(index)) for name, index in found]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "This field is required."),
        (b" \n,\n", "It is empty."),
        (b"phone,name\n", "It has a header and nothing below."),
        (b"name,groups\nAsha,x\n", "Its header names no column for the phone number. Call it phone."),
        (b"PK\x03\x04\x14\x00", "It is a spreadsheet's own file. Save it as CSV."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "It is a spreadsheet's own file. Save it as CSV."),
        (b"\xff\xfea", "It begins like utf-16 and cannot be read as such. Save it as UTF-8."),
        (b'phone\n"' + b"a" * 200_000, "Row 2 cannot be read: field larger than field limit (131072)."),
        (b"0754000001\n" * 50_001, "More than 50000 rows. Split it."),
        (b"phone\n" + b"0754000001\n" * 50_001, "More than 50000 rows. Split it."),
    ],
)
def test_what_is_no_usable_file_is_refused(api: APIClient, data: bytes, reason: str) -> None:
    assert refused(api.post(URL, data, content_type="text/csv"))["errors"] == {"file": [reason]}


@pytest.mark.parametrize("form", [{}, {"file": "0754000001"}, {"other": SimpleUploadedFile("x", b"1")}])
def test_a_form_without_a_file_is_refused(api: APIClient, form: dict[str, Any]) -> None:
    assert list(refused(api.post(URL, form, format="multipart"))["errors"]) == ["file"]


def test_a_file_that_is_too_large_is_refused(api: APIClient) -> None:
    big = b"0" * (sheets.MAX_BYTES + 10_001)
    assert refused(api.post(URL, big, content_type="text/csv"), 413)["code"] == "body_too_large"
    form = {"file": SimpleUploadedFile("x.csv", big)}
    assert refused(api.post(URL, form, format="multipart"), 413)["code"] == "body_too_large"


def test_other_kinds_of_bodies_are_refused(api: APIClient) -> None:
    refused(api.post(URL, {"file": "x"}, format="json"), 415)
    assert list(refused(api.post(URL + "?dry_run=perhaps", b"1", content_type="text/csv"))["errors"]) == ["dry_run"]


def test_hostile_cells_are_rejected_row_by_row(api: APIClient) -> None:
    report = load(
        api,
        b"phone,name,groups\n"
        b"0754000001,a\x00b,\n"
        b"2.55754E+11,,\n"
        b"0754000002,," + b"g" * 101 + b"\n"
        b"=cmd|' /C calc'!A0,,\n"
        b"0754000003,Fine,\n" + b"9" * 70 + b",,\n",
    )
    assert (report["created"], [one["row"] for one in report["rejects"]]) == (1, [2, 3, 4, 5, 7])


def test_a_file_makes_a_bounded_number_of_groups(api: APIClient) -> None:
    report = load(api, "".join(f"{number(index)},,G{index}\n" for index in range(120)))
    assert (report["created"], report["groups_created"], report["rejected"]) == (100, 100, 20)
    assert report["rejects"][0]["reason"] == "More than 100 different groups in one file."


def test_many_rejects_are_counted_and_the_first_thousand_listed(api: APIClient) -> None:
    report = load(api, "12\n" * 1500)
    assert (report["rejected"], len(report["rejects"])) == (1500, 1000)


def test_500_rows_take_as_many_queries_as_5(api: APIClient, count_of: Any) -> None:
    def post(first: int, rows: int) -> Any:
        text = "".join(f"{number(index)},P,G\n" for index in range(first, first + rows))
        return count_of(lambda: api.post(URL, text.encode(), content_type="text/csv"))

    post(0, 1)
    assert post(10, 5) == post(1000, 500)


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_the_same_people_at_once_make_each_once(tenant: Tenant) -> None:
    rows = [f"{number(index)},P{index},G{index % 3}" for index in range(300)]

    def work(turn: int) -> int:
        ordered = rows if turn else rows[::-1]
        report = import_contacts(tenant_id=tenant.pk, sheet=sheets.read("\n".join(ordered).encode()))
        return report.created

    assert sum(at_once(4, work)) == 300
    assert (Contact.objects.count(), GroupMember.objects.count(), ContactGroup.objects.count()) == (300, 300, 3)


# --- Out ---------------------------------------------------------------------------------------------------------


def exported(api: APIClient) -> list[list[str]]:
    response = api.get(EXPORT, HTTP_ACCEPT="text/csv")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="contacts.csv"'
    return list(csv.reader(io.StringIO(streamed(response).decode())))


def test_all_contacts_and_only_mine_are_exported(
    api: APIClient, tenant: Tenant, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms.views.contacts.EXPORTED", 2)  # several portions
    contact(other_tenant, 1)
    group(tenant, contact(tenant, 1), name="A")
    for index in range(2, 6):
        contact(tenant, index)
    rows = exported(api)
    assert rows[0] == ["phone", "name", "groups", "opted_out_at"]
    assert [row[:3] for row in rows[1:]] == [
        [number(1), "Person 1", "A"],
        *([number(index), f"Person {index}", ""] for index in range(2, 6)),
    ]


def test_nothing_in_an_exported_cell_is_run(api: APIClient, tenant: Tenant) -> None:
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t1", " =1", "\uff1d1+1", "\r1"]
    for index, name in enumerate(evil):
        contact(tenant, index, name=name)
    group(tenant, Contact.objects.get(phone_number=number(0)), name="=2")
    rows = exported(api)[1:]
    assert [row[1] for row in rows] == [f"'{name}" for name in evil]
    assert rows[0][2] == "'=2"


def test_nor_what_a_spreadsheet_with_another_delimiter_takes_for_a_cell(api: APIClient, tenant: Tenant) -> None:
    for index, name in enumerate(["Asha;=1+1", "Asha; @SUM(A1)", "Asha\n+1", "\t=1", "Asha; Juma", "Asha-Marie, =1"]):
        contact(tenant, index, name=name)
    assert [row[1] for row in exported(api)[1:]] == [
        *("Asha;'=1+1", "Asha;' @SUM(A1)", "Asha\n'+1", "'\t'=1", "Asha; Juma", "Asha-Marie, =1"),
    ]


def test_what_is_exported_comes_back_as_it_was(api: APIClient, tenant: Tenant) -> None:
    for index, name in enumerate(["=1+1", "O'Hara", "'quoted'", "-", "Asha;=1", "Asha\n@1"]):
        contact(tenant, index, name=name)
    before = dict(Contact.objects.values_list("phone_number", "name"))
    data = streamed(api.get(EXPORT))
    Contact.objects.all().delete()
    load(api, data)
    assert dict(Contact.objects.values_list("phone_number", "name")) == before


@hypothesis_settings(deadline=None, max_examples=200, database=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_sheet_or_refused(data: bytes) -> None:
    try:
        sheet = sheets.read(data)
    except sheets.Unreadable:
        return
    assert all(isinstance(row.phone, str) for row in sheet.rows)
