"""What can be measured of a problem or a run: one quantity a file."""
