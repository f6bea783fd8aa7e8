"""Serial ports: opening a device, its REPL, and the vault's end of the link."""
