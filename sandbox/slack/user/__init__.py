"""A person at the sandbox's Slack: what they see, fill in and press."""
