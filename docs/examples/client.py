"""A small client to copy from: it signs in, sends its token, and renews it when it has run out."""

from typing import Any

import requests

SECONDS_TO_WAIT = 15


class Client:
    """One person at one address, such as http://127.0.0.1:8000. Errors are replies here, not exceptions."""

    def __init__(self, address: str) -> None:
        self.api = f"{address.rstrip('/')}/api/"
        self.http = requests.Session()
        self.http.trust_env = False  # a proxy named in the environment is not this machine
        self.access = self.refresh = ""

    def sign_in(self, email: str, password: str) -> requests.Response:
        reply = self._send("POST", "auth/login/", {"email": email, "password": password})
        if reply.ok:
            self._keep(reply.json()["tokens"])
        return reply

    def renew(self) -> requests.Response:
        """Exchanges the refresh token for a new pair; the old one is used up."""
        reply = self._send("POST", "auth/token/refresh/", {"refresh": self.refresh})
        if reply.ok:
            self._keep(reply.json())
        return reply

    def sign_out(self) -> requests.Response:
        return self._send("POST", "auth/logout/", {"refresh": self.refresh})

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Calls `path` below /api/. A 401 is answered by renewing the token and calling once more."""
        reply = self._send(method, path, body, **options)
        if reply.status_code == requests.codes.unauthorized and self.refresh and self.renew().ok:
            reply = self._send(method, path, body, **options)
        return reply

    def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
        return self.call("GET", path, headers=headers, params=query)

    def post(self, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Header names are given as Python can write them: Idempotency_Key="..."."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", path, {} if body is None else body, headers=named)

    def _send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **options: Any
    ) -> requests.Response:
        # An absolute address is one that the service gave us: the `next` of a page.
        address = path if path.startswith(self.api) else self.api + path
        mine = {"Authorization": f"Bearer {self.access}"} if self.access else {}
        return self.http.request(
            method, address, json=body, headers=mine | (headers or {}), timeout=SECONDS_TO_WAIT, **options
        )

    def _keep(self, tokens: dict[str, str]) -> None:
        self.access, self.refresh = tokens["access"], tokens["refresh"]
