"""Dintero's discounts API: the token, the calls and the JSON."""
