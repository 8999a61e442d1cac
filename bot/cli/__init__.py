"""The commands of `discount-bot`."""
