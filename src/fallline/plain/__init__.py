"""The descent in plain Python lists: the reference that defines the law. Standard library only."""
