"""What the sandbox's Slack remembers: workspace, views, files and tickets."""
