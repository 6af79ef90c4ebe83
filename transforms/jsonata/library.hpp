#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/expression_library.hpp"
#include "transforms/jsonata/ast.hpp"

namespace busway::jsonata {

// The tables and shared definitions of a bundle. A text of definitions is a block, with or without its round brackets, that holds
// `$name := ...` only; all texts see all names, in whatever order. An expression that uses a name gets the definition, and what
// that one uses, put before it; one that uses none is compiled as if there were no library. What fails inside a definition is
// reported at the place that called it. Immutable, safe from any thread.
class Library {
 public:
  // Reports at most one problem a text, and a name that is built in, bound by routes or defined twice.
  Library(const ExpressionLibrary& added, std::vector<ExpressionLibrary::Problem>& problems);
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // The tree with the definitions it needs before it, in an arena that outlives the use of the tree.
  Ast* around(Ast& tree, Arena& arena) const;
  // Null when there is none of that name.
  const LookupTable* table(std::string_view name) const;
  std::vector<std::string_view> table_names() const;

 private:
  struct Definition {
    Ast* bind = nullptr;
    std::size_t text = 0;
    std::vector<std::string_view> uses{};
  };
  bool defines(std::string_view name) const { return known_.contains(name); }
  void read(std::size_t number, const ExpressionLibrary& added, std::vector<ExpressionLibrary::Problem>& problems);
  Ast* parse(std::size_t number, std::vector<ExpressionLibrary::Problem>& problems);

  std::map<std::string, std::shared_ptr<const LookupTable>, std::less<>> tables_;
  std::deque<std::string> texts_;  // in brackets; trees point into them
  Arena arena_;
  std::vector<Definition> definitions_;
  std::map<std::string_view, std::size_t> known_;  // into definitions_
};

// What ExtensibleLanguage::with() has added to a language; null when nothing was. Lives as long as the language.
const Library* library_of(const ExpressionLanguage& language);

}  // namespace busway::jsonata
