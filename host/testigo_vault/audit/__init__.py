"""The access log and alarms."""
