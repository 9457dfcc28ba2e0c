"""`sms.services.normalising` when it runs twice, and while others write."""

from typing import Any

import pytest

from sms.models import Contact, NumberReview
from sms.services.normalising import rows, runs
from sms.services.normalising.contacts import Contacts
from sms.tests.helpers import at_once
from sms.tests.test_normalising import NOW, NUMBER, contact, numbers, run
from tenants.models import Tenant
from tenants.scope import all_tenants

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
committed = pytest.mark.django_db(transaction=True)


def test_a_second_run_finds_everything_done_and_tells_no_refusal_twice(tenant: Tenant) -> None:
    for raw in ("0754123456", "255754123456", "call me"):
        contact(tenant, raw)
    run()
    again = run()
    assert again.outcomes == {"collided": 1, "refused": 1}
    assert NumberReview.objects.count() == 3
    Contact.objects.filter(raw_phone_number="call me").update(raw_phone_number="phone me")
    run()
    assert NumberReview.objects.count() == 4


@committed
def test_what_somebody_edits_meanwhile_is_not_lost(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    edited, other = contact(tenant, "0754123456"), contact(tenant, "0713111222")
    judged: list[Any] = []
    was = rows.judge

    def judge(row: Any, *, region: str) -> Any:
        if not judged:
            judged.append(row)
            at_once(1, lambda _: Contact.objects.filter(pk=edited.pk).update(raw_phone_number="0784 000 001"))
        return was(row, region=region)

    monkeypatch.setattr(runs, "judge", judge)
    run()
    assert numbers() == {"0784 000 001": "+255784000001", "0713111222": "+255713111222"}
    assert other.pk != edited.pk


@committed
def test_a_number_that_somebody_takes_meanwhile_is_theirs(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    contact(tenant, "0754123456")
    taken: list[bool] = []
    was = Contacts.lock

    def lock(self: Contacts, rows: Any) -> None:
        was(self, rows)
        if not taken:
            taken.append(True)
            at_once(1, lambda _: contact(tenant, "theirs", phone_number=NUMBER))

    monkeypatch.setattr(Contacts, "lock", lock)
    assert run().outcomes == {"collided": 1}
    assert numbers() == {"0754123456": "", "theirs": NUMBER}


@committed
@pytest.mark.parametrize("merge", [False, True])
def test_four_runs_at_once_come_to_what_one_comes_to(tenant: Tenant, merge: bool) -> None:
    for index in range(600):
        contact(
            tenant,
            ("0754{:06d}", "255754{:06d}", "+255 754 {:06d}")[index % 3].format(index // 2),
            opted_out_at=NOW if index % 4 == 3 else None,
        )
    at_once(4, lambda _: run(merge=merge, batch_size=50))
    with all_tenants(because="the test looks at what is left"):
        have = Contact.objects.exclude(phone_number="")
        assert have.count() == 300
        assert Contact.objects.count() == (300 if merge else 600)
        if merge:
            assert have.filter(opted_out_at=None).count() == 150
        assert NumberReview.objects.filter(outcome="changed").values("subject_id").distinct().count() == 300
