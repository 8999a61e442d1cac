"""What people can do in Slack, one module a thing: read, ask the desk, answer."""
