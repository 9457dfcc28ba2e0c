"""Conventions: what the documents name exists, and what exists is named."""

import re

from django.conf import settings

DOCS = settings.BASE_DIR / "docs"


def test_every_setting_that_is_read_from_the_environment_is_documented() -> None:
    source = "".join(path.read_text() for path in (settings.BASE_DIR / "config" / "settings").glob("*.py"))
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    documented = set(re.findall(r"`([A-Z][A-Z_]{3,})`", (DOCS / "configuration.md").read_text()))
    assert read - documented == set()
    assert documented - read <= {"HOST", "PORT", "WEB_WORKERS", "WORKER_PROCESSES", "EMBEDDED_WITHOUT_NAMESPACE"}


def test_every_dependency_is_explained() -> None:
    lines = (settings.BASE_DIR / "requirements.txt").read_text().split("# What those bring along.")[0].splitlines()
    direct = [re.split(r"[=\[;]", line)[0] for line in lines if line and not line.startswith("#")]
    explained = (DOCS / "dependencies.md").read_text()
    assert [name for name in direct if name not in explained] == []


def test_every_pin_is_exact() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (settings.BASE_DIR / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                assert re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+(; .*)?", line), line


def test_every_link_between_documents_leads_somewhere() -> None:
    for page in [settings.BASE_DIR / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
