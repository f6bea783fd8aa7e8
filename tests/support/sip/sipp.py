"""sipp as caller and as worker: scenarios put together step by step; sipp_process.py runs them.

Caller().invite().answered().talk().pause(1500).info("1").pause(800).bye()
Worker().incoming().ring().answer().talk().expect_bye()
"""

import re

RTPMAP = {0: "PCMU", 8: "PCMA"}


def sdp(
    codecs: tuple[int, ...] = (0,),
    direction: str = "",
    version: int = 1,
    origin: str = "peer 1",
    more: tuple[str, ...] = (),
) -> str:
    """origin: user and session id of o=, by which another session is told. more: attributes."""
    types = " ".join(str(codec) for codec in (*codecs, 101))
    lines = [
        "v=0",
        f"o={origin} {version} IN IP4 [local_ip]",
        "s=-",
        "c=IN IP4 [media_ip]",
        "t=0 0",
        f"m=audio [rtpstream_audio_port] RTP/AVP {types}",
        *(f"a=rtpmap:{codec} {RTPMAP.get(codec, 'GSM')}/8000" for codec in codecs),
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16",
    ]
    if direction:
        lines.append(f"a={direction}")
    lines += [f"a={attribute}" for attribute in more]
    return "\n".join(lines)


class Scenario:
    """Steps of one end. codecs: payload types, the liked one first."""

    END = ""

    def __init__(self, codecs: tuple[int, ...] = (0,)) -> None:
        self.codecs = codecs
        self.notices = 0  # whose end it waits for
        self._steps: list[str] = []
        self._sequence = 0

    def text(self) -> str:
        steps = "\n".join(self._steps)
        return f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="test">\n{steps}\n{self.END}</scenario>\n'

    def pause(self, ms: int):
        self._steps.append(f'<pause milliseconds="{ms}"/>')
        return self

    def notice(self, timeout_ms: int = 20000):
        """Wait until the notice has been heard to its end: the capture tells (traffic_capture.py), with another To."""
        self.notices += 1
        self._steps.append(f'<recv request="MESSAGE" timeout="{timeout_ms}"/>')
        return self

    def talk(self, file: str = "speech"):
        """Play the raw G.711 `file` of the end's folder over and over."""
        codec = self.codecs[0]
        stream = f"[speech],-1,{codec},{RTPMAP[codec]}/8000"
        self._steps.append(f'<nop><action><exec rtp_stream="{stream}"/></action></nop>')
        return self

    def silent(self):
        self._steps.append('<nop><action><exec rtp_stream="pause"/></action></nop>')
        return self

    def resume(self):
        self._steps.append('<nop><action><exec rtp_stream="resume"/></action></nop>')
        return self

    def expect(self, status: int, optional: tuple[int, ...] = (), timeout_ms: int = 20000):
        for other in optional:
            self._steps.append(f'<recv response="{other}" optional="true"/>')
        self._steps.append(f'<recv response="{status}" rrs="true" timeout="{timeout_ms}"/>')
        return self

    def expect_request(self, method: str, timeout_ms: int = 20000):
        self._steps.append(f'<recv request="{method}" timeout="{timeout_ms}"/>')
        return self

    def reply(self, status: str, body: str = ""):
        kind = "Content-Type: application/sdp\n" if body else ""
        self._send(
            f"SIP/2.0 {status}\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n"
            f"Contact: <sip:peer@[local_ip]:[local_port]>\n{kind}Content-Length: [len]\n\n{body}\n",
            retransmit=False,
        )
        return self

    def expect_bye(self, timeout_ms: int = 20000):
        return self.expect_request("BYE", timeout_ms).silent().reply("200 OK")

    def info(self, key: str):
        """A key by SIP INFO (RFC 6086), as many telephones send it."""
        self._request("INFO", f"Signal={key}\nDuration=160", "application/dtmf-relay")
        return self.expect(200)

    def reinvite(self, direction: str):
        self._request("INVITE", sdp(self.codecs, direction, self._sequence + 2), "application/sdp")
        self.expect(200, (100,))
        self._request("ACK")
        return self

    def transfer(self, origin: str, identity: str = "", focus: bool = False, more: tuple[str, ...] = ()):
        """A re-INVITE as an exchange sends it when it puts somebody else into the call, or nobody new (the same origin)."""
        extra = f"P-Asserted-Identity: <sip:{identity}@example.net>\n" if identity else ""
        body = sdp(self.codecs, "", self._sequence + 2, origin, more)
        self._request("INVITE", body, "application/sdp", extra)
        if focus:
            self._steps[-1] = re.sub(r"(Contact: <[^>]*>)", r"\1;isfocus", self._steps[-1])
        self.expect(200, (100,))
        self._request("ACK")
        return self

    def told_by_offer(self):
        """The other side offers anew, as it does to tell a telephone that recording began."""
        return (
            self.expect_request("INVITE")
            .reply("200 OK", sdp(self.codecs, "", self._sequence + 9))
            .expect_request("ACK")
        )

    def bye(self):
        self.silent()
        self._request("BYE")
        return self.expect(200)

    def _send(self, message: str, retransmit: bool = True) -> None:
        how = ' retrans="500"' if retransmit else ""
        self._steps.append(f"<send{how}><![CDATA[\n{message}]]></send>")

    def _request(self, method: str, body: str = "", kind: str = "", extra: str = "") -> None:
        """extra: more headers, each with its line end."""
        raise NotImplementedError


class Caller(Scenario):
    def __init__(self, codecs: tuple[int, ...] = (0,), caller: str = "+34600000001", callee: str = "100") -> None:
        super().__init__(codecs)
        self.caller = caller
        self.callee = callee

    def _head(self, method: str, sequence: int, to: str, uri: str) -> str:
        return (
            f"{method} {uri} SIP/2.0\n"
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]\n"
            f"From: <sip:{self.caller}@[local_ip]>;tag=[call_number]caller\n"
            f"{to}\nCall-ID: [call_id]\nCSeq: {sequence} {method}\n"
            "Contact: <sip:caller@[local_ip]:[local_port]>\nMax-Forwards: 70\n"
        )

    def invite(self, offer: bool = True, extra: str = "", more: tuple[str, ...] = ()):
        """extra: more headers. more: attributes of the offer."""
        self._sequence = 1
        uri = f"sip:{self.callee}@[remote_ip]:[remote_port]"
        text = self._head("INVITE", 1, f"To: <sip:{self.callee}@[remote_ip]>", uri) + extra
        body = sdp(self.codecs, more=more) if offer else ""
        kind = "Content-Type: application/sdp\n" if body else ""
        self._send(f"{text}{kind}Content-Length: [len]\n\n{body}\n" if body else f"{text}Content-Length: 0\n\n")
        return self

    def answered(self, body: str = "", timeout_ms: int = 20000):
        """200 and ACK; body: the answer to an offer that came with the 200."""
        self.expect(200, (100, 180, 183), timeout_ms)
        self._request("ACK", body, "application/sdp" if body else "")
        return self

    def refused(self, status: int):
        self.expect(status, (100, 180))
        return self._ack_of_refusal()

    def _ack_of_refusal(self):
        # section 17.1.1.3: the same branch and request URI as the INVITE
        uri = f"sip:{self.callee}@[remote_ip]:[remote_port]"
        text = self._head("ACK", 1, "[last_To:]", uri).replace("[branch]", self._first_branch())
        self._send(f"{text}Content-Length: 0\n\n", retransmit=False)
        return self

    def _first_branch(self) -> str:
        """The INVITE's, whose step was the first: sipp counts them."""
        return f"[branch-{len(self._steps)}]"

    def cancel(self):
        """Only while nothing but provisional answers came."""
        self.expect(180, (100,))
        self.pause(300)
        uri = f"sip:{self.callee}@[remote_ip]:[remote_port]"
        text = self._head("CANCEL", 1, f"To: <sip:{self.callee}@[remote_ip]>", uri)
        self._send(f"{text.replace('[branch]', self._first_branch())}Content-Length: 0\n\n")
        return self

    def cancelled(self):
        """200 to the CANCEL and 487 to the INVITE, in either order; the 487 is acknowledged."""
        self._steps.append('<recv response="200"/>')
        self._steps.append('<recv response="487"/>')
        return self._ack_of_refusal()

    def _request(self, method: str, body: str = "", kind: str = "", extra: str = "") -> None:
        if method != "ACK":
            self._sequence += 1
        text = self._head(method, self._sequence, "[last_To:]", "[next_url]") + extra
        if body:
            self._send(f"{text}Content-Type: {kind}\nContent-Length: [len]\n\n{body}\n", method != "ACK")
        else:
            self._send(f"{text}Content-Length: 0\n\n", method != "ACK")


class Worker(Scenario):
    """The end that is called. Its own requests swap the parties of the INVITE."""

    END = '<Reference variables="1,2,3,4"/>\n'

    def incoming(self, timeout_ms: int = 20000):
        take = "".join(
            f'<ereg regexp="{pattern}" search_in="hdr" header="{header}" check_it="true" assign_to="{number}"/>'
            for number, (header, pattern) in enumerate(
                (("From:", ".*"), ("To:", ".*"), ("Contact:", "sip:[^&gt;]*"), ("CSeq:", "[0-9]+ INVITE")), start=1
            )
        )
        self._steps.append(f'<recv request="INVITE" timeout="{timeout_ms}"><action>{take}</action></recv>')
        return self

    def ring(self):
        return self._answer("180 Ringing")

    def answer(self, codecs: tuple[int, ...] | None = None, extra: str = ""):
        self._answer("200 OK", sdp(codecs or self.codecs))
        self._steps[-1] = self._steps[-1].replace("Content-Type:", f"{extra}Content-Type:")
        return self.expect_request("ACK")

    def refuse(self, status: str):
        self._answer(status)
        return self.expect_request("ACK")

    def request_terminated(self):
        """487 to the INVITE after its CANCEL was answered: section 9.2."""
        head = "[last_Via:]\n[last_From:]\n[last_To:];tag=[call_number]worker\n[last_Call-ID:]\nCSeq: [$4]\n"
        self._send(f"SIP/2.0 487 Request Terminated\n{head}Content-Length: 0\n\n")
        return self.expect_request("ACK")

    def _answer(self, status: str, body: str = ""):
        self.reply(status, body)
        self._steps[-1] = self._steps[-1].replace("[last_To:]", "[last_To:];tag=[call_number]worker")
        return self

    def _request(self, method: str, body: str = "", kind: str = "", extra: str = "") -> None:
        if method != "ACK":
            self._sequence += 1
        text = (
            f"{method} [$3] SIP/2.0\n"
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]\n"
            "From:[$2];tag=[call_number]worker\nTo:[$1]\nCall-ID: [call_id]\n"
            f"CSeq: {self._sequence} {method}\n"
            f"Contact: <sip:peer@[local_ip]:[local_port]>\nMax-Forwards: 70\n{extra}"
        )
        if body:
            self._send(f"{text}Content-Type: {kind}\nContent-Length: [len]\n\n{body}\n", method != "ACK")
        else:
            self._send(f"{text}Content-Length: 0\n\n", method != "ACK")


def calling(codecs: tuple[int, ...] = (0,)) -> Caller:
    """A caller who talks as soon as there is an answer."""
    return Caller(codecs).invite().answered().talk()


def answering(codecs: tuple[int, ...] = (0,)) -> Worker:
    """A worker who answers, talks, and waits for the other to hang up."""
    return Worker(codecs).incoming().ring().answer().talk().expect_bye()
