#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/error.hpp"
#include "bus/expression.hpp"
#include "bus/finding.hpp"
#include "bus/lookup_table.hpp"

namespace busway {

// What a bundle adds to its expressions: tables, and texts of definitions.
struct ExpressionLibrary {
  struct Text {
    std::string name;  // of the file, for messages
    std::string text;
  };
  // Something wrong in one of the texts; errors as those of ExpressionLanguage::compile.
  struct Problem {
    std::size_t text = 0;
    Error error;
  };
  std::vector<Text> texts{};
  std::map<std::string, std::shared_ptr<const LookupTable>, std::less<>> tables{};
  std::vector<std::string> variables{};  // what the definitions may read beside each other, without the `$`
};

// A language that a bundle can add to. Safe from any thread, as every language.
class ExtensibleLanguage : public ExpressionLanguage {
 public:
  // The same language with what a bundle adds. What is compiled with it keeps what it uses of the library; results may lie in the
  // tables, so they live no longer than the expression. Null after problems.
  virtual std::shared_ptr<const ExpressionLanguage> with(const ExpressionLibrary& library,
                                                         std::vector<ExpressionLibrary::Problem>& problems) const = 0;
};

// The finding that a file of expressions, `text`, does not compile.
void report_expression_error(const Error& error, std::string_view text, const std::shared_ptr<const std::string>& file,
                             Findings& findings);

}  // namespace busway
