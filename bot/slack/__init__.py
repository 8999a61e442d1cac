"""How things look and read in Slack, and what comes back from there."""
