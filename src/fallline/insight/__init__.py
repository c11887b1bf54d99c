"""What a run means: explain and, later, why, race and the learning-rate finder."""
