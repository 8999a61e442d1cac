"""What an auditor does with the audit: verify its chain, and take it out to read."""
