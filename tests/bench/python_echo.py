"""The bare loop that Python steps are measured beside: a DEALER of python3-zmq that takes two frames, reads the first as JSON, and
answers. With `document` it also reads the second as JSON and writes it anew; otherwise the answer has no body. Nothing else: no
threads, no time-outs, no settings, no check of anything."""
import json
import os
import sys

import zmq

socket = zmq.Context().socket(zmq.DEALER)
socket.connect(os.environ["BUSWAY_ENDPOINT"])
socket.send(b"hello")
if sys.argv[1] == "document":
    while True:
        head, payload = socket.recv_multipart()
        head, body = json.loads(head), json.loads(payload)
        socket.send_multipart([json.dumps({"type": "reply", "id": head["id"], "body": "document"}).encode(), json.dumps(body).encode()])
else:
    while True:
        head, payload = socket.recv_multipart()
        head = json.loads(head)
        socket.send(json.dumps({"type": "reply", "id": head["id"]}).encode())
