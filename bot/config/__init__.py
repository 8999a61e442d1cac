"""Settings, the policy file and logging, all read once at start."""
