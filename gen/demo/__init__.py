"""Ready-made jobs from training to proven hardware."""
