"""What `make up` runs: starts everything, stops everything, leaves nothing.

Each child lives in a session of its own, so Ctrl-C reaches this process alone and every child gets exactly one
SIGTERM; the kernel sends the same signal when this process is killed. Postgres stops last.
"""
