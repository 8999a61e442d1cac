"""Drafts: the form, its recipients and its validation."""
