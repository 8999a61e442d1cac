"""What runs beside the clicks: the job runner, the outbox relay, progress updates and daily tasks."""
