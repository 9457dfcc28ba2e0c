"""The poll against the floor, unchanged, stored and computed, in a small and in a large table, and against a peer."""

import contextlib
from collections.abc import Collection, Mapping
from statistics import median

from bench import house, inbox
from bench import peer_server as peer
from bench.crowd import Crowd
from bench.measure import Bound, Found, Measure
from bench.people import sign_in
from bench.stage import Stage
from bench.turns import in_turns, ratios

USERS = 5_000
LARGE, FULL = 1_000_000, 3_000_000
#: In the small table fewer people have a full page each: it is the table that grows, not what they are shown.
SMALL, SMALL_USERS = 10_000, 1_000
#: What each key divides by what.
PAIRS = {
    "poll_unchanged": ("unchanged", "floor"),
    "poll_stored": ("stored", "floor"),
    "poll_computed": ("computed", "floor"),
    "poll_growth": ("computed", "floor"),
    "poll_vs_peer": ("computed", "peer"),
}


class Poll(Measure):
    name = "poll"
    bounds = (
        Bound("poll_unchanged", ">=", 1.1, "304 / floor"),
        Bound("poll_stored", ">=", 0.9, "200 from the stored body / floor"),
        Bound("poll_computed", ">=", 0.6, "200 from Postgres / floor"),
        Bound("poll_growth", "<=", 1.2, "computed in a small table / in a large one"),
        Bound("poll_vs_peer", ">=", 5, f"200 from Postgres / the unread list of {peer.NAME}"),
    )
    needs = (house.web,)

    def run(self, stage: Stage, keys: Collection[str]) -> Mapping[str, Found]:
        rows = FULL if stage.full else LARGE
        port = stage.use(house.web)
        stage.say(f"{USERS:,} users sign in")
        people = sign_in(USERS)
        small = _small(stage, Crowd(port, people[:SMALL_USERS])) if "poll_growth" in keys else 0.0
        stage.say(f"filling our table with {rows:,}")
        inbox.fill(rows=rows, users=USERS)
        crowd = Crowd(port, people)
        crowd.change_every_inbox()
        crowd.warm()
        ways, found = dict(crowd.ways), dict[str, Found]()
        with contextlib.ExitStack() as beside:
            if "poll_vs_peer" in keys:
                try:
                    other = beside.enter_context(peer.running(stage, users=USERS, rows=rows))
                    peer.check_alike(crowd.sample(), other)
                    ways["peer"] = other.unread_list
                except peer.Unavailable as why:
                    found["poll_vs_peer"] = Found(note=str(why))
            pairs = {key: PAIRS[key] for key in keys if key not in found}
            names = [name for name in ways if any(name in pair for pair in pairs.values())]
            stage.say(f"polling in turns: {', '.join(names)}")
            speeds = in_turns({name: ways[name] for name in names})
        for key, (upper, lower) in pairs.items():
            values = ratios(speeds[upper], speeds[lower])
            if key == "poll_growth":  # its two tables are minutes apart: each was held against the floor of its turn
                found[key] = Found([small / median(values)], f"{SMALL:,} rows / {rows:,} rows, each over the floor")
            else:
                each = f"{median(speeds[upper]):,.0f} / {median(speeds[lower]):,.0f} a second"
                found[key] = Found(values, f"{rows:,} rows, {each}")
        return found


def _small(stage: Stage, crowd: Crowd) -> float:
    inbox.fill(rows=SMALL, users=SMALL_USERS)
    crowd.warm()
    stage.say("polling in turns: floor, computed")
    speeds = in_turns({name: crowd.ways[name] for name in ("floor", "computed")})
    return median(ratios(speeds["computed"], speeds["floor"]))
