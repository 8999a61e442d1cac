"""Approving: the decisions about a request, and who is reminded of them."""
