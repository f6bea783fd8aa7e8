"""The SIP peers of tests: sipp and baresip, and the capture of the traffic between them and the appliance."""
