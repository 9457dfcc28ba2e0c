"""What `make up` says once it is up."""

from pathlib import Path

from config import embedded
from config.supervisor import terminal


def test_the_health_check_that_it_shows_is_of_the_house_that_it_started(tmp_path: Path) -> None:
    elsewhere = terminal.welcome(8000, embedded.places(tmp_path), with_demo=True)
    assert f"  DATA_DIR={tmp_path} .venv/bin/python manage.py check_system_health --verbose" in elsewhere
    usual = terminal.welcome(8000, embedded.places(terminal.USUAL), with_demo=True)
    assert "\n  .venv/bin/python manage.py check_system_health --verbose\n" in usual
