"""The documents that data-protection law asks for, filled in from what the system knows."""
