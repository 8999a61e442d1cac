"""Calls to Slack: connection, directory, downloads and uploads."""
