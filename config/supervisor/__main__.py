import sys

from config.embedded import EmbeddedError
from config.supervisor.supervisor import CannotStart, Supervisor


def main() -> int:
    try:
        Supervisor().run()
    except (CannotStart, EmbeddedError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
