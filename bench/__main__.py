import sys
import time

from bench import house, results


def say(text: str) -> None:
    print(f"  {text} ...", flush=True)


def main() -> int:
    started = time.monotonic()
    print(results.machine())
    with house.servers():
        import django

        django.setup()
        from bench import poll

        with house.web() as port:
            found = poll.measure(port, say)
    results.write(found)
    print(f"\n{results.table(found)}\n\n{time.monotonic() - started:.0f} s; also in {results.FILE}")
    return 0 if all(result.ok for result in found) else 1


if __name__ == "__main__":
    sys.exit(main())
