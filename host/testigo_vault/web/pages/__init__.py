"""The pages of the vault, one module each."""
