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
    *instance = new Made(std::move(config));
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

// A declaration as the ABI has it, with all that it points to. Never moved, never destroyed.
class Component {
 public:
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
    choices_.reserve(role_.fields.size());
    for (const FieldText& field : role_.fields) {
      std::vector<busway_text>& choices = choices_.emplace_back();
      for (const std::string& word : field.choices) choices.push_back(text_of(word));
      fields_.push_back({sizeof(busway_field), field.type, field.limits.flags, static_cast<std::uint32_t>(choices.size()),
                         text_of(field.name), text_of(field.doc), text_of(field.default_text), text_of(field.limits.at_least),
                         text_of(field.limits.at_most), choices.data()});
    }
    for (const Example& example : examples_)
      raw_examples_.push_back({sizeof(busway_example), 0, text_of(example.title), text_of(example.text)});
    raw_ = {sizeof(busway_component),
            kind,
            text_of(name_),
            text_of(summary_),
            text_of(doc_),
            fields_.data(),
            fields_.size(),
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
  std::vector<busway_field> fields_;
  std::vector<std::vector<busway_text>> choices_;
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
