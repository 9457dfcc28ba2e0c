"""`make bench`: how fast it is, as ratios measured side by side in one run.

Machines differ and are noisy, so no number stands alone: every result is divided by a floor that was measured in turn
with it, and the median of several turns is what counts.
"""
