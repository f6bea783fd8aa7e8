"""A softphone for tests, demonstrations and technicians."""
