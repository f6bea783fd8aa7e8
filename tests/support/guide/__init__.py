"""Runs what the documentation shows: reads the blocks of a page, types its commands into a shell, compares its output."""
