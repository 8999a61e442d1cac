"""How fast the bot is, against baselines measured in the same run; `python -m bench` prints the table."""
