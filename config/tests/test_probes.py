import json

import pytest
from django.test import Client
from pytest_django import Settings


def test_healthz_touches_nothing(client: Client) -> None:
    """No database mark on this test: touching Postgres would fail it."""
    assert json.loads(client.get("/healthz").content) == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_asks_postgres_and_redis(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert json.loads(response.content) == {"status": "ok", "postgres": "ok", "redis": "ok"}


@pytest.mark.django_db
def test_readyz_is_503_without_redis(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert json.loads(response.content)["redis"] == "unreachable"
