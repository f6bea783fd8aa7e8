"""How the terminal shows a policy simulation, the level of a notice and the data of a recording."""
