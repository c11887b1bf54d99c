"""The same definitions through Numba: generated kernels and what they import."""
