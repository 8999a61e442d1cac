"""Runs `discount-bot` as `python -m bot`."""

from bot.cli.main import main

if __name__ == "__main__":
    main(prog_name="discount-bot")
