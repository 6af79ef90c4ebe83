#include "routes/scalar_places.hpp"

#include <cstdint>
#include <string>

#include "routes/source_text.hpp"

namespace busway::routes {

namespace {

bool blank(char c) {
  return c == ' ' || c == '\t';
}

void append_utf8(std::uint32_t c, std::string& out) {
  auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

// Walks the raw text and the value side by side.
class Walk {
 public:
  Walk(std::string_view raw, std::size_t start, std::string_view value) : raw_(raw), value_(value), at_(start) {}

  std::optional<ScalarPlaces> plain() {
    while (!done()) {
      if (!white_space() && !same()) return std::nullopt;
    }
    return finished();
  }

  std::optional<ScalarPlaces> single_quoted() {
    ++at_;
    while (!done()) {
      if (white_space()) continue;
      if (look() == '\'') {
        if (at_ + 1 >= raw_.size() || raw_[at_ + 1] != '\'' || value_[next_] != '\'') return std::nullopt;
        take(2);
      } else if (!same()) {
        return std::nullopt;
      }
    }
    return closed_by('\'');
  }

  std::optional<ScalarPlaces> double_quoted() {
    ++at_;
    while (!done()) {
      if (white_space()) continue;
      if (look() == '"') return std::nullopt;
      if (look() == '\\' ? !escape() : !same()) return std::nullopt;
    }
    while (look() == '\\' && at_ + 1 < raw_.size() && raw_[at_ + 1] == '\n') skip_escaped_break();
    return closed_by('"');
  }

  std::optional<ScalarPlaces> block(bool folded) {
    while (at_ < raw_.size() && raw_[at_] != '\n') ++at_;
    if (at_ < raw_.size()) ++at_;
    bool good = folded ? folded_lines() : literal_lines();
    return good ? finished() : std::nullopt;
  }

 private:
  bool done() const { return next_ >= value_.size(); }
  char look() const { return at_ < raw_.size() ? raw_[at_] : '\0'; }

  // One code point of the value comes from the next `bytes` of the file.
  void take(std::size_t bytes) {
    places_.offsets.push_back(at_);
    next_ += sequence_length(value_[next_]);
    at_ += bytes;
  }

  bool same() {
    std::size_t length = sequence_length(value_[next_]);
    if (at_ + length > raw_.size() || raw_.substr(at_, length) != value_.substr(next_, length)) return false;
    take(length);
    return true;
  }

  // A run of blanks and line ends; folds lines (YAML 1.2, 6.5). False when there is none here or it does not match: then same()
  // fails too.
  bool white_space() {
    std::size_t end = at_;
    std::size_t lines = 0;
    while (end < raw_.size() && (blank(raw_[end]) || raw_[end] == '\n')) lines += raw_[end++] == '\n';
    if (lines == 0) {
      if (end == at_) return false;
      while (at_ < end && !done()) {
        if (!same()) return false;
      }
      return true;
    }
    std::size_t folded = lines == 1 ? 1 : lines - 1;
    char expected = lines == 1 ? ' ' : '\n';
    for (std::size_t i = 0; i < folded; ++i) {
      if (done() || value_[next_] != expected) return false;
      take(0);
    }
    at_ = end;
    return true;
  }

  void skip_escaped_break() {
    at_ += 2;
    while (at_ < raw_.size() && (blank(raw_[at_]) || raw_[at_] == '\n')) ++at_;
  }

  bool escape() {
    char kind = at_ + 1 < raw_.size() ? raw_[at_ + 1] : '\0';
    if (kind == '\n') {
      skip_escaped_break();
      return true;
    }
    static constexpr std::string_view letters = "0abt\tnvfre \"/\\N_LP";
    static constexpr std::uint32_t meanings[] = {0,    7,   8,   9,   9,    10,   11,   12,     13,
                                                 0x1B, ' ', '"', '/', '\\', 0x85, 0xA0, 0x2028, 0x2029};
    std::uint32_t c = 0;
    std::size_t length = 2;
    if (std::size_t index = letters.find(kind); kind != '\0' && index != std::string_view::npos) {
      c = meanings[index];
    } else {
      std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
      if (digits == 0 || at_ + 2 + digits > raw_.size()) return false;
      for (char digit : raw_.substr(at_ + 2, digits)) {
        std::size_t value = std::string_view("0123456789abcdefABCDEF").find(digit);
        if (value == std::string_view::npos) return false;
        c = c << 4 | static_cast<std::uint32_t>(value > 15 ? value - 6 : value);
      }
      length += digits;
    }
    std::string bytes;
    append_utf8(c, bytes);
    if (value_.substr(next_, bytes.size()) != bytes) return false;
    take(length);
    return true;
  }

  std::size_t line_end() const {
    std::size_t end = raw_.find('\n', at_);
    return end == std::string_view::npos ? raw_.size() : end;
  }

  bool only_spaces(std::size_t end) const { return raw_.substr(at_, end - at_).find_first_not_of(' ') == std::string_view::npos; }

  // The indentation of the block, known from the first line that holds something: what the value does not have of it.
  bool skip_indentation() {
    if (!indentation_) {
      std::size_t raw_spaces = raw_.substr(at_).find_first_not_of(' ');
      std::size_t value_spaces = value_.substr(next_).find_first_not_of(' ');
      if (raw_spaces == std::string_view::npos || value_spaces == std::string_view::npos || raw_spaces < value_spaces)
        return false;
      indentation_ = raw_spaces - value_spaces;
    }
    if (at_ + *indentation_ > raw_.size()) return false;
    if (raw_.substr(at_, *indentation_).find_first_not_of(' ') != std::string_view::npos) return false;
    at_ += *indentation_;
    return true;
  }

  bool literal_lines() {
    while (!done()) {
      if (value_[next_] == '\n') {
        std::size_t end = line_end();
        if (!only_spaces(end)) return false;
        at_ = end;
      } else {
        if (!skip_indentation()) return false;
        while (!done() && value_[next_] != '\n') {
          if (!same()) return false;
        }
      }
      if (done()) return true;
      if (at_ < raw_.size() && raw_[at_] != '\n') return false;
      take(at_ < raw_.size() ? 1 : 0);
    }
    return true;
  }

  // Empty lines in front of the next line that holds something; each is a line end of the value there.
  std::size_t empty_lines() {
    std::size_t count = 0;
    while (at_ < raw_.size()) {
      std::size_t end = line_end();
      if (!only_spaces(end) || end == raw_.size()) break;
      at_ = end + 1;
      ++count;
    }
    return count;
  }

  bool folded_lines() {
    for (std::size_t lines = empty_lines(); lines > 0 && !done(); --lines) {
      if (value_[next_] != '\n') return false;
      take(0);
    }
    while (!done()) {
      if (!skip_indentation()) return false;
      std::size_t end = line_end();
      while (!done() && at_ < end) {
        if (!same()) return false;
      }
      if (done()) return true;
      std::size_t line_ends_at = at_;
      if (at_ < raw_.size()) ++at_;
      std::size_t lines = 1 + empty_lines();
      std::size_t behind = at_;
      at_ = line_ends_at;
      std::size_t newlines = 0;
      while (newlines <= lines && next_ + newlines < value_.size() && value_[next_ + newlines] == '\n') ++newlines;
      bool to_the_end = next_ + newlines == value_.size();
      if (newlines == 0 && lines == 1 && value_[next_] == ' ') {
        take(0);
      } else if (newlines > 0 && (to_the_end || newlines == lines || newlines + 1 == lines)) {
        for (std::size_t i = 0; i < newlines; ++i) take(0);
      } else {
        return false;
      }
      at_ = behind;
    }
    return true;
  }

  std::optional<ScalarPlaces> closed_by(char quote) {
    while (at_ < raw_.size() && (blank(raw_[at_]) || raw_[at_] == '\n') && value_.empty()) ++at_;
    if (look() != quote) return std::nullopt;
    ++at_;
    return finished();
  }

  std::optional<ScalarPlaces> finished() {
    places_.end = at_;
    return std::move(places_);
  }

  std::string_view raw_;
  std::string_view value_;
  std::size_t at_;
  std::size_t next_ = 0;
  std::optional<std::size_t> indentation_;
  ScalarPlaces places_;
};

}  // namespace

std::optional<ScalarPlaces> find_places(std::string_view raw, std::size_t start, std::string_view value,
                                        ConfigNode::Style style) {
  Walk walk(raw, start, value);
  switch (style) {
    case ConfigNode::Style::plain: return walk.plain();
    case ConfigNode::Style::single_quoted: return walk.single_quoted();
    case ConfigNode::Style::double_quoted: return walk.double_quoted();
    case ConfigNode::Style::literal_block: return walk.block(false);
    case ConfigNode::Style::folded_block: return walk.block(true);
  }
  return std::nullopt;
}

}  // namespace busway::routes
