"""The admin's front page: how the platform is, and what an admin may do about it.

`reading` puts together what is shown, from stored runs, counts and incidents, in so many statements whatever the
number of tenants and messages. What its buttons do, the API does (docs/dashboard.md names the calls); only asking one
check by itself is a view here, since it is a question and leaves nothing.
"""
