"""What came of a request: the customers left, their lists, and what Dintero lists."""
