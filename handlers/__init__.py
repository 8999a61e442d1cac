"""Slack listeners: each parses a payload, calls a service and answers."""
