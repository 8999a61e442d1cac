"""Several processes on one database: membership, leadership and the single-instance lock."""
