"""For the test of the event loop: an appliance with a meter in its loop, and everything that it has to do at once."""
