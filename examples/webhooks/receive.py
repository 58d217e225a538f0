#!/usr/bin/python3
"""A receiver of webhooks of mini-buildd that needs nothing but Python.

    WEBHOOK_SECRET=whsec_... ./receive.py [PORT]

It prints what has happened, once, and believes only what is signed and not older than five minutes.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
SECONDS = 300
known = set()  # a real receiver keeps these on disk


def is_genuine(headers, body):
    """Whether one of the signatures holds, and the request is of now."""
    token, at = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(at)) > SECONDS:
        return False
    digest = hmac.new(KEY, f"{token}.{at}.".encode() + body, hashlib.sha256).digest()
    made = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(made, each) for each in headers["webhook-signature"].split())


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not is_genuine(self.headers, body):
            self.send_error(403)
            return
        # Answer quickly: what takes longer is done afterwards.
        self.send_response(204)
        self.end_headers()
        if self.headers["webhook-id"] not in known:  # else it was told before
            known.add(self.headers["webhook-id"])
            told = json.loads(body)
            data = told["data"]
            print(told["type"], data.get("package", ""), data.get("distribution", ""), flush=True)

    def log_message(self, *_):
        """Only what has happened is printed."""


HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8090), Hook).serve_forever()
