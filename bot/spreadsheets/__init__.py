"""Reads uploaded tables and writes lists of customers, in separate processes."""
