"""Watches the platform and turns what is wrong into incidents. `monitor.check_health` is the way in."""
