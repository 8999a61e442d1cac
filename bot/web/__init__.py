"""What the bot answers over HTTP: Slack's requests, and whether it is well."""
