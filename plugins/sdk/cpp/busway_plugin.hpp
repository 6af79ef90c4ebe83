// Plugins in C++ (17 and later): a header over busway_plugin.h that reads like the bus's own declarations.
//
//   struct GreetConfig { std::string word = "Hello"; };
//
//   class Greet {
//    public:
//     explicit Greet(GreetConfig config) : config_(std::move(config)) {}
//     busway::Flow run(busway::Message& message) const {
//       message.set_header("X-Greeting", config_.word);
//       return busway::Flow::next;
//     }
//    private:
//     GreetConfig config_;
//   };
//
//   BUSWAY_PLUGIN("greetings", "1.0.0", plugin) {
//     plugin.add(busway::StepType{"greet", "Greets.", "", busway::step<GreetConfig, Greet>(
//         {{"word", &GreetConfig::word, "What is said."}}), {{"As it is", "greet: {}"}}});
//   }
//
// Threads, lifetimes and what each thing means stand in busway_plugin.h. What is added here: defaults live in the config struct,
// once; an exception that leaves a member function becomes a failure of kind internal; nothing throws of itself but a
// constructor that refuses its config.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "busway_plugin.h"

// What a library keeps to itself cannot meet another plugin's, which may have been built with another version of this header.
#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

namespace busway {

namespace detail {
inline const busway_host* host = nullptr;
inline busway_text text_of(std::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view view(busway_text text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}
}  // namespace detail

// ---- documents ----

// A value of a document; a borrowed view, as cheap as a pointer. Asked about another kind it answers 0, "" or nothing.
class Node {
 public:
  Node() = default;
  explicit Node(busway_node raw) : raw_(raw) {}
  std::uint32_t kind() const { return detail::host->document->kind(raw_); }
  bool is_nothing() const { return kind() == BUSWAY_NOTHING; }
  bool is_null() const { return kind() == BUSWAY_NULL; }
  bool is_boolean() const { return kind() == BUSWAY_BOOLEAN; }
  bool is_number() const { return kind() == BUSWAY_NUMBER; }
  bool is_string() const { return kind() == BUSWAY_STRING; }
  bool is_array() const { return kind() == BUSWAY_ARRAY; }
  bool is_object() const { return kind() == BUSWAY_OBJECT; }
  bool boolean() const { return detail::host->document->boolean(raw_) != 0; }
  double number() const { return detail::host->document->number(raw_); }
  // A string's text.
  std::string_view string() const { return is_string() ? detail::view(detail::host->document->text(raw_, nullptr)) : ""; }
  // A string's text, or a number's with all the digits it came with.
  std::string text() const {
    char buffer[32];
    return std::string(detail::view(detail::host->document->text(raw_, buffer)));
  }
  std::size_t size() const { return detail::host->document->size(raw_); }
  Node operator[](std::size_t index) const { return Node(detail::host->document->item(raw_, index)); }
  Node operator[](std::string_view key) const { return Node(detail::host->document->member(raw_, detail::text_of(key))); }
  std::pair<std::string_view, Node> member(std::size_t index) const {
    busway_member_of_node at = detail::host->document->member_at(raw_, index);
    return {detail::view(at.key), Node(at.value)};
  }
  busway_node raw() const { return raw_; }

 private:
  busway_node raw_{};
};

// Builds a document. Mistakes are kept by the host and fail the call, so nothing needs to be looked at in between.
class Builder {
 public:
  explicit Builder(busway_builder* raw) : raw_(raw) {}
  // False when the host gave none: there is a failure already, and everything built goes nowhere.
  explicit operator bool() const { return raw_ != nullptr; }
  Builder& null() {
    return with([](auto* f, auto* b) { f->null_value(b); });
  }
  Builder& boolean(bool value) {
    return with([&](auto* f, auto* b) { f->boolean(b, value ? 1 : 0); });
  }
  Builder& number(double value) {
    return with([&](auto* f, auto* b) { f->number(b, value); });
  }
  Builder& integer(std::int64_t value) {
    return with([&](auto* f, auto* b) { f->integer(b, value); });
  }
  Builder& number_text(std::string_view text) {
    return with([&](auto* f, auto* b) { f->number_text(b, detail::text_of(text)); });
  }
  Builder& string(std::string_view text) {
    return with([&](auto* f, auto* b) { f->string(b, detail::text_of(text)); });
  }
  Builder& node(Node node) {
    return with([&](auto* f, auto* b) { f->node(b, node.raw()); });
  }
  Builder& key(std::string_view name) {
    return with([&](auto* f, auto* b) { f->key(b, detail::text_of(name)); });
  }
  Builder& begin_object() {
    return with([](auto* f, auto* b) { f->begin_object(b); });
  }
  Builder& begin_array() {
    return with([](auto* f, auto* b) { f->begin_array(b); });
  }
  Builder& end() {
    return with([](auto* f, auto* b) { f->end(b); });
  }

 private:
  template <class Do>
  Builder& with(Do&& put) {
    if (raw_ != nullptr) put(detail::host->builder, raw_);
    return *this;
  }
  busway_builder* raw_;
};

// ---- failing, logging, sharing the thread ----

enum class Failure : std::uint32_t {
  internal = BUSWAY_FAIL_INTERNAL,
  invalid = BUSWAY_FAIL_INVALID,
  mapping = BUSWAY_FAIL_MAPPING,
  format = BUSWAY_FAIL_FORMAT,
  garbage = BUSWAY_FAIL_GARBAGE,
  not_sent = BUSWAY_FAIL_NOT_SENT,
  unknown = BUSWAY_FAIL_UNKNOWN,
  answered = BUSWAY_FAIL_ANSWERED,
  overload = BUSWAY_FAIL_OVERLOAD,
  deadline = BUSWAY_FAIL_DEADLINE
};

// Thrown by a constructor that cannot work with its config: a finding at the key, where `busway check` can show it.
class Refused : public std::runtime_error {
 public:
  Refused(std::string field, const std::string& text) : std::runtime_error(text), field_(std::move(field)) {}
  const std::string& field() const { return field_; }

 private:
  std::string field_;
};

enum class Level : std::uint32_t {
  debug = BUSWAY_LOG_DEBUG,
  info = BUSWAY_LOG_INFO,
  warn = BUSWAY_LOG_WARN,
  error = BUSWAY_LOG_ERROR
};
inline void log(Level level, std::string_view text) {
  detail::host->log(detail::host, static_cast<std::uint32_t>(level), detail::text_of(text));
}
// In outer loops over large bodies. False: nobody waits any more.
inline bool pause(std::int32_t work = 1) {
  return detail::host->pause(work) != 0;
}

namespace detail {
inline void fail(busway_failure* failure, Failure kind, std::string_view text, std::string_view code = {},
                 std::string_view field = {}) {
  busway_reason reason{sizeof(busway_reason), static_cast<std::uint32_t>(kind), text_of(text), text_of(code), text_of(field)};
  host->fail(failure, &reason);
}
// Runs `f`; an exception that leaves it becomes a failure.
template <class F>
std::int32_t guarded(busway_failure* failure, F&& f) {
  try {
    return f();
  } catch (const Refused& refused) {
    fail(failure, Failure::internal, refused.what(), {}, refused.field());
  } catch (const std::exception& error) {
    fail(failure, Failure::internal, error.what());
  } catch (...) {
    fail(failure, Failure::internal, "an exception of no known type");
  }
  return BUSWAY_FAILED;
}
}  // namespace detail

// ---- formats: what read and write are given ----

class Reading {
 public:
  explicit Reading(const busway_read* call) : call_(call), builder_(call->builder) {}
  std::string_view bytes() const { return detail::view(call_->bytes); }
  Builder& document() { return builder_; }
  // `return in.fail("reading a record: ...")`
  bool fail(std::string_view text) {
    detail::fail(call_->failure, Failure::format, text);
    return false;
  }

 private:
  const busway_read* call_;
  Builder builder_;
};

class Writing {
 public:
  explicit Writing(const busway_write* call) : call_(call) {}
  Node document() const { return Node(call_->document); }
  void append(std::string_view bytes) { detail::host->append(call_->sink, detail::text_of(bytes)); }
  bool fail(std::string_view text) {
    detail::fail(call_->failure, Failure::format, text);
    return false;
  }

 private:
  const busway_write* call_;
};

// ---- steps: what run and start are given ----

enum class Flow : std::int32_t { next = BUSWAY_NEXT, filtered = BUSWAY_FILTERED, failed = BUSWAY_FAILED, later = BUSWAY_LATER };

class Message {
 public:
  explicit Message(busway_message* raw) : raw_(raw), functions_(detail::host->message) {}
  // The body; nullopt when it cannot be read: then `return busway::Flow::failed`, the reason is set.
  std::optional<Node> document() {
    busway_node node{};
    if (functions_->document(raw_, &node) != 0) return std::nullopt;
    return Node(node);
  }
  // As received; nullopt when a step has replaced the body.
  std::optional<std::string_view> bytes() {
    busway_text text{};
    if (functions_->bytes(raw_, &text) == 0) return std::nullopt;
    return detail::view(text);
  }
  Builder replace() { return Builder(functions_->replace(raw_)); }
  Builder set_variable(std::string_view name) { return Builder(functions_->set_variable(raw_, detail::text_of(name))); }
  Node variable(std::string_view name) { return Node(functions_->variable(raw_, detail::text_of(name))); }
  std::optional<std::string_view> header(std::string_view name) {
    busway_text value{};
    if (functions_->header(raw_, detail::text_of(name), &value) == 0) return std::nullopt;
    return detail::view(value);
  }
  std::size_t header_count() { return functions_->header_count(raw_); }
  std::pair<std::string_view, std::string_view> header_at(std::size_t index) {
    busway_text value{};
    std::string_view name = detail::view(functions_->header_at(raw_, index, &value));
    return {name, detail::view(value)};
  }
  bool set_header(std::string_view name, std::string_view value) {
    return functions_->set_header(raw_, detail::text_of(name), detail::text_of(value)) == 0;
  }
  bool remove_header(std::string_view name) { return functions_->remove_header(raw_, detail::text_of(name)) == 0; }
  std::string_view about(std::uint32_t what) { return detail::view(functions_->about(raw_, what)); }
  std::chrono::milliseconds time_left() { return std::chrono::milliseconds(functions_->time_left_ms(raw_)); }
  // `return message.fail(busway::Failure::invalid, "checking the IBAN: ...")`
  Flow fail(Failure kind, std::string_view text, std::string_view code = {}) {
    detail::fail(functions_->failure(raw_), kind, text, code);
    return Flow::failed;
  }

 private:
  busway_message* raw_;
  const busway_message_functions* functions_;
};

// The other end of a step that has answered Flow::later. Moved into whatever does the work; one thread at a time. When it goes
// without a word the step has failed.
class Completion {
 public:
  explicit Completion(busway_pending* raw) : raw_(raw) {}
  Completion(Completion&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Completion& operator=(Completion&&) = delete;
  ~Completion() {
    if (raw_ != nullptr) fail(Failure::internal, "the step was dropped by its plugin");
  }
  Builder replace() { return Builder(detail::host->pending->replace(raw_)); }
  Builder set_variable(std::string_view name) {
    return Builder(detail::host->pending->set_variable(raw_, detail::text_of(name)));
  }
  bool unwanted() const { return detail::host->pending->unwanted(raw_) != 0; }
  // Each ends it.
  void next() { complete(BUSWAY_NEXT); }
  void filtered() { complete(BUSWAY_FILTERED); }
  void fail(Failure kind, std::string_view text, std::string_view code = {}) {
    detail::fail(detail::host->pending->failure(raw_), kind, text, code);
    complete(BUSWAY_FAILED);
  }
  // The host has taken it back: `start` did not answer Flow::later.
  void forget() { raw_ = nullptr; }

 private:
  void complete(std::int32_t flow) { detail::host->pending->complete(std::exchange(raw_, nullptr), flow); }
  busway_pending* raw_;
};

// ---- declarations ----

struct Size {
  std::uint64_t bytes = 0;
};
struct Secret {
  std::string value;
};
// The content of a file of the bundle.
struct File {
  std::string content;
};

struct Constraint {
  std::uint32_t flags = 0;
  std::string at_least;
  std::string at_most;
};
inline Constraint required() {
  return {BUSWAY_FIELD_REQUIRED, "", ""};
}
inline Constraint shorthand() {
  return {BUSWAY_FIELD_SHORTHAND, "", ""};
}
// Of a service's key that holds a list: each text is a place where the service may be reached.
inline Constraint endpoints() {
  return {BUSWAY_FIELD_ENDPOINTS, "", ""};
}
// As in a route file: at_least("1ms"), at_most("64KiB"), at_least("0").
inline Constraint at_least(std::string value) {
  return {0, std::move(value), ""};
}
inline Constraint at_most(std::string value) {
  return {0, "", std::move(value)};
}

template <class E>
struct Choices {
  std::vector<std::pair<std::string, E>> names;
};
template <class E>
Choices<E> one_of(std::vector<std::pair<std::string, E>> names) {
  return {std::move(names)};
}

namespace detail {

struct Value {
  std::uint32_t type;
  std::string default_text;
};
inline Value describe(bool value) {
  return {BUSWAY_FIELD_BOOLEAN, value ? "true" : "false"};
}
inline Value describe(std::int64_t value) {
  return {BUSWAY_FIELD_INTEGER, std::to_string(value)};
}
inline Value describe(int value) {
  return {BUSWAY_FIELD_INTEGER, std::to_string(value)};
}
inline Value describe(std::chrono::milliseconds value) {
  return {BUSWAY_FIELD_DURATION, std::to_string(value.count()) + "ms"};
}
inline Value describe(const Size& value) {
  return {BUSWAY_FIELD_SIZE, std::to_string(value.bytes)};
}
inline Value describe(const std::string& value) {
  return {BUSWAY_FIELD_TEXT, value};
}
inline Value describe(const Secret&) {
  return {BUSWAY_FIELD_SECRET, ""};
}
inline Value describe(const File&) {
  return {BUSWAY_FIELD_FILE, ""};
}
inline Value describe(const std::vector<std::string>&) {
  return {BUSWAY_FIELD_TEXTS, ""};
}

inline void take(const busway_setting& from, bool& to) {
  to = from.number != 0;
}
inline void take(const busway_setting& from, std::int64_t& to) {
  to = from.number;
}
inline void take(const busway_setting& from, int& to) {
  to = static_cast<int>(from.number);
}
inline void take(const busway_setting& from, std::chrono::milliseconds& to) {
  to = std::chrono::milliseconds(from.number);
}
inline void take(const busway_setting& from, Size& to) {
  to.bytes = static_cast<std::uint64_t>(from.number);
}
inline void take(const busway_setting& from, std::string& to) {
  to = view(from.text);
}
inline void take(const busway_setting& from, Secret& to) {
  to.value = view(from.text);
}
inline void take(const busway_setting& from, File& to) {
  to.content = view(from.text);
}
inline void take(const busway_setting& from, std::vector<std::string>& to) {
  to.clear();
  for (std::size_t i = 0; i < from.list_count; ++i) to.emplace_back(view(from.list[i]));
}

// What a field of any config struct says of itself.
struct FieldText {
  std::string name;
  std::string doc;
  std::uint32_t type = 0;
  Constraint limits;
  std::string default_text;
  std::vector<std::string> choices;
};

}  // namespace detail

// A key: {"word", &GreetConfig::word, "What is said.", busway::required()}. A `required` one needs no default, and the default of
// every other is what a config struct made with {} holds.
template <class T>
struct Field {
  detail::FieldText text;
  std::function<void(const busway_setting&, T&)> set;

  template <class M, class... C>
  Field(std::string name, M T::* member, std::string doc, C... constraints) {
    detail::Value value = detail::describe(T{}.*member);
    if constexpr (std::is_same_v<M, int>) {
      text.limits.at_least = "-2147483648";
      text.limits.at_most = "2147483647";
    }
    begin(std::move(name), std::move(doc), value.type, std::move(value.default_text), constraints...);
    set = [member](const busway_setting& from, T& to) { detail::take(from, to.*member); };
  }
  template <class E, class... C>
  Field(std::string name, E T::* member, std::string doc, Choices<E> choices, C... constraints) {
    std::string chosen;
    for (const auto& [word, value] : choices.names) {
      if (value == T{}.*member) chosen = word;
      text.choices.push_back(word);
    }
    begin(std::move(name), std::move(doc), BUSWAY_FIELD_CHOICE, std::move(chosen), constraints...);
    set = [member, choices](const busway_setting& from, T& to) {
      to.*member = choices.names.at(static_cast<std::size_t>(from.number)).second;
    };
  }

 private:
  template <class... C>
  void begin(std::string name, std::string doc, std::uint32_t type, std::string default_text, const C&... constraints) {
    text.name = std::move(name);
    text.doc = std::move(doc);
    text.type = type;
    (add(constraints), ...);
    if ((text.limits.flags & BUSWAY_FIELD_REQUIRED) == 0) text.default_text = std::move(default_text);
  }
  void add(const Constraint& more) {
    text.limits.flags |= more.flags;
    if (!more.at_least.empty()) text.limits.at_least = more.at_least;
    if (!more.at_most.empty()) text.limits.at_most = more.at_most;
  }
};

struct Example {
  std::string title;
  std::string text;
};

// The keys of a component and how an instance is made of them.
struct Role {
  std::vector<detail::FieldText> fields;
  std::function<std::int32_t(const busway_make&, void**)> make;
  void (*destroy)(void*) = nullptr;
  busway_format format{};
  busway_step step{};
  busway_source source{};
  busway_target target{};
  explicit operator bool() const { return static_cast<bool>(make); }
};

// ---- adapters: loops ----

enum class Event : std::uint32_t { none = 0, readable = BUSWAY_READABLE, writable = BUSWAY_WRITABLE, both = 3 };

// A thread that serves the network, as one listener or service sees it; as cheap as a pointer. Its thread only, but for post().
class Loop {
 public:
  Loop() = default;
  explicit Loop(busway_loop* raw) : raw_(raw) {}
  explicit operator bool() const { return raw_ != nullptr; }
  std::size_t index() const { return functions().index(raw_); }
  std::chrono::milliseconds now() const { return std::chrono::milliseconds(functions().now_ms(raw_)); }
  // What the listener or service keeps for this loop; null at first.
  template <class T>
  T* place() const {
    return static_cast<T*>(*functions().place(raw_));
  }
  template <class T>
  void set_place(T* state) const {
    *functions().place(raw_) = state;
  }
  // From any thread; not run when the loop has ended.
  void post(std::function<void()> work) const {
    functions().post(
        raw_,
        [](void* user) {
          std::unique_ptr<std::function<void()>> mine(static_cast<std::function<void()>*>(user));
          (*mine)();
        },
        new std::function<void()>(std::move(work)));
  }
  // Resolves HOST:PORT and connects: done(descriptor, ""), or done(-1, "why not"), later.
  void connect(std::string_view host_port, std::chrono::milliseconds time,
               std::function<void(int, std::string_view)> done) const {
    using Done = std::function<void(int, std::string_view)>;
    functions().connect(
        raw_, detail::text_of(host_port), time.count(),
        [](void* user, int fd, busway_text problem) {
          std::unique_ptr<Done> mine(static_cast<Done*>(user));
          (*mine)(fd, detail::view(problem));
        },
        new Done(std::move(done)));
  }
  busway_loop* raw() const { return raw_; }
  static const busway_loop_functions& functions() { return *detail::host->loop; }

 private:
  busway_loop* raw_ = nullptr;
};

// Waits for a descriptor as long as it lives: `ready` is called while one of `events` is there. The descriptor stays the owner's,
// to be closed after this has ended. It may end within `ready`.
class Watch {
 public:
  using Ready = std::function<void(Event)>;
  Watch() = default;
  Watch(Loop loop, int fd, Event events, Ready ready) : ready_(std::make_unique<Ready>(std::move(ready))) {
    raw_ = Loop::functions().watch(
        loop.raw(), fd, static_cast<std::uint32_t>(events),
        [](void* user, std::uint32_t event) {
          Ready call = *static_cast<Ready*>(user);  // it may end itself
          call(static_cast<Event>(event));
        },
        ready_.get());
  }
  Watch(Watch&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)), ready_(std::move(other.ready_)) {}
  Watch& operator=(Watch&& other) noexcept {
    end();
    raw_ = std::exchange(other.raw_, nullptr);
    ready_ = std::move(other.ready_);
    return *this;
  }
  ~Watch() { end(); }
  // False when the system has refused it.
  explicit operator bool() const { return raw_ != nullptr; }
  void change(Event events) { Loop::functions().change_watch(raw_, static_cast<std::uint32_t>(events)); }
  void end() {
    if (raw_ != nullptr) Loop::functions().end_watch(std::exchange(raw_, nullptr));
  }

 private:
  busway_watch* raw_ = nullptr;
  std::unique_ptr<Ready> ready_;
};

// Calls once, a time after set(). May end within the call.
class Timer {
 public:
  using Expired = std::function<void()>;
  Timer() = default;
  Timer(Loop loop, Expired expired) : expired_(std::make_unique<Expired>(std::move(expired))) {
    raw_ = Loop::functions().timer(
        loop.raw(),
        [](void* user) {
          Expired call = *static_cast<Expired*>(user);
          call();
        },
        expired_.get());
  }
  Timer(Timer&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)), expired_(std::move(other.expired_)) {}
  Timer& operator=(Timer&& other) noexcept {
    end();
    raw_ = std::exchange(other.raw_, nullptr);
    expired_ = std::move(other.expired_);
    return *this;
  }
  ~Timer() { end(); }
  void set(std::chrono::milliseconds after) { Loop::functions().set_timer(raw_, after.count()); }
  void stop() { Loop::functions().stop_timer(raw_); }

 private:
  void end() {
    if (raw_ != nullptr) Loop::functions().end_timer(std::exchange(raw_, nullptr));
  }
  busway_timer* raw_ = nullptr;
  std::unique_ptr<Expired> expired_;
};

// ---- adapters: bodies that are handed in ----

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

// A document of the plugin's own, to be given away with an answer or a message.
class Document {
 public:
  Document() : raw_(detail::host->detached->begin()) {}
  Document(Document&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Document& operator=(Document&&) = delete;
  ~Document() {
    if (raw_ != nullptr) detail::host->detached->drop(raw_);
  }
  Builder builder() { return Builder(detail::host->detached->builder(raw_)); }
  busway_document* release() { return std::exchange(raw_, nullptr); }
  void take_back(busway_document* raw) { raw_ = raw; }

 private:
  busway_document* raw_;
};

namespace detail {
inline std::vector<busway_header> raw_headers(const HeaderFields& fields) {
  std::vector<busway_header> out;
  for (const auto& [name, value] : fields) out.push_back({text_of(name), text_of(value)});
  return out;
}
}  // namespace detail

// ---- adapters: targets ----

// What a call sends, while the function runs that is given it.
class Request {
 public:
  explicit Request(busway_request* raw) : raw_(raw), functions_(detail::host->request) {}
  Loop loop() const { return Loop(functions_->loop(raw_)); }  // none in `busway test`
  // Which of the service's endpoints is to be asked, and what it says.
  std::size_t endpoint_index() const { return functions_->endpoint(raw_, nullptr); }
  std::string_view endpoint() const {
    busway_text text{};
    functions_->endpoint(raw_, &text);
    return detail::view(text);
  }
  std::string_view bytes() const { return detail::view(functions_->bytes(raw_)); }
  Node document() const { return Node(functions_->document(raw_)); }
  std::optional<std::string_view> header(std::string_view name) const {
    busway_text value{};
    if (functions_->header(raw_, detail::text_of(name), &value) == 0) return std::nullopt;
    return detail::view(value);
  }
  std::size_t header_count() const { return functions_->header_count(raw_); }
  std::pair<std::string_view, std::string_view> header_at(std::size_t index) const {
    busway_text value{};
    std::string_view name = detail::view(functions_->header_at(raw_, index, &value));
    return {name, detail::view(value)};
  }
  std::string_view about(std::uint32_t what) const { return detail::view(functions_->about(raw_, what)); }
  std::chrono::milliseconds time_left() const { return std::chrono::milliseconds(functions_->time_left_ms(raw_)); }

 private:
  busway_request* raw_;
  const busway_request_functions* functions_;
};

// A call that is under way: a number, to be kept and copied freely. Answered or failed once, from any thread; what is said after
// that is ignored. False when it had ended before.
class Call {
 public:
  Call() = default;
  explicit Call(busway_ticket raw) : raw_(raw) {}
  bool answer(std::string_view bytes, std::string_view content_type = {}, int status = 0,
              const HeaderFields& headers = {}) const {
    std::vector<busway_header> raw = detail::raw_headers(headers);
    busway_answer answer{
        sizeof(busway_answer), status, detail::text_of(bytes), detail::text_of(content_type), nullptr, raw.data(), raw.size()};
    return functions().answer(raw_, &answer) != 0;
  }
  bool answer(Document document, int status = 0, const HeaderFields& headers = {}) const {
    std::vector<busway_header> raw = detail::raw_headers(headers);
    busway_answer answer{sizeof(busway_answer), status, {}, {}, document.release(), raw.data(), raw.size()};
    return functions().answer(raw_, &answer) != 0;
  }
  bool fail(Failure kind, std::string_view text, std::string_view code = {}) const {
    busway_reason reason{
        sizeof(busway_reason), static_cast<std::uint32_t>(kind), detail::text_of(text), detail::text_of(code), {}};
    return functions().fail(raw_, &reason, nullptr) != 0;
  }
  bool wanted() const { return functions().wanted(raw_) != 0; }
  std::uint64_t number() const { return raw_.number; }
  bool operator==(const Call& other) const { return raw_.number == other.raw_.number; }

 private:
  static const busway_call_functions& functions() { return *detail::host->call; }
  busway_ticket raw_{};
};

// The bytes of the wire, for `busway test`.
class Wire {
 public:
  Wire(busway_sink* sink, busway_failure* failure) : sink_(sink), failure_(failure) {}
  void append(std::string_view bytes) { detail::host->append(sink_, detail::text_of(bytes)); }
  bool fail(Failure kind, std::string_view text) {
    detail::fail(failure_, kind, text);
    return false;
  }

 private:
  busway_sink* sink_;
  busway_failure* failure_;
};

// ---- adapters: sources ----

// What a message is answered with, while the function runs that is given it.
class Reply {
 public:
  explicit Reply(const busway_reply* raw) : raw_(raw) {}
  bool failed() const { return raw_->outcome == BUSWAY_REPLY_FAILED; }
  bool filtered() const { return raw_->outcome == BUSWAY_REPLY_FILTERED; }
  Failure kind() const { return static_cast<Failure>(raw_->kind); }
  int status() const { return raw_->status; }
  std::string_view reason() const { return detail::view(raw_->reason); }
  std::string_view bytes() const { return detail::view(raw_->bytes); }
  std::string_view content_type() const { return detail::view(raw_->content_type); }
  Node document() const { return Node(raw_->document); }
  std::size_t header_count() const { return raw_->header_count; }
  std::pair<std::string_view, std::string_view> header_at(std::size_t index) const {
    return {detail::view(raw_->headers[index].name), detail::view(raw_->headers[index].value)};
  }

 private:
  const busway_reply* raw_;
};

enum class Emitted : std::int32_t {
  taken = BUSWAY_EMIT_TAKEN,
  full = BUSWAY_EMIT_FULL,
  closed = BUSWAY_EMIT_CLOSED,
  too_large = BUSWAY_EMIT_TOO_LARGE,
  wrong = BUSWAY_EMIT_WRONG
};

// A message that comes in. Texts are the plugin's until emit() returns.
struct Incoming {
  Loop loop{};           // of the calling thread; none: from any thread
  void* user = nullptr;  // comes back with the reply
  std::size_t route = 0;
  std::string_view bytes{};
  std::string_view content_type{};
  Document* document = nullptr;  // instead of bytes; taken, unless emit() answers `full`
  HeaderFields headers{};
  std::string_view peer{};
  std::string_view method{};
  std::string_view target{};
  std::string_view operation{};
  std::chrono::milliseconds deadline{0};
};

// Where a listener's messages go. Any thread.
class Intake {
 public:
  Intake() = default;
  explicit Intake(busway_intake* raw) : raw_(raw) {}
  Emitted emit(const Incoming& message) const {
    std::vector<busway_header> headers = detail::raw_headers(message.headers);
    busway_document* document = message.document == nullptr ? nullptr : message.document->release();
    busway_incoming raw{sizeof(busway_incoming),
                        0,
                        message.loop.raw(),
                        message.user,
                        message.route,
                        detail::text_of(message.bytes),
                        detail::text_of(message.content_type),
                        document,
                        headers.data(),
                        headers.size(),
                        detail::text_of(message.peer),
                        detail::text_of(message.method),
                        detail::text_of(message.target),
                        detail::text_of(message.operation),
                        message.deadline.count()};
    auto how = static_cast<Emitted>(detail::host->intake->emit(raw_, &raw));
    if (how == Emitted::full && document != nullptr) message.document->take_back(document);
    return how;
  }
  std::size_t room() const { return detail::host->intake->room(raw_); }

 private:
  busway_intake* raw_ = nullptr;
};

// What a listener is opened with.
class Opening {
 public:
  explicit Opening(const busway_source_open* raw) : raw_(raw) {}
  std::size_t loops() const { return raw_->loop_count; }
  Intake intake() const { return Intake(raw_->intake); }
  std::size_t route_count() const { return raw_->route_count; }
  // Of a class that was given to busway::from.
  template <class From>
  const From& route(std::size_t index) const {
    return *static_cast<const From*>(raw_->routes[index]);
  }
  // What `busway run` prints for the listener.
  void set_address(std::string_view address) { detail::host->intake->set_address(raw_->intake, detail::text_of(address)); }
  // `return opening.fail("binding 127.0.0.1:502: permission denied")`
  bool fail(std::string_view text) {
    detail::fail(raw_->failure, Failure::internal, text);
    return false;
  }

 private:
  const busway_source_open* raw_;
};

// What the bus holds an instance to, and what it is called in the route file.
struct Place {
  std::string name;
  std::uint64_t max_body = 0;
  std::uint64_t max_in_flight = 0;
};

struct AdapterType {
  std::string name;
  std::string summary;
  std::string doc;
  std::uint32_t flags = 0;         // BUSWAY_ADAPTER_...
  std::uint32_t source_flags = 0;  // BUSWAY_SOURCE_...
  std::string acknowledges;        // when a sender may forget his message; empty: when the route has replied
  Role listener;                   // busway::listener<Config, Made>(...); left out: it cannot be listened to
  Role from;                       // busway::from<Config, Made>(...); left out: a route's `from:` has no keys of its own
  Role service;                    // busway::service<Config, Made>(...); left out: it cannot be called
  std::vector<Example> examples;
};

struct FormatType {
  std::string name;
  std::string summary;
  std::string doc;
  std::string content_type;                // of what it writes
  std::vector<std::string> content_types;  // of what it reads
  Role format;
  std::vector<Example> examples;
};

struct StepType {
  std::string name;
  std::string summary;
  std::string doc;
  Role step;
  std::vector<Example> examples;
};

namespace detail {

inline busway_setting setting_at(const busway_make& call, std::size_t index) {
  std::uint32_t size = call.settings->struct_size;  // of a later version it may be larger than ours
  busway_setting out{};
  const char* at = reinterpret_cast<const char*>(call.settings) + index * size;
  std::memcpy(&out, at, size < sizeof out ? size : sizeof out);
  return out;
}

inline Place place_of(const busway_make& call) {
  return {std::string(view(call.name)), call.max_body, call.max_in_flight};
}

template <class Config, class Made>
Role role(std::vector<Field<Config>> fields) {
  Role out;
  for (const Field<Config>& field : fields) out.fields.push_back(field.text);
  out.make = [fields](const busway_make& call, void** instance) -> std::int32_t {
    Config config{};
    for (std::size_t i = 0; i < fields.size() && i < call.setting_count; ++i) {
      busway_setting setting = setting_at(call, i);
      if (setting.given == BUSWAY_NOT_KNOWN_YET) return 0;  // a check of what nobody can judge yet
      if (setting.given == BUSWAY_GIVEN) fields[i].set(setting, config);
    }
    if constexpr (std::is_constructible_v<Made, Config, const Place&>) {
      *instance = new Made(std::move(config), place_of(call));
    } else {
      *instance = new Made(std::move(config));
    }
    return 0;
  };
  out.destroy = [](void* instance) { delete static_cast<Made*>(instance); };
  return out;
}

template <class Made, class = void>
struct completes_later : std::false_type {};
template <class Made>
struct completes_later<Made, std::void_t<decltype(&Made::start)>> : std::true_type {};

template <class Made>
std::int32_t run(void* instance, busway_message* raw) {
  return guarded(host->message->failure(raw), [&] {
    Message message(raw);
    return static_cast<std::int32_t>(static_cast<const Made*>(instance)->run(message));
  });
}

template <class Made>
std::int32_t start(void* instance, busway_message* raw, busway_pending* pending) {
  Completion completion(pending);
  std::int32_t flow = guarded(host->message->failure(raw), [&] {
    Message message(raw);
    return static_cast<std::int32_t>(static_cast<const Made*>(instance)->start(message, completion));
  });
  if (flow != BUSWAY_LATER) completion.forget();
  return flow;
}

}  // namespace detail

namespace detail {

// Member functions that a listener or a service may have or not.
#define BUSWAY_DETAIL_HAS(member)           \
  template <class Made, class = void>       \
  struct has_##member : std::false_type {}; \
  template <class Made>                     \
  struct has_##member<Made, std::void_t<decltype(&Made::member)>> : std::true_type {}
BUSWAY_DETAIL_HAS(open);
BUSWAY_DETAIL_HAS(serve);
BUSWAY_DETAIL_HAS(stop);
BUSWAY_DETAIL_HAS(connections);
BUSWAY_DETAIL_HAS(resume);
BUSWAY_DETAIL_HAS(cancel);
BUSWAY_DETAIL_HAS(close);
BUSWAY_DETAIL_HAS(idempotent);
BUSWAY_DETAIL_HAS(encode_request);
BUSWAY_DETAIL_HAS(encode_answer);
BUSWAY_DETAIL_HAS(decode_answer);
#undef BUSWAY_DETAIL_HAS

// What cannot answer lets an exception end in the log.
template <class F>
void logged(F&& f) {
  try {
    f();
  } catch (const std::exception& error) {
    log(Level::error, error.what());
  } catch (...) {
    log(Level::error, "an exception of no known type");
  }
}

}  // namespace detail

// A `from:` that is a class Made(Config).
template <class Config, class Made>
Role from(std::vector<Field<Config>> fields) {
  return detail::role<Config, Made>(std::move(fields));
}

// A listener that is a class Made(Config) or Made(Config, const Place&) with
//   bool open(Opening&)                      binds; false after opening.fail(...)
//   void reply(void* user, const Reply&)     how a message that was taken has ended
// and, where it needs them, serve(Loop), stop(Loop), std::size_t connections(Loop), resume(Loop). See busway_source.
template <class Config, class Made>
Role listener(std::vector<Field<Config>> fields) {
  Role out = detail::role<Config, Made>(std::move(fields));
  busway_source& source = out.source;
  source.struct_size = sizeof(busway_source);
  source.open = [](void* made, const busway_source_open* call) -> std::int32_t {
    return detail::guarded(call->failure, [&] {
      Opening opening(call);
      return static_cast<Made*>(made)->open(opening) ? 0 : BUSWAY_FAILED;
    });
  };
  source.reply = [](void* made, void* user, const busway_reply* reply) {
    detail::logged([&] { static_cast<Made*>(made)->reply(user, Reply(reply)); });
  };
  if constexpr (detail::has_serve<Made>::value) {
    source.serve = [](void* made, busway_loop* loop) { detail::logged([&] { static_cast<Made*>(made)->serve(Loop(loop)); }); };
  }
  if constexpr (detail::has_stop<Made>::value) {
    source.stop = [](void* made, busway_loop* loop) { detail::logged([&] { static_cast<Made*>(made)->stop(Loop(loop)); }); };
  }
  if constexpr (detail::has_connections<Made>::value) {
    source.connections = [](void* made, busway_loop* loop) -> std::size_t {
      return static_cast<Made*>(made)->connections(Loop(loop));
    };
  }
  if constexpr (detail::has_resume<Made>::value) {
    source.resume = [](void* made, busway_loop* loop) { detail::logged([&] { static_cast<Made*>(made)->resume(Loop(loop)); }); };
  }
  return out;
}

// A service that is a class Made(Config) or Made(Config, const Place&) with
//   void call(const Request&, Call)          begins a call; an exception fails it (kind internal)
// and, where it needs them, bool open(std::size_t loops), cancel(Loop, Call), close(Loop), bool idempotent(const Request&), and
// for tests bool encode_request(const Request&, Wire&), bool encode_answer(const Request&, const Reply&, Wire&), void
// decode_answer(const Request&, std::string_view wire, Call). See busway_target.
template <class Config, class Made>
Role service(std::vector<Field<Config>> fields) {
  Role out = detail::role<Config, Made>(std::move(fields));
  busway_target& target = out.target;
  target.struct_size = sizeof(busway_target);
  target.call = [](void* made, busway_request* request, busway_ticket ticket) {
    try {
      static_cast<Made*>(made)->call(Request(request), Call(ticket));
    } catch (const std::exception& error) {
      Call(ticket).fail(Failure::internal, error.what());
    } catch (...) {
      Call(ticket).fail(Failure::internal, "an exception of no known type");
    }
  };
  if constexpr (detail::has_open<Made>::value) {
    target.open = [](void* made, const busway_target_open* call) -> std::int32_t {
      return detail::guarded(call->failure, [&] { return static_cast<Made*>(made)->open(call->loop_count) ? 0 : BUSWAY_FAILED; });
    };
  }
  if constexpr (detail::has_cancel<Made>::value) {
    target.cancel = [](void* made, busway_loop* loop, busway_ticket ticket) {
      detail::logged([&] { static_cast<Made*>(made)->cancel(Loop(loop), Call(ticket)); });
    };
  }
  if constexpr (detail::has_close<Made>::value) {
    target.close = [](void* made, busway_loop* loop) { detail::logged([&] { static_cast<Made*>(made)->close(Loop(loop)); }); };
  }
  if constexpr (detail::has_idempotent<Made>::value) {
    target.idempotent = [](void* made, busway_request* request) -> std::int32_t {
      return static_cast<const Made*>(made)->idempotent(Request(request)) ? 1 : 0;
    };
  }
  if constexpr (detail::has_encode_request<Made>::value) {
    target.encode_request = [](void* made, busway_request* request, busway_sink* sink, busway_failure* failure) -> std::int32_t {
      return detail::guarded(failure, [&] {
        Wire wire(sink, failure);
        return static_cast<const Made*>(made)->encode_request(Request(request), wire) ? 0 : BUSWAY_FAILED;
      });
    };
  }
  if constexpr (detail::has_encode_answer<Made>::value) {
    target.encode_answer = [](void* made, busway_request* request, const busway_reply* reply, busway_sink* sink,
                              busway_failure* failure) -> std::int32_t {
      return detail::guarded(failure, [&] {
        Wire wire(sink, failure);
        return static_cast<const Made*>(made)->encode_answer(Request(request), Reply(reply), wire) ? 0 : BUSWAY_FAILED;
      });
    };
  }
  if constexpr (detail::has_decode_answer<Made>::value) {
    target.decode_answer = [](void* made, busway_request* request, busway_text wire, busway_ticket ticket) {
      try {
        static_cast<const Made*>(made)->decode_answer(Request(request), detail::view(wire), Call(ticket));
      } catch (const std::exception& error) {
        Call(ticket).fail(Failure::internal, error.what());
      } catch (...) {
        Call(ticket).fail(Failure::internal, "an exception of no known type");
      }
    };
  }
  return out;
}

// A step that is a class Made(Config) with `Flow run(Message&) const`, or `Flow start(Message&, Completion&) const` for one that
// completes later: that moves the completion to whatever does the work and answers Flow::later.
template <class Config, class Made>
Role step(std::vector<Field<Config>> fields, std::uint32_t flags = 0) {
  Role out = detail::role<Config, Made>(std::move(fields));
  out.step.struct_size = sizeof(busway_step);
  out.step.flags = flags;
  if constexpr (detail::completes_later<Made>::value) {
    out.step.start = detail::start<Made>;
  } else {
    out.step.run = detail::run<Made>;
  }
  return out;
}

// A format that is a class Made(Config) with `bool read(Reading&) const` and `bool write(Writing&) const`.
template <class Config, class Made>
Role format(std::vector<Field<Config>> fields) {
  Role out = detail::role<Config, Made>(std::move(fields));
  out.format.struct_size = sizeof(busway_format);
  out.format.read = [](void* instance, const busway_read* call) {
    return detail::guarded(call->failure, [&] {
      Reading in(call);
      return static_cast<const Made*>(instance)->read(in) ? BUSWAY_NEXT : BUSWAY_FAILED;
    });
  };
  out.format.write = [](void* instance, const busway_write* call) {
    return detail::guarded(call->failure, [&] {
      Writing out_(call);
      return static_cast<const Made*>(instance)->write(out_) ? BUSWAY_NEXT : BUSWAY_FAILED;
    });
  };
  return out;
}

namespace detail {

// Keys as the ABI has them, with all that they point to. Never moved.
class RawFields {
 public:
  explicit RawFields(const std::vector<FieldText>& fields) {
    choices_.reserve(fields.size());
    for (const FieldText& field : fields) {
      std::vector<busway_text>& choices = choices_.emplace_back();
      for (const std::string& word : field.choices) choices.push_back(text_of(word));
      raw_.push_back({sizeof(busway_field), field.type, field.limits.flags, static_cast<std::uint32_t>(choices.size()),
                      text_of(field.name), text_of(field.doc), text_of(field.default_text), text_of(field.limits.at_least),
                      text_of(field.limits.at_most), choices.data()});
    }
  }
  RawFields(const RawFields&) = delete;
  RawFields& operator=(const RawFields&) = delete;
  const busway_field* data() const { return raw_.data(); }
  std::size_t size() const { return raw_.size(); }

 private:
  std::vector<busway_field> raw_;
  std::vector<std::vector<busway_text>> choices_;
};

// An adapter's parts as the ABI has them. Never moved, never destroyed.
class RawAdapter {
 public:
  explicit RawAdapter(AdapterType type)
      : acknowledges_(std::move(type.acknowledges)),
        listener_(std::move(type.listener)),
        from_(std::move(type.from)),
        service_(std::move(type.service)) {
    raw_ = {sizeof(busway_adapter), type.flags, nullptr, nullptr};
    if (listener_) {
      busway_source& source = listener_.source;
      source.flags = type.source_flags;
      source.acknowledges = text_of(acknowledges_);
      listener_part_ = part(listener_fields_, listener_);
      source.listener = &listener_part_;
      from_part_ = part(from_fields_, from_);
      if (from_) source.from = &from_part_;
      raw_.source = &source;
    }
    if (service_) {
      service_part_ = part(service_fields_, service_);
      service_.target.service = &service_part_;
      raw_.target = &service_.target;
    }
  }
  RawAdapter(const RawAdapter&) = delete;
  RawAdapter& operator=(const RawAdapter&) = delete;
  const busway_adapter* raw() const { return &raw_; }
  std::int32_t make(const busway_make& call, void** instance) const { return role_of(call.part).make(call, instance); }

 private:
  const Role& role_of(std::uint32_t part) const {
    return part == BUSWAY_PART_LISTENER ? listener_ : part == BUSWAY_PART_FROM ? from_ : service_;
  }
  static busway_part part(const RawFields& fields, const Role& role) {
    return {sizeof(busway_part), 0, fields.data(), fields.size(), make_part, role.destroy};
  }
  static std::int32_t make_part(const busway_make* call, void** instance) {
    return guarded(call->failure, [&] { return static_cast<const RawAdapter*>(call->component->user)->make(*call, instance); });
  }

  std::string acknowledges_;
  Role listener_, from_, service_;
  RawFields listener_fields_{listener_.fields}, from_fields_{from_.fields}, service_fields_{service_.fields};
  busway_part listener_part_{}, from_part_{}, service_part_{};
  busway_adapter raw_{};
};

// A declaration as the ABI has it, with all that it points to. Never moved, never destroyed.
class Component {
 public:
  explicit Component(AdapterType type) {
    begin(BUSWAY_KIND_ADAPTER, std::move(type.name), std::move(type.summary), std::move(type.doc), std::move(type.examples));
    adapter_ = std::make_unique<RawAdapter>(std::move(type));
    raw_.make = nullptr;
    raw_.role = adapter_->raw();
    raw_.user = adapter_.get();
  }
  explicit Component(StepType type) : role_(std::move(type.step)) {
    begin(BUSWAY_KIND_STEP, std::move(type.name), std::move(type.summary), std::move(type.doc), std::move(type.examples));
    raw_.role = &role_.step;
  }
  explicit Component(FormatType type)
      : role_(std::move(type.format)),
        content_type_(std::move(type.content_type)),
        content_types_(std::move(type.content_types)) {
    begin(BUSWAY_KIND_FORMAT, std::move(type.name), std::move(type.summary), std::move(type.doc), std::move(type.examples));
    for (const std::string& one : content_types_) raw_content_types_.push_back(text_of(one));
    role_.format.content_type = text_of(content_type_);
    role_.format.content_types = raw_content_types_.data();
    role_.format.content_type_count = raw_content_types_.size();
    raw_.role = &role_.format;
  }
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;
  const busway_component* raw() const { return &raw_; }

 private:
  static std::int32_t make(const busway_make* call, void** instance) {
    return guarded(call->failure, [&] { return static_cast<Component*>(call->component->user)->role_.make(*call, instance); });
  }

  void begin(std::uint32_t kind, std::string name, std::string summary, std::string doc, std::vector<Example> examples) {
    name_ = std::move(name);
    summary_ = std::move(summary);
    doc_ = std::move(doc);
    examples_ = std::move(examples);
    fields_ = std::make_unique<RawFields>(role_.fields);
    for (const Example& example : examples_)
      raw_examples_.push_back({sizeof(busway_example), 0, text_of(example.title), text_of(example.text)});
    raw_ = {sizeof(busway_component),
            kind,
            text_of(name_),
            text_of(summary_),
            text_of(doc_),
            fields_->data(),
            fields_->size(),
            raw_examples_.data(),
            raw_examples_.size(),
            make,
            role_.destroy,
            nullptr,
            this};
  }

  Role role_;
  std::string name_, summary_, doc_, content_type_;
  std::vector<std::string> content_types_;
  std::vector<Example> examples_;
  std::unique_ptr<RawFields> fields_;
  std::unique_ptr<RawAdapter> adapter_;
  std::vector<busway_example> raw_examples_;
  std::vector<busway_text> raw_content_types_;
  busway_component raw_{};
};

}  // namespace detail

// All that a library adds to the bus: a line each.
class Plugin {
 public:
  Plugin(const char* name, const char* version) : name_(name), version_(version) {}
  void add(StepType type) { keep(new detail::Component(std::move(type))); }
  void add(FormatType type) { keep(new detail::Component(std::move(type))); }
  void add(AdapterType type) { keep(new detail::Component(std::move(type))); }

  // The entry point's work; null when it cannot declare anything.
  const busway_plugin* declare(const busway_host* host, void (*add_all)(Plugin&)) noexcept {
    if (BUSWAY_HOST_FITS(host) && detail::host == nullptr) {
      detail::host = host;
      try {
        add_all(*this);
      } catch (...) {
        return nullptr;
      }
    }
    raw_ = {sizeof(busway_plugin),     BUSWAY_ABI_VERSION, detail::text_of(name_),
            detail::text_of(version_), components_.data(), components_.size()};
    return &raw_;
  }

 private:
  void keep(detail::Component* component) { components_.push_back(component->raw()); }
  const char* name_;
  const char* version_;
  std::vector<const busway_component*> components_;
  busway_plugin raw_{};
};

}  // namespace busway

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

// BUSWAY_PLUGIN("greetings", "1.0.0", plugin) { plugin.add(greet_step()); }   once in a library, outside of any namespace.
#define BUSWAY_PLUGIN(name, version, plugin)                                                   \
  static void busway_declare_components(busway::Plugin& plugin);                               \
  extern "C" BUSWAY_EXPORT const busway_plugin* busway_plugin_entry(const busway_host* host) { \
    static auto& made = *new busway::Plugin(name, version);                                    \
    return made.declare(host, busway_declare_components);                                      \
  }                                                                                            \
  static void busway_declare_components(busway::Plugin& plugin)
