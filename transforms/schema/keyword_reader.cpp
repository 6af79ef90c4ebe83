#include "transforms/schema/keyword_reader.hpp"

#include <algorithm>
#include <charconv>

#include "transforms/schema/placed_json.hpp"

namespace busway::schema {

namespace {

using Kind = ConfigNode::Kind;

template <class T>
T& made(std::unique_ptr<T>& group) {
  if (group == nullptr) group = std::make_unique<T>();
  return *group;
}

std::optional<std::uint8_t> type_bits(std::string_view name) {
  if (name == "null") return types::null;
  if (name == "boolean") return types::boolean;
  if (name == "integer") return types::integer;
  if (name == "number") return types::number;
  if (name == "string") return types::string;
  if (name == "array") return types::array;
  if (name == "object") return types::object;
  return std::nullopt;
}

}  // namespace

NumberChecks& KeywordReader::number_checks() {
  return made(out_.numbers);
}
StringChecks& KeywordReader::string_checks() {
  return made(out_.strings);
}
ArrayChecks& KeywordReader::array_checks() {
  return made(out_.arrays);
}
ObjectChecks& KeywordReader::object_checks() {
  return made(out_.objects);
}
Combinations& KeywordReader::combined() {
  return made(out_.combined);
}

void KeywordReader::read() {
  if (node_.kind == Kind::boolean) {  // draft-04 knows them in a few places only; elsewhere they harm no one
    out_.verdict = node_.text[0] == 't' || node_.text[0] == 'T' ? Schema::Verdict::accept : Schema::Verdict::refuse;
    return;
  }
  if (!node_.is_map()) {
    refuse(node_, "a schema must be an object" + std::string(dialect_.at_least(Draft::draft6) ? ", true or false" : "") +
                      ", found " + std::string(node_.kind_name()));
    return;
  }
  references();
  if (dialect_.reference_stands_alone() && out_.combined != nullptr) return;
  if (dialect_.validation) {
    any_type();
    numbers();
  }
  strings();
  arrays();
  objects();
  if (dialect_.applicator) combinations();
}

const ConfigNode* KeywordReader::get(std::string_view keyword) const {
  const ConfigNode::Entry* entry = node_.find(keyword);
  return entry == nullptr ? nullptr : &entry->value;
}

bool KeywordReader::refuse(const ConfigNode& at, std::string text) {
  findings_.error("BW4102", at.at, std::move(text));
  return false;
}

std::optional<std::uint64_t> KeywordReader::count(std::string_view keyword) {
  const ConfigNode* value = get(keyword);
  if (value == nullptr) return std::nullopt;
  if (value->kind == Kind::number && is_json_number(value->text)) {
    Decimal decimal(value->text);
    if (decimal.is_integer() && !decimal.negative()) {
      if (decimal.is_zero()) return 0;
      if (static_cast<std::int64_t>(decimal.digits()) + decimal.exponent() > 18) return no_limit;
      std::uint64_t out = decimal.digits_modulo(1'000'000'000'000'000'000);
      for (std::int64_t i = 0; i < decimal.exponent(); ++i) out *= 10;
      return out;
    }
  }
  refuse(*value, "'" + std::string(keyword) + "' must be a whole number, 0 or more");
  return std::nullopt;
}

std::optional<std::string> KeywordReader::number(std::string_view keyword) {
  const ConfigNode* value = get(keyword);
  if (value == nullptr) return std::nullopt;
  if (value->kind == Kind::number && is_json_number(value->text)) return value->text;
  refuse(*value, "'" + std::string(keyword) + "' must be a number" +
                     (value->kind == Kind::number ? " as JSON writes it, such as 0.5" : ""));
  return std::nullopt;
}

std::optional<bool> KeywordReader::flag(std::string_view keyword) {
  const ConfigNode* value = get(keyword);
  if (value == nullptr) return std::nullopt;
  if (value->kind == Kind::boolean) return value->text[0] == 't' || value->text[0] == 'T';
  refuse(*value, "'" + std::string(keyword) + "' must be true or false");
  return std::nullopt;
}

std::optional<std::vector<std::string>> KeywordReader::names(const ConfigNode& list, std::string_view keyword) {
  std::vector<std::string> out;
  bool good = list.is_list();
  for (const ConfigNode& item : list.items) {
    good = good && item.kind == Kind::string;
    out.push_back(item.text);
  }
  if (good) return out;
  refuse(list, "'" + std::string(keyword) + "' must be a list of names");
  return std::nullopt;
}

const ConfigNode* KeywordReader::map(std::string_view keyword) {
  const ConfigNode* value = get(keyword);
  if (value == nullptr || value->is_map()) return value;
  refuse(*value, "'" + std::string(keyword) + "' must be an object");
  return nullptr;
}

const Schema* KeywordReader::subschema(const ConfigNode& node, std::string_view keyword) {
  if (node.is_map() || node.kind == Kind::boolean) return subschemas_.need(node);
  refuse(node, "'" + std::string(keyword) + "' must be a schema, found " + std::string(node.kind_name()));
  return nullptr;
}

const Schema* KeywordReader::subschema(std::string_view keyword) {
  const ConfigNode* value = get(keyword);
  return value == nullptr ? nullptr : subschema(*value, keyword);
}

std::vector<const Schema*> KeywordReader::subschemas(const ConfigNode& list, std::string_view keyword) {
  std::vector<const Schema*> out;
  for (const ConfigNode& item : list.items) {
    if (const Schema* schema = subschema(item, keyword)) out.push_back(schema);
  }
  return out;
}

std::vector<const Schema*> KeywordReader::subschemas(std::string_view keyword) {
  const ConfigNode* value = get(keyword);
  if (value == nullptr) return {};
  if (!value->is_list() || value->items.empty()) {
    refuse(*value, "'" + std::string(keyword) + "' must be a list of schemas" + (value->is_list() ? ", at least one" : ""));
    return {};
  }
  return subschemas(*value, keyword);
}

std::optional<Pattern> KeywordReader::pattern(const ConfigNode& at, const std::string& text) {
  auto compiled = Pattern::compile(text);
  if (compiled) return std::move(*compiled);
  const Error& error = compiled.error();
  findings_.error(error.code == "unsupported" ? "BW4104" : "BW4102", at.at,
                  (error.code == "unsupported" ? "" : "this is no regular expression: ") + error.text + ", character " +
                      std::to_string(error.position + 1) + " of the pattern");
  return std::nullopt;
}

void KeywordReader::references() {
  auto text = [&](std::string_view keyword) -> const ConfigNode* {
    const ConfigNode* value = get(keyword);
    if (value == nullptr || value->kind == Kind::string) return value;
    refuse(*value, "'" + std::string(keyword) + "' must be a URI reference in quotes");
    return nullptr;
  };
  if (const ConfigNode* value = text("$ref")) {
    combined().references.push_back({subschemas_.refer(value->text, value->at), -1, "$ref"});
  }
  std::string_view dynamic = dialect_.draft == Draft::draft2020   ? "$dynamicRef"
                             : dialect_.draft == Draft::draft2019 ? "$recursiveRef"
                                                                  : "";
  if (dynamic.empty()) return;
  if (const ConfigNode* value = text(dynamic)) {
    if (auto reference = subschemas_.refer_dynamically(value->text, dynamic, value->at)) {
      combined().references.push_back(*reference);
    }
  }
}

void KeywordReader::any_type() {
  if (const ConfigNode* value = get("type")) {
    std::vector<const ConfigNode*> listed;
    if (value->is_list()) {
      for (const ConfigNode& item : value->items) listed.push_back(&item);
    } else {
      listed.push_back(value);
    }
    for (const ConfigNode* item : listed) {
      auto bits = item->kind == Kind::string || item->kind == Kind::null ? type_bits(item->text) : std::nullopt;
      if (!bits) {
        refuse(*item, "'" + item->text.substr(0, 40) + "' is no type" +
                          did_you_mean(item->text, {"array", "boolean", "integer", "null", "number", "object", "string"}));
        continue;
      }
      out_.allowed_types = static_cast<std::uint8_t>(out_.allowed_types | *bits);
    }
    if (value->is_list() && value->items.empty()) refuse(*value, "'type' must name at least one type");
  }
  const ConfigNode* fixed = dialect_.at_least(Draft::draft6) ? get("const") : nullptr;
  const ConfigNode* listed = get("enum");
  if (listed != nullptr && !listed->is_list()) {
    refuse(*listed, "'enum' must be a list of values");
    listed = nullptr;
  }
  auto add = [&](ValueSet& to, const ConfigNode& value) {
    Position bad;
    if (auto document = to_document(value, values_, bad)) {
      to.add(*document);
    } else {
      findings_.error("BW4102", bad, "this is no number as JSON writes it: put it in quotes, or write it in digits");
    }
  };
  if (fixed != nullptr) {
    out_.is_const = true;
    add(made(out_.values), *fixed);
  }
  if (listed == nullptr) return;
  if (fixed == nullptr) {
    for (const ConfigNode& value : listed->items) add(made(out_.values), value);
    if (listed->items.empty()) made(out_.values);
    return;
  }
  // Both: the constant must be one of the values.
  ValueSet all;
  for (const ConfigNode& value : listed->items) add(all, value);
  if (!out_.values->values().empty() && !all.contains(out_.values->values()[0])) out_.verdict = Schema::Verdict::refuse;
}

void KeywordReader::numbers() {
  if (auto value = number("multipleOf")) {
    number_checks().multiple_of = Divisor::read(*value);
    if (!number_checks().multiple_of) refuse(*get("multipleOf"), "'multipleOf' must be above 0 and have at most 18 digits");
  }
  auto minimum = number("minimum");
  auto maximum = number("maximum");
  if (dialect_.draft == Draft::draft4) {
    bool above = flag("exclusiveMinimum").value_or(false);
    bool below = flag("exclusiveMaximum").value_or(false);
    if (minimum) (above ? number_checks().exclusive_minimum : number_checks().minimum).emplace(*minimum);
    if (maximum) (below ? number_checks().exclusive_maximum : number_checks().maximum).emplace(*maximum);
    return;
  }
  if (minimum) number_checks().minimum.emplace(*minimum);
  if (maximum) number_checks().maximum.emplace(*maximum);
  if (auto value = number("exclusiveMinimum")) number_checks().exclusive_minimum.emplace(*value);
  if (auto value = number("exclusiveMaximum")) number_checks().exclusive_maximum.emplace(*value);
}

void KeywordReader::strings() {
  const ConfigNode* format = get("format");
  if (format != nullptr && (assert_formats_ || dialect_.format_assertion)) {
    if (format->kind != Kind::string) {
      refuse(*format, "'format' must be a name in quotes");
    } else if (FormatCheck check = find_format_check(format->text)) {
      string_checks().format = check;
      string_checks().format_name = format->text;
    }
  }
  if (!dialect_.validation) return;
  if (auto value = count("minLength")) string_checks().min_length = *value;
  if (auto value = count("maxLength")) string_checks().max_length = *value;
  if (const ConfigNode* value = get("pattern")) {
    if (value->kind != Kind::string) {
      refuse(*value, "'pattern' must be a regular expression in quotes");
    } else {
      string_checks().pattern = pattern(*value, value->text);
    }
  }
}

}  // namespace busway::schema
