"""Writes the list of customers who did not get the discount, in a separate process."""
