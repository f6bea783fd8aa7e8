"""Building the firmware, and putting it on a board."""
