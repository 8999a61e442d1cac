"""A day of many workspaces, by simpy, from what was measured of one process; `python -m simulation` prints docs/scale.md's tables."""
