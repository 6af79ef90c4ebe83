"""Streams of bytes that readers of HTTP/1.1 may cut into requests in different ways: our own, and conformance/http-llhttp and
http-desync where they lie beside the checkout. Behind each stands a request that must never be taken for part of the first one.
"""

import base64
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from live_bus import ROOT  # noqa: E402

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def head(*fields, line="POST /first HTTP/1.1", host="Host: a"):
    return "\r\n".join([line, *([host] if host else []), *fields]).encode("latin-1") + b"\r\n\r\n"


CHUNKED = "Transfer-Encoding: chunked"
OWN = {
    "plain": head(line="GET /first HTTP/1.1") + SMUGGLED,
    "length": head("Content-Length: 5") + b"hello" + SMUGGLED,
    "chunked": head(CHUNKED) + b"5\r\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "chunked, extension and trailer": head(CHUNKED) + b"5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n" + SMUGGLED,
    "length and chunked": head(f"Content-Length: {5 + len(SMUGGLED)}", CHUNKED) + b"0\r\n\r\n" + SMUGGLED,
    "chunked and length": head(CHUNKED, "Content-Length: 5") + b"0\r\n\r\n" + SMUGGLED,
    "two lengths": head("Content-Length: 0", f"Content-Length: {len(SMUGGLED)}") + SMUGGLED,
    "equal lengths": head("Content-Length: 5", "Content-Length: 5") + b"hello" + SMUGGLED,
    "list of lengths": head("Content-Length: 5, 5") + b"hello" + SMUGGLED,
    "signed length": head("Content-Length: +5") + b"hello" + SMUGGLED,
    "empty length": head("Content-Length:") + SMUGGLED,
    "length with underscore": head(f"Content_Length: {len(SMUGGLED)}") + SMUGGLED,
    "coding with underscore": head("Transfer_Encoding: chunked") + b"0\r\n\r\n" + SMUGGLED,
    "xchunked": head("Transfer-Encoding: xchunked") + b"0\r\n\r\n" + SMUGGLED,
    "chunked twice": head("Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n" + SMUGGLED,
    "chunked last of two": head("Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n" + SMUGGLED,
    "chunked not last": head("Transfer-Encoding: chunked, identity") + b"0\r\n\r\n" + SMUGGLED,
    "vertical tab before chunked": head("Transfer-Encoding: \x0bchunked") + b"0\r\n\r\n" + SMUGGLED,
    "space before the colon": head("Content-Length : 5") + b"hello" + SMUGGLED,
    "chunked in 1.0": head(CHUNKED, line="POST /first HTTP/1.0") + b"0\r\n\r\n" + SMUGGLED,
    "folded": head("X: a\r\n b") + SMUGGLED,
    "folded coding": head("Transfer-Encoding:\r\n chunked") + b"0\r\n\r\n" + SMUGGLED,
    "bare LF between fields": head("X: a\nContent-Length: 5") + b"hello" + SMUGGLED,
    "bare LF lines": b"GET /first HTTP/1.1\nHost: a\n\n" + SMUGGLED,
    "bare CR in a value": head("X: a\rContent-Length: 5") + SMUGGLED,
    "NUL in a value": head("X: a\0b") + SMUGGLED,
    "bare LF behind a chunk size": head(CHUNKED) + b"5\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "bare LF in an extension": head(CHUNKED) + b"5;a\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "space behind a chunk size": head(CHUNKED) + b"5 \r\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "chunk size 0x": head(CHUNKED) + b"0x5\r\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "chunk size that overflows": head(CHUNKED) + b"10000000000000005\r\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "chunk longer than its size": head(CHUNKED) + b"5\r\nhello!\r\n0\r\n\r\n" + SMUGGLED,
    "no host": head(host="") + SMUGGLED,
    "two hosts": head("Host: b") + SMUGGLED,
    "absolute target": head(line="GET http://a/first HTTP/1.1") + SMUGGLED,
    "absolute target of another host": head(line="GET http://b/first HTTP/1.1") + SMUGGLED,
    "body of GET": head("Content-Length: 5", line="GET /first HTTP/1.1") + b"hello" + SMUGGLED,
    "tab in the request line": head(line="GET\t/first HTTP/1.1") + SMUGGLED,
    "two spaces in the request line": head(line="GET  /first HTTP/1.1") + SMUGGLED,
    "HTTP/0.9": b"GET /first\r\n\r\n" + SMUGGLED,
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SMUGGLED,
    "behind close": head("Connection: close", line="GET /first HTTP/1.1") + SMUGGLED,
}

# Further spellings of the same tricks: what one reader of three takes for the usual spelling is what smuggling is made of.
LENGTHS = {
    "parameter": "5;q=1", "fraction": "5.0", "exponent": "5e0", "hexadecimal": "0x5", "quoted": '"5"', "comma behind": "5,",
    "minus": "-5",
    "zeros in front": "005", "2^32 + 5": "4294967301", "2^64 + 5": "18446744073709551621", "space within": "0 5",
    "tab around": "\t5\t",
    "obs-text": "5\xa0", "vertical tab": "\x0b5", "form feed behind": "5\x0c", "NUL behind": "5\0",
}
CODINGS = {
    "capitals": "CHUNKED", "parameter": "chunked;q=1", "quoted": '"chunked"', "comma behind": "chunked,",
    "comma before": ",chunked", "cut": "chunke",
    "tab around": "\tchunked\t", "obs-text behind": "chunked\xa0", "NUL behind": "chunked\0",
    "form feed behind": "chunked\x0c", "empty": "",
    "identity": "identity", "gzip": "gzip", "two words": "chunked identity",
}
NAMES = {
    "tab behind": "{}\t", "NUL behind": "{}\0", "obs-text behind": "{}\xa0", "obs-text before": "\xa0{}", "quoted": '"{}"',
    "two colons": "{}:",
    "space before": " {}", "tab before": "\t{}", "CR behind": "{}\r", "vertical tab before": "\x0b{}",
}
CHUNKS = {
    "plus": b"+5\r\nhello", "minus": b"-5\r\nhello", "h behind": b"5h\r\nhello", "comma behind": b"5,\r\nhello",
    "no digits": b";a\r\nhello",
    "tab before": b"\t5\r\nhello", "tab behind": b"5\t\r\nhello", "NUL behind": b"5\0\r\nhello", "CR CR LF": b"5\r\r\nhello",
    "CR alone": b"5\rhello",
    "sixteen zeros": b"00000000000000005\r\nhello", "nine digits": b"000000005\r\nhello", "empty extension": b"5;\r\nhello",
    "extension with a space": b"5; a=b\r\nhello", "quoted CR LF": b'5;a="\r\n"\r\nhello', "quoted LF": b'5;a="\n"\r\nhello',
    "obs-text in an extension": b"5;\xff\r\nhello",
    "shorter than its size": b"6\r\nhello", "no CR LF behind": b"5\r\nhello0",
}
TRAILERS = {
    "length": b"Content-Length: 5", "host": b"Host: b", "coding": b"Transfer-Encoding: chunked",
    "space before the colon": b"X : 1", "no colon": b"X",
    "folded": b"X: 1\r\n 2", "bare LF": b"X: 1\nY: 2", "bare CR": b"X: 1\rY: 2", "NUL": b"X: \0", "empty name": b": 1",
}
HOSTS = {
    "empty": "", "list": "a, b", "user": "u@a", "path": "a/b", "port of letters": "a:b", "two ports": "a:80:80",
    "space": "a b", "no bracket": "[::1", "address": "[::1]:80",
    "obs-text": "\xe9", "NUL": "a\0b", "port alone": ":80", "underscore": "a_b", "trailing dot": "a.", "escape": "a%2eb",
}
TARGETS = {
    "fragment": "/first#b", "user": "http://u@a/first", "empty host": "http:///first", "other scheme": "ftp://a/first",
    "port": "http://a:81/first", "default port": "http://a:80/first",
    "no slash": "first", "asterisk": "*", "authority": "a:80", "two slashes": "//a/first", "backslash": "/a\\b",
    "broken escape": "/%zz", "NUL escaped": "/%00", "slash escaped": "/a%2Fb",
    "obs-text": "/\xe9", "DEL": "/a\x7f", "brackets": "/[a]", "question mark alone": "/first?",
    "two question marks": "/first??a", "NUL": "/a\0b", "CR": "/a\rb", "quote": '/a"b',
}
FIELDS = {
    "no colon": "X", "empty name": ": x", "space within the name": "X Y: 1", "parentheses": "X(1): 1", "escape": "X: \x1b[2J",
    "DEL": "X: \x7f", "obs-text": "X: \xe9",
    "CR before the end": "X: a\r", "empty fold": "X: a\r\n ", "tab fold": "X: a\r\n\tb", "CR line": "\r",
    "unknown expectation": "Expect: tea", "upgrade": "Connection: Upgrade\r\nUpgrade: h2c",
    "options with a space": "Connection: a b", "forwarded with underscore": "X_Forwarded_For: 1",
    "other underscore": "X_Order: 1", "connection names host": "Connection: Host",
    "connection names length": "Connection: Content-Length",
}
LINES = {
    "HTTP/1.2": "GET /first HTTP/1.2", "HTTP/1.10": "GET /first HTTP/1.10", "HTTP/2.0": "GET /first HTTP/2.0",
    "small http": "GET /first http/1.1", "space behind": "GET /first HTTP/1.1 ",
    "tab behind": "GET /first HTTP/1.1\t", "method with @": "G@T /first HTTP/1.1", "small get": "get /first HTTP/1.1",
    "space before": " GET /first HTTP/1.1", "CR within": "GET\r/first HTTP/1.1",
    "CONNECT": "CONNECT a:80 HTTP/1.1", "OPTIONS *": "OPTIONS * HTTP/1.1", "TRACE": "TRACE /first HTTP/1.1",
    "words behind": "GET /first HTTP/1.1 HTTP/1.1",
}


def variants():
    found = {}
    for name, value in LENGTHS.items():
        found[f"length, {name}"] = head(f"Content-Length: {value}") + b"hello" + SMUGGLED
    for name, value in CODINGS.items():
        found[f"coding, {name}"] = head(f"Transfer-Encoding: {value}") + b"5\r\nhello\r\n0\r\n\r\n" + SMUGGLED
    for name, form in NAMES.items():
        found[f"name of a length, {name}"] = head(f"{form.format('Content-Length')}: 5") + b"hello" + SMUGGLED
        found[f"name of a coding, {name}"] = head(f"{form.format('Transfer-Encoding')}: chunked") + b"0\r\n\r\n" + SMUGGLED
    for name, chunk in CHUNKS.items():
        found[f"chunk, {name}"] = head(CHUNKED) + chunk + b"\r\n0\r\n\r\n" + SMUGGLED
    for name, trailer in TRAILERS.items():
        found[f"trailer, {name}"] = head(CHUNKED) + b"5\r\nhello\r\n0\r\n" + trailer + b"\r\n\r\n" + SMUGGLED
    for name, value in HOSTS.items():
        found[f"host, {name}"] = head(line="GET /first HTTP/1.1", host=f"Host: {value}") + SMUGGLED
    for name, target in TARGETS.items():
        found[f"target, {name}"] = head(line=f"GET {target} HTTP/1.1") + SMUGGLED
    for name, field in FIELDS.items():
        found[f"field, {name}"] = head(field, line="GET /first HTTP/1.1") + SMUGGLED
    for name, line in LINES.items():
        found[f"line, {name}"] = head(line=line) + SMUGGLED
    return found


def with_host(stream):
    out = b""
    while True:
        line, found, rest = stream.partition(b"\r\n")
        if not found:
            return out + stream
        out += line + b"\r\n"
        if line.endswith(b" HTTP/1.1") and b"\r\nhost:" not in (b"\r\n" + rest.partition(b"\r\n\r\n")[0]).lower():
            host = re.search(rb"://([^/? ]+)", line)
            out += b"Host: " + (host[1] if host else b"a") + b"\r\n"
        stream = rest


def cases():
    found = {f"own: {name}": stream for name, stream in {**OWN, **variants()}.items()}
    suites = ROOT.parent / "shared/conformance"
    if not suites.is_dir():
        print("skipped: conformance/http-llhttp and http-desync are not here")
        return found
    for row in json.loads((suites / "http-llhttp/cases.json").read_text()):
        if row["type"] == "request" and not any("pause" in event for event in row["events"]):
            found["llhttp: " + row["id"]] = with_host(base64.b64decode(row["input_base64"]))
    for path in sorted((suites / "http-desync").glob("*.json")):
        for row in json.loads(path.read_text()):
            lines = [f"{row['method']} {row['uri']} {row['version']}"]
            lines += [f"{field['name']}: {field['value']}" for field in row["headers"]]
            if not any(field["name"] == "Host" for field in row["headers"]):
                lines.append("Host: a")
            body = (b"0\r\n\r\n" + SMUGGLED).ljust(1000, b"x")
            found[f"desync: {path.stem}: {row['name']}"] = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return found
