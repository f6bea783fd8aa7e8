"""A chip as far as tests need one: its files, its REPL, its LittleFS. Each module runs on MicroPython or starts it."""
