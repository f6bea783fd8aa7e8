"""Calls: the SIP gateway, one bridged call, sessions that change in mid-call."""
