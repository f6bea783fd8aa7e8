"""The virtual appliance as a process."""
