"""The audit log, and the evidence that it keeps of a request."""
