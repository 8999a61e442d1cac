"""The files that a new installation begins with: links to those at the top of the repository."""
