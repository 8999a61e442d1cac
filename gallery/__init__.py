"""Draws every message and modal of the bot: `make gallery`."""
