"""Use cases: what a click or a due time does to a request."""
