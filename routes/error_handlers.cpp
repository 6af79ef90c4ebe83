#include "bus/registry.hpp"
#include "routes/keys.hpp"
#include "routes/step_compiler.hpp"

namespace busway::routes {

namespace {

const Fields<ErrorHandler::Retry>& retry_fields() {
  using Retry = ErrorHandler::Retry;
  static const Fields<Retry> fields = {
      {"attempts", &Retry::attempts, "How often at most, the first try included.", at_least(1), at_most(100)},
      {"backoff", &Retry::backoff, "The pause before the next try, with jitter, doubling up to the second time.",
       at_most(std::chrono::milliseconds(600'000))}};
  return fields;
}

}  // namespace

ErrorHandlers StepCompiler::handlers(const ConfigNode& node, CheckContext& check, const std::string& route, Level level) {
  ErrorHandlers out;
  if (node.is_map()) {
    if (auto made = handler(node, check, route, level)) out.push_back(std::move(*made));
    return out;
  }
  if (!node.is_list() || node.items.empty()) {
    check.findings.error("BW1005", node.at,
                         "on_error must be a handler or a list of handlers, found " +
                             std::string(node.is_list() ? "an empty list" : node.kind_name()));
    return out;
  }
  const ConfigNode* takes_all = nullptr;
  for (const ConfigNode& item : node.items) {
    if (takes_all != nullptr) {
      check.findings.error("BW2004", item.at,
                           "this handler is never reached: the one in line " + std::to_string(takes_all->at.line) +
                               " has no 'when' and takes every failure");
      takes_all = nullptr;
    }
    if (item.is_map() && item.find("when") == nullptr) takes_all = &item;
    if (auto made = handler(item, check, route, level)) out.push_back(std::move(*made));
  }
  return out;
}

std::optional<ErrorHandler> StepCompiler::handler(const ConfigNode& node, CheckContext& check, const std::string& route,
                                                  Level level) {
  if (!node.is_map()) {
    report_not_a_mapping(node, "a handler", check);
    return std::nullopt;
  }
  CheckContext here = in_handler(check);
  Scope scope{.route = route, .handler = true, .alone = false};
  ErrorHandler out;
  out.at = node.at;
  std::size_t before = check.findings.errors();
  const ConfigNode* last = nullptr;
  bool not_built = false;
  auto take_last = [&](const ConfigNode& key) {
    if (last != nullptr)
      check.findings.error("BW2010", key.at, "'" + last->text + "' and '" + key.text + "' cannot stand in one handler");
    last = &key;
  };
  for (const ConfigNode::Entry& entry : node.entries) {
    const std::string& key = entry.key.text;
    if (key == "when") {
      read_value(entry.value, Constraints{}, here, out.when);
    } else if (key == "retry") {
      if (level == Level::outer) {
        check.findings.error("BW2011", entry.key.at,
                             "'retry' tries the failed step again, so it stands in the on_error of a step");
      } else {
        retry_fields().read(entry.value, here, out.retry.emplace(ErrorHandler::Retry{}));
      }
    } else if (key == "steps") {
      out.steps = list(entry.value, here, scope);
    } else if (key == "reply") {
      take_last(entry.key);
      out.last = ErrorHandler::Last::reply;
      out.reply = step("reply", entry.value, here, scope);
    } else if (key == "continue") {
      take_last(entry.key);
      out.last = ErrorHandler::Last::resume;
      if (entry.value.kind != ConfigNode::Kind::boolean || (entry.value.text[0] | 0x20) != 't') {
        check.findings.error("BW1005", entry.value.at, "'continue' can only be true: leave it out otherwise");
      }
    } else if (report_not_built(Place::handler, entry.key, check)) {
      not_built = true;
    } else {
      report_unknown_key(entry.key, names_of(handler_fields()), check);
    }
  }
  bool good = check.findings.errors() == before;
  if (good && !not_built && level == Level::step && last == nullptr && out.steps == nullptr) {
    check.findings.error("BW2012", node.at, "this handler does nothing: give it steps, reply or continue: true");
    good = false;
  }
  if (!good) return std::nullopt;
  return out;
}

}  // namespace busway::routes
