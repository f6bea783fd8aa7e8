"""Recordings that an appliance which lies could write, and records of erasing, for the tests of lawfulness."""
