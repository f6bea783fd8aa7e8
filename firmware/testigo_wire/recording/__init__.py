"""Sealed recordings: items, events, audio frames; writing, reading, verifying, erasing."""
