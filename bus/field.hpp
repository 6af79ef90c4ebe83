#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bus/check_context.hpp"
#include "bus/config_node.hpp"
#include "bus/format.hpp"
#include "bus/secret.hpp"

namespace busway {

// ---- values a field can hold besides bool, integers, std::string, Secret, durations and enums ----

// `64KiB`, `10MiB`, `512` (bytes).
struct ByteSize {
  std::uint64_t bytes = 0;
};

// `100ms..2s`
struct DurationRange {
  std::chrono::milliseconds low{0};
  std::chrono::milliseconds high{0};
};

// A field declared as an expression: compiled JSONata and where it stands. Empty when the field was left out.
struct ExpressionRef {
  std::shared_ptr<const Expression> expression;
  Position at;
  std::string source;  // as written, for messages
  // The place of a code point of `source`, in the route file or in the expression's own.
  std::function<Position(std::int64_t)> place_of{};
  explicit operator bool() const { return expression != nullptr; }
};

// A literal text that may also be computed: `text`, `{ expr: E }` or `{ file: PATH }`.
struct TextRef {
  std::string text;
  ExpressionRef computed;  // set for { expr: ... }: then `text` is empty
  bool given = false;
};

// A file of the bundle, read at check.
struct FileRef {
  std::string path;  // as written; empty when the field was left out
  std::string content;
  Position at;
};

// `json`, or `{ fixed: { layout: stock.layout.yaml } }`, or `{ fixed: stock.layout.yaml }`.
struct FormatRef {
  FormatPtr format;
  Position at;
  bool by_name = false;  // without options
  explicit operator bool() const { return format != nullptr; }
};

// ---- what a declaration says of a field; help, docs, JSON Schema and the console read it ----

struct FieldInfo {
  std::string name;
  std::string doc;           // one line, a sentence
  std::string type;          // "duration", "size", "string", "expression", "boolean", "integer", "list of string", "one of a, b"
  std::string default_text;  // "10s"; empty when there is none
  std::string bounds;        // "1ms to 1h"; empty when there are none
  bool required = false;
  bool secret = false;
  bool shorthand = false;           // the field that a scalar in place of the mapping sets
  std::string schema;               // JSON Schema of the value, as JSON text
  std::vector<FieldInfo> children;  // of a nested mapping
};

// ---- constraints that follow a field's one-line doc ----

struct Constraints {
  bool required = false;
  bool shorthand = false;
  std::optional<std::int64_t> at_least;  // in the field's unit: number, milliseconds, bytes
  std::optional<std::int64_t> at_most;
  std::string at_least_text;
  std::string at_most_text;
};
using Constraint = std::function<void(Constraints&)>;

inline Constraint required() {
  return [](Constraints& c) { c.required = true; };
}
// The field that takes the value when a scalar (or, for lists and variants, anything but a mapping) stands for the mapping.
inline Constraint shorthand() {
  return [](Constraints& c) { c.shorthand = true; };
}
Constraint at_least(std::int64_t value);
Constraint at_least(std::chrono::milliseconds value);
Constraint at_most(std::int64_t value);
Constraint at_most(std::chrono::milliseconds value);
Constraint at_least(ByteSize value);
Constraint at_most(ByteSize value);

// ---- readers: one per C++ type. Each reports its own findings and returns false after one. ----

bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, bool& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, std::int64_t& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, int& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, std::chrono::milliseconds& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, ByteSize& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, DurationRange& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, std::string& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, Secret& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, ExpressionRef& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, TextRef& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, FileRef& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, FormatRef& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, ConfigNode& out);
// A scalar counts as a list of one.
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, std::vector<std::string>& out);
// Pairs in file order.
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context,
                std::vector<std::pair<std::string, TextRef>>& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context,
                std::vector<std::pair<std::string, std::string>>& out);
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context,
                std::vector<std::pair<std::string, ExpressionRef>>& out);
template <class T>
bool read_value(const ConfigNode& node, const Constraints& limits, CheckContext& context, std::optional<T>& out) {
  T value{};
  if (!read_value(node, limits, context, value)) return false;
  out = std::move(value);
  return true;
}

// Type name, JSON Schema and default text of each, for the declaration's readers. A default-constructed value has no default text
// where that means "left out".
struct TypeInfo {
  std::string name;
  std::string schema;
  std::string default_text;
  bool secret = false;
};
TypeInfo describe(const bool& value);
TypeInfo describe(const std::int64_t& value);
TypeInfo describe(const int& value);
TypeInfo describe(const std::chrono::milliseconds& value);
TypeInfo describe(const ByteSize& value);
TypeInfo describe(const DurationRange& value);
TypeInfo describe(const std::string& value);
TypeInfo describe(const Secret& value);
TypeInfo describe(const ExpressionRef& value);
TypeInfo describe(const TextRef& value);
TypeInfo describe(const FileRef& value);
TypeInfo describe(const FormatRef& value);
TypeInfo describe(const ConfigNode& value);
TypeInfo describe(const std::vector<std::string>& value);
TypeInfo describe(const std::vector<std::pair<std::string, TextRef>>& value);
TypeInfo describe(const std::vector<std::pair<std::string, std::string>>& value);
TypeInfo describe(const std::vector<std::pair<std::string, ExpressionRef>>& value);
template <class T>
TypeInfo describe(const std::optional<T>& value) {
  TypeInfo info = describe(value ? *value : T{});
  if (!value) info.default_text.clear();
  return info;
}

// ---- a declaration's list of fields ----

// Reads the mapping `node` by `infos`: unknown keys, missing required keys and a scalar in place of the mapping are handled here;
// `read` is called with the index of each field found. `extra` names keys that someone else reads beside these.
bool read_fields(const ConfigNode& node, const std::vector<FieldInfo>& infos, const std::vector<std::string>& extra,
                 CheckContext& context, const std::function<bool(std::size_t, const ConfigNode&)>& read);
std::string bounds_text(const Constraints& limits);

template <class T>
class Fields;

// One field of the struct T, as written in a declaration:
//   {"every", &TimerConfig::every, "Time between messages.", at_least(1ms)}
//   {"frame", &TcpService::frame, "Where a message ends.", frame_fields()}          a nested struct with fields of its own
//   {"order", &Frame::order, "Byte order.", one_of<Order>({{"big", Order::big}, ...})}
template <class E>
struct Choices {
  std::vector<std::pair<std::string, E>> names;
};
template <class E>
Choices<E> one_of(std::vector<std::pair<std::string, E>> names) {
  return {std::move(names)};
}

template <class T>
struct Field {
  FieldInfo info;
  std::function<bool(const ConfigNode&, CheckContext&, T&)> read;

  template <class M, class... C>
    requires(std::convertible_to<C, Constraint> && ...)
  Field(std::string name, M T::* member, std::string doc, C... constraints) {
    Constraints limits;
    (Constraint(constraints)(limits), ...);
    static const T defaults{};
    TypeInfo type = describe(defaults.*member);
    info = {.name = std::move(name),
            .doc = std::move(doc),
            .type = std::move(type.name),
            .default_text = std::move(type.default_text),
            .bounds = bounds_text(limits),
            .required = limits.required,
            .secret = type.secret,
            .shorthand = limits.shorthand,
            .schema = std::move(type.schema),
            .children = {}};
    if (limits.required) info.default_text.clear();
    read = [member, limits](const ConfigNode& node, CheckContext& context, T& out) {
      return read_value(node, limits, context, out.*member);
    };
  }

  template <class E, class... C>
  Field(std::string name, E T::* member, std::string doc, Choices<E> choices, C... constraints);

  // A nested mapping; `M` is N or std::optional<N>.
  template <class N, class... C>
  Field(std::string name, N T::* member, std::string doc, Fields<N> fields, C... constraints);
  template <class N, class... C>
  Field(std::string name, std::optional<N> T::* member, std::string doc, Fields<N> fields, C... constraints);
  // A list of mappings.
  template <class N, class... C>
  Field(std::string name, std::vector<N> T::* member, std::string doc, Fields<N> fields, C... constraints);
};

template <class T>
class Fields {
 public:
  Fields() = default;
  Fields(std::initializer_list<Field<T>> fields) : fields_(fields) {}

  std::vector<FieldInfo> infos() const {
    std::vector<FieldInfo> out;
    for (const Field<T>& field : fields_) out.push_back(field.info);
    return out;
  }
  // Reads `node` into `out`. False after a finding; the other fields are read all the same, so one run reports all mistakes.
  bool read(const ConfigNode& node, CheckContext& context, T& out, const std::vector<std::string>& extra = {}) const {
    return read_fields(node, infos(), extra, context,
                       [&](std::size_t index, const ConfigNode& value) { return fields_[index].read(value, context, out); });
  }

 private:
  std::vector<Field<T>> fields_;
};

namespace detail {
bool refuse_choice(const ConfigNode& node, const std::vector<std::string_view>& names, CheckContext& context);
std::string choices_schema(const std::vector<std::string_view>& names);
std::string fields_schema(const std::vector<FieldInfo>& infos);
enum class Nesting { mapping, list };
// What is said of a field whose value is a mapping, or a list of them, with `children`.
FieldInfo nested_info(std::string name, std::string doc, const Constraints& limits, std::vector<FieldInfo> children,
                      Nesting nesting);
bool expects_list(const ConfigNode& node, CheckContext& context);
template <class... C>
Constraints collect(const C&... constraints) {
  Constraints limits;
  (Constraint(constraints)(limits), ...);
  return limits;
}
}  // namespace detail

template <class T>
template <class E, class... C>
Field<T>::Field(std::string name, E T::* member, std::string doc, Choices<E> choices, C... constraints) {
  Constraints limits = detail::collect(constraints...);
  static const T defaults{};
  std::vector<std::string_view> names;
  std::string type = "one of ";
  std::string default_text;
  for (const auto& [word, value] : choices.names) {
    if (!names.empty()) type += ", ";
    type += word;
    names.push_back(word);
    if (value == defaults.*member) default_text = word;
  }
  info = {.name = std::move(name),
          .doc = std::move(doc),
          .type = std::move(type),
          .default_text = limits.required ? "" : default_text,
          .bounds = "",
          .required = limits.required,
          .secret = false,
          .shorthand = limits.shorthand,
          .schema = detail::choices_schema(names),
          .children = {}};
  read = [member, choices](const ConfigNode& node, CheckContext& context, T& out) {
    std::vector<std::string_view> words;
    for (const auto& [word, value] : choices.names) {
      if (node.is_scalar() && node.text == word) {
        out.*member = value;
        return true;
      }
      words.push_back(word);
    }
    return detail::refuse_choice(node, words, context);
  };
}

template <class T>
template <class N, class... C>
Field<T>::Field(std::string name, N T::* member, std::string doc, Fields<N> fields, C... constraints) {
  info = detail::nested_info(std::move(name), std::move(doc), detail::collect(constraints...), fields.infos(),
                             detail::Nesting::mapping);
  read = [member, fields](const ConfigNode& node, CheckContext& context, T& out) {
    return fields.read(node, context, out.*member);
  };
}

template <class T>
template <class N, class... C>
Field<T>::Field(std::string name, std::optional<N> T::* member, std::string doc, Fields<N> fields, C... constraints) {
  info = detail::nested_info(std::move(name), std::move(doc), detail::collect(constraints...), fields.infos(),
                             detail::Nesting::mapping);
  read = [member, fields](const ConfigNode& node, CheckContext& context, T& out) {
    // N{}: clang 19 takes emplace() of a struct nested in T for ill-formed.
    return fields.read(node, context, (out.*member).emplace(N{}));
  };
}

template <class T>
template <class N, class... C>
Field<T>::Field(std::string name, std::vector<N> T::* member, std::string doc, Fields<N> fields, C... constraints) {
  info = detail::nested_info(std::move(name), std::move(doc), detail::collect(constraints...), fields.infos(),
                             detail::Nesting::list);
  read = [member, fields](const ConfigNode& node, CheckContext& context, T& out) {
    if (!detail::expects_list(node, context)) return false;
    bool good = true;
    for (const ConfigNode& item : node.items) good = fields.read(item, context, (out.*member).emplace_back()) && good;
    return good;
  };
}

}  // namespace busway
