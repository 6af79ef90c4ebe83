#include "plugins/host/settings.hpp"

#include "plugins/host/no_bundle.hpp"
#include "plugins/host/sized.hpp"

namespace busway::plugins {

namespace {

std::unexpected<Error> refuse(std::string text) {
  return fail(ErrorKind::config, std::move(text), "BW7008");
}

ConfigNode node_of(std::uint32_t type, const std::string& text) {
  ConfigNode node;
  node.kind = type == BUSWAY_FIELD_BOOLEAN   ? ConfigNode::Kind::boolean
              : type == BUSWAY_FIELD_INTEGER ? ConfigNode::Kind::number
                                             : ConfigNode::Kind::string;
  node.text = text;
  return node;
}

bool has_bounds(std::uint32_t type) {
  return type == BUSWAY_FIELD_INTEGER || type == BUSWAY_FIELD_DURATION || type == BUSWAY_FIELD_SIZE;
}

}  // namespace

bool DeclaredField::read_value_of(const ConfigNode& node, CheckContext& check, Setting& out) const {
  switch (type_) {
    case BUSWAY_FIELD_BOOLEAN: {
      bool value = false;
      if (!read_value(node, limits_, check, value)) return false;
      out.number = value ? 1 : 0;
      return true;
    }
    case BUSWAY_FIELD_INTEGER: return read_value(node, limits_, check, out.number);
    case BUSWAY_FIELD_DURATION: {
      std::chrono::milliseconds value{0};
      if (!read_value(node, limits_, check, value)) return false;
      out.number = value.count();
      return true;
    }
    case BUSWAY_FIELD_SIZE: {
      ByteSize value;
      if (!read_value(node, limits_, check, value)) return false;
      out.number = static_cast<std::int64_t>(value.bytes);
      return true;
    }
    case BUSWAY_FIELD_TEXT:
    case BUSWAY_FIELD_SECRET: return read_value(node, limits_, check, out.text);
    case BUSWAY_FIELD_FILE: {
      FileRef file;
      if (!read_value(node, limits_, check, file)) return false;
      out.text = Secret(std::move(file.content));
      return true;
    }
    case BUSWAY_FIELD_CHOICE: {
      std::vector<std::string_view> words;
      for (std::size_t i = 0; i < choices_.size(); ++i) {
        if (node.is_scalar() && node.text == choices_[i]) {
          out.number = static_cast<std::int64_t>(i);
          out.text = Secret(choices_[i]);
          return true;
        }
        words.push_back(choices_[i]);
      }
      return detail::refuse_choice(node, words, check);
    }
    case BUSWAY_FIELD_TEXTS: return read_value(node, limits_, check, out.list);
    default: return false;
  }
}

bool DeclaredField::read(const ConfigNode& node, CheckContext& check, Setting& out) const {
  out = Setting();
  if (!read_value_of(node, check, out)) return false;
  bool open = type_ != BUSWAY_FIELD_FILE && holds_reference(out.text.expose());
  for (const std::string& one : out.list) open = open || holds_reference(one);
  out.given = open ? BUSWAY_NOT_KNOWN_YET : BUSWAY_GIVEN;
  return true;
}

Result<void> DeclaredField::describe_type(const FieldDeclaration& declared) {
  TypeInfo type;
  switch (declared.type) {
    case BUSWAY_FIELD_BOOLEAN: type = describe(left_out_.number != 0); break;
    case BUSWAY_FIELD_INTEGER: type = describe(left_out_.number); break;
    case BUSWAY_FIELD_DURATION: type = describe(std::chrono::milliseconds(left_out_.number)); break;
    case BUSWAY_FIELD_SIZE: type = describe(ByteSize{static_cast<std::uint64_t>(left_out_.number)}); break;
    case BUSWAY_FIELD_TEXT: type = describe(left_out_.text.expose()); break;
    case BUSWAY_FIELD_SECRET: type = describe(Secret()); break;
    case BUSWAY_FIELD_FILE: type = describe(FileRef()); break;
    case BUSWAY_FIELD_TEXTS: type = describe(left_out_.list); break;
    case BUSWAY_FIELD_CHOICE: {
      std::vector<std::string_view> words(declared.choices.begin(), declared.choices.end());
      for (std::string_view word : words) type.name += (type.name.empty() ? "one of " : ", ") + std::string(word);
      type.schema = detail::choices_schema(words);
      type.default_text = left_out_.text.expose();
      break;
    }
    default: return refuse("has type " + std::to_string(declared.type) + ", which this busway does not know");
  }
  info_ = {.name = declared.name,
           .doc = declared.doc,
           .type = std::move(type.name),
           .default_text = declared.required ? "" : std::move(type.default_text),
           .bounds = bounds_text(limits_),
           .required = declared.required,
           .secret = type.secret,
           .shorthand = declared.shorthand,
           .schema = std::move(type.schema),
           .children = {}};
  return {};
}

Result<void> DeclaredField::read_bounds(const FieldDeclaration& declared) {
  NoBundle none;
  Registry registry;
  auto bound = [&](const std::string& text, std::optional<std::int64_t>& limit, std::string& said) -> Result<void> {
    if (text.empty()) return {};
    if (!has_bounds(type_)) return refuse("has a bound, which its type does not have");
    Findings findings;
    CheckContext check{findings, registry, none, none, none};
    Setting value;
    if (!read_value_of(node_of(type_, text), check, value))
      return refuse("has the bound '" + text.substr(0, 80) + "', which is no value of its type");
    limit = value.number;
    said = text;
    return {};
  };
  std::optional<std::int64_t> low;
  std::optional<std::int64_t> high;
  if (auto read = bound(declared.at_least, low, limits_.at_least_text); !read) return read;
  if (auto read = bound(declared.at_most, high, limits_.at_most_text); !read) return read;
  if (low && high && *low > *high) return refuse("has a lower bound above the upper one");
  limits_.at_least = low;
  limits_.at_most = high;
  return {};
}

Result<DeclaredField> DeclaredField::make(const FieldDeclaration& declared) {
  DeclaredField out;
  out.type_ = declared.type;
  out.choices_ = declared.choices;
  if (declared.type < BUSWAY_FIELD_BOOLEAN || declared.type > BUSWAY_FIELD_TEXTS)
    return refuse("has type " + std::to_string(declared.type) + ", which this busway does not know");
  if ((declared.type == BUSWAY_FIELD_CHOICE) == declared.choices.empty())
    return refuse("must have choices when it is a choice, and only then");
  if (auto read = out.read_bounds(declared); !read) return std::unexpected(read.error());
  out.limits_.required = declared.required;
  out.limits_.shorthand = declared.shorthand;
  if (!declared.default_text.empty()) {
    if (declared.required) return refuse("is required and has a default: keep one of the two");
    if (declared.type == BUSWAY_FIELD_FILE || declared.type == BUSWAY_FIELD_SECRET)
      return refuse("has a default, which its type cannot have");
    NoBundle none;
    Registry registry;
    Findings findings;
    CheckContext check{findings, registry, none, none, none};
    if (!out.read_value_of(node_of(declared.type, declared.default_text), check, out.left_out_)) {
      return refuse("has the default '" + declared.default_text.substr(0, 80) + "': " + findings.all().front().text);
    }
  } else if (declared.type == BUSWAY_FIELD_CHOICE && !declared.required) {
    out.left_out_.text = Secret(declared.choices.front());
  } else if (!declared.required && out.limits_.at_least && *out.limits_.at_least > 0) {
    return refuse("has no default, and 0 is out of its bounds: give it one, or make it required");
  }
  if (auto described = out.describe_type(declared); !described) return std::unexpected(described.error());
  return out;
}

SettingsForCall::SettingsForCall(const std::vector<Setting>& settings) {
  lists_.reserve(settings.size());
  for (const Setting& setting : settings) {
    std::vector<busway_text>& list = lists_.emplace_back();
    for (const std::string& text : setting.list) list.push_back(text_of(text));
    out_.push_back({.struct_size = sizeof(busway_setting),
                    .given = setting.given,
                    .number = setting.number,
                    .text = text_of(setting.text.expose()),
                    .list = list.empty() ? nullptr : list.data(),
                    .list_count = list.size()});
  }
}

}  // namespace busway::plugins
