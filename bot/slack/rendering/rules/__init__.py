"""A rule in words: its reward, its conditions, its changes and its use."""
