"""What is measured. A scenario is a declaration: its cases, each with backends, sides and exchanges, and the way of measuring."""

import dataclasses
import json
import pathlib
import random

import mappings
import measuring
import orders
import plugin_costs
import zmq_bridge
from far_peers import CAMEL, CONNECT, NODE_RED
from lab import Backend, Exchange
from measuring import Case
from peers import BUSWAY, CADDY, HAPROXY, NGINX, Bundle, Side

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    measure: object
    cases: object       # a function: nothing is built for a scenario that is not asked for


def text(size):
    return bytes(ord("a") + i % 26 for i in range(size))


LISTENER = "listeners: { front: { http: { listen: '127.0.0.1:0', max_connections: 30000, idle: 10m } } }\n"
SERVICE = "http: { endpoints: ['http://127.0.0.1:@%s@'], connections: 256, max_answer: 64MiB }"


def bus(routes, **services):
    """A route file with the usual listener; a service is the name of a backend, or its own text."""
    lines = [f"  {name}: {{ {SERVICE % one if one.isidentifier() else one} }}" for name, one in services.items()]
    return LISTENER + "services:\n" + "\n".join(lines) + "\nroutes:\n" + routes


PASS = "  proxy: { from: { http: '* /{rest*}', on: front, max_body: 64MiB }, steps: [ { call: backend } ] }\n"
BUSWAY_PLAIN = bus(PASS, backend="backend")

UPSTREAM = "upstream %s { server 127.0.0.1:@%s@; keepalive 256; keepalive_requests 100000000; }\n"
NGINX_PLAIN = UPSTREAM % ("backend", "backend") + "server { listen 127.0.0.1:@port@; location / { proxy_pass http://backend; } }"

HAPROXY_PLAIN = """\
frontend front
  bind 127.0.0.1:@port@
  default_backend backend
backend backend
  server one 127.0.0.1:@backend@
"""
CADDY_PLAIN = """\
reverse_proxy 127.0.0.1:@backend@ {
  transport http {
    keepalive_idle_conns_per_host 256
  }
}
"""

PLAIN = (Side(BUSWAY, BUSWAY_PLAIN), Side(NGINX, NGINX_PLAIN), Side(HAPROXY, HAPROXY_PLAIN), Side(CADDY, CADDY_PLAIN))
FAR = (Side(CAMEL, "proxy"), Side(NODE_RED, "proxy"), Side(CONNECT, "proxy"))


def plain_case(label, answer_bytes, sides=PLAIN, request=text(1024), **more):
    body = text(answer_bytes)
    return Case(label, {"backend": Backend(answer=body)}, sides, (Exchange(request=request, expect=body),), **more)


def proxying():
    return [plain_case("1 KB", 1024, PLAIN + FAR, kilobytes=1), plain_case("100 KB answer", 100 * 1024, kilobytes=100),
            plain_case("1 MB answer", 1024 * 1024, connections=8, kilobytes=1024)]


def added_latency():
    return [plain_case("1 KB", 1024)]


MANY_ROUTES = (10, 1000, 10000)
TURN = ("even", "odd")
TURN_BODIES = {"even": text(1024), "odd": text(1024)[::-1]}


def many_routes():
    """All counts side by side in one case: what they cost over ten is a few per cent, and between two cases the machine changes more."""
    sides = {count: routes_sides(count) for count in MANY_ROUTES}
    names = {count: tuple(side.name for side in sides[count]) for count in MANY_ROUTES}
    few, many = MANY_ROUTES[0], MANY_ROUTES[-1]
    pairs = [(names[few][0], names[count][0]) for count in MANY_ROUTES[1:]]
    pairs += [(names[count][0], other) for count in (few, many) for other in names[count][1:]]
    # The others stand beside the ends only: what they do in between says nothing about us.
    chosen = sides[few] + tuple(sides[count][0] for count in MANY_ROUTES[1:-1]) + sides[many]
    return [Case("routes", routes_backends(), chosen, (), files=routes_maps(few, many), pairs=tuple(pairs))]


def routes_backends():
    return {name: Backend(answer=body) for name, body in TURN_BODIES.items()}


def routes_maps(*counts):
    """HAProxy's way of saying it."""
    return tuple((f"map{count}", "".join(f"r{n} {TURN[n % 2]}\n" for n in range(count)).encode()) for count in counts)


def routes_sides(count):
    """Paths of two segments, the first one decides; every second route goes to the other backend, so a wrong turn shows. Every
    route is asked, in no order that a cache could guess."""
    busway = {"bench.yaml": bus("", even="even", odd="odd").removesuffix("routes:\n")}
    for first in range(0, count, 1000):
        busway[f"routes-{first}.yaml"] = "routes:\n" + "".join(
            f"  r{n}: {{ from: {{ http: '* /r{n}/{{rest*}}', on: front }}, steps: [ {{ call: {TURN[n % 2]} }} ] }}\n"
            for n in range(first, min(first + 1000, count)))
    upstreams = "".join(UPSTREAM % (name, name) for name in TURN)
    nginx = upstreams + "server { listen 127.0.0.1:@port@;\n" + "".join(
        f"location /r{n}/ {{ proxy_pass http://{TURN[n % 2]}; }}\n" for n in range(count)) + "}"
    haproxy = f"frontend front\n  bind 127.0.0.1:@port@\n  use_backend %[path,field(2,/),map_str(@map{count}@)]\n" + "".join(
        f"backend {name}\n  server one 127.0.0.1:@{name}@\n" for name in TURN)
    exchanges = [Exchange("GET", f"/r{n}/items", (), expect=TURN_BODIES[TURN[n % 2]]) for n in range(count)]
    random.Random(count).shuffle(exchanges)
    return tuple(Side(peer, config, tuple(exchanges), f"{peer.name}, {count:,} routes")
                 for peer, config in ((BUSWAY, busway), (NGINX, nginx), (HAPROXY, haproxy)))


def routes_case(count):
    return Case(f"{count} routes", routes_backends(), tuple(dataclasses.replace(side, label="") for side in routes_sides(count)), (),
                files=routes_maps(count))


def json_field():
    return [field_case(size) for size in (1, 32)]


def field_case(kilobytes):
    """The region in the JSON decides between two backends. nginx, and busway as `busway plain`, only proxy the same bodies."""
    routed = bus("  route:\n    from: { http: POST /orders, on: front }\n    steps:\n      - choice:\n"
                 "          - { when: region = \"north\", steps: [ { call: north } ] }\n"
                 "          - { otherwise: [ { call: south } ] }\n", north="north", south="south")
    bodies = {"north": text(256), "south": text(256)[::-1]}
    exchanges = tuple(Exchange(target="/orders", headers=("Content-Type: application/json",), expect=bodies[region],
                               request=json.dumps({"id": 17, "region": region, "note": "x" * (kilobytes * 1024 - 60)}).encode())
                      for region in ("north", "south"))
    plain = exchanges[:1]
    return Case(f"{kilobytes} KB", {name: Backend(answer=body) for name, body in bodies.items()},
                (Side(BUSWAY, routed), Side(BUSWAY, BUSWAY_PLAIN.replace("@backend@", "@north@"), plain, "busway plain"),
                 Side(NGINX, NGINX_PLAIN.replace("@backend@", "@north@"), plain, "nginx plain")), exchanges, kilobytes=kilobytes)


def soap_operation():
    return [operation_case(size) for size in (1, 32)]


def answered(operation):
    """A check that the answer is the one of this operation, under whatever prefix."""
    return lambda body: "" if f"{operation}Response".encode() in body and b"Status>done<" in body else "not the operation's answer"


def operation_case(kilobytes):
    """The operation in the envelope decides between two systems; the envelope goes on and comes back through the bus's SOAP."""
    operations = {"PlaceOrder": "place", "CancelOrder": "cancel"}
    answers = {name: orders.envelope(f'<n:{name}Response xmlns:n="urn:shop:erp"><n:Status>done</n:Status></n:{name}Response>')
               for name in operations}
    routed = bus("".join(f"  {backend}:\n    from: {{ soap: /erp, operation: {name}, on: front }}\n    steps: [ {{ call: {backend} }} ]\n"
                         for name, backend in operations.items()), place="place", cancel="cancel")
    note = f'<n:Note>{"x" * (kilobytes * 1024 - 300)}</n:Note>'
    exchanges = tuple(Exchange(target="/erp", headers=("Content-Type: text/xml; charset=utf-8", f'SOAPAction: "{name}"'),
                               request=orders.envelope(f'<n:{name} xmlns:n="urn:shop:erp">{note}</n:{name}>'),
                               check=answered(name)) for name in operations)
    plain = (dataclasses.replace(exchanges[0], expect=answers["PlaceOrder"]),)
    return Case(f"{kilobytes} KB", {backend: Backend(answer=answers[name], content_type="text/xml; charset=utf-8")
                                    for name, backend in operations.items()},
                (Side(BUSWAY, routed), Side(BUSWAY, BUSWAY_PLAIN.replace("@backend@", "@place@"), plain, "busway plain"),
                 Side(NGINX, NGINX_PLAIN.replace("@backend@", "@place@"), plain, "nginx plain")), exchanges, kilobytes=kilobytes)


def json_to_soap():
    return [orders_case("1 KB", 10, FAR[:1]), orders_case("32 KB", 370, FAR[:1])]


ORDERS = bus(orders.ROUTE, erp="soap: { endpoints: ['http://127.0.0.1:@erp@/erp'], namespace: 'urn:shop:erp', connections: 256 }")


def orders_case(label, lines, far=()):
    """An order in JSON becomes an envelope, its answer becomes JSON. nginx proxies the same envelope and answer as they are."""
    plain = (Exchange(target="/erp", headers=("Content-Type: text/xml; charset=utf-8",), request=orders.request_envelope(lines),
                      expect=orders.answer_envelope(lines)),)
    erp = Backend(answer=orders.answer_envelope(lines), content_type="text/xml; charset=utf-8", holds=orders.MUST_HOLD)
    return Case(label, {"erp": erp},
                (Side(BUSWAY, ORDERS), Side(NGINX, NGINX_PLAIN.replace("@backend@", "@erp@"), plain, "nginx plain"),
                 *(dataclasses.replace(side, config="orders") for side in far)),
                (orders.exchange(lines),), kilobytes=round(len(orders.request_envelope(lines)) / 1024, 1))


HAPROXY_TCP = HAPROXY_PLAIN.replace("  bind", "  mode tcp\n  bind").replace("  server", "  mode tcp\n  server")
FRAMES = """\
listeners: { front: { tcp: { listen: '127.0.0.1:0', frame: { length_prefix: 4 } } } }
services: { backend: { tcp: { endpoints: ['127.0.0.1:@backend@'], frame: { length_prefix: 4 }, connections: 64 } } }
routes: { relay: { from: { tcp: frames, on: front }, steps: [ { call: backend } ] } }
"""
STREAM = """\
listeners: { front: { tcp: { listen: '127.0.0.1:0' } } }
services: { backend: { tcp: { endpoints: ['127.0.0.1:@backend@'] } } }
routes: { relay: { from: { tcp: stream, on: front }, steps: [ { call: backend } ] } }
"""


def tcp():
    def case(label, method, size, config, connections=32):
        return Case(label, {"backend": Backend("echo")}, (Side(BUSWAY, config), Side(HAPROXY, HAPROXY_TCP)),
                    (Exchange(method, "", (), text(size), text(size)),), connections=connections)

    return [case("frames of 64 B", "frame", 64, FRAMES), case("frames of 1 KB", "frame", 1024, FRAMES),
            case("frames of 64 KB", "frame", 65536, FRAMES), case("stream, 1 KB at a time", "raw", 1024, STREAM),
            case("stream, 1 MB at a time", "raw", 1 << 20, STREAM, 4)]


BUSWAY_TLS = BUSWAY_PLAIN.replace("idle: 10m", "idle: 10m, tls: { certificate: server.pem, key: '${file:@key@}' }")
NGINX_TLS = NGINX_PLAIN.replace("@port@;", "@port@ ssl; ssl_certificate @certificate@; ssl_certificate_key @key@; ssl_protocols TLSv1.3;"
                                " ssl_session_cache shared:bench:10m;", 1)
HAPROXY_TLS = HAPROXY_PLAIN.replace("@port@", "@port@ ssl crt @both@ ssl-min-ver TLSv1.3", 1)


def tls():
    sides = (Side(BUSWAY, BUSWAY_TLS), Side(NGINX, NGINX_TLS), Side(HAPROXY, HAPROXY_TLS))

    def case(label, size, kind, **more):
        load = (("tls", kind),) + ((("fresh", True),) if size == 1024 else ())
        return plain_case(label, size, sides, load=load, tls=True, **more)

    return [case("bulk, 1 MB answers", 1 << 20, "full", connections=8), case("full handshakes", 1024, "full"),
            case("resumed handshakes", 1024, "resumed")]


def idle_connections():
    exchange = Exchange("GET", "/bench", (), expect=text(1024))
    return [Case("1 KB", {"backend": Backend(answer=text(1024))}, PLAIN, (exchange,))]


def mixed_sizes():
    items = [{"sku": f"A-{n:06}", "qty": n % 90 + 1, "price": 19.90, "note": "to be packed with care"} for n in range(13000)]
    transformed = json.dumps({"rows": [{"item": one["sku"], "count": one["qty"]} for one in items]})
    routes = PASS + ("  transform:\n    from: { http: POST /transform, on: front }\n"
                     "    reply: { body: '{ \"rows\": items.{ \"item\": sku, \"count\": qty } }' }\n")
    body = json.dumps({"items": items}, separators=(",", ":")).encode()
    large = Exchange(target="/transform", headers=("Content-Type: application/json",), request=body,
                     check=lambda got: "" if json.loads(got) == json.loads(transformed) else "another document than Python makes")
    return [Case(f"1 KB beside {len(body) / 1e6:.1f} MB transforms", {"backend": Backend(answer=text(1024))},
                 (Side(BUSWAY, bus(routes, backend="backend")),), (Exchange(request=text(1024), expect=text(1024)),), large=(large,))]


def starting():
    shop = Bundle(ROOT / "samples/shop",
                  (("SHOP_LISTEN", "127.0.0.1:0"), ("SHOP_STOCK", "127.0.0.1:9"), ("SHOP_ERP", "http://127.0.0.1:9/")))
    plain = plain_case("samples/shop; the others a plain proxy", 1024, (Side(BUSWAY, shop), *PLAIN[1:]))
    # Only the start counts here, and the shop's own systems are not there to answer.
    return [dataclasses.replace(plain, exchanges=()), routes_case(1000), routes_case(10000)]


def overloaded():
    """The bus as an operator bounds it, at what it has in flight at its peak; a proxy, and mapping both ways, which is its own work."""
    bounded = lambda config: Side(BUSWAY, config.replace("idle: 10m", "idle: 10m, max_in_flight: 64"))
    mapped = dataclasses.replace(orders_case("JSON to SOAP and back", 10), sides=(bounded(ORDERS),), connections=64)
    return [plain_case("1 KB", 1024, (bounded(BUSWAY_PLAIN), *PLAIN[1:3]), connections=64), mapped]


ALL = (
    Scenario("B1", "HTTP proxy, keep-alive", measuring.beside, proxying),
    Scenario("B1L", "Added latency at half load", measuring.latency, added_latency),
    Scenario("B2", "Ten, a thousand and ten thousand routes", measuring.beside, many_routes),
    Scenario("B3", "Routing on one JSON field", measuring.beside, json_field),
    Scenario("B4", "Routing on a SOAP operation", measuring.beside, soap_operation),
    Scenario("B5", "JSONata alone", mappings.measure, mappings.cases),
    Scenario("B6", "JSON to SOAP and back", measuring.beside, json_to_soap),
    Scenario("B9", "TCP: frames and streams", measuring.beside, tcp),
    Scenario("B10", "TLS 1.3", measuring.beside, tls),
    Scenario("B11", "Idle connections", measuring.idle, idle_connections),
    Scenario("B13", "ZeroMQ: from socket to socket", zmq_bridge.measure, zmq_bridge.cases),
    Scenario("B14", "Small requests beside large transforms", measuring.mixed, mixed_sizes),
    Scenario("B16", "Start-up and memory", measuring.start, starting),
    Scenario("B17", "Three times overload", measuring.overload, overloaded),
    Scenario("B18", "Plugins", plugin_costs.measure, plugin_costs.cases),
)
