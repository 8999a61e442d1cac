"""Settings, the policy file and the log, read once at start."""
