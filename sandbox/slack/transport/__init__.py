"""How the sandbox's Slack reaches the bot: signed HTTP and Socket Mode."""
