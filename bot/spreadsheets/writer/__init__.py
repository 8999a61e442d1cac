"""Writes the list of those who were not given it, in a process of its own; knows neither Slack nor the database."""
