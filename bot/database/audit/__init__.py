"""The audit log: a chain of hashed rows, the evidence beside them, and keyed hashes of customer ids."""
