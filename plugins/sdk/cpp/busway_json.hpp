/* JSON for plugins that are processes: a value that is parsed, looked at, built and written. Numbers keep their text, so that
 * 1250.10 and ids of twenty digits pass through unchanged. C++17, this header alone. Not for bodies of many megabytes. */
#ifndef BUSWAY_JSON_HPP
#define BUSWAY_JSON_HPP

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace busway {

/* Members of objects are in order, and looked for one after the other. What is not there is Json::nothing(), whose text is empty
 * and whose number is 0, so that `head["a"]["b"].text()` is always right. */
class Json {
 public:
  enum class Kind { nothing, null, boolean, number, string, array, object };
  using Member = std::pair<std::string, Json>;

  Json() = default;
  Json(bool value) : kind_(Kind::boolean), text_(value ? "true" : "false") {}
  Json(std::int64_t value) : kind_(Kind::number), text_(std::to_string(value)) {}
  Json(int value) : Json(static_cast<std::int64_t>(value)) {}
  Json(std::string value) : kind_(Kind::string), text_(std::move(value)) {}
  Json(std::string_view value) : Json(std::string(value)) {}
  Json(const char* value) : Json(std::string(value)) {}
  static Json null() { return Json(Kind::null); }
  /* As it is to stand there: "12.50". */
  static Json number(std::string text) {
    Json out(Kind::number);
    out.text_ = std::move(text);
    return out;
  }
  static Json array(std::vector<Json> items = {}) {
    Json out(Kind::array);
    out.items_ = std::move(items);
    return out;
  }
  static Json object(std::vector<Member> members = {}) {
    Json out(Kind::object);
    out.members_ = std::move(members);
    return out;
  }
  static const Json& nothing() {
    static const Json none;
    return none;
  }

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool flag() const { return kind_ == Kind::boolean && text_ == "true"; }
  const std::string& text() const { return text_; } /* of a string, or a number as it stands */
  std::int64_t integer() const { return kind_ == Kind::number ? std::strtoll(text_.c_str(), nullptr, 10) : 0; }
  double real() const { return kind_ == Kind::number ? std::strtod(text_.c_str(), nullptr) : 0; }
  const std::vector<Json>& items() const { return items_; }
  const std::vector<Member>& members() const { return members_; }
  const Json& operator[](std::string_view name) const {
    for (const Member& member : members_) {
      if (member.first == name) return member.second;
    }
    return nothing();
  }
  bool has(std::string_view name) const { return !(*this)[name].is(Kind::nothing); }

  /* Makes it an object, if it is none, and puts the member in place of one of that name. */
  Json& set(std::string name, Json value) {
    kind_ = Kind::object;
    for (Member& member : members_) {
      if (member.first != name) continue;
      member.second = std::move(value);
      return *this;
    }
    members_.emplace_back(std::move(name), std::move(value));
    return *this;
  }

  /* RFC 8259, at most 128 levels. Throws std::invalid_argument. */
  static Json parse(std::string_view text) {
    Parser parser{text};
    Json out = parser.value(0);
    parser.blanks();
    if (parser.at != text.size()) parser.wrong("something behind the value");
    return out;
  }

  std::string dump() const {
    std::string out;
    write(out);
    return out;
  }

 private:
  explicit Json(Kind kind) : kind_(kind) {}

  static void quote(std::string_view text, std::string& out) {
    out += '"';
    for (char c : text) {
      if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
        out += escape;
      } else {
        out += c;
      }
    }
    out += '"';
  }

  void write(std::string& out) const {
    const char* between = "";
    switch (kind_) {
      case Kind::nothing:
      case Kind::null: out += "null"; return;
      case Kind::boolean:
      case Kind::number: out += text_; return;
      case Kind::string: quote(text_, out); return;
      case Kind::array:
        out += '[';
        for (const Json& item : items_) {
          out += std::exchange(between, ",");
          item.write(out);
        }
        out += ']';
        return;
      case Kind::object:
        out += '{';
        for (const Member& member : members_) {
          if (member.second.is(Kind::nothing)) continue;
          out += std::exchange(between, ",");
          quote(member.first, out);
          out += ':';
          member.second.write(out);
        }
        out += '}';
        return;
    }
  }

  struct Parser {
    std::string_view text;
    std::size_t at = 0;

    [[noreturn]] void wrong(const char* what) const {
      throw std::invalid_argument("reading JSON: " + std::string(what) + " at byte " + std::to_string(at));
    }
    void blanks() {
      while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) ++at;
    }
    bool takes(char c) {
      blanks();
      if (at >= text.size() || text[at] != c) return false;
      ++at;
      return true;
    }
    bool word(std::string_view expected) {
      if (text.substr(at, expected.size()) != expected) return false;
      at += expected.size();
      return true;
    }

    Json value(int depth) {
      if (depth > 128) wrong("more than 128 levels");
      blanks();
      if (at >= text.size()) wrong("no value");
      if (text[at] == '"') return Json(string());
      if (takes('{')) return object(depth);
      if (takes('[')) return array(depth);
      if (word("true")) return Json(true);
      if (word("false")) return Json(false);
      if (word("null")) return Json::null();
      return number();
    }
    Json object(int depth) {
      Json out = Json::object();
      if (takes('}')) return out;
      do {
        blanks();
        std::string name = string();
        if (!takes(':')) wrong("no ':'");
        out.members_.emplace_back(std::move(name), value(depth + 1));
      } while (takes(','));
      if (!takes('}')) wrong("no '}'");
      return out;
    }
    Json array(int depth) {
      Json out = Json::array();
      if (takes(']')) return out;
      do {
        out.items_.push_back(value(depth + 1));
      } while (takes(','));
      if (!takes(']')) wrong("no ']'");
      return out;
    }
    std::size_t digits() {
      std::size_t begin = at;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
      return at - begin;
    }
    Json number() {
      std::size_t begin = at;
      if (at < text.size() && text[at] == '-') ++at;
      bool zero = at < text.size() && text[at] == '0';
      std::size_t whole = digits();
      if (whole == 0 || (zero && whole > 1)) wrong("no value");
      if (at < text.size() && text[at] == '.') {
        ++at;
        if (digits() == 0) wrong("no digit behind the point");
      }
      if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        if (digits() == 0) wrong("no exponent");
      }
      return Json::number(std::string(text.substr(begin, at - begin)));
    }
    unsigned unit() {
      unsigned out = 0;
      for (int i = 0; i < 4; ++i, ++at) {
        char c = at < text.size() ? text[at] : ' ';
        unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                         : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                                : 16;
        if (digit == 16) wrong("no hexadecimal digit");
        out = out * 16 + digit;
      }
      return out;
    }
    static void encode(unsigned code, std::string& out) {
      auto put = [&](unsigned byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
      if (code < 0x80) {
        put(code);
      } else if (code < 0x800) {
        put(0xC0 | (code >> 6));
        put(0x80 | (code & 0x3F));
      } else if (code < 0x10000) {
        put(0xE0 | (code >> 12));
        put(0x80 | ((code >> 6) & 0x3F));
        put(0x80 | (code & 0x3F));
      } else {
        put(0xF0 | (code >> 18));
        put(0x80 | ((code >> 12) & 0x3F));
        put(0x80 | ((code >> 6) & 0x3F));
        put(0x80 | (code & 0x3F));
      }
    }
    void escape(std::string& out) {
      char c = at < text.size() ? text[at++] : ' ';
      constexpr std::string_view from = "\"\\/bfnrt";
      constexpr std::string_view to = "\"\\/\b\f\n\r\t";
      if (std::size_t known = from.find(c); known != std::string_view::npos) {
        out += to[known];
        return;
      }
      if (c != 'u') wrong("an escape that is none");
      unsigned code = unit();
      if (code >= 0xD800 && code < 0xDC00 && text.substr(at, 2) == "\\u") {
        at += 2;
        unsigned low = unit();
        if (low < 0xDC00 || low > 0xDFFF) wrong("half a surrogate pair");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else if (code >= 0xD800 && code < 0xE000) {
        code = 0xFFFD;  // a lone one has no place in UTF-8
      }
      encode(code, out);
    }
    std::string string() {
      if (at >= text.size() || text[at] != '"') wrong("no string");
      ++at;
      std::string out;
      while (true) {
        std::size_t end = at;
        while (end < text.size() && text[end] != '"' && text[end] != '\\' && static_cast<unsigned char>(text[end]) >= 0x20) ++end;
        out.append(text.substr(at, end - at));
        at = end;
        if (at >= text.size() || static_cast<unsigned char>(text[at]) < 0x20) wrong("a string that does not end");
        if (text[at++] == '"') return out;
        escape(out);
      }
    }
  };

  Kind kind_ = Kind::nothing;
  std::string text_{};
  std::vector<Json> items_{};
  std::vector<Member> members_{};
};

}  // namespace busway

#endif
