"""Media: RTP legs and relays, the tap, the warning tone."""
