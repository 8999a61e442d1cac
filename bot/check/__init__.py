"""`discount-bot check`: checks settings, policy, database, Slack and Dintero."""
