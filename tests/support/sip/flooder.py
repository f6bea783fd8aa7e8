"""Floods a SIP port from a process of its own: `python flooder.py HOST PORT RATE SECONDS KINDS`, until it is over.

KINDS is a comma list of invite, register, options and noise, sent in turn. Sources are several ports of 127.0.0.3. Datagrams
are sent in small bursts at the times that the rate says; a process that falls behind catches up, so their number is certain.
"""

import os
import socket
import sys
import time

SOURCES = 8
BURST_S = 0.01
METHODS = {"invite": "INVITE", "register": "REGISTER", "options": "OPTIONS"}


def request(method: str, host: str, port: int, number: int, source: tuple[str, int]) -> bytes:
    return (
        f"{method} sip:100@{host}:{port} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {source[0]}:{source[1]};branch=z9hG4bKflood{number};rport\r\n"
        f"From: <sip:scanner@{source[0]}>;tag={number}\r\nTo: <sip:100@{host}>\r\n"
        f"Call-ID: {number}@{source[0]}\r\nCSeq: 1 {method}\r\nContact: <sip:scanner@{source[0]}:{source[1]}>\r\n"
        "Max-Forwards: 70\r\nUser-Agent: scanner\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def flood(host: str, port: int, rate: int, seconds: float, kinds: list[str]) -> int:
    """Send, and read away what is answered -> how many datagrams were sent."""
    socks = []
    for _ in range(SOURCES):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.3", 0))
        sock.setblocking(False)
        socks.append(sock)
    start = time.monotonic()
    sent = 0
    while (passed := time.monotonic() - start) < seconds or sent < rate * seconds:
        due = int(min(passed, seconds) * rate)
        while sent < due:
            kind, sock = kinds[sent % len(kinds)], socks[sent // len(kinds) % SOURCES]
            if kind == "noise":
                data = os.urandom(200)
            else:
                data = request(METHODS[kind], host, port, sent, sock.getsockname())
            sock.sendto(data, (host, port))
            sent += 1
        for sock in socks:
            try:
                while True:
                    sock.recv(4096)
            except OSError:
                pass
        time.sleep(BURST_S)
    return sent


if __name__ == "__main__":
    print(flood(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5].split(",")))
