"""TLS to the vault, both sides with certificates of the organisation's CA.

Over any stream of recorder/sync/channel.py. mbedTLS does the handshake inside the first reads and writes; the stream is
polled every few milliseconds, which is all that a background transfer needs. One context at a time (31 KB on a chip).
"""

import asyncio

import tls

from testigo_wire.link.messages import SERVER_NAME

_STEP_MS = 8


class TlsError(Exception):
    """The text names the reason, such as a certificate's date."""


def _why(error):
    # mbedTLS gives a reason in text after its number; a certificate's problems come as lines.
    text = str(error.args[-1] if error.args else error)
    return "TLS: " + "; ".join(line for line in text.split("\n") if line)


def context(identity):
    """An SSLContext with the device's certificate and key, that trusts its CA only."""
    made = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    made.verify_mode = tls.CERT_REQUIRED
    try:
        made.load_cert_chain(identity.certificate_der(), identity.key_der())
        made.load_verify_locations(identity.ca_der())
    except (ValueError, OSError, TypeError) as error:
        raise TlsError(_why(error))
    return made


class TlsStream:
    """One session over `raw`, which is closed with it."""

    def __init__(self, context, raw):
        self._raw = raw
        try:
            self._tls = context.wrap_socket(raw, server_hostname=SERVER_NAME, do_handshake_on_connect=False)
        except (ValueError, OSError) as error:
            self._close_raw()
            raise TlsError(_why(error))

    async def read_into(self, buffer, limit_ms):
        """Waits for bytes; gives their count, 0 at the end of the stream."""
        while True:
            try:
                count = self._tls.readinto(buffer)
            except (ValueError, OSError) as error:
                raise TlsError(_why(error))
            if count is not None:
                return count
            limit_ms = await self._step(limit_ms)

    async def write(self, data, limit_ms):
        """Writes all of it."""
        data = memoryview(data)
        while data:
            try:
                # After None mbedTLS must be given the same bytes again.
                count = self._tls.write(data)
            except (ValueError, OSError) as error:
                raise TlsError(_why(error))
            if count:
                data = data[count:]
            else:
                limit_ms = await self._step(limit_ms)

    async def _step(self, limit_ms):
        if limit_ms < 0:
            raise TlsError("the vault is silent")
        await asyncio.sleep_ms(_STEP_MS)
        return limit_ms - _STEP_MS

    def close(self):
        try:
            self._tls.close()
        except OSError:
            pass  # the line is down already
        self._close_raw()

    def _close_raw(self):
        try:
            self._raw.close()
        except OSError:
            pass
