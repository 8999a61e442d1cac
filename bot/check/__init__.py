"""`discount-bot check`: whether everything that the bot needs is there, said line by line before anybody relies on it."""
