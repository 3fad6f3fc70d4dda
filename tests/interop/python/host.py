"""Starts an example as a user would start it, over HTTPS, and stops it."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import requests

import certificate

ROOT = pathlib.Path(__file__).resolve().parents[3]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
EMAIL = "alice@example.com"
PASSWORD = "correct horse battery staple"
SECRET = "interop-secret-0123456789abcdef0123456789"
CALLBACK = "https://app.example/callback"

# What every client of these tests registers, unless it says otherwise.
USUAL = {
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token"],
    "scope": "openid profile email offline_access",
}


class Host:
    """A host that knows these clients, under their registered names."""

    def __init__(self, example, clients=(), toml="", folder=None):
        self.folder = folder or folder_with_certificate()
        self.ca = str(self.folder / "ca.pem")
        self.issuer = f"https://localhost:{free_port()}"
        self.database = self.folder / "towergate.db"
        config = self.folder / "towergate.toml"
        config.write_text(self.config() + "".join(map(table, clients)) + toml)
        program = TARGET / "debug" / f"towergate-example-{example}"
        # Into a file: nobody reads a pipe while the tests run.
        self.log = (self.folder / "log").open("w+")
        self.program = subprocess.Popen(
            [program],
            cwd=self.folder,
            env={**os.environ, "TOWERGATE_CONFIG": str(config)},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        self.wait_until_healthy()

    def wait_until_healthy(self):
        for _ in range(600):
            if self.program.poll() is not None:
                break
            try:
                if self.web().get(f"{self.issuer}/readyz", timeout=5).ok:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.05)
        self.log.seek(0)
        said = self.log.read()
        self.stop()
        raise RuntimeError(f"the example did not become healthy:\n{said}")

    def stop(self):
        self.program.terminate()
        self.program.wait(timeout=30)
        self.log.close()
        shutil.rmtree(self.folder)

    def web(self):
        """Sends requests to this machine, whatever the environment says of proxies and certificates."""
        return web(self.ca)

    def config(self):
        port = self.issuer.rsplit(":", 1)[1]
        return f"""
addr = "127.0.0.1:{port}"
issuer = "{self.issuer}"
database = "sqlite:{self.database}"

[tls]
cert = "{self.folder}/cert.pem"
key = "{self.folder}/key.pem"

[demo]
enabled = false

[outbound]
extra_ca = "{self.ca}"
danger_allow_loopback = true

[limits]
login = 10000

[[users]]
email = "{EMAIL}"
password = "{PASSWORD}"
name = "Alice Example"
email_verified = true
"""


def web(ca):
    session = requests.Session()
    session.verify, session.trust_env = ca, False
    return session


def folder_with_certificate():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="towergate-interop-"))
    certificate.make(folder)
    return folder


def table(client):
    """A client as the configuration spells it; JSON's texts, numbers, flags and lists are TOML's too."""
    lines = []
    for name, value in {**USUAL, **client}.items():
        text = json.dumps(value) if isinstance(value, dict) else value
        lines.append(f"{name} = {json.dumps(text)}\n")
    return "\n[[clients]]\n" + "".join(lines)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
