"""Stand-ins for Slack and Dintero that keep their rules, and a made-up shop to try the bot in."""
