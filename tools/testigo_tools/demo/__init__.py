"""The demonstration: its environment and its calls."""
