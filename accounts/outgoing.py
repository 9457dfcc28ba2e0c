"""What calls to other people's servers have in common, whoever makes them: nothing of this process goes along, no
redirection is followed, and a body knows whether any of it may have left."""

import io
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter


class Body(io.BytesIO):
    """Knows whether anybody began to read it, which is when the first of it may have left."""

    begun = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.begun = True
        return super().read(size)


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None follows. Left to itself it prepares a next request even so, and for that reads a whole body."""


def session(*, adapter: HTTPAdapter) -> requests.Session:
    """Over the adapter's connections. Its calls know nothing of each other, and no proxy or .netrc of whoever started
    this process."""
    made = _Session()
    made.trust_env = False
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made
