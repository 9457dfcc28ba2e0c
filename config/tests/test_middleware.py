"""What every answer of the API carries."""

from django.test import Client

from accounts.models import User
from conftest import PASSWORD, signed_in


def test_no_cache_keeps_tokens_or_anything_else_of_one_person(owner: User, client: Client) -> None:
    form = {"email": owner.email, "password": PASSWORD}
    for answer in (
        client.post("/api/auth/login/", form, content_type="application/json"),
        signed_in(owner).get("/api/auth/profile/"),
        client.get("/api/auth/profile/"),
        client.get("/api/nothing/"),
    ):
        assert answer["Cache-Control"] == "no-store", answer
    assert signed_in(owner).get("/api/notifications/recent/")["Cache-Control"] == "private, no-cache"
