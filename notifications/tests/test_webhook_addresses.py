"""Where a webhook may lead: judged by the address that is connected to, at the moment of connecting."""

import socket
import threading
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from notifications.tests.webhook_receivers import allow_loopback
from notifications.webhooks import calling
from notifications.webhooks.addresses import UrlRefused, check_url, is_allowed
from sms.tests.gateway import answer, running

#: What each is, and an address of it.
REFUSED = {
    "0.0.0.0": "this host",
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "100.64.0.1": "carrier-grade NAT",
    "100.127.255.255": "carrier-grade NAT, the last of it",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback too",
    "169.254.169.254": "the metadata service of clouds",
    "172.16.0.1": "private",
    "172.31.255.255": "private, the last of it",
    "192.0.0.8": "protocol assignments",
    "192.0.2.1": "documentation",
    "192.88.99.1": "a relay of 6to4",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarks",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "nothing",
    "::1": "loopback",
    "::127.0.0.1": "IPv4 in the old dress",
    "::ffff:127.0.0.1": "IPv4-mapped",
    "::ffff:169.254.169.254": "IPv4-mapped",
    "::ffff:8.8.8.8": "IPv4-mapped, wherever it leads",
    "::ffff:0:10.0.0.1": "IPv4-translated",
    "64:ff9b::10.0.0.1": "NAT64 of a private one",
    "64:ff9b:1::1": "local NAT64",
    "100::1": "discard",
    "2001::1": "Teredo",
    "2001:db8::1": "documentation",
    "2002:7f00:1::1": "6to4 of loopback",
    "2002:a9fe:a9fe::": "6to4 of the metadata service",
    "3fff::1": "documentation",
    "5f00::1": "segment routing",
    "fc00::1": "unique local",
    "fd00:ec2::254": "the metadata service of a cloud",
    "fe80::1": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
}
ALLOWED = ("8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.255.255", "2606:4700:4700::1111")


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_public_is_refused(text: str) -> None:
    assert not is_allowed(ip_address(text)), REFUSED[text]


@pytest.mark.parametrize("text", ALLOWED)
def test_what_is_public_is_allowed(text: str) -> None:
    assert is_allowed(ip_address(text))


def test_a_network_can_be_allowed_by_setting_and_only_that_one(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("10.2.0.0/16"), ip_network("fd00::/64")]
    allowed = [text for text in (*REFUSED, "10.2.3.4", "10.3.0.1", "fd00::5") if is_allowed(ip_address(text))]
    assert allowed == ["10.2.3.4", "fd00::5"]


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/a?token=x%41",
        "https://hooks.example.com:8443/",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/hook",
    ],
)
def test_an_address_that_may_be_entered(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "https://", "//a.test/", "/hook", "https:a.test", "ftp://a.test/", "javascript:alert(1)"),
        "http://a.test/",  # until a setting allows it
        *("https://user@a.test/", "https://user:secret@a.test/", "https://@a.test/", "https://a.test/#x"),
        *("https://a.test:0/", "https://a.test:65536/", "https://a.test:x/", "https://[a", "https://[::1"),
        *("https://a.test/ b", "https://a.test/\n", "https://a.test\\@b.test/", "https://b\u00fccher.example/"),
        *("https://a.test/\u202e", "https://\uff11\uff12\uff17.0.0.1/", "https://a.test/" + "x" * 500),
        *("https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://db.internal/x"),
        *("https://printer.local/", "https://nas.home.arpa/"),
        *(f"https://[{text}]/" if ":" in text else f"https://{text}/" for text in REFUSED),
    ],
)
def test_an_address_that_may_not_be_entered(url: str) -> None:
    with pytest.raises(UrlRefused) as refused:
        check_url(url)
    assert str(refused.value).endswith(".")


def test_http_and_local_names_are_allowed_where_settings_say_so(settings: Any) -> None:
    allow_loopback(settings)
    for url in ("http://a.test/", "http://localhost:9000/hook", "http://127.0.0.1:9000/"):
        check_url(url)


# --- At the moment of connecting ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "017700000001", "0", "nowhere.invalid"]
)
def test_a_name_that_leads_inside_is_not_called_and_not_told_from_one_that_leads_nowhere(host: str) -> None:
    with running() as inside:
        inside.will(answer(200))
        port = inside.url.rpartition(":")[2]
        with pytest.raises(calling.NotCalled, match=r"^Its name leads to no public address\.$"):
            calling.post(f"http://{host}:{port}/", headers={}, body=b"{}")
        assert (inside.calls, inside.ports) == ([], set())


def test_a_name_that_changes_between_look_ups_is_looked_up_once(monkeypatch: Any, settings: Any) -> None:
    """DNS rebinding: public when it is judged, and private when it is called."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        address = "203.0.113.7" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("203.0.113.0/24")]
    settings.WEBHOOK_CONNECT_TIMEOUT_SECONDS = 0.2
    with running() as inside:
        inside.will(answer(200))
        port = inside.url.rpartition(":")[2]
        with pytest.raises(calling.NotCalled):
            calling.post(f"http://rebinding.test:{port}/", headers={}, body=b"{}")
        assert (asked, inside.ports) == (["rebinding.test"], set())


def test_of_several_addresses_only_those_are_tried_that_are_allowed(monkeypatch: Any, settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.2/32")]
    with running() as inside:
        inside.will(answer(200))
        port = int(inside.url.rpartition(":")[2])
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", port)) for last in (1, 2)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        with pytest.raises(calling.NotCalled, match="cannot be connected to"):  # only 127.0.0.1 listens
            calling.post(f"http://two.test:{port}/", headers={}, body=b"{}")
        assert inside.ports == set()


def test_a_name_that_takes_too_long_to_look_up_is_left(monkeypatch: Any, settings: Any) -> None:
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: never.wait(30) and [])
    settings.WEBHOOK_CONNECT_TIMEOUT_SECONDS = 0.1
    with pytest.raises(calling.NotCalled):
        calling.post("https://slow.test/", headers={}, body=b"{}")
    never.set()


def test_the_proxies_of_the_environment_are_not_used(monkeypatch: Any, settings: Any) -> None:
    """What a proxy connects to could not be judged."""
    allow_loopback(settings)
    with running() as proxy, running() as real:
        real.will(answer(204))
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert calling.post(f"{real.url}/", headers={}, body=b"{}").status == 204
        assert proxy.ports == set()
