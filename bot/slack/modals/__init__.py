"""Modals: each module builds a view and reads it back."""
