"""The one door: who is told what, once."""

import pytest

from accounts.models import User
from notifications import services
from notifications.kinds import KINDS, ProblemOpened, ProblemResolved
from notifications.models import Incident, Notification
from notifications.models.priority import Priority
from notifications.tests.helpers import Note, in_threads
from tenants.models import Tenant

CONTEXT = {"title": "It broke", "summary": "Badly.", "advice": "Mend it."}


@pytest.fixture
def incident(db: None) -> Incident:
    return Incident.objects.create(kind="sms_service", priority=Priority.HIGH, title="It broke", summary="Badly.")


def tell_all(incident: Incident, people: list[User], event: str = "opened") -> list[Notification]:
    return services.notify(kind=ProblemOpened, recipients=people, context=CONTEXT, incident=incident, event=event)


def test_each_recipient_gets_one_row_of_their_own(incident: Incident, admin: User, staff: User) -> None:
    rows = tell_all(incident, [admin, staff])
    assert [row.recipient for row in rows] == [admin, staff]
    assert Notification.objects.count() == 2


def test_the_same_event_of_an_incident_is_told_once_and_the_rest_is_new(
    incident: Incident, admin: User, staff: User
) -> None:
    tell_all(incident, [admin])
    assert [row.recipient for row in tell_all(incident, [admin, staff])] == [staff]
    assert tell_all(incident, [admin, staff]) == []
    assert Notification.objects.count() == 2


def test_another_event_and_another_incident_are_told(incident: Incident, admin: User) -> None:
    other = Incident.objects.create(kind="database", priority=Priority.HIGH, title="It broke", summary="Badly.")
    tell_all(incident, [admin])
    assert len(tell_all(incident, [admin], "escalated:1")) == 1
    assert len(tell_all(other, [admin])) == 1


def test_without_an_incident_everything_is_told(admin: User) -> None:
    for _ in range(2):
        services.notify(kind=Note, recipients=[admin], context={"title": "Hi", "message": "Hi"})
    assert Notification.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_24_at_once_tell_each_person_once(incident: Incident) -> None:
    people = User.objects.bulk_create(User(email=f"admin-{number}@acme.test") for number in range(40))
    assert sum(in_threads(24, lambda _: len(tell_all(incident, people)))) == 40
    assert Notification.objects.count() == 40
    assert Notification.objects.values("recipient").distinct().count() == 40


@pytest.mark.django_db(transaction=True)
def test_two_that_tell_many_in_opposite_orders_do_not_wait_for_each_other(incident: Incident) -> None:
    people = User.objects.bulk_create(User(email=f"admin-{number}@acme.test") for number in range(2000))
    orders = (people, people[::-1])
    assert sum(in_threads(2, lambda number: len(tell_all(incident, orders[number])))) == 2000


def test_a_missing_variable_is_a_key_error_and_tells_nobody(incident: Incident, admin: User) -> None:
    with pytest.raises(KeyError, match="advice"):
        services.notify(
            kind=ProblemOpened, recipients=[admin], incident=incident, context={"title": "It broke", "summary": "x"}
        )
    assert not Notification.objects.exists()


def test_a_text_from_outside_is_no_template(admin: User) -> None:
    context = {"title": "$message ${title} $", "message": "{0.__class__} %s"}
    (row,) = services.notify(kind=Note, recipients=[admin], context=context)
    assert (row.title, row.message) == ("$message ${title} $", "{0.__class__} %s")


def test_texts_are_cut_to_what_a_row_holds(admin: User) -> None:
    (row,) = services.notify(kind=Note, recipients=[admin], context={"title": "t" * 300, "message": "m" * 5000})
    row.refresh_from_db()
    assert (len(row.title), len(row.message)) == (200, 4000)


def test_the_priority_is_the_given_one_else_the_kinds_else_the_incidents(incident: Incident, admin: User) -> None:
    (of_incident,) = tell_all(incident, [admin])
    assert of_incident.priority == "high"
    (given,) = services.notify(
        kind=ProblemOpened,
        recipients=[admin],
        context=CONTEXT,
        incident=incident,
        event="x",
        priority=Priority.CRITICAL,
    )
    assert given.priority == "critical"
    (of_kind,) = services.notify(
        kind=ProblemResolved,
        recipients=[admin],
        context={"title": "It broke", "summary": "", "duration": "1 hour"},
        incident=incident,
        event="resolved",
    )
    assert of_kind.priority == "low"


def test_the_kind_says_what_it_is(incident: Incident, admin: User, tenant: Tenant) -> None:
    (row,) = services.notify(
        kind=Note, recipients=[admin], context={"title": "Hi", "message": "You"}, tenant=tenant, data={"a": 1}
    )
    row.refresh_from_db()
    assert (row.kind, row.notification_type, row.is_system, row.is_auto_generated) == ("note", "info", False, False)
    assert (row.tenant, row.data, row.status, row.read_at) == (tenant, {"a": 1}, "unread", None)


def test_nobody_to_tell_is_fine(incident: Incident) -> None:
    assert tell_all(incident, []) == []


def test_kinds_have_slugs_of_their_own_that_fit_their_column() -> None:
    slugs = [kind.slug for kind in KINDS]
    assert len(set(slugs)) == len(slugs)
    assert max(map(len, slugs)) <= 60
