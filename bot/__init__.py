"""discount-bot: give customers a discount from Slack, with consent, exactly once."""
