"""Breaks everything at random around a real bot; `python -m chaos` prints the seed and the result."""
