"""Damaged, failing and full storage of an appliance."""
