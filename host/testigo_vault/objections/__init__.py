"""The register of numbers that are never recorded."""
