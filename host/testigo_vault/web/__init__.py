"""The vault's pages: server-rendered, no foreign assets, usable by keyboard, without scripts but for the player."""
