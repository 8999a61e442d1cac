"""`discount-bot status`: one screen about a bot, whether it runs or not."""
