#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace busway {

// A place in a file of the bundle. Lines and columns are 1-based; columns count code points. Line 0: the file as a whole.
struct Position {
  std::shared_ptr<const std::string> file;  // path relative to the bundle; null when there is no file
  int line = 0;
  int column = 0;

  std::string text() const;  // "routes.yaml:12:7"
};

// Something `busway check` has to say. `id` is in the table of bus/diagnostics.hpp; `text` says what is wrong and what to do.
struct Finding {
  enum class Severity { error, warning };
  Severity severity = Severity::error;
  std::string id;
  Position at;
  std::string text;
};

// Collects findings of one load. One thread.
class Findings {
 public:
  void error(std::string id, Position at, std::string text);
  void warning(std::string id, Position at, std::string text);
  bool has_errors() const { return errors_ != 0; }
  std::size_t errors() const { return errors_; }
  // In the order of files, lines and columns.
  const std::vector<Finding>& all() const { return findings_; }
  void sort();

 private:
  std::vector<Finding> findings_;
  std::size_t errors_ = 0;
};

// "routes.yaml:12:7: error BW1004: unknown key 'boddy'; did you mean 'body'?"
std::string to_text(const Finding& finding);

// The nearest of `names` to a misspelt `name` (at most two edits, or a third of its length), or empty.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names);

// "; did you mean 'body'?" or, when nothing is near, "; expected one of: a, b, c" (at most twelve names), or "".
std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& names);

}  // namespace busway
