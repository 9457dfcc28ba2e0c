"""What the person at the terminal reads."""

from pathlib import Path

from config import demo
from config.embedded import Places

USUAL = Path(__file__).resolve().parents[2] / ".data"


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 (this is what the person at the terminal reads)


def tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-15:])


def welcome(port: int, where: Places, *, with_demo: bool) -> str:
    url = f"http://127.0.0.1:{port}"
    lines = ["", f"Bellwether is up: {url}   (logs in {where.data_dir / 'logs'}, Ctrl-C stops it)", ""]
    if with_demo:
        lines.append("Demo sign-ins, all with the password bellwether-demo:")
        lines += [f"  {email:<22} {role}" for email, role in demo.SIGN_INS.items()]
        lines += [
            "",
            "In the next minute: messages go out through a simulated carrier. After some seconds it degrades, the",
            "success rate falls below 80 %, and the admins are told. A minute later it recovers, and the problem",
            "closes by itself about a minute after that. Watch it here, or:",
        ]
    manage = f"{'' if where.data_dir == USUAL else f'DATA_DIR={where.data_dir} '}.venv/bin/python manage.py"
    if not with_demo:
        lines += ["Nobody can sign in before somebody made the first admin:", f"  {manage} createsuperuser", ""]
    lines += [
        f"  {url}/admin/            the admin",
        f"  curl -s {url}/readyz    is it ready?",
        f"  {manage} check_system_health --verbose",
        "",
    ]
    return "\n".join(lines)
