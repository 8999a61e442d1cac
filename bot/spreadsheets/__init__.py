"""Reads the rows out of files that people put in, in a process of its own; knows neither Slack nor what a request is."""
