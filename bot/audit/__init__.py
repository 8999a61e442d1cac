"""Verifies and exports the audit log."""
