"""The languages of what people read in Slack: the catalogues, and which language holds now."""
