"""`make scenarios`: scripted histories through the real monitor, and what each must lead to, to the last notification.

docs/scenarios.md says how to read one and how to write the next.
"""
