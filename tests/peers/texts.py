"""Texts that break programs, and XML that asks for files and hosts, through a running bus.

T44: each string of the big list of naughty strings (those below, where the list does not lie beside the checkout), as a JSON body and
key, as XML and form text, as a header field, as a piece of a path and as a query parameter, comes back as it was or is cleanly
refused. T40, T41: documents with external entities, includes, schemas and stylesheets open no file and no connection, and those whose
entities would become gigabytes cost nothing.
"""

import ctypes
import json
import os
import pathlib
import re
import socket
import struct
import sys
import tempfile
import time
import unittest
import urllib.parse
import xml.etree.ElementTree
import xml.sax.saxutils

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from accepting import Accepting  # noqa: E402
from hostile_bed import MEMORY_SLACK, HostileBed  # noqa: E402
from hostile_wire import read_reply  # noqa: E402
from live_bus import ROOT  # noqa: E402

BUNDLE = """\
listeners: { front: { http: { listen: '127.0.0.1:0' } } }
routes:
  ok: { from: { http: GET /ok, on: front }, steps: [ { map: '{ "ok": true }' } ] }
  echo: { from: { http: POST /echo, on: front }, steps: [ { map: $ } ] }
  xml: { from: { http: POST /xml, on: front, format: xml }, steps: [ { map: $ } ] }
  form: { from: { http: POST /form, on: front, format: form }, steps: [ { map: $ } ] }
  path: { from: { http: 'GET /path/{s}', on: front }, steps: [ { map: '{ "s": $path.s }' } ] }
  query: { from: { http: GET /query, on: front }, steps: [ { map: '{ "s": $query.s }' } ] }
  header: { from: { http: GET /header, on: front }, steps: [ { map: '{ "s": $lookup($headers, "x-s") }' } ] }
  soap: { from: { soap: /soap, operation: Ask, on: front }, steps: [ { map: $ } ] }
"""

OWN = [
    "", "undefined", "null", "NaN", "-1", "1e400", "0x0", "true", "' OR 1=1 --", "<script>alert(1)</script>", "${env:HOME}",
    "%s%n%d", "../../etc/passwd", "\r\nX: 1", "\0", "\x7f\x80\x9f", "\u2028\ufeff\u200b", "Zo\u00eb \u0130\u0131",
    "\U0001f600\U0001f468\u200d\U0001f469", "\ufffe", "a" * 5000, "]]>", "&amp;", "\\u0000", "a,b;c=d", "%00", "%2e%2e%2f",
    "+ +", "__proto__", "constructor", "hasOwnProperty", "\u202etest\u202d", "\t\v\f", "CON", "$", "$$", "`ls`",
]


def naughty():
    path = ROOT.parent / "shared/conformance/naughty-strings/blns.json"
    if not path.is_file():
        print("skipped: the big list of naughty strings is not here")
        return OWN
    return json.loads(path.read_text(encoding="utf-8")) + OWN


class Canary:
    """A file and a port that nobody may touch, and how often they were."""

    OPENED = 0x20  # IN_OPEN

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "canary.txt"
        self.path.write_text("canary")
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._watch = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._watch >= 0 and self._libc.inotify_add_watch(self._watch, str(self.path).encode(), self.OPENED) >= 0
        self._accepting = Accepting(socket.socket.close)
        self.port = self._accepting.port

    @property
    def connections(self):
        return self._accepting.accepted

    def opens(self):
        try:
            return len(os.read(self._watch, 65536)) // struct.calcsize("iIII")
        except BlockingIOError:
            return 0

    def close(self):
        os.close(self._watch)
        self._accepting.close()


def asking_documents(path, port):
    """Name -> bytes of documents that ask for the file or the port, each in its own way."""
    places = [
        f"file://{path}", str(path), f"http://127.0.0.1:{port}/x", f"//127.0.0.1:{port}/x", f"ftp://127.0.0.1:{port}/x",
        f"netdoc:{path}", f"jar:http://127.0.0.1:{port}!/x", f"php://filter/resource={path}", f"expect://cat {path}",
        f"gopher://127.0.0.1:{port}/1", f"ldap://127.0.0.1:{port}/x", f"data:,{path}",
    ]
    forms = {
        "entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "{}">]><a>&x;</a>',
        "public entity": '<!DOCTYPE a [<!ENTITY x PUBLIC "p" "{}">]><a>&x;</a>',
        "parameter entity": '<!DOCTYPE a [<!ENTITY % x SYSTEM "{}"> %x;]><a/>',
        "external subset": '<!DOCTYPE a SYSTEM "{}"><a/>',
        "public subset": '<!DOCTYPE a PUBLIC "p" "{}"><a/>',
        "unparsed entity": '<!DOCTYPE a [<!NOTATION n SYSTEM "{0}"><!ENTITY x SYSTEM "{0}" NDATA n><!ATTLIST a b ENTITY #IMPLIED>]><a b="x"/>',
        "entity in an attribute": '<!DOCTYPE a [<!ENTITY x SYSTEM "{}">]><a b="&x;"/>',
        "standalone": '<?xml version="1.0" standalone="yes"?><!DOCTYPE a [<!ENTITY x SYSTEM "{}">]><a>&x;</a>',
        "error-based": '<!DOCTYPE a [<!ENTITY % f SYSTEM "{0}"><!ENTITY % e "<!ENTITY &#x25; g SYSTEM \'{0}%f;\'>"> %e; %g;]><a/>',
        "include": '<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="{}" parse="text"/></a>',
        "include as XML": '<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="{}"/></a>',
        "stylesheet": '<?xml-stylesheet type="text/xsl" href="{}"?><a/>',
        "schema": '<a xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:schemaLocation="urn:a {0}" s:noNamespaceSchemaLocation="{0}"/>',
        "base": '<a xml:base="{}"><b/></a>',
        "model": '<?xml-model href="{}"?><a/>',
        "namespace": '<a xmlns="{}"/>',
        "entity without a DOCTYPE": "<a>&x;{}</a>",
    }
    for name, form in forms.items():
        for place in places:
            text = form.format(place)
            yield f"{name}, {place}", text.encode()
            yield f"{name}, {place}, in UTF-16", text.encode("utf-16")
        yield f"{name}, in a SOAP body", ('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><n:Ask xmlns:n="urn:x">' +
                                          re.sub(r"<!DOCTYPE.*?\]?>(?=<)|<\?.*?\?>", "", form.format(places[0])) + "</n:Ask></s:Body></s:Envelope>").encode()
        yield f"{name}, before an envelope", (form.format(places[0]).partition("<a")[0] +
                                              '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>').encode()


def entity_bombs():
    """Name -> bytes of documents whose entities would become gigabytes, or no end."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    parameters = "".join(f'<!ENTITY % p{n} "{f"%p{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    long_one = f'<!ENTITY x "{"x" * 100_000}">'
    bombs = {
        "a billion laughs": f"<!DOCTYPE a [{laughs}]><a>&l9;</a>",
        "in an attribute": f'<!DOCTYPE a [{laughs}]><a b="&l9;"/>',
        "as a default": f'<!DOCTYPE a [{laughs}<!ATTLIST a b CDATA "&l9;">]><a/>',
        "parameters": f"<!DOCTYPE a [{parameters}%p9;]><a/>",
        "quadratic": f"<!DOCTYPE a [{long_one}]><a>{'&x;' * 10_000}</a>",
        "itself": '<!DOCTYPE a [<!ENTITY x "&x;">]><a>&x;</a>',
        "each other": '<!DOCTYPE a [<!ENTITY x "&y;"><!ENTITY y "&x;">]><a>&x;</a>',
        "many": "<!DOCTYPE a [" + "".join(f'<!ENTITY e{n} "e">' for n in range(20_000)) + "]><a/>",
        "many attributes": "<!DOCTYPE a [" + "".join(f'<!ATTLIST a b{n} CDATA "x">' for n in range(20_000)) + "]><a/>",
        "deep groups": f"<!DOCTYPE a [<!ELEMENT a {'(' * 50_000}b{')' * 50_000}>]><a/>",
        "a subset without end": "<!DOCTYPE a [" + "<!-- -->" * 50_000,
    }
    return [(name, text.encode()) for name, text in bombs.items()]


class Texts(HostileBed):
    @classmethod
    def setUpClass(cls):
        cls.open_bus({"texts.yaml": BUNDLE})
        cls.connection = None

    @classmethod
    def say(cls, line, fields=(), body=b""):
        """Status and body of one request on a connection that stays while it can."""
        head = "\r\n".join([f"{line} HTTP/1.1", "Host: a", *fields, f"Content-Length: {len(body)}"]).encode("utf-8", "surrogatepass")
        for _ in range(2):
            fresh = cls.connection is None
            if fresh:
                cls.connection = cls.connect()
            cls.connection.sendall(head + b"\r\n\r\n" + body)
            status, reply = read_reply(cls.connection)
            if status == 0 or 400 <= status < 500:
                cls.connection.close()
                cls.connection = None
            if status != 0 or fresh:
                return status, reply
        return status, reply

    def tearDown(self):
        if self.connection is not None:
            self.connection.close()
            type(self).connection = None
        super().tearDown()

    def check(self, place, text, status, got):
        """Whether it came back; a refusal must be one of a caller's mistake."""
        if status != 200:
            self.assertIn(status, range(400, 500), f"{place}: {text!r}")
            return False
        self.assertEqual(got, text, place)
        return True

    def test_naughty_strings(self):
        counts = {}

        def count(place, came_back):
            one = counts.setdefault(place, [0, 0])
            one[0 if came_back else 1] += 1

        for text in naughty():
            raw = text.encode("utf-8", "surrogatepass")
            as_json = ["Content-Type: application/json"]
            status, got = self.say("POST /echo", as_json, json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass"))
            count("body", self.check("body", text, status, json.loads(got) if status == 200 else None))
            status, got = self.say("POST /echo", as_json, json.dumps({text: 1}).encode())
            count("key", self.check("key", {text: 1}, status, json.loads(got) if status == 200 else None))
            status, got = self.say("POST /xml", ["Content-Type: application/xml"], b"<a>" + xml.sax.saxutils.escape(text).encode("utf-8", "surrogatepass") + b"</a>")
            # XML 1.0, 2.11: every end of a line is a line feed.
            lines = text.replace("\r\n", "\n").replace("\r", "\n")
            count("xml", self.check("xml", lines, status, (xml.etree.ElementTree.fromstring(got).text or "") if status == 200 else None))
            status, got = self.say("POST /form", ["Content-Type: application/x-www-form-urlencoded"], b"s=" + urllib.parse.quote(raw, safe="").encode())
            count("form", self.check("form", raw, status, urllib.parse.unquote_to_bytes(got.replace(b"+", b" "))[2:] if status == 200 else None))
            status, got = self.say("GET /path/" + urllib.parse.quote(raw, safe=""))
            count("path", self.check("path", text, status, json.loads(got)["s"] if status == 200 else None))
            status, got = self.say("GET /query?s=" + urllib.parse.quote(raw, safe=""))
            count("query", self.check("query", text, status, json.loads(got)["s"] if status == 200 else None))
            if "\r" not in text and "\n" not in text:  # it would be more than one field
                status, got = self.say("GET /header", ["X-S: " + text])
                count("header", self.check("header", text.strip(" \t"), status, json.loads(got).get("s", "") if status == 200 else None))
        self.tell(", ".join(f"{place} {back} back, {refused} refused" for place, (back, refused) in counts.items()))
        for place in ("body", "key", "query"):
            self.assertLess(counts[place][1], 5, place)  # halves of surrogate pairs, NUL
        self.assertGreater(min(back for back, _ in counts.values()), 0.8 * max(back for back, _ in counts.values()))

    def test_documents_that_ask(self):
        """T40, T41: nothing is opened, and what has a DOCTYPE is refused at once, whatever it would become."""
        with tempfile.TemporaryDirectory(prefix="busway-canary-") as folder:
            canary = Canary(folder)
            self.assertEqual(canary.opens(), 0)
            documents = [*asking_documents(canary.path, canary.port), *entity_bombs()]

            def trouble():
                times, accepted, most = [], 0, 0
                for name, document in documents:
                    for place, fields in (("/xml", ["Content-Type: application/xml"]), ("/soap", ["Content-Type: text/xml", 'SOAPAction: ""'])):
                        began = time.monotonic()
                        status, got = self.say(f"POST {place}", fields, document)
                        times.append(time.monotonic() - began)
                        self.assertIn(status, (200, 400, 415, 500), name)  # 500 is the status of a SOAP 1.1 fault
                        self.assertNotIn(b">canary<", got)
                        if b"DOCTYPE" in document or "UTF-16" in name and "DOCTYPE".encode("utf-16-le") in document:
                            self.assertNotEqual(status, 200, name)
                        accepted += status == 200
                        time.sleep(2 * times[-1])
                    most = max(most, self.bus.anonymous_bytes() - self.memory)
                return times, accepted, most

            told, (times, accepted, most) = self.hold_p99(trouble)
            time.sleep(0.2)
            opens, connections = canary.opens(), canary.connections
            # The canary sings: what is counted would have been seen.
            canary.path.read_text()
            socket.create_connection(("127.0.0.1", canary.port)).close()
            self.assertGreater(canary.opens(), 0)
            canary.close()
        middle = sorted(times)[len(times) // 2]
        self.tell(f"{len(times) - accepted} refused, {accepted} read as plain text; {opens} files and {connections} connections opened, "
                  f"half of them within {1000 * middle:.1f} ms, the slowest {1000 * max(times):.0f} ms, {most / 1024 / 1024:+.1f} MiB, {told}")
        self.assertEqual((opens, connections), (0, 0))
        self.assertLess(middle, 0.01)
        self.assertLess(most, MEMORY_SLACK)


if __name__ == "__main__":
    unittest.main()
