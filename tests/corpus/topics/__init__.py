"""The examples by the lines of the issue "The right customers, once"."""
