#!/usr/bin/python3
"""The order system of 2003: SOAP 1.1, document/literal, one operation. Needs python3-spyne.

    erp.py [--port PORT] [--trace FILE]          prints `listening HOST:PORT`; its WSDL is at /?wsdl

PlaceOrder(Customer, Line: { Sku, Quantity, UnitPrice }) answers OrderNumber and Status. A customer on the black list gets a
Client fault; a customer nobody has heard of makes it fall over, as it always did: a Server fault.
"""

import argparse
import itertools
import logging
import socketserver
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from spyne import Application, ComplexModel, Decimal, Fault, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

from wire import Trace

NAMESPACE = "urn:shop:erp"


class Line(ComplexModel):
    __namespace__ = NAMESPACE
    Sku = Unicode(min_occurs=1, nullable=False)
    Quantity = Integer(min_occurs=1, nullable=False)
    UnitPrice = Decimal


class Orders(Service):
    numbers = itertools.count(10001)

    @rpc(Unicode(min_occurs=1, nullable=False), Line.customize(min_occurs=1, nullable=False), _returns=(Unicode, Unicode),
         _out_variable_names=("OrderNumber", "Status"))
    def PlaceOrder(context, Customer, Line):
        if Customer == "C-BLOCKED":
            raise Fault("Client.Blocked", "customer is on the black list")
        if not Customer.startswith("C-"):
            raise Fault("Server.Internal", "ORA-01403: no data found at ERP.CUSTOMER_PKG line 213")
        return "SO-%d" % next(Orders.numbers), "BACKORDER" if Line.Quantity > 100 else "ACCEPTED"


class Traced:
    """Shows each request and answer to the trace."""

    def __init__(self, application, trace):
        self._application = application
        self._trace = trace

    def __call__(self, environment, start_response):
        stream = environment["wsgi.input"]
        body = stream.read(int(environment.get("CONTENT_LENGTH") or 0))
        environment["wsgi.input"] = Replay(body)
        if body:
            self._trace.message("in", body, body.decode("utf-8", "replace"))
        answer = b"".join(self._application(environment, start_response))
        if body:
            self._trace.message("out", answer, answer.decode("utf-8", "replace"))
        return [answer]


class Replay:
    def __init__(self, body):
        self._left = body

    def read(self, size=-1):
        size = len(self._left) if size is None or size < 0 else size
        taken, self._left = self._left[:size], self._left[size:]
        return taken


class ErpServer(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=8003)
    options.add_argument("--trace", metavar="FILE")
    options = options.parse_args()
    logging.disable(logging.CRITICAL)
    application = Application([Orders], NAMESPACE, in_protocol=Soap11(validator="lxml"), out_protocol=Soap11())
    traced = Traced(WsgiApplication(application), Trace(options.trace))
    with make_server("127.0.0.1", options.port, traced, server_class=ErpServer, handler_class=Quiet) as server:
        print("listening %s:%d" % server.server_address, flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


main()
