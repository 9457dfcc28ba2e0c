from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify
from uuid_utils.compat import uuid7

from accounts.models import User
from tenants import services
from tenants.models import Membership, Tenant


class Command(BaseCommand):
    help = (
        "Gives users without a tenant one. Leaves the platform's admins alone: without a tenant is ordinary for them. "
        "A dry run unless --apply is given."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--tenant", metavar="SLUG", help="Make them members of this tenant.")
        where.add_argument("--create", action="store_true", help="Make each of them a tenant of their own.")
        parser.add_argument("--apply", action="store_true", help="Do it; without this it is only said.")

    def handle(self, *args: Any, tenant: str | None, create: bool, apply: bool, **options: Any) -> None:
        target = None if create else self._target(tenant or "")
        count = 0
        for user in _without_tenant().iterator():
            if apply and not _assign(user, target):
                continue
            what = f"member of {target.slug}" if target else "owner of a new tenant"
            self.stdout.write(f"{user.email}: {what}")
            count += 1
        done = "were given a tenant." if apply else "would be given a tenant. Run again with --apply to do it."
        self.stdout.write(f"{count} users {done}")

    @staticmethod
    def _target(slug: str) -> Tenant:
        found = Tenant.objects.filter(slug=slug, suspended_at=None).first()
        if found is None:
            raise CommandError(f"There is no active tenant with the slug {slug!r}.")
        return found


def _without_tenant() -> QuerySet[User]:
    people: QuerySet[User] = User.objects.active().filter(is_staff=False, is_superuser=False, memberships=None)
    return people.order_by("email")


def _assign(user: User, target: Tenant | None) -> bool:
    """All or nothing for one user, so that a killed run can simply be run again. False: somebody else was faster."""
    with transaction.atomic():
        User.objects.select_for_update().filter(pk=user.pk).first()
        # Asked again now that other runs wait at the lock, in a statement that sees what the last holder committed.
        if not _without_tenant().filter(pk=user.pk).exists():
            return False
        if target is None:
            name = user.full_name or user.short_name
            slug = f"{slugify(name)[:60] or 'tenant'}-{uuid7().hex[-8:]}"
            own = Tenant.objects.create(name=name[:200], slug=slug, timezone=user.timezone)
            services.add_member(tenant=own, user=user, role=Membership.Role.OWNER)
        else:
            services.add_member(tenant=target, user=user)
    return True
