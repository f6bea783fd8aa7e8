"""policy.toml and settings.toml: reading, checking, compiling, simulating."""
