"""The cast: who appears in the tests, and what they call with."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import SignIn, User
from accounts.tokens import SessionRefreshToken
from config.database import as_owner
from sms import services as sms
from tenants import services as tenants
from tenants.models import Membership, Tenant
from tenants.scope import all_tenants
from tests.emptying import empty_tables

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any) -> None:
    """The owner role makes and migrates the test database; the tests themselves run as the app role."""
    with django_db_blocker.unblock(), as_owner():
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: empty_tables())
        yield


@pytest.fixture(autouse=True)
def _quick_and_clean(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fast password hashes, and neither a Redis nor a spool that remembers anything of the test before."""
    address = settings.REDIS_URL
    settings.SPOOL_DIR = tmp_path_factory.getbasetemp() / f"spool-{uuid4()}"
    settings.WHITENOISE_AUTOREFRESH = True  # else it looks for every static file again with each test client
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    yield
    with redis.Redis.from_url(address) as client:
        client.flushdb()
    cache.close()


def _person(email: str, **fields: Any) -> User:
    return User.objects.create_user(email, PASSWORD, **fields)


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.create(name="Acme", slug="acme")


@pytest.fixture
def other_tenant(db: None) -> Tenant:
    return Tenant.objects.create(name="Globex", slug="globex")


@pytest.fixture
def admin(db: None) -> User:
    """A superuser without a tenant, which is an ordinary case."""
    return _person("admin@acme.test", first_name="Ada", is_staff=True, is_superuser=True)


@pytest.fixture
def staff(db: None) -> User:
    return _person("staff@acme.test", first_name="Sam", is_staff=True)


@pytest.fixture
def owner(tenant: Tenant) -> User:
    user = _person("owner@acme.test", first_name="Olu", last_name="Owner")
    tenants.add_member(tenant=tenant, user=user, role=Membership.Role.OWNER)
    return user


@pytest.fixture
def member(tenant: Tenant) -> User:
    user = _person("member@acme.test", first_name="Mina")
    tenants.add_member(tenant=tenant, user=user)
    return user


@pytest.fixture
def outsider(other_tenant: Tenant) -> User:
    user = _person("outsider@globex.test", first_name="Otis")
    tenants.add_member(tenant=other_tenant, user=user, role=Membership.Role.OWNER)
    return user


def signed_in(user: User) -> APIClient:
    """A client with a real access token of a real session."""
    session = accounts.record_success(user=user, method=SignIn.Method.TOKEN, address="127.0.0.1", user_agent="tests")
    user.refresh_from_db()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {SessionRefreshToken.for_session(session).access_token}")
    return client


@pytest.fixture
def client_of() -> Callable[[User], APIClient]:
    return signed_in


@pytest.fixture
def anonymous() -> APIClient:
    return APIClient()


@pytest.fixture
def platform() -> Iterator[None]:
    """Lets the test itself look at the rows of every tenant, as the platform does."""
    with all_tenants(because="a test looks at everything"):
        yield


@pytest.fixture
def topped_up(tenant: Tenant, other_tenant: Tenant) -> None:
    """Plenty for both tenants."""
    with all_tenants(because="the test's tenants are topped up"):
        for one in (tenant, other_tenant):
            sms.top_up(tenant_id=one.pk, credits=100_000)


@pytest.fixture
def sent_to_redis(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every command that this process sends to Redis from here on: one entry is one round trip."""
    sent: list[Any] = []
    real = redis.connection.AbstractConnection.send_packed_command

    def counting(self: Any, command: Any, **options: Any) -> Any:
        sent.append(command)
        return real(self, command, **options)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(redis.connection.AbstractConnection, "send_packed_command", counting)
    return sent
