"""Everything that can go wrong, at random and for long, at a real bot; `python -m chaos` prints what came of it, and the seed first."""
