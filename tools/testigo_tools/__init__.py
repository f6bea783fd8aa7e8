"""The command `testigo`: one verb, one file."""
