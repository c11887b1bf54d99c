"""The one loop: a plan, a runtime, a state, steps, and a reason to stop."""
