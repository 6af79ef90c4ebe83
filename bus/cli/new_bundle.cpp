#include "bus/cli/new_bundle.hpp"

namespace busway::cli {

namespace {

const char* const routes_text = R"(# What this bundle does: takes orders as JSON and reserves the goods at the stock system.
listeners:
  front: { http: { listen: 127.0.0.1:8080 } }

services:
  stock:
    http: { endpoints: [http://127.0.0.1:8081/reservations] }
    timeout: 2s

routes:
  place-order:
    from: { http: POST /orders, on: front }
    steps:
      # The stock system has names of its own; the answer goes into a variable, so that the order stays the body.
      - call: { service: stock, request: '{ "article": sku, "amount": qty }', into: reserved }
      - choice:
          - when: $not($vars.reserved.ok)
            steps:
              - reply: { status: 409, body: '{ "error": "out of stock", "sku": sku }' }
    reply: { status: 201, body: '{ "sku": sku, "qty": qty, "reservation": $vars.reserved.number }' }
)";

const char* const stand_in_text =
    R"(# Stands in for the stock system, so that `busway run` has someone to talk to. Delete this file once the endpoint of `stock` in
# routes.yaml names the real one.
listeners:
  stand-in: { http: { listen: 127.0.0.1:8081 } }

routes:
  stock-stand-in:
    from: { http: POST /reservations, on: stand-in }
    reply: { body: 'amount <= 10 ? { "ok": true, "number": 4711 } : { "ok": false }' }
)";

const char* const tests_text = R"(test: an order is reserved and confirmed
route: place-order
send: { http: POST /orders, body: { sku: A1, qty: 3 } }
services:
  stock: { expect: { article: A1, amount: 3 }, reply: { ok: true, number: 17 } }
expect: { status: 201, body: { sku: A1, qty: 3, reservation: 17 } }
---
test: an order the stock system refuses is answered with 409
route: place-order
send: { http: POST /orders, body: { sku: A1, qty: 300 } }
services:
  stock: { expect: { article: A1, amount: 300 }, reply: { ok: false } }
expect: { status: 409, body: { error: out of stock, sku: A1 } }
---
test: while the stock system is down, callers are told to try again
route: place-order
send: { http: POST /orders, body: { sku: A1, qty: 3 } }
services:
  stock: { fails: not_sent }
expect: { status: 503, error: not_sent, body_has: { type: urn:busway:not_sent } }
---
test: the stand-in refuses large amounts
route: stock-stand-in
send: { http: POST /reservations, body: { article: A1, amount: 11 } }
expect: { status: 200, body: { ok: false } }
)";

const char* const readme_text = R"(
A Busway bundle: orders come in as JSON, the stock system is asked, the caller gets an answer.

    busway check .     is everything right? Reads only this directory.
    busway test .      runs orders.test.yaml through the routes, without a network
    busway run .       serves on 127.0.0.1:8080 until Ctrl-C

    curl -i -d '{ "sku": "A1", "qty": 3 }' -H 'Content-Type: application/json' http://127.0.0.1:8080/orders

| file | what it holds |
| --- | --- |
| routes.yaml | the listener, the service and the route |
| stand-in.yaml | plays the stock system; delete it once there is a real one |
| orders.test.yaml | what the routes must do |

Change something, then run `busway check .` and `busway test .` again. `busway help step call` shows what a step takes.
)";

}  // namespace

std::vector<std::pair<std::string, std::string>> new_bundle_files(const std::string& name) {
  return {{"routes.yaml", routes_text},
          {"stand-in.yaml", stand_in_text},
          {"orders.test.yaml", tests_text},
          {"README.md", "# " + name + "\n" + readme_text}};
}

}  // namespace busway::cli
