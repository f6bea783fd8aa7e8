"""The vault's pages, served on loopback with recordings and accounts. Tests take the fixtures by import."""

import threading
import time

import httpx
import pytest
import uvicorn

from support.fake_appliance import AGREED, speech
from support.intake import take
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.timestamps import now_ms
from testigo_vault.web.app import make_app

PASSWORD = "a long enough password"


@pytest.fixture
def address(vault, appliance):
    made = appliance.record(packets=speech(2))
    take(vault, made)
    take(vault, appliance.record(events=AGREED[:3], packets=speech(0.2)))
    appliance.record()
    take(vault, appliance.record(events=[("call", 0, "main", "in", "<b>&\"'", "0", "c", "sip"), *AGREED[1:]]))
    for role in ("agent", "supervisor", "auditor", "administrator", "security-officer"):
        vault.users.add(role, [role], PASSWORD, now_ms())
    app = make_app(vault)
    trusted = vault.config.web.proxies
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off", forwarded_allow_ips=trusted))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    app.state.context.close()


def signed_in(address, name):
    client = httpx.Client(base_url=address, follow_redirects=True)
    assert client.post("/sign-in", data={"name": name, "password": PASSWORD}).status_code == 200
    return client


@pytest.fixture
def first(vault):
    return RecordingIndex(vault.database).get("branch-1/1").id
