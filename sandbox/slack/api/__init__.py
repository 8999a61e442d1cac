"""Slack's Web API methods, as the sandbox answers them."""
