#!/usr/bin/env python
"""Django's command line for Bellwether."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        if "check_system_health" not in sys.argv[1:2]:
            raise
        # Python's own code for a crash is 1, which means warning to whoever calls this one.
        sys.stderr.write(f"The health check could not begin: {type(error).__name__}: {error}\n")
        sys.exit(3)
