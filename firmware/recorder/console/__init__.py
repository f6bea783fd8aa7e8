"""The serial console: a technician's commands, diagnostics, self-test."""
