#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bus/document.hpp"
#include "bus/error.hpp"

namespace busway::plugins {

// Builds one document for a plugin, in an arena, and keeps what every document must hold: UTF-8, unique keys, numbers by JSON's
// grammar, a bound on depth. The first mistake is kept, everything after it is ignored. Linear in what is built, but for the keys
// of large objects, which are sorted. One thread.
class DocumentBuilder {
 public:
  static constexpr std::size_t most_levels = 128;

  // Where values wait until what holds them ends. Kept by the caller from one document to the next.
  struct Bench {
    struct Level {
      std::size_t first;
      bool object;
    };
    std::vector<Member> values;
    std::vector<Level> levels;
    void give_back_much();
  };

  // A text that lies in `borrowed` is borrowed, every other is copied into `arena`; both outlive the document.
  DocumentBuilder(Arena& arena, Bench& bench, std::string_view borrowed = {});
  // From now on node() copies: the document outlives what it is made from.
  void copy_nodes() { copies_ = true; }

  bool value(const Node& node);
  // A value of another document.
  bool node(const Node& node) { return value(copies_ ? deep_copy(node, arena_) : node); }
  bool string(std::string_view text);
  bool number(double value);
  bool number_text(std::string_view text);
  bool key(std::string_view name);
  bool begin(bool object);
  bool end();

  // A whole document has been built, or there was a mistake: nothing more can come.
  bool done() const { return wrong_ != nullptr || has_root_; }
  // Errors: kind `internal`: the plugin's mistake, or that the document is not whole.
  Result<Node> finish();

 private:
  bool refuse(const char* what);
  std::string_view keep(std::string_view text);
  bool place(const Node& node);
  bool close_object(std::size_t first);

  Arena& arena_;
  Bench& bench_;
  std::string_view borrowed_;
  const char* wrong_ = nullptr;
  Node key_;
  Node root_;
  bool copies_ = false;
  bool has_key_ = false;
  bool has_root_ = false;
};

}  // namespace busway::plugins
