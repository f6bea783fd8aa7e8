"""The copies of recordings and the database of the index."""
