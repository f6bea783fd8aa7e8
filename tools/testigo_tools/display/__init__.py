"""How the terminal shows a policy simulation and the level of a notice."""
