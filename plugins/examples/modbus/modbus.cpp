// The adapter modbus: calls devices that speak Modbus/TCP (MODBUS Messaging on TCP/IP Implementation Guide 1.0b; MODBUS
// Application Protocol 1.1b3). Documents in, documents out:
//
//   { "function": "read_holding", "address": 100, "count": 2 }        ->  { "unit": 1, ..., "values": [ 17, 4 ] }
//   { "function": "write_registers", "address": 100, "values": [ 1, 2 ] }
//
// Devices take few connections, so there is one to each endpoint, whoever calls: the loop that calls it first owns it, and the
// others hand their calls over.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <map>
#include <mutex>

#include "busway_plugin.hpp"

namespace {

// ---- the protocol: no sockets below here and above the next line ----

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

// ---- connections ----

struct Config {
  std::vector<std::string> endpoints;
  int unit = 1;
  int outstanding = 1;
};

// What one endpoint is asked, and its connection. Belongs to one loop, and is used on that loop's thread alone.
class Line {
 public:
  Line(busway::Loop loop, std::string to, std::size_t outstanding) : loop_(loop), to_(std::move(to)), outstanding_(outstanding) {}
  ~Line() { hang_up(); }
  busway::Loop loop() const { return loop_; }

  void ask(Query query, busway::Call call, std::chrono::milliseconds time) {
    waiting_.push_back({std::move(query), call, time});
    go_on();
  }
  // Nobody waits for it any more. Its late answer is known by its number, and dropped.
  void cancel(busway::Call call) {
    for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
      if (!(at->call == call)) continue;
      waiting_.erase(at);
      call.fail(busway::Failure::not_sent, "waiting for the device: others were asked first");
      return;
    }
    for (auto at = asked_.begin(); at != asked_.end(); ++at) {
      if (!(at->second.call == call)) continue;
      asked_.erase(at);
      return go_on();
    }
  }
  void close() {
    hang_up();
    waiting_.clear();
    asked_.clear();
  }

 private:
  struct Question {
    Query query;
    busway::Call call;
    std::chrono::milliseconds time;
  };

  void go_on() {
    if (waiting_.empty() || connecting_) return;
    if (fd_ < 0) {
      connecting_ = true;
      loop_.connect(to_, waiting_.front().time, [this](int fd, std::string_view problem) { connected(fd, problem); });
      return;
    }
    while (!waiting_.empty() && asked_.size() < outstanding_) {
      Question question = std::move(waiting_.front());
      waiting_.pop_front();
      std::uint16_t number = ++transaction_;
      out_ += encode(question.query, number);
      asked_.insert_or_assign(number, std::move(question));
    }
    write();
  }

  void connected(int fd, std::string_view problem) {
    connecting_ = false;
    if (fd < 0) {
      std::deque<Question> failed = std::move(waiting_);
      waiting_.clear();
      for (Question& question : failed) question.call.fail(busway::Failure::not_sent, problem);
      return;
    }
    fd_ = fd;
    watch_ = busway::Watch(loop_, fd_, busway::Event::readable, [this](busway::Event event) {
      if (event == busway::Event::readable) return read();
      write();
    });
    go_on();
  }

  void write() {
    while (!out_.empty()) {
      ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (sent < 0) return lose("sending the request: the connection broke");
      out_.erase(0, static_cast<std::size_t>(sent));
    }
    watch_.change(out_.empty() ? busway::Event::readable : busway::Event::both);
  }

  void read() {
    char buffer[4096];
    ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return lose("waiting for the answer: the device has ended the connection");
    in_.append(buffer, static_cast<std::size_t>(got));
    while (true) {
      auto size = frame_size(in_);
      if (!size) return lose("reading the answer: it is no Modbus frame", busway::Failure::garbage);
      if (*size == 0 || in_.size() < *size) break;
      std::string bytes = in_.substr(0, *size);
      in_.erase(0, *size);
      auto asked = asked_.find(get16(bytes, 0));
      if (asked == asked_.end()) continue;  // of a call that was given up
      Question question = std::move(asked->second);
      asked_.erase(asked);
      if (!finish(question.query, bytes, question.call)) return lose("waiting for the answer: the device answered another amiss");
    }
    go_on();
  }

  // The connection is gone, and with it what was asked over it. What still waits tries a new one.
  void lose(const char* why, busway::Failure kind = busway::Failure::unknown) {
    hang_up();
    std::map<std::uint16_t, Question> failed = std::move(asked_);
    asked_.clear();
    for (auto& [number, question] : failed) question.call.fail(kind, why);
    go_on();
  }

  void hang_up() {
    watch_.end();
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    in_.clear();
    out_.clear();
  }

  busway::Loop loop_;
  std::string to_;
  std::size_t outstanding_;
  int fd_ = -1;
  bool connecting_ = false;
  std::uint16_t transaction_ = 0;
  std::string in_;
  std::string out_;
  std::deque<Question> waiting_;             // not sent yet
  std::map<std::uint16_t, Question> asked_;  // by transaction
  busway::Watch watch_;
};

class Service {
 public:
  explicit Service(Config config) : config_(std::move(config)), lines_(config_.endpoints.size()) {
    if (config_.endpoints.empty()) throw busway::Refused("endpoints", "a service needs at least one endpoint");
  }

  void call(const busway::Request& request, busway::Call call) {
    std::optional<Query> query = query_of(request, call);
    if (!query) return;
    Line& line = line_for(request);
    auto time = request.time_left();
    if (line.loop().raw() == request.loop().raw()) return line.ask(std::move(*query), call, time);
    line.loop().post([&line, query = std::move(*query), call, time]() mutable {
      if (call.wanted()) line.ask(std::move(query), call, time);
    });
  }

  void cancel(busway::Loop loop, busway::Call call) {
    std::lock_guard<std::mutex> lock(lock_);
    for (auto& line : lines_) {
      if (line == nullptr) continue;
      Line* at = line.get();
      if (at->loop().raw() == loop.raw()) {
        at->cancel(call);
      } else {
        at->loop().post([at, call] { at->cancel(call); });
      }
    }
  }

  void close(busway::Loop loop) {
    std::lock_guard<std::mutex> lock(lock_);
    for (auto& line : lines_) {
      if (line != nullptr && line->loop().raw() == loop.raw()) line->close();
    }
  }

  // Reading changes nothing.
  bool idempotent(const busway::Request& request) const {
    std::string_view function = request.document()["function"].string();
    return function == "read_holding" || function == "read_input";
  }

  // ---- `busway test` ----
  bool encode_request(const busway::Request& request, busway::Wire& wire) const {
    try {
      wire.append(encode(read_query(request.document(), config_.unit), 1));
      return true;
    } catch (const Unfit& error) {
      return wire.fail(busway::Failure::mapping, error.what());
    }
  }
  bool encode_answer(const busway::Request& request, const busway::Reply& reply, busway::Wire& wire) const {
    Query query = read_query(request.document(), config_.unit);
    std::string pdu(1, static_cast<char>(query.function));
    if (query.reads()) {
      busway::Node values = reply.document()["values"];
      if (values.size() != query.count)
        return wire.fail(busway::Failure::mapping, "writing the answer: 'values' has another number of items than was asked for");
      pdu += static_cast<char>(query.count * 2);
      for (std::size_t i = 0; i < values.size(); ++i) put16(pdu, whole(values[i], "values", 0, 65535));
    } else {
      put16(pdu, query.address);
      put16(pdu, query.function == Function::write_register ? query.values[0] : query.count);
    }
    wire.append(frame(1, query.unit, pdu));
    return true;
  }
  void decode_answer(const busway::Request& request, std::string_view wire, busway::Call call) const {
    Query query = read_query(request.document(), config_.unit);
    auto size = frame_size(wire);
    if (!size || *size != wire.size()) {
      call.fail(busway::Failure::garbage, "reading the answer: it is no Modbus frame");
    } else {
      finish(query, wire, call);
    }
  }

 private:
  std::optional<Query> query_of(const busway::Request& request, busway::Call call) const {
    try {
      return read_query(request.document(), config_.unit);
    } catch (const Unfit& error) {
      call.fail(busway::Failure::mapping, error.what());
      return std::nullopt;
    }
  }
  Line& line_for(const busway::Request& request) {
    std::lock_guard<std::mutex> lock(lock_);
    auto& line = lines_[request.endpoint_index()];
    if (line == nullptr) {
      line =
          std::make_unique<Line>(request.loop(), std::string(request.endpoint()), static_cast<std::size_t>(config_.outstanding));
    }
    return *line;
  }

  Config config_;
  std::mutex lock_;                           // of the list alone
  std::vector<std::unique_ptr<Line>> lines_;  // by endpoint; made at its first call, and kept
};

}  // namespace

BUSWAY_PLUGIN("modbus", "1.0.0", plugin) {
  busway::AdapterType type;
  type.name = "modbus";
  type.summary = "Reads and writes registers of devices that speak Modbus/TCP.";
  type.doc =
      "A call sends `{ function, address, count | value | values, unit? }` and gets `{ unit, function, address, values }`.\n"
      "Functions are `read_holding`, `read_input`, `write_register` and `write_registers`. What a device refuses fails the call\n"
      "(kind `answered`, its exception's number in `$failure.fault.code`); a busy device, and a gateway without a path, as not "
      "sent.";
  type.flags = BUSWAY_ADAPTER_DOCUMENTS;
  type.service = busway::service<Config, Service>(
      {{"endpoints", &Config::endpoints, "Where the devices are, HOST:PORT each (Modbus has port 502).", busway::required(),
        busway::shorthand(), busway::endpoints()},
       {"unit", &Config::unit, "The unit that is asked where the document names none.", busway::at_least("0"),
        busway::at_most("255")},
       {"outstanding", &Config::outstanding, "Requests that a device may be sent before it has answered the first.",
        busway::at_least("1"), busway::at_most("16")}});
  type.examples = {
      {"A drive behind a gateway", "services: { drive: { modbus: { endpoints: [10.0.0.9:502], unit: 17 }, timeout: 1s } }"}};
  plugin.add(type);
}
