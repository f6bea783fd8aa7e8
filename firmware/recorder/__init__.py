"""The appliance: MicroPython firmware that bridges calls, obtains consent, records, stores and synchronises."""
