"""Facts to come."""
