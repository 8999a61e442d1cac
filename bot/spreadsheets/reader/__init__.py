"""Reads the rows of an uploaded file in a process of its own."""
