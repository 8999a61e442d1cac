"""Reads the rows of an uploaded file in a separate process."""
