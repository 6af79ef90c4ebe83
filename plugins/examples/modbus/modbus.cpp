// The adapter modbus. Documents in, documents out:
//
//   { "function": "read_holding", "address": 100, "count": 2 }        ->  { "unit": 1, ..., "values": [ 17, 4 ] }
//   { "function": "write_registers", "address": 100, "values": [ 1, 2 ] }
#include "modbus_server.hpp"
#include "modbus_service.hpp"

BUSWAY_PLUGIN("modbus", "1.0.0", plugin) {
  busway::AdapterType type;
  type.name = "modbus";
  type.summary = "Calls devices that speak Modbus/TCP, or stands for one.";
  type.doc =
      "A call sends `{ function, address, count | value | values, unit? }` and gets `{ unit, function, address, values }`.\n"
      "Functions are `read_holding`, `read_input`, `write_register` and `write_registers`. What a device refuses fails the call\n"
      "(kind `answered`, its exception's number in `$failure.fault.code`); a busy device, and a gateway without a path, as not "
      "sent.\n"
      "\n"
      "A listener is a device to others: each request is a message `{ unit, function, address, count, value | values }`, and the "
      "route\n"
      "replies with `{ values }` to a read, with anything to a write. A failure is an exception: 3 for what is invalid, 6 where\n"
      "something is not there now (503), 2 for a reply of 404, else 4.";
  type.flags = BUSWAY_ADAPTER_DOCUMENTS;
  type.source_flags = BUSWAY_SOURCE_KEEPS_ORDER;
  type.listener = busway::listener<ListenerConfig, Listener>(
      {{"listen", &ListenerConfig::listen, "HOST:PORT to listen on; port 0 picks a free one.", busway::required()},
       {"idle", &ListenerConfig::idle, "A connection on which nothing comes for this time is closed.", busway::at_least("1ms")}});
  type.service = busway::service<ServiceConfig, Service>(
      {{"endpoints", &ServiceConfig::endpoints, "Where the devices are, HOST:PORT each (Modbus has port 502).",
        busway::required(), busway::shorthand(), busway::endpoints()},
       {"unit", &ServiceConfig::unit, "The unit that is asked where the document names none.", busway::at_least("0"),
        busway::at_most("255")},
       {"outstanding", &ServiceConfig::outstanding, "Requests that a device may be sent before it has answered the first.",
        busway::at_least("1"), busway::at_most("16")}});
  type.examples = {
      {"A device to a control room", "listeners: { panel: { modbus: { listen: 127.0.0.1:1502 } } }"},
      {"A drive behind a gateway", "services: { drive: { modbus: { endpoints: [10.0.0.9:502], unit: 17 }, timeout: 1s } }"}};
  plugin.add(type);
}
