"""Dintero's discounts API as the heart's port: its token, its calls, its JSON. Knows nothing of Slack, requests or policies."""
