"""The bot between stand-ins for Slack and Dintero, for whoever wants to see it work before they have credentials."""
