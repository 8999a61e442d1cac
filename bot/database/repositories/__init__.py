"""Repositories, one for each subject."""
