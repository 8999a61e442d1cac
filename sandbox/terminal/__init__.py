"""The sandbox in a terminal: one journey, played by itself, for machines without a browser."""
