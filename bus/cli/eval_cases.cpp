#include "bus/cli/eval_cases.hpp"

#include <string>

#include "transforms/formats/json.hpp"

namespace busway::cli {

namespace {

class CaseScope final : public Scope {
 public:
  explicit CaseScope(const Node& line) : line_(line) {}
  Result<Node> input(Arena&) override { return line_.member("data"); }
  Result<Node> variable(std::string_view name, Arena&) override { return line_.member("bindings").member(name); }

 private:
  Node line_;
};

void write_error(const Error& error, std::string& out) {
  out += "{\"error\":{\"code\":";
  write_json(Node::string(error.code.empty() ? name_of(error.kind) : std::string_view(error.code)), out);
  if (error.position >= 0) out += ",\"position\":" + std::to_string(error.position);
  if (!error.token.empty()) {
    out += ",\"token\":";
    write_json(Node::string(error.token), out);
  }
  out += ",\"message\":";
  write_json(Node::string(error.text), out);
  out += "}}";
}

void eval_case(std::string_view text, const ExpressionLanguage& language, std::string& out) {
  Arena arena;
  auto line =
      read_json(text, arena, {.duplicate_keys = JsonOptions::DuplicateKeys::last, .depth = eval_depth, .lone_surrogates = true});
  if (!line || !line->member("expr").is_string()) {
    out += "{\"error\":{\"code\":\"BW0002\"}}";
    return;
  }
  auto compiled = language.compile(line->member("expr").text(), nullptr);
  if (!compiled) return write_error(compiled.error(), out);
  CaseScope scope(*line);
  auto result = (*compiled)->evaluate(scope, arena);
  if (!result) return write_error(result.error(), out);
  if (result->is_nothing()) {
    out += "{\"undefined\":true}";
    return;
  }
  out += "{\"result\":";
  write_json(*result, out, {.digits = JsonDigits::exact});
  out += '}';
}

}  // namespace

void eval_cases(std::istream& in, std::ostream& out, const ExpressionLanguage& language) {
  std::string line;
  std::string answer;
  while (std::getline(in, line)) {
    answer.clear();
    eval_case(line, language, answer);
    out << answer << '\n';
  }
  out.flush();
}

}  // namespace busway::cli
