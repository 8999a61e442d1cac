"""Refusals in words, a module for each kind: what is the matter, why, what to do next, and where else."""
