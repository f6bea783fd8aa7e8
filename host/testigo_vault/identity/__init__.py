"""Keys, certificates, the organisation, its appliances, and the people who use the vault."""
