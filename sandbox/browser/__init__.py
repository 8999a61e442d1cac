"""The sandbox in a browser: one page with a small Slack, and Dintero beside it."""
