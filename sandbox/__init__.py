"""A world to try it in: stand-ins for Slack and Dintero that keep their rules."""
