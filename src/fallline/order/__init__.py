"""Which rows form step t: a pure function of (seed, epoch, sizes, t)."""
