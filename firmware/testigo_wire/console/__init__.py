"""The serial console: the reliable transport, and both ends of its requests."""
