"""Storage: keys, recordings being written, the spool, recovery after a power cut."""
