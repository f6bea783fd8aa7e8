"""TOML files that people write: reading them, and the line of each setting."""
