"""The demo's people, tenants and credits. Not one notification: those the monitor makes from live traffic."""

from django.conf import settings
from django.db import transaction

from accounts.models import User
from config import demo
from sms import services as sms
from tenants import services as tenants
from tenants.models import Membership, Tenant
from tenants.scope import all_tenants

#: slug, name, credits of the last top-up, credits left (None: unlimited)
TENANTS: tuple[tuple[str, str, int, int | None], ...] = (
    ("acacia-pharmacy", "Acacia Pharmacy", 1_000_000, 1_000_000),
    ("baobab-bank", "Baobab Bank", 500_000, 500_000),
    ("coral-clinic", "Coral Clinic", 2_000, 420),
    ("dune-deliveries", "Dune Deliveries", 5_000, 350),
    ("ebony-events", "Ebony Events", 800, 0),
    ("fern-farms", "Fern Farms", 0, None),
)
PEOPLE: tuple[tuple[str, str, str, dict[str, bool]], ...] = (
    (demo.ADMIN, "Ada", "Admin", {"is_staff": True, "is_superuser": True}),
    (demo.STAFF, "Sam", "Staff", {"is_staff": True}),
    (demo.OWNER, "Olu", "Owner", {}),
    (demo.MEMBER, "Mina", "Member", {}),
    (demo.OUTSIDER, "Otis", "Outsider", {}),
)


def seed() -> bool:
    """Makes the demo's data once; False when it is there already."""
    with transaction.atomic(), all_tenants(because="the demo's tenants are made here"):
        if User.objects.filter(email=demo.ADMIN).exists():
            return False
        people = {
            email: User.objects.create_user(email, settings.DEMO_PASSWORD, first_name=first, last_name=last, **rights)
            for email, first, last, rights in PEOPLE
        }
        made = {slug: _make_tenant(slug, name, topped_up, left) for slug, name, topped_up, left in TENANTS}
        first, second = made["acacia-pharmacy"], made["baobab-bank"]
        tenants.add_member(tenant=first, user=people[demo.OWNER], role=Membership.Role.OWNER)
        tenants.add_member(tenant=first, user=people[demo.MEMBER])
        tenants.add_member(tenant=second, user=people[demo.OUTSIDER], role=Membership.Role.OWNER)
    return True


def _make_tenant(slug: str, name: str, topped_up: int, left: int | None) -> Tenant:
    tenant = Tenant.objects.create(slug=slug, name=name, timezone="Africa/Dar_es_Salaam")
    if left is None:
        sms.set_terms(tenant_id=tenant.pk, is_unlimited=True)
        return tenant
    sms.top_up(tenant_id=tenant.pk, credits=topped_up, reference="demo", note="The demo's")
    if left < topped_up:
        note = "Spent before the demo began"
        sms.adjust(tenant_id=tenant.pk, credits=left - topped_up, reference="demo", note=note)
    return tenant
