"""What `make up` says once it is up."""

import contextlib
import socket
from pathlib import Path

import pytest

from config import embedded
from config.supervisor import supervisor, terminal


def test_the_health_check_that_it_shows_is_of_the_house_that_it_started(tmp_path: Path) -> None:
    elsewhere = terminal.welcome(8000, embedded.places(tmp_path), with_demo=True)
    assert f"  DATA_DIR={tmp_path} .venv/bin/python manage.py check_system_health --verbose" in elsewhere
    usual = terminal.welcome(8000, embedded.places(terminal.USUAL), with_demo=True)
    assert "\n  .venv/bin/python manage.py check_system_health --verbose\n" in usual
    assert "createsuperuser" not in usual


def test_without_the_demo_it_says_how_somebody_gets_in() -> None:
    empty = terminal.welcome(8000, embedded.places(terminal.USUAL), with_demo=False)
    assert "\n  .venv/bin/python manage.py createsuperuser\n" in empty


def test_the_port_that_it_offers_instead_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port + 1)):
            with pytest.raises(supervisor.CannotStart, match=rf"Port {port} is not free") as refused:
                supervisor._require_free_port(port)
            offered = int(str(refused.value).rpartition("=")[2])
            assert offered not in (port, port + 1)
            assert supervisor._is_free(offered)
