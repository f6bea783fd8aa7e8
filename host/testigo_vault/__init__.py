"""The vault: keeps, verifies, finds, plays and accounts for what the appliances recorded."""
