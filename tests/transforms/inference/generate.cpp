#include "generate.hpp"

namespace busway::inference::test {

std::uint32_t Generator::below(std::uint32_t bound) {
  state_ ^= state_ << 13;
  state_ ^= state_ >> 7;
  state_ ^= state_ << 17;
  return static_cast<std::uint32_t>((state_ >> 20) % bound);
}

std::string Generator::pick(std::initializer_list<const char*> choices) {
  return choices.begin()[below(static_cast<std::uint32_t>(choices.size()))];
}

Pattern Generator::object(int depth) {
  Pattern out;
  out.kind = Pattern::Kind::object;
  for (const char* name : {"a", "b", "c", "items", "id"}) {
    if (one_in(4)) continue;
    out.names.emplace_back(name);
    out.required.push_back(!one_in(2));
    out.parts.push_back(pattern(depth - 1));
  }
  out.closed = !one_in(3);
  return out;
}

Pattern Generator::root(int depth) {
  if (!one_in(6)) return object(depth);
  Pattern out;
  out.kind = Pattern::Kind::list;
  out.parts.push_back(one_in(4) ? pattern(depth - 1) : object(depth - 1));
  out.fewest = static_cast<int>(below(3));
  out.most = one_in(2) ? -1 : out.fewest + static_cast<int>(below(3));
  return out;
}

Pattern Generator::pattern(int depth) {
  Pattern out;
  switch (below(depth <= 0 ? 7 : 13)) {
    case 0: out.kind = Pattern::Kind::text; break;
    case 1: out.kind = Pattern::Kind::whole; break;
    case 2: out.kind = Pattern::Kind::number; break;
    case 3: out.kind = Pattern::Kind::boolean; break;
    case 4: out.kind = one_in(3) ? Pattern::Kind::null : Pattern::Kind::text; break;
    case 5:
      out.kind = Pattern::Kind::choice;
      for (std::uint32_t i = 1 + below(3); i-- > 0;)
        out.values.push_back(pick({"\"A\"", "\"B\"", "\"C\"", "1", "2", "true", "null"}));
      break;
    case 6:
      if (depth > 0 && one_in(2)) break;
      out.kind = Pattern::Kind::either;
      out.parts = {pattern(depth - 1), pattern(depth - 1)};
      break;
    case 7:
    case 8:
    case 9:
      out.kind = Pattern::Kind::list;
      out.parts.push_back(pattern(depth - 1));
      if (one_in(2)) out.parts.back() = object(depth - 1);
      out.fewest = static_cast<int>(below(3));
      out.most = out.fewest + static_cast<int>(below(3));
      if (one_in(2)) out.most = -1;
      break;
    default: return object(depth - 1);
  }
  return out;
}

std::string Generator::schema(const Pattern& pattern) {
  switch (pattern.kind) {
    case Pattern::Kind::text: return R"({"type":"string"})";
    case Pattern::Kind::whole: return R"({"type":"integer"})";
    case Pattern::Kind::number: return R"({"type":"number"})";
    case Pattern::Kind::boolean: return R"({"type":"boolean"})";
    case Pattern::Kind::null: return R"({"type":["null","string"]})";
    case Pattern::Kind::any: return "{}";
    case Pattern::Kind::choice: {
      std::string out;
      for (const std::string& one : pattern.values) {
        if (("," + out + ",").find("," + one + ",") == std::string::npos) out += (out.empty() ? "" : ",") + one;
      }
      return "{\"enum\":[" + out + "]}";
    }
    case Pattern::Kind::either: {
      std::string word = one_in(2) ? "anyOf" : "oneOf";
      // Of alike alternatives `oneOf` would take none.
      if (pattern.parts[0].kind == pattern.parts[1].kind) word = "anyOf";
      return "{\"" + word + "\":[" + schema(pattern.parts[0]) + "," + schema(pattern.parts[1]) + "]}";
    }
    case Pattern::Kind::list: {
      std::string out = R"({"type":"array","items":)" + schema(pattern.parts[0]);
      if (pattern.fewest > 0) out += ",\"minItems\":" + std::to_string(pattern.fewest);
      if (pattern.most >= 0) out += ",\"maxItems\":" + std::to_string(pattern.most);
      return out + "}";
    }
    case Pattern::Kind::object: {
      std::string members;
      std::string required;
      for (std::size_t i = 0; i < pattern.names.size(); ++i) {
        members += (i == 0 ? "\"" : ",\"") + pattern.names[i] + "\":" + schema(pattern.parts[i]);
        if (pattern.required[i]) required += (required.empty() ? "\"" : ",\"") + pattern.names[i] + "\"";
      }
      return R"({"type":"object","properties":{)" + members + "}" + (required.empty() ? "" : ",\"required\":[" + required + "]") +
             (pattern.closed ? R"(,"additionalProperties":false})" : "}");
    }
  }
  return "{}";
}

std::string Generator::document(const Pattern& pattern) {
  switch (pattern.kind) {
    case Pattern::Kind::text: return pick({"\"\"", "\"x\"", "\"A\"", "\"17\"", "\"B\""});
    case Pattern::Kind::whole: return pick({"0", "1", "2", "-3", "5.0"});
    case Pattern::Kind::number: return pick({"0", "1", "2.5", "-0.25", "1e1"});
    case Pattern::Kind::boolean: return pick({"true", "false"});
    case Pattern::Kind::null: return pick({"null", "\"n\""});
    case Pattern::Kind::any: return pick({"null", "1", "1.5", "\"z\"", "true", "[]", "[1,[2]]", "{}", R"({"a":[{"b":1}]})"});
    case Pattern::Kind::choice: return pattern.values[below(static_cast<std::uint32_t>(pattern.values.size()))];
    case Pattern::Kind::either: return document(pattern.parts[below(2)]);
    case Pattern::Kind::list: {
      std::uint32_t room = pattern.most < 0 ? 4 : static_cast<std::uint32_t>(pattern.most - pattern.fewest + 1);
      std::string out = "[";
      for (std::uint32_t i = static_cast<std::uint32_t>(pattern.fewest) + below(room); i-- > 0;) {
        out += document(pattern.parts[0]) + (i == 0 ? "" : ",");
      }
      return out + "]";
    }
    case Pattern::Kind::object: {
      std::string out = "{";
      for (std::size_t i = 0; i < pattern.names.size(); ++i) {
        if (!pattern.required[i] && one_in(3)) continue;
        out += (out.size() == 1 ? "\"" : ",\"") + pattern.names[i] + "\":" + document(pattern.parts[i]);
      }
      if (!pattern.closed && one_in(4))
        out += (out.size() == 1 ? "" : ",") + std::string("\"extra\":") + pick({"1", "[{}]", "\"e\""});
      return out + "}";
    }
  }
  return "null";
}

std::string Generator::literal() {
  return pick({"1", "0", "2.5", "\"A\"", "\"x\"", "true", "null", "\"B\"", "-1"});
}

std::string Generator::path(int depth) {
  std::string out = pick({"", "", "", "", "$.", "$$."});
  out += pick({"a", "b", "c", "items", "id", "items", "`a`", "extra"});
  for (std::uint32_t i = below(3); i-- > 0;) {
    if (one_in(5)) out += one_in(3) ? "[]" : "[" + predicate(depth - 1) + "]";
    out += "." + pick({"a", "b", "c", "id", "items", "*", "\"a\"", "$"});
  }
  if (one_in(8)) out += one_in(3) ? "[]" : "[" + predicate(depth - 1) + "]";
  if (one_in(20)) out += "^(id)";
  return out;
}

std::string Generator::predicate(int depth) {
  if (one_in(3) || depth <= 0) return pick({"0", "1", "-1", "id = 1", "a", "$exists(b)"});
  return value(depth - 1) + pick({" = ", " != ", " < "}) + value(depth - 1);
}

std::string Generator::made(int depth) {
  std::string out = "{";
  for (const char* name : {"a", "b", "c", "items", "id"}) {
    if (one_in(2)) continue;
    out += (out.size() == 1 ? "\"" : ", \"") + std::string(name) + "\": " + value(depth - 1);
  }
  return out + "}";
}

Pattern Generator::changed(const Pattern& pattern, int depth) {
  if (one_in(6)) return this->pattern(depth);
  Pattern out = pattern;
  for (Pattern& part : out.parts) part = changed(part, depth - 1);
  for (std::size_t i = 0; i < out.required.size(); ++i) {
    if (one_in(3)) out.required[i] = !out.required[i];
  }
  if (pattern.kind == Pattern::Kind::choice && one_in(2) && out.values.size() > 1) out.values.pop_back();
  if (pattern.kind == Pattern::Kind::list && one_in(4)) out.fewest = out.most = 2;
  return out;
}

std::string Generator::plain() {
  std::string out = "{";
  for (const char* name : {"a", "b", "c", "items", "id"}) {
    if (one_in(5)) continue;
    std::string read = name;
    if (one_in(5)) read = pick({"a", "b", "c", "items", "id"});
    switch (below(12)) {
      case 0: read += ".a"; break;
      case 1: read += ".{\"a\": a, \"b\": b, \"id\": id}"; break;
      case 2: read = "[" + read + ".{\"a\": a, \"b\": b}]"; break;
      case 3: read = "$string(" + read + ")"; break;
      case 4: read = "$number(" + read + ")"; break;
      case 5: read += ".(id)"; break;
      case 6: read = "($x := " + read + "; $x)"; break;
      case 7: read += "[0]"; break;
      case 8: read = "$map(" + read + ", function($v){$v.{\"a\": a}})"; break;
      default: break;
    }
    out += (out.size() == 1 ? "\"" : ", \"") + std::string(name) + "\": " + read;
  }
  return out + "}";
}

std::string Generator::value(int depth) {
  if (depth <= 0) return one_in(4) ? literal() : path(0);
  switch (below(26)) {
    case 0: return literal();
    case 1: return made(depth - 1);
    case 2: return "[" + value(depth - 1) + "]";
    case 3: return "[" + value(depth - 1) + ", " + value(depth - 1) + "]";
    case 4: return path(depth) + "." + made(depth - 1);
    case 5: return path(depth) + ".[" + value(depth - 1) + (one_in(2) ? "]" : ", 1]");
    case 6: return "(" + value(depth - 1) + " ? " + value(depth - 1) + (one_in(3) ? ")" : " : " + value(depth - 1) + ")");
    case 7: return "(" + path(depth) + pick({" ?? ", " ?: "}) + value(depth - 1) + ")";
    case 8: return "(" + value(depth - 1) + " & " + value(depth - 1) + ")";
    case 9: return "(" + path(depth) + pick({" + ", " * ", " - ", " / ", " % "}) + (one_in(2) ? literal() : path(depth)) + ")";
    case 10:
      return "$" +
             pick({"number", "string", "sum",  "count", "length",   "uppercase", "boolean", "not",  "exists", "max",   "average",
                   "floor",  "abs",    "trim", "join",  "distinct", "type",      "reverse", "keys", "round",  "append"}) +
             "(" + value(depth - 1) + ")";
    case 11:
      return "$map(" + path(depth) + ", function($v, $i) {" + pick({"$v", "$v.a", "$i", "$v.{\"a\": id, \"b\": $i}", "[$v]"}) +
             "})";
    case 12: return "$filter(" + path(depth) + ", function($v) {" + pick({"$v.a", "$v = 1", "$exists($v.id)"}) + "})";
    case 13:
    case 14: {
      std::string bound = value(depth - 1);
      std::string used =
          pick({"$x", "$x.a", "$x.{\"a\": b}", "{\"a\": $x}", "[$x]", "$x[0]", "$x[]", "$x.(id)", "($y ? $x := 1; $x)"});
      return "($x := " + bound + "; " + (one_in(6) ? "(a ? $x := \"A\"); " : "") + used + ")";
    }
    case 15: return path(depth) + ".(" + value(depth - 1) + ")";
    case 16: return "(" + value(depth - 1) + ")[" + predicate(depth - 1) + "]";
    case 17: return "(" + value(depth - 1) + ")." + pick({"a", "b", "id"});
    case 18: return path(depth) + " ~> $" + pick({"sum()", "string()", "count()", "map(function($v){$v.a})", "number()"});
    case 19: return "-" + path(0);
    case 20: return path(depth) + "{\"a\": id}";
    case 21: return "$substring(" + path(depth) + ", " + pick({"0", "1", "id"}) + ")";
    case 22: return "(" + made(depth - 1) + ")." + pick({"a", "b", "items"}) + (one_in(2) ? ".a" : "");
    default: return path(depth);
  }
}

}  // namespace busway::inference::test
