"""Signed documents on the appliance: policy, settings, notices, objections."""
