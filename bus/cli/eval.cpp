#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include "bus/cli/eval_cases.hpp"
#include "bus/cli/eval_language.hpp"
#include "bus/cli/eval_watch.hpp"
#include "bus/cli/files.hpp"
#include "bus/cli/input_scope.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"
#include "transforms/formats/json.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::cli {

namespace {

struct EvalOptions {
  std::string word;  // what stands alone: the expression
  std::string expression;
  std::string expression_file;
  std::vector<std::string> inputs;  // several only when they are watched
  std::string cases;
  std::string bundle;
  bool pretty = false;
  bool explain = false;
  bool watch = false;
};

int refuse(const Error& error, std::string_view what) {
  std::cerr << "busway eval: " << (error.code.empty() ? "" : error.code + ": ") << error.text;
  if (error.position >= 0) std::cerr << " (" << what << ", character " << error.position + 1 << ')';
  std::cerr << '\n';
  return found;
}

Result<std::string> input_text(const EvalOptions& options) {
  if (!options.inputs.empty()) return read_file(options.inputs.front());
  if (isatty(STDIN_FILENO) != 0) return std::string();
  return read_file("-");
}

int evaluate(const EvalOptions& options, const ExpressionLanguage& language) {
  std::string expression = options.expression;
  if (!options.expression_file.empty()) {
    auto content = read_file(options.expression_file);
    if (!content) return refuse(content.error(), "");
    expression = std::move(*content);
  }
  if (options.explain) {
    auto plan = jsonata::explain(expression, language);
    if (!plan) return refuse(plan.error(), "expression");
    std::cout << *plan;
    return good;
  }
  auto compiled = language.compile(expression, nullptr);
  if (!compiled) return refuse(compiled.error(), "expression");
  auto text = input_text(options);
  if (!text) return refuse(text.error(), "");
  Arena arena;
  Node input;
  if (text->find_first_not_of(" \t\r\n") != std::string::npos) {
    auto read = read_json(*text, arena,
                          {.duplicate_keys = JsonOptions::DuplicateKeys::last, .depth = eval_depth, .lone_surrogates = true});
    if (!read) return refuse(read.error(), "input");
    input = *read;
  }
  InputScope scope(input);
  auto result = (*compiled)->evaluate(scope, arena);
  if (!result) return refuse(result.error(), "expression");
  if (result->is_nothing()) return good;
  std::string out;
  if (options.pretty) {
    write_json(*result, out, {.digits = JsonDigits::exact, .indent = 2});
  } else {
    write_json(*result, out, {.digits = JsonDigits::exact});
  }
  std::cout << out << '\n';
  return good;
}

int evaluate_cases(const std::string& path, const ExpressionLanguage& language) {
  if (path == "-") {
    eval_cases(std::cin, std::cout, language);
    return good;
  }
  std::ifstream in(path, std::ios::binary);
  if (!in || in.peek() == std::ifstream::traits_type::eof()) {
    if (auto content = read_file(path); !content) return refuse(content.error(), "");
  }
  eval_cases(in, std::cout, language);
  return in.bad() ? found : good;
}

// What is wrong with words that stand alone, where the expression may: only one may, and a file is named by an option.
void judge_words(EvalOptions& options, std::vector<std::string> more) {
  auto behind = std::find(more.begin(), more.end(), "--");
  if (auto option = std::find_if(more.begin(), behind, [](const std::string& word) { return word.starts_with('-'); });
      option != behind) {
    if (option->starts_with("--")) throw CLI::ExtrasError(std::vector<std::string>{*option});
    throw CLI::ValidationError("EXPRESSION", "'" + *option +
                                                 "' is no option; an expression that begins with '-' stands behind --: " +
                                                 "busway eval -- '" + *option + "'");
  }
  if (behind != more.end()) more.erase(behind);
  if (options.word.empty() && !more.empty()) {
    options.word = more.front();
    more.erase(more.begin());
  }
  if (options.word.empty()) return;
  if (!options.expression.empty() || !options.expression_file.empty() || !options.cases.empty()) {
    throw CLI::ValidationError("EXPRESSION", "'" + options.word + "' stands beside " +
                                                 (options.cases.empty() ? "--expr or --expr-file" : "--cases") +
                                                 "; the document is a file behind --input, or standard input");
  }
  if (!more.empty()) {
    throw CLI::ValidationError("EXPRESSION", "there are " + std::to_string(more.size() + 1) +
                                                 "; write one, in quotes, and the document's file behind --input");
  }
  if (options.word.ends_with(".jsonata") && access(options.word.c_str(), F_OK) == 0) {
    throw CLI::ValidationError("EXPRESSION", "'" + options.word + "' is a file: write --expr-file " + options.word);
  }
  options.expression = options.word;
}

int eval(const EvalOptions& options) {
  if (options.watch) {
    return watch_mapping({options.expression_file, options.inputs, options.pretty, options.bundle});
  }
  Findings findings;
  auto language = language_of(options.bundle, findings);
  if (language == nullptr) {
    write_text(findings, std::cerr);
    return found;
  }
  return options.cases.empty() ? evaluate(options, *language) : evaluate_cases(options.cases, *language);
}

}  // namespace

void add_eval(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App* verb = app.add_subcommand("eval", "Evaluate a JSONata expression over a JSON document.");
  verb->add_option("EXPRESSION", options->word, "The expression, in quotes: busway eval 'a * 21'");
  verb->allow_extras();  // as a list EXPRESSION would be split: '[a, b]' at its comma
  auto* expression = verb->add_option("--expr", options->expression, "The same as an option");
  auto* file = verb->add_option("--expr-file", options->expression_file, "A file that holds it")->excludes(expression);
  auto* input = verb->add_option("--input", options->inputs,
                                 "A file with the document; '-' or nothing is standard input. With --watch several");
  auto* pretty = verb->add_flag("--pretty", options->pretty, "Write the result over several lines");
  auto* explain =
      verb->add_flag("--explain", options->explain, "Print how it is evaluated and what it reads, and evaluate nothing");
  auto* watch = verb->add_flag(
      "--watch", options->watch,
      "Evaluate again whenever --expr-file or an --input changes, and show the value of each line beside it, until SIGINT");
  watch->excludes(explain);
  verb->add_option("--bundle", options->bundle, "A bundle whose tables and functions the expression can use");
  auto* cases = verb->add_option("--cases", options->cases,
                                 "A file with one {\"expr\", \"data\", \"bindings\"} a line; one line of result for each");
  cases->excludes(expression)->excludes(file)->excludes(input)->excludes(pretty)->excludes(explain)->excludes(watch);
  verb->footer("A result of nothing prints nothing. Exits 1 when the expression fails or a file cannot be read.");
  verb->callback([options, verb, &exit_code] {
    judge_words(*options, verb->remaining());
    if (options->cases.empty() && options->expression.empty() && options->expression_file.empty()) {
      throw CLI::RequiredError("An expression (busway eval 'a * 21' --input a.json), --expr-file or --cases");
    }
    bool from_stdin = std::find(options->inputs.begin(), options->inputs.end(), "-") != options->inputs.end();
    if (options->watch && from_stdin) throw CLI::ValidationError("--input", "standard input cannot be watched");
    if (options->watch && options->expression_file.empty()) {
      throw CLI::ValidationError("--watch", "an expression that stands here does not change: write it to a file, --expr-file");
    }
    if (!options->watch && options->inputs.size() > 1) {
      throw CLI::ValidationError("--input", "several inputs are for --watch alone");
    }
    exit_code = eval(*options);
  });
}

}  // namespace busway::cli
