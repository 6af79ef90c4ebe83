"""An adapter for tests: its target does as its body says, and what its source brings comes as JSON, a line each, over TCP, where outcomes go back."""
import json
import os
import signal
import socket
import threading
import time

import busway_plugin as busway

plugin = busway.Plugin()


@plugin.target("probe")
def call(request):
    asked = json.loads(request.body or b"{}")
    deed = asked.get("do", "show")
    if deed == "show":
        about = {key: value for key, value in request.about.items() if key != "message"}
        return busway.Answer(body={"about": about, "headers": request.headers, "settings": request.settings, "size": len(request.body or b"")},
                             headers={"X-From": "probe"})
    if deed == "status":
        return busway.Answer(body=b'{"no":true}', content_type="application/json", status=asked["status"])
    if deed == "large":
        return busway.Answer(body=json.dumps("x" * asked["size"]))
    if deed == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if deed == "sleep":
        time.sleep(asked["seconds"])
        return {"slept": True}
    if deed == "document":
        return {"a": 1}
    if deed == "header":
        return busway.Answer(headers={"Bad Name": "x"})
    raise busway.Failed(deed, "calling: as told", "C1")


@plugin.source("probe")
class Source:
    def __init__(self, settings):
        if settings["port"] < 0:
            raise busway.Refused("port", "there is no such port")
        self.port = settings["port"]
        self.server = None

    def run(self, inlet):
        self.server = socket.create_server(("127.0.0.1", self.port))
        inlet.listening("%s:%d" % self.server.getsockname())
        while not inlet.stopped.is_set():
            try:
                connection, _ = self.server.accept()
            except OSError:
                break
            threading.Thread(target=self.serve, args=(inlet, connection), daemon=True).start()

    def stop(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()

    def serve(self, inlet, connection):
        lock = threading.Lock()

        def tell(asked, ended):
            outcome = ended.result()
            said = {"n": asked.get("n"), "outcome": outcome.outcome, "kind": outcome.kind, "status": outcome.status, "reason": outcome.reason,
                    "body": outcome.body.decode(), "content_type": outcome.content_type, "headers": dict(outcome.headers)}
            with lock:
                try:
                    connection.sendall(json.dumps(said).encode() + b"\n")
                except OSError:
                    pass

        for line in connection.makefile("rb"):
            asked = json.loads(line)
            if asked.get("die"):
                os.kill(os.getpid(), signal.SIGKILL)
            about = {key: asked[key] for key in ("content_type", "headers", "peer", "method", "target", "operation", "deadline_ms", "reply") if key in asked}
            if "route" in asked:
                about["route"] = next((route for route in inlet.routes if route.settings["topic"] == asked["route"]), busway.Route("none", {}, 4711))
            body = asked["body"] if "body" in asked else json.dumps("x" * asked["size"]) if "size" in asked else ""
            try:
                ended = inlet.begin(body, **about)
            except busway.Stopped:
                break
            ended.add_done_callback(lambda ended, asked=asked: tell(asked, ended))


plugin.source("topics")(Source)
plugin.run(threads=8)
