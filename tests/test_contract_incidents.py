"""What clients read of problems and of maintenance."""

import time_machine

from accounts.models import User
from notifications.models import Incident
from notifications.models.priority import Priority
from notifications.tests.helpers import problem, see
from tests.fixtures import API, ClientOf, assert_contract

INCIDENTS, MAINTENANCE = f"{API}system/incidents/", f"{API}system/maintenance/"


def unreachable() -> Incident:
    gateway = problem(Priority.HIGH, scope="provider:simulator")
    words = {
        "title": "SMS Service: Simulator is unreachable",
        "summary": "The gateway does not answer.",
        "advice": "Check the vendor's status page.",
    }
    return see(type(gateway)(**(vars(gateway) | words)))


def test_the_list_of_problems(client_of: ClientOf, admin: User) -> None:
    unreachable()
    assert_contract(client_of(admin).get(INCIDENTS), "incidents")


def test_a_problem_from_its_beginning_to_its_end(client_of: ClientOf, admin: User, staff: User) -> None:
    client, mine = client_of(admin), f"{INCIDENTS}{unreachable().pk}/"
    client.post(f"{mine}acknowledge/", {"minutes": 30, "comment": "Calling them."})
    client.post(f"{mine}assign/", {"assignee": str(staff.pk)})
    resolved = client.post(f"{mine}resolve/", {"resolution": "The vendor restarted it."})
    assert_contract(resolved, "incident-resolved")
    assert_contract(client.post(f"{mine}acknowledge/", {}), "incident-over", status=409)


def test_maintenance(client_of: ClientOf, admin: User) -> None:
    body = {
        "title": "Database upgrade",
        "starts_at": "2026-03-29T03:30",
        "minutes": 60,
        "timezone": "Europe/Berlin",
        "weekdays": ["sunday"],
        "until": "2026-03-30T00:00",
        "checks": ["database"],
    }
    with time_machine.travel("2026-03-10T12:00:00Z", tick=False):
        assert_contract(client_of(admin).post(MAINTENANCE, body), "maintenance", status=201)


def test_by_others(client_of: ClientOf, owner: User) -> None:
    for address in (INCIDENTS, MAINTENANCE):
        assert_contract(client_of(owner).get(address), "not-an-admin", status=403)
