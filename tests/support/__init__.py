"""What several tests use: processes, peers, rigs, the MicroPython runner, the browser."""
