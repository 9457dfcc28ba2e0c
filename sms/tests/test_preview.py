"""What a batch would become and cost: spends nothing and writes nothing."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from sms.models import Batch, Contact, CreditAccount, CreditEntry, Message
from sms.tests.helpers import credits_of, number
from sms.tests.test_send_options import contact, group, template
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
URL = "/api/sms/messages/preview/"


def preview(api: APIClient, **changes: Any) -> dict[str, Any]:
    response = api.post(URL, {"to": [number(1)], "text": "Hello", "sender_id": "Acme"} | changes)
    assert response.status_code == 200, response.content
    assert (Message.objects.count(), Batch.objects.count()) == (0, 0)
    assert CreditEntry.objects.exclude(kind="top_up").count() == 0
    body: dict[str, Any] = response.json()["preview"]
    return body


def test_a_preview_says_it_all_before_anything_is_spent(api: APIClient, tenant: Tenant) -> None:
    contact(tenant, 4, opted_out_at=timezone.now())
    assert preview(api, to=[number(1), "0800-FLOWERS", number(1), number(2), number(4), None], text="a" * 161) == {
        "recipients": 6,
        "accepted": 2,
        "rejected": [
            {"index": 1, "reason": "Letters in a phone number. Write it like +255754123456."},
            {"index": 5, "reason": "Not a phone number. Write it like +255754123456."},
        ],
        "rejected_count": 2,
        "duplicates": 1,
        "opted_out": 1,
        "without_number": 0,
        "segments": 4,
        "encoding": "GSM-7",
        "segments_per_message": 2,
        "by_length": [{"encoding": "GSM-7", "segments": 2, "messages": 2}],
        "sample": {"to": number(1), "text": "a" * 161, "unicode": [], "unicode_count": 0, "suggestion": None},
        "credits": 4,
        "available": 100_000,
        "is_unlimited": False,
        "is_enough": True,
        "scheduled_for": None,
    }
    assert credits_of(tenant) == 100_000


def test_what_forces_unicode_is_named_with_what_may_stand_there_instead(api: APIClient) -> None:
    text = "\u201cIt\u2019s ready\u201d" + "a" * 60
    sample = preview(api, text=text)["sample"]
    assert sample["unicode"] == [
        {
            "position": position,
            "character": character,
            "code_point": f"U+{ord(character):04X}",
            "name": name,
            "replacement": plain,
        }
        for position, character, name, plain in [
            (0, "\u201c", "LEFT DOUBLE QUOTATION MARK", '"'),
            (3, "\u2019", "RIGHT SINGLE QUOTATION MARK", "'"),
            (11, "\u201d", "RIGHT DOUBLE QUOTATION MARK", '"'),
        ]
    ]
    assert sample["suggestion"] == {"text": '"It\'s ready"' + "a" * 60, "segments": 1}


def test_without_a_replacement_there_is_no_suggestion(api: APIClient) -> None:
    found = preview(api, text="Hi 😀 \u2019")
    assert (found["encoding"], found["sample"]["suggestion"]) == ("UCS-2", None)
    assert [one["replacement"] for one in found["sample"]["unicode"]] == [None, "'"]


def test_a_long_foreign_text_is_counted_and_not_listed_whole(api: APIClient) -> None:
    sample = preview(api, text="ж" * 1600)["sample"]
    assert (len(sample["unicode"]), sample["unicode_count"]) == (100, 1600)


def test_many_rejects_are_counted_and_not_listed_whole(api: APIClient) -> None:
    found = preview(api, to=[str(index) for index in range(500)])
    assert (found["accepted"], found["rejected_count"], len(found["rejected"])) == (0, 500, 100)
    assert (found["encoding"], found["sample"], found["credits"]) == (None, None, 0)


def test_a_template_is_shown_as_its_longest(api: APIClient, tenant: Tenant) -> None:
    contact(tenant, 1, name="Asha")
    contact(tenant, 2, name="ж" * 71)
    ready = template(tenant, "$name")
    response = api.post(URL, {"to": [number(1), number(2)], "template": ready.pk, "sender_id": "Acme"})
    found = response.json()["preview"]
    assert found["by_length"] == [
        {"encoding": "GSM-7", "segments": 1, "messages": 1},
        {"encoding": "UCS-2", "segments": 2, "messages": 1},
    ]
    assert (found["sample"]["to"], found["encoding"], found["credits"]) == (number(2), "UCS-2", 3)


def test_a_group_is_previewed_too(api: APIClient, tenant: Tenant) -> None:
    friends = group(
        tenant,
        contact(tenant, 1),
        contact(tenant, 2, opted_out_at=timezone.now()),
        contact(tenant, 3, phone_number="", raw_phone_number="12"),
    )
    response = api.post(URL, {"group": friends.pk, "text": "Hi", "sender_id": "Acme"})
    found = response.json()["preview"]
    assert (found["recipients"], found["accepted"], found["opted_out"], found["without_number"]) == (3, 1, 1, 1)


def test_it_says_when_there_is_not_enough(api: APIClient, tenant: Tenant) -> None:
    CreditAccount.objects.filter(tenant=tenant).update(available=1)
    found = preview(api, to=[number(1), number(2)])
    assert (found["credits"], found["available"], found["is_enough"]) == (2, 1, False)


def test_unlimited_accounts_pay_nothing(api: APIClient, tenant: Tenant) -> None:
    CreditAccount.objects.filter(tenant=tenant).update(available=0, is_unlimited=True)
    found = preview(api)
    assert (found["credits"], found["is_enough"], found["is_unlimited"]) == (0, True, True)


def test_what_cannot_be_sent_cannot_be_previewed(api: APIClient) -> None:
    response = api.post(URL, {"to": [number(1)], "text": "Hello"})
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"sender_id"}


def test_a_preview_of_500_takes_as_many_queries_as_one_of_1(api: APIClient, tenant: Tenant, count_of: Any) -> None:
    Contact.objects.create(tenant=tenant, phone_number=number(1))
    api.post(URL, {})
    few, many = (
        count_of(
            lambda size=size: api.post(URL, {"to": list(map(number, range(size))), "text": "x", "sender_id": "A"})
        )
        for size in (1, 500)
    )
    assert few == many
