"""The verbs of `testigo`, one file each."""
