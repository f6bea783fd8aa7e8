"""What the operator signed, and what is in force."""
