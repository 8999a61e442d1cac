"""Requests: states, moves, deadlines, authorization, outcomes and audit entries."""
