"""Turns `auto` into numbers before step 1, from the data and fixed numbers of passes, and says why."""
