// What Modbus/TCP says on the wire (MODBUS Messaging on TCP/IP Implementation Guide 1.0b; MODBUS Application Protocol 1.1b3), and
// the documents that stand for it. No sockets here.
#pragma once

#include "busway_plugin.hpp"

namespace {

enum class Function : std::uint8_t { read_holding = 3, read_input = 4, write_register = 6, write_registers = 16 };
struct Named {
  const char* name;
  Function function;
};
constexpr Named functions[] = {{"read_holding", Function::read_holding},
                               {"read_input", Function::read_input},
                               {"write_register", Function::write_register},
                               {"write_registers", Function::write_registers}};

const char* name_of(Function function) {
  for (const Named& named : functions) {
    if (named.function == function) return named.name;
  }
  return "";
}

// What one call asks for.
struct Query {
  std::uint8_t unit = 1;
  Function function = Function::read_holding;
  std::uint16_t address = 0;
  std::uint16_t count = 1;
  std::vector<std::uint16_t> values;  // of writes

  bool reads() const { return function == Function::read_holding || function == Function::read_input; }
};

// Thrown by what reads a document, and becomes a failure of kind `mapping`.
struct Unfit : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::uint16_t whole(busway::Node node, const char* what, double least, double most) {
  double number = node.number();
  if (!node.is_number() || number < least || number > most || number != static_cast<double>(static_cast<int>(number)))
    throw Unfit(std::string("writing the request: '") + what + "' is no whole number from " +
                std::to_string(static_cast<int>(least)) + " to " + std::to_string(static_cast<int>(most)));
  return static_cast<std::uint16_t>(number);
}

Query read_query(busway::Node document, int unit) {
  Query query;
  query.unit = static_cast<std::uint8_t>(unit);
  std::string_view name = document["function"].string();
  bool known = false;
  for (const Named& named : functions) {
    if (name != named.name) continue;
    query.function = named.function;
    known = true;
  }
  if (!known)
    throw Unfit("writing the request: 'function' is none of read_holding, read_input, write_register and write_registers");
  if (!document["unit"].is_nothing()) query.unit = static_cast<std::uint8_t>(whole(document["unit"], "unit", 0, 255));
  query.address = whole(document["address"], "address", 0, 65535);
  busway::Node values = document["values"];
  if (query.reads()) {
    query.count = document["count"].is_nothing() ? std::uint16_t{1} : whole(document["count"], "count", 1, 125);
  } else if (query.function == Function::write_register) {
    query.values.push_back(whole(document["value"], "value", 0, 65535));
  } else {
    if (!values.is_array() || values.size() == 0 || values.size() > 123)
      throw Unfit("writing the request: 'values' is no list of 1 to 123 numbers");
    for (std::size_t i = 0; i < values.size(); ++i) query.values.push_back(whole(values[i], "values", 0, 65535));
    query.count = static_cast<std::uint16_t>(values.size());
  }
  return query;
}

void put16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xFF);
}
std::uint16_t get16(std::string_view from, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(from[at]) << 8 | static_cast<unsigned char>(from[at + 1]));
}

constexpr std::size_t head_size = 7;      // transaction, protocol, length, unit
constexpr std::size_t longest = 7 + 253;  // of a frame

std::string frame(std::uint16_t transaction, std::uint8_t unit, const std::string& pdu) {
  std::string out;
  put16(out, transaction);
  put16(out, 0);
  put16(out, static_cast<std::uint16_t>(pdu.size() + 1));
  out += static_cast<char>(unit);
  return out + pdu;
}

std::string encode(const Query& query, std::uint16_t transaction) {
  std::string pdu(1, static_cast<char>(query.function));
  put16(pdu, query.address);
  if (query.function != Function::write_register) put16(pdu, query.count);
  if (query.function == Function::write_registers) pdu += static_cast<char>(query.values.size() * 2);
  for (std::uint16_t value : query.values) put16(pdu, value);
  return frame(transaction, query.unit, pdu);
}

// How many bytes the first frame in `bytes` has; 0 when that is not known yet. Nothing when it is none.
std::optional<std::size_t> frame_size(std::string_view bytes) {
  if (bytes.size() < head_size) return 0;
  std::size_t length = get16(bytes, 4);
  if (get16(bytes, 2) != 0 || length < 3 || length > longest - 6) return std::nullopt;
  return length + 6;
}

// What a device said no with (MODBUS Application Protocol, 7). Some of it says that nothing was done.
void fail_with_exception(std::uint8_t code, busway::Call call) {
  const char* text = code == 1    ? "illegal function"
                     : code == 2  ? "illegal data address"
                     : code == 3  ? "illegal data value"
                     : code == 4  ? "the device has failed"
                     : code == 5  ? "the device still works on it"
                     : code == 6  ? "the device is busy"
                     : code == 10 ? "the gateway has no path to the device"
                     : code == 11 ? "the device does not answer its gateway"
                                  : "an exception";
  busway::Failure kind = code == 6 || code == 10   ? busway::Failure::not_sent
                         : code == 5 || code == 11 ? busway::Failure::unknown
                                                   : busway::Failure::answered;
  call.fail(kind, text, std::to_string(code));
}

// Ends the call with what the frame holds. False when it is no answer to the query: the call has failed, and the connection can
// no longer be trusted.
bool finish(const Query& query, std::string_view bytes, busway::Call call) {
  auto refuse = [&](const char* why) {
    call.fail(busway::Failure::garbage, std::string("reading the answer: ") + why);
    return false;
  };
  auto function = static_cast<std::uint8_t>(query.function);
  auto unit = static_cast<std::uint8_t>(bytes[6]);
  auto answered = static_cast<std::uint8_t>(bytes[7]);
  std::string_view body = bytes.substr(8);
  if (unit != query.unit) return refuse("it comes from another unit");
  if (answered == (function | 0x80)) {
    if (body.size() != 1) return refuse("its exception has a wrong length");
    fail_with_exception(static_cast<std::uint8_t>(body[0]), call);
    return true;
  }
  if (answered != function) return refuse("it answers another function");
  if (query.reads() ? body.size() != 1U + query.count * 2U || static_cast<unsigned char>(body[0]) != query.count * 2U
                    : body.size() != 4 || get16(body, 0) != query.address ||
                          get16(body, 2) != (query.function == Function::write_register ? query.values[0] : query.count))
    return refuse("it does not say what was asked for");
  busway::Document document;
  busway::Builder out = document.builder();
  out.begin_object().key("unit").integer(query.unit).key("function").string(name_of(query.function));
  out.key("address").integer(query.address);
  out.key("values").begin_array();
  for (std::size_t i = 0; query.reads() && i < query.count; ++i) out.integer(get16(body, 1 + i * 2));
  for (std::uint16_t value : query.values) out.integer(value);
  out.end().end();
  call.answer(std::move(document));
  return true;
}

// ---- the accepting side ----

// A request as a device gets it; or the number of the exception that it is answered with at once.
struct Asked {
  std::uint16_t transaction = 0;
  Query query;
  std::uint8_t exception = 0;
};

// Of a whole frame.
Asked read_request(std::string_view bytes) {
  Asked asked;
  asked.transaction = get16(bytes, 0);
  Query& query = asked.query;
  query.unit = static_cast<std::uint8_t>(bytes[6]);
  auto function = static_cast<std::uint8_t>(bytes[7]);
  query.function = static_cast<Function>(function);
  std::string_view body = bytes.substr(8);
  if (*name_of(query.function) == 0) {
    asked.exception = 1;
  } else if (body.size() < 4) {
    asked.exception = 3;
  } else {
    query.address = get16(body, 0);
    if (query.function == Function::write_register) {
      query.values.push_back(get16(body, 2));
    } else {
      query.count = get16(body, 2);
    }
    bool writes = query.function == Function::write_registers;
    std::size_t most = writes ? 123 : 125;
    std::size_t size = writes ? 5U + query.count * 2U : 4U;
    if (query.count == 0 || query.count > most || body.size() != size ||
        (writes && static_cast<unsigned char>(body[4]) != query.count * 2U)) {
      asked.exception = 3;
    } else if (query.address + query.count > 65536) {
      asked.exception = 2;
    }
    for (std::size_t i = 0; asked.exception == 0 && writes && i < query.count; ++i)
      query.values.push_back(get16(body, 5 + i * 2));
  }
  return asked;
}

// As a call to a device is written, so that a route may hand it on: { unit, function, address, count, value | values }.
busway::Document document_of(const Query& query) {
  busway::Document document;
  busway::Builder out = document.builder();
  out.begin_object().key("unit").integer(query.unit).key("function").string(name_of(query.function));
  out.key("address").integer(query.address).key("count").integer(query.count);
  if (query.function == Function::write_register) out.key("value").integer(query.values[0]);
  if (query.function == Function::write_registers) {
    out.key("values").begin_array();
    for (std::uint16_t value : query.values) out.integer(value);
    out.end();
  }
  out.end();
  return document;
}

std::string exception_frame(const Asked& asked, std::uint8_t code) {
  std::string pdu(1, static_cast<char>(static_cast<std::uint8_t>(asked.query.function) | 0x80));
  pdu += static_cast<char>(code);
  return frame(asked.transaction, asked.query.unit, pdu);
}

// The frame that answers; `values` are what the route gives for a read. Throws Unfit when they are not what was asked for.
std::string answer_frame(const Asked& asked, busway::Node values) {
  const Query& query = asked.query;
  std::string pdu(1, static_cast<char>(query.function));
  if (query.reads()) {
    if (!values.is_array() || values.size() != query.count)
      throw Unfit("'values' has another number of items than was asked for");
    pdu += static_cast<char>(query.count * 2);
    for (std::size_t i = 0; i < values.size(); ++i) put16(pdu, whole(values[i], "values", 0, 65535));
  } else {
    put16(pdu, query.address);
    put16(pdu, query.function == Function::write_register ? query.values[0] : query.count);
  }
  return frame(asked.transaction, query.unit, pdu);
}

}  // namespace
