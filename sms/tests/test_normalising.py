"""`sms.services.normalising`: what becomes of stored numbers, of two that are one, and of writers at the same time."""

import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.numbering import METADATA_VERSION
from sms.models import Contact, ContactGroup, GroupMember, Message, NumberReview
from sms.services import normalising
from sms.services.normalising import Order, Tally
from sms.tests.helpers import make_message
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
committed = pytest.mark.django_db(transaction=True)
NUMBER = "+255754123456"
NOW = datetime.datetime(2027, 1, 2, 10, 0, tzinfo=datetime.UTC)


def contact(tenant: Tenant, raw: str, **fields: Any) -> Contact:
    made: Contact = Contact.objects.create(tenant=tenant, raw_phone_number=raw, **fields)
    return made


def message(tenant: Tenant, **fields: Any) -> Message:
    return make_message(tenant, batch_id=None, **fields)


def run(*, apply: bool = True, **fields: Any) -> Tally:
    return normalising.normalise(Order(region="TZ", **fields), apply=apply)


def numbers() -> dict[str, str]:
    """`{raw: number}` of all contacts."""
    return dict(Contact.objects.values_list("raw_phone_number", "phone_number"))


def outcomes() -> dict[str, str]:
    return dict(NumberReview.objects.values_list("raw", "outcome"))


# --- Contacts ----------------------------------------------------------------------------------------------------


def test_what_is_surely_a_number_becomes_e164_and_the_rest_is_refused_with_its_reason(tenant: Tenant) -> None:
    contact(tenant, "0754 123 456")
    contact(tenant, "254712345678")
    contact(tenant, "2.55754E+11")
    contact(tenant, "as given", phone_number="+255713111222")

    tally = run()

    assert numbers() == {
        "0754 123 456": NUMBER,
        "254712345678": "+254712345678",
        "2.55754E+11": "",
        "as given": "+255713111222",
    }
    assert (tally.read, tally.kept, tally.rejected, tally.reject_rate) == (4, 1, 1, 25.0)
    review = NumberReview.objects.get(outcome="refused")
    assert (review.raw, review.result, review.reason) == ("2.55754E+11", "", "lost_digits")
    assert review.metadata_version == METADATA_VERSION
    assert NumberReview.objects.get(raw="0754 123 456").result == NUMBER


def test_a_number_is_read_where_it_stands_and_not_again_from_what_was_once_given(tenant: Tenant) -> None:
    contact(tenant, "0712 345 678", phone_number="+254712345678")  # imported for Kenya
    assert run().kept == 1
    assert numbers() == {"0712 345 678": "+254712345678"}


def test_a_number_that_was_never_normalised_is_kept_as_the_raw_one(tenant: Tenant) -> None:
    contact(tenant, "", phone_number="0754123456")
    contact(tenant, "", phone_number="nobody")
    run()
    assert numbers() == {"0754123456": NUMBER, "nobody": ""}
    assert not Contact.objects.filter(phone_number="nobody").exists()


def test_what_looks_like_e164_keeps_its_number_though_it_is_refused(tenant: Tenant) -> None:
    """Else an opt-out of it would be forgotten, should the plan be one that the library does not know yet."""
    contact(tenant, "x", phone_number="+255154123456", opted_out_at=NOW)
    assert run().rejected == 1
    assert numbers() == {"x": "+255154123456"}


def test_a_dry_run_writes_nothing_at_all(tenant: Tenant, member: User) -> None:
    contact(tenant, "0754 123 456")
    contact(tenant, "0754123456")
    contact(tenant, "call me")
    User.objects.filter(pk=member.pk).update(phone_number="0754123456")
    message(tenant, recipient="0754123456")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")
        for merge in (False, True):
            tally = run(apply=False, merge=merge)
            assert tally.outcomes == {"changed": 3, "refused": 1, ("merged" if merge else "collided"): 1}
        transaction.set_rollback(True)
    assert NumberReview.objects.count() == 0
    assert set(numbers().values()) == {""}


@pytest.mark.parametrize("merge", [False, True])
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_dry_run_foresees_what_the_run_will_come_to(
    tenant: Tenant, other_tenant: Tenant, merge: bool, size: int
) -> None:
    for one in (tenant, other_tenant):
        for raw in ("0754123456", "0754 123 456", "255754123456", "0713111222", "abc"):
            contact(one, raw)
        contact(one, "", phone_number="+255713111222", created_at=NOW)
    foreseen = run(apply=False, merge=merge, batch_size=size)
    came = run(merge=merge, batch_size=size)
    assert foreseen.outcomes == came.outcomes


def test_one_page_costs_the_same_number_of_queries_however_long(
    tenant: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for index in range(40):
        contact(tenant, f"0754 {index // 2:06d}")  # every number twice
    # two pages, who has them, the update, the record, and a savepoint around it
    with django_assert_num_queries(7):
        assert run(models=("contact",)).outcomes == {"changed": 20, "collided": 20}


# --- Two that are one --------------------------------------------------------------------------------------------


def test_within_a_page_the_oldest_has_the_number_and_the_others_are_left(tenant: Tenant) -> None:
    contact(tenant, "0754123456", created_at=NOW)
    oldest = contact(tenant, "255754123456", created_at=NOW - datetime.timedelta(days=1))
    run()
    assert numbers() == {"0754123456": "", "255754123456": NUMBER}
    assert NumberReview.objects.get(outcome="collided").reason == str(oldest.pk)


@pytest.mark.parametrize("size", [1, 1000])
def test_whoever_is_stored_with_the_number_keeps_it(tenant: Tenant, size: int) -> None:
    contact(tenant, "0754123456")
    contact(tenant, "", phone_number=NUMBER)
    assert run(batch_size=size).outcomes == {"collided": 1}
    assert numbers() == {"0754123456": "", "": NUMBER}


def test_two_tenants_may_have_one_number(tenant: Tenant, other_tenant: Tenant) -> None:
    for one in (tenant, other_tenant):
        contact(one, "0754123456")
    for merge in (False, True):
        assert run(merge=merge).rejected == 0
    assert Contact.objects.filter(phone_number=NUMBER).count() == 2


@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize("who", ["oldest", "stored", "newest", "nobody"])
def test_merging_keeps_the_oldest_row_every_group_and_the_opt_out_of_any(tenant: Tenant, who: str, size: int) -> None:
    opted = {who: NOW - datetime.timedelta(days=9)}
    oldest = contact(
        tenant, "0754 123 456", created_at=NOW - datetime.timedelta(days=3), opted_out_at=opted.get("oldest")
    )
    stored = contact(tenant, "", phone_number=NUMBER, name="Asha", created_at=NOW, opted_out_at=opted.get("stored"))
    newest = contact(
        tenant, "255754123456", name="Juma", created_at=NOW + datetime.timedelta(1), opted_out_at=opted.get("newest")
    )
    groups = [ContactGroup.objects.create(tenant=tenant, name=name) for name in ("a", "b")]
    for group, one in ((groups[0], stored), (groups[0], newest), (groups[1], newest)):
        GroupMember.objects.create(tenant=tenant, group=group, contact=one)

    tally = run(merge=True, batch_size=size)

    left = Contact.objects.get()
    assert (left.pk, left.phone_number) == (oldest.pk, NUMBER)
    assert left.name == "Asha"
    assert left.opted_out_at == next(iter(opted.values())) if who != "nobody" else left.opted_out_at is None
    assert set(left.groups.values_list("group__name", flat=True)) == {"a", "b"}
    assert GroupMember.objects.count() == 2
    assert tally.rejected == 0
    assert tally.outcomes[NumberReview.Outcome.MERGED] == 2


def test_what_is_queued_for_a_number_that_turns_out_to_have_opted_out_is_called_off(tenant: Tenant) -> None:
    contact(tenant, "0754123456", opted_out_at=NOW)
    ready = message(tenant, recipient=NUMBER)
    written_otherwise = message(tenant, recipient="0754123456")
    other = message(tenant, recipient="+255713111222")
    run(models=("contact",))
    assert Message.objects.get(pk=ready.pk).status == "cancelled"
    run(models=("message",))
    assert Message.objects.get(pk=written_otherwise.pk).status == "cancelled"
    assert Message.objects.get(pk=other.pk).status == "queued"


# --- Users and messages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "is_verified"), [("255754123456", True), ("00255754123456", True), ("0754123456", False)]
)
def test_a_user_stays_verified_only_where_it_was_this_number_in_every_reading(
    member: User, written: str, is_verified: bool
) -> None:
    User.objects.filter(pk=member.pk).update(phone_number=written, phone_verified=True)
    run()
    member.refresh_from_db()
    assert (member.phone_number, member.phone_verified) == (NUMBER, is_verified)


def test_a_user_whose_number_is_refused_keeps_it(member: User) -> None:
    User.objects.filter(pk=member.pk).update(phone_number="0754", phone_verified=True)
    assert run().reasons == {"too_short": 1}
    member.refresh_from_db()
    assert (member.phone_number, member.phone_verified) == ("0754", True)


def test_only_what_is_queued_is_touched_of_the_messages(tenant: Tenant) -> None:
    queued = message(tenant, recipient="0754123456")
    sent = message(tenant, recipient="0754123456", status="sent")
    run()
    assert Message.objects.get(pk=queued.pk).recipient == NUMBER
    assert Message.objects.get(pk=sent.pk).recipient == "0754123456"


def test_a_tenants_run_touches_its_contacts_members_and_messages_only(
    tenant: Tenant, other_tenant: Tenant, member: User, outsider: User
) -> None:
    for one in (tenant, other_tenant):
        contact(one, "0754123456")
        message(one, recipient="0754123456")
    User.objects.update(phone_number="0754123456")
    assert run(tenant_id=tenant.pk).outcomes == {"changed": 3}
    assert set(Contact.objects.filter(tenant=other_tenant).values_list("phone_number", flat=True)) == {""}
    outsider.refresh_from_db()
    assert outsider.phone_number == "0754123456"
