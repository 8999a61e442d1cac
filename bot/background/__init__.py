"""Work beside the clicks: givings, the outbox relay, progress updates and daily tasks."""
