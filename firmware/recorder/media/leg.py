"""One leg of a bridged call: its SIP dialog, its SDP endpoint and its RTP socket."""

from testigo_wire.sip import sdp
from testigo_wire.sip.dialog import is_numeric

NEAR = 0  # the worker's side
FAR = 1


class PortError(Exception):
    """Every port of the RTP range is taken."""


class Leg:
    def __init__(self, hal, side, host, ports):
        """host: the appliance's address on the network. ports: (first, last) of the RTP range."""
        self.side = side
        self.sip = None
        self.agreed = None
        self.held = False
        self.supports_record_aware = False  # its telephone understands a=record (RFC 7866 section 6.1)
        self.announced_state = ""  # the state of recording that its telephone was notified of last
        self._hal = hal
        self._to = None
        self._watched = False
        self.sock, port = self._bind(host, ports)
        self.endpoint = sdp.Endpoint(host, port, hal.random)

    def _bind(self, host, ports):
        # RTP on even ports (RFC 3550 section 11)
        for port in range(ports[0] + (ports[0] & 1), ports[1], 2):
            try:
                return self._hal.udp(host, port), port
            except OSError:
                continue
        raise PortError("RTP ports %d to %d are all in use" % ports)

    def agree(self, agreed):
        """Uses what the SDP exchange agreed on -> whether the hold state changed. Raises SdpError."""
        to = agreed.host, agreed.port
        if to != self._to and agreed.port and agreed.host != "0.0.0.0":
            try:
                if not is_numeric(agreed.host):  # a look-up would block every call
                    raise OSError
                self.sock.connect(self._hal.address(agreed.host, agreed.port))
            except OSError:
                raise sdp.SdpError("no way to " + agreed.host[:40])
            self._to = to
        self.agreed = agreed
        changed = agreed.held != self.held
        self.held = agreed.held
        return changed

    def listen(self, relay):
        """Packets of this leg go through relay from now on."""
        agreed = self.agreed
        relay.set_source(self.sock, agreed.payload_type, agreed.event_type)
        if not self._watched:
            self._watched = True
            relay.discard_waiting()  # what came before the session: of another sender, or of an earlier call
            handler = relay.on_readable
            if self._hal.recv:
                from recorder.media import relay_by_recv  # not for a chip

                handler = relay_by_recv.handler(relay, self.sock, self._hal.recv)
            self._hal.on_readable(self.sock, handler)

    def close(self):
        if self._watched:
            self._hal.forget(self.sock)
        self.sock.close()
