"""The link between an appliance and its vault: messages and both ends."""
