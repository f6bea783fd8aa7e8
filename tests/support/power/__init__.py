"""Power cuts of appliances and what they leave."""
