"""The sandbox in a terminal: a scripted demo and a prompt, without credentials."""
