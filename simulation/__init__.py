"""Simulates a day of many workspaces with simpy; `python -m simulation` prints docs/scale.md's tables."""
