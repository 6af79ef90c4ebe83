#pragma once

#include <span>
#include <string>
#include <string_view>

#include "transforms/jsonata/evaluation.hpp"

namespace busway::jsonata {

// A list that an evaluation collects in its arena, within its budget: room is asked for before it is taken. What no longer has
// room is dropped, for the evaluation has failed.
template <class T>
class List {
 public:
  explicit List(Evaluation& evaluation) : evaluation_(evaluation), collected_(evaluation.arena()) {}
  void reserve(std::size_t count) {
    if (count <= capacity_ || !evaluation_.room(count * sizeof(T))) return;
    if (collected_.reserve(count)) {
      capacity_ = count;
    } else {
      evaluation_.give_up();
    }
  }
  void push(const T& value) {
    if (collected_.size() == capacity_) {
      reserve(capacity_ == 0 ? 8 : capacity_ * 2);
      if (collected_.size() == capacity_) return;
    }
    collected_.push(value);
  }
  std::span<const T> items() const { return collected_.items(); }
  std::span<T> mutable_items() { return collected_.mutable_items(); }
  std::size_t size() const { return collected_.size(); }
  bool empty() const { return collected_.empty(); }

 private:
  Evaluation& evaluation_;
  Collector<T> collected_;
  std::size_t capacity_ = 0;
};

// A text on its way into the arena. Its memory counts as long as it lives, and is asked for before it is taken. What no longer
// has room is dropped, for the evaluation has failed.
class TextDraft {
 public:
  explicit TextDraft(Evaluation& evaluation) : evaluation_(evaluation) {}
  TextDraft(const TextDraft&) = delete;
  TextDraft& operator=(const TextDraft&) = delete;
  ~TextDraft() { evaluation_.hold(0, held_); }

  // False when the budget has no room for a text of `size` bytes.
  bool reserve(std::size_t size) {
    if (size <= text_.capacity()) return true;
    // While it grows the old and the new text are there.
    if (!evaluation_.room(size + text_.capacity())) return false;
    text_.reserve(size);
    evaluation_.hold(text_.capacity(), held_);
    held_ = text_.capacity();
    return true;
  }
  TextDraft& append(std::string_view more) {
    std::size_t size = text_.size() + more.size();
    if (size <= text_.capacity() || reserve(std::max(size, text_.capacity() * 2))) text_ += more;
    return *this;
  }
  TextDraft& operator+=(std::string_view more) { return append(more); }
  TextDraft& operator+=(char c) { return append({&c, 1}); }
  bool empty() const { return text_.empty(); }
  // To be written by others, who stay within what is reserved.
  std::string& text() { return text_; }
  // The text as a value of the evaluation; nothing when it has failed.
  Node finish() { return evaluation_.failed() || !evaluation_.room(text_.size()) ? Node() : evaluation_.make_string(text_); }

 private:
  Evaluation& evaluation_;
  std::string text_{};
  std::size_t held_ = 0;
};

}  // namespace busway::jsonata
