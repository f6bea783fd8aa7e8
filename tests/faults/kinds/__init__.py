"""The kinds of faults, one file each. A fault's name says all of it: what to do, during which scenario, and at which place."""
