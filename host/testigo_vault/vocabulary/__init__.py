"""The words for the codes of policies and recordings: one TOML file a language."""
