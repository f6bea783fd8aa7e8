"""The server's end of TLS over any byte stream, with failed handshakes reported to the caller.

asyncio's own TLS server drops a failed handshake without saying which peer it was; this one is built on
`ssl.SSLObject`.
"""

import asyncio
import ssl

_PIECE = 65536
_CLOSE_S = 3


class TlsClosed(Exception):
    """The peer closed the connection."""


class TlsServerEnd:
    def __init__(self, context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._engine = context.wrap_bio(self._in, self._out, server_side=True)

    async def handshake(self) -> bytes:
        """The peer's certificate in DER, verified against the context's CA. Raises ssl.SSLError."""
        while True:
            try:
                self._engine.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError:
                # Send the alert that says what was wrong.
                await self._flush()
                raise
        await self._flush()
        return self._engine.getpeercert(binary_form=True) or b""

    async def receive(self) -> bytes:
        """Some bytes; empty at the end of the stream."""
        while True:
            try:
                data = self._engine.read(_PIECE)
            except ssl.SSLWantReadError:
                try:
                    await self._fill()
                except TlsClosed:
                    return b""
                continue
            except ssl.SSLZeroReturnError:
                return b""
            # Read all records that have arrived, so that the session handles them in one step.
            pieces = [data]
            try:
                while sum(map(len, pieces)) < _PIECE:
                    pieces.append(self._engine.read(_PIECE))
                    if not pieces[-1]:
                        break
            except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                pass
            return b"".join(pieces)

    async def send(self, data: bytes) -> None:
        self._engine.write(data)
        await self._flush()

    async def close(self) -> None:
        try:
            self._engine.unwrap()
        except (ssl.SSLError, ValueError):
            pass
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._flush()
                self._writer.close()
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    async def _fill(self) -> None:
        data = await self._reader.read(_PIECE)
        if not data:
            self._in.write_eof()
            raise TlsClosed("the peer closed the connection")
        self._in.write(data)

    async def _flush(self) -> None:
        data = self._out.read()
        if data:
            self._writer.write(data)
            await self._writer.drain()
