"""`make bench`: how fast it is, as ratios measured side by side in one run.

Machines differ and are noisy, so no number stands alone: each is divided by one that was measured in turn with it, and
the median of several turns is what counts. `make bench ARGS="poll_growth"` measures some keys, FULL=1 larger sizes.

To add a measure:
1. a file here with a subclass of `Measure` (bench/measure.py): its head says name, bounds and what must run beside it;
2. `run` fills the tables, which it finds empty, and gives for each wanted key `Found` with one value a repeat;
3. `in_turns` (bench/turns.py) calls the ways it compares one after the other, `ratios` divides them turn by turn;
4. `load.per_second` asks over HTTP; `load.FLOOR` (GET and POST) and `load.EMPTY` are the floors, `people` signs in;
5. what cannot be measured here is `Found(note="why")`: reported, and not ok;
6. its class goes into `MEASURES` in bench/measures.py. Nothing else has to know of it.
"""
