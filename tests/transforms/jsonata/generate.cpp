#include "generate.hpp"

namespace busway::jsonata::test {

std::uint32_t Generator::below(std::uint32_t bound) {
  state_ ^= state_ << 13;
  state_ ^= state_ >> 7;
  state_ ^= state_ << 17;
  return static_cast<std::uint32_t>((state_ >> 20) % bound);
}

std::string Generator::pick(std::initializer_list<const char*> choices) {
  return choices.begin()[below(static_cast<std::uint32_t>(choices.size()))];
}

// Documents.

std::string Generator::scalar() {
  return pick({"1", "2", "3", "1.0", "2.50", "1e1", "-4", "0", "\"\"", "\"a\"", "\"b\"", "\"1\"", "\"x y\"", "true", "false",
               "null", "12345678901234567890", "12345678901234567891"});
}

std::string Generator::value(int depth) {
  switch (depth <= 0 ? 0 : below(6)) {
    case 1:
    case 2: return object(depth - 1);
    case 3: return rows();
    case 4: {
      std::string out = "[";
      for (std::uint32_t i = below(4); i-- > 0;) out += value(depth - 1) + (i == 0 ? "" : ",");
      return out + "]";
    }
    default: return scalar();
  }
}

std::string Generator::object(int depth) {
  std::string out = "{";
  for (const char* key : {"a", "b", "c", "items", "id"}) {
    if (!one_in(3)) out += (out.size() > 1 ? ",\"" : "\"") + std::string(key) + "\":" + value(depth);
  }
  return out + "}";
}

// Alike objects, as most documents have them; now and then one is different.
std::string Generator::rows() {
  std::string out = "[";
  std::uint32_t count = one_in(2) ? below(5) : 8 + below(12);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i > 0) out += ",";
    if (one_in(12)) {
      out += one_in(2) ? scalar() : "[{\"id\":1,\"a\":2}]";
      continue;
    }
    out += "{\"id\":" + (one_in(6) ? scalar() : std::to_string(below(6))) +
           ",\"a\":" + (one_in(8) ? scalar() : std::to_string(i)) + ",\"b\":\"" + pick({"p", "q", "r"}) + "\"" +
           (one_in(3) ? ",\"c\":[1,2]" : "") + "}";
  }
  return out + "]";
}

std::string Generator::document() {
  if (one_in(10)) return rows();
  return "{\"a\":" + value(2) + ",\"b\":" + value(3) + ",\"id\":" + scalar() + ",\"items\":" + (one_in(5) ? value(3) : rows()) +
         ",\"c\":" + (one_in(2) ? rows() : value(2)) + "}";
}

// Expressions.

std::string Generator::name() {
  return pick({"a", "b", "c", "items", "id", "items", "missing", "`a`"});
}

std::string Generator::variable() {
  if (variables_.empty() || one_in(8)) return pick({"$", "$$", "$unbound", "$$"});
  return variables_[below(static_cast<std::uint32_t>(variables_.size()))];
}

std::string Generator::list() {
  return pick({"items", "$$.items", "c", "$$.c", "$$.a.items", "b", "$", "items.c", "[1..12]", "$$.items[]"});
}

std::string Generator::any(int depth) {
  if (depth <= 0) return one_in(3) ? scalar() : one_in(2) ? variable() : name();
  switch (below(12)) {
    case 0:
    case 1: return path(depth);
    case 2: return number(depth);
    case 3: return text(depth);
    case 4: return condition(depth);
    case 5:
    case 6: return made(depth);
    case 7: return function_call(depth);
    case 8: return higher(depth);
    case 9: return block(depth);
    default: return loop(depth);
  }
}

std::string Generator::step(int depth) {
  std::string out = one_in(6) ? pick({"*", "**", "$", "\"a\""}) : name();
  if (one_in(8) && depth > 0) out = one_in(2) ? made(depth - 1) : "(" + any(depth - 1) + ")";
  if (one_in(4)) out += predicate(depth - 1);
  if (one_in(16)) out += "[]";
  if (one_in(16)) out += "^(" + pick({"", ">", "<"}) + name() + ")";
  if (one_in(20)) out += "#$i";
  return out;
}

std::string Generator::path(int depth) {
  std::string out = one_in(2) ? variable() : name();
  for (std::uint32_t i = below(4); i-- > 0;) out += "." + step(depth);
  if (one_in(4)) out += predicate(depth - 1);
  if (one_in(12)) out += "{" + name() + ": " + any(depth - 1) + "}";
  if (one_in(14)) out += "[]";
  return out;
}

std::string Generator::predicate(int depth) {
  switch (below(8)) {
    case 0: return "[" + pick({"0", "-1", "1", "2.5", "1 + 1", "[0, 2]", "[0..1]"}) + "]";
    case 1: return "[" + condition(depth) + "]";
    case 2: return "[" + name() + " > " + pick({"1", "$$.id", "\"p\""}) + "]";
    case 3: return "[" + probe(depth) + " = " + pick({"id", "a", "b", "$"}) + "]";
    case 4: return "[id = " + probe(depth) + " and " + condition(depth) + "]";
    default: return "[" + pick({"id", "a", "b", "$", "c.id", "$string(id)"}) + " = " + probe(depth) + "]";
  }
}

std::string Generator::probe(int depth) {
  if (one_in(3)) return scalar();
  if (one_in(2)) return variable() + pick({"", ".id", ".a", ".b"});
  return one_in(2) ? "$$.id" : any(depth - 1);
}

std::string Generator::number(int depth) {
  if (depth <= 0) return pick({"1", "2", "0.1", "id", "a", "$$.id"});
  if (one_in(4)) return "$sum(" + path(depth - 1) + ")";
  if (one_in(6)) return "-" + number(depth - 1);
  return "(" + number(depth - 1) + pick({" + ", " - ", " * ", " / ", " % "}) + (one_in(8) ? any(depth - 1) : number(depth - 1)) +
         ")";
}

std::string Generator::text(int depth) {
  if (depth <= 0) return pick({"\"p\"", "\"q\" & 1", "b", "\"a\" & \"b\""});
  return one_in(2) ? "(" + any(depth - 1) + " & " + text(depth - 1) + ")" : "$string(" + any(depth - 1) + ")";
}

std::string Generator::condition(int depth) {
  if (depth <= 0) return pick({"true", "1 < 2", "a", "id = 1", "b = \"p\"", "$$.id != 2"});
  switch (below(7)) {
    case 0: return "(" + condition(depth - 1) + " and " + condition(depth - 1) + ")";
    case 1: return "(" + condition(depth - 1) + " or " + condition(depth - 1) + ")";
    case 2: return "$not(" + any(depth - 1) + ")";
    case 3: return "(" + any(depth - 1) + " in " + pick({"[1, 2]", "$$.items.id", "items", "[\"p\"]"}) + ")";
    case 4: return "$exists(" + path(depth - 1) + ")";
    case 5: return "(" + condition(depth - 1) + " ? " + any(depth - 1) + " : " + any(depth - 1) + ")";
    default: return "(" + any(depth - 1) + pick({" = ", " != ", " < ", " >= "}) + any(depth - 1) + ")";
  }
}

std::string Generator::made(int depth) {
  if (one_in(3)) return "[" + any(depth - 1) + (one_in(2) ? ", " + any(depth - 1) : "") + "]";
  return "{\"k\": " + any(depth - 1) + ", " +
         (one_in(10)  ? "\"k\""
          : one_in(6) ? text(depth - 1)
                      : "\"l\"") +
         ": " + any(depth - 1) + "}";
}

std::string Generator::function_call(int depth) {
  if (one_in(6)) return path(depth - 1) + " ~> " + pick({"$count", "$sum()", "$string", "$distinct()", "$keys()"});
  if (one_in(14)) return "$eval(\"" + pick({"$.a", "$$.items.id", "1 + 1", "$x"}) + "\")";
  if (one_in(14)) return path(depth - 1) + " ~> |" + pick({"$", "items", "**"}) + "|{\"n\": " + number(depth - 1) + "}, \"a\"|";
  std::string function = pick({"$count", "$sum", "$max", "$number", "$uppercase", "$length", "$distinct", "$reverse", "$keys",
                               "$string", "$boolean", "$type", "$spread", "$merge", "$exists", "$sort", "$average", "$floor"});
  if (one_in(5))
    return pick({"$append", "$lookup", "$zip", "$join", "$contains"}) + "(" + any(depth - 1) + ", " + any(depth - 1) + ")";
  return one_in(8) ? path(depth - 1) + "." + function + "()" : function + "(" + any(depth - 1) + ")";
}

std::string Generator::higher(int depth) {
  std::string over = one_in(3) ? variable() + ".items" : list();
  std::string parameter = pick({"$v", "$x"});
  variables_.push_back(parameter);
  bool second = one_in(3);
  if (second) variables_.emplace_back("$i");
  std::string body = one_in(3) ? condition(depth - 1) : any(depth - 1);
  if (one_in(3)) body = parameter + ".id = " + probe(depth - 1);
  if (second) variables_.pop_back();
  variables_.pop_back();
  std::string lambda = "function(" + parameter + (second ? ", $i" : "") + "){ " + body + " }";
  if (one_in(6)) return "$reduce(" + over + ", function($p, $q){ $p & $string($q) & " + text(depth - 1) + " }, \"\")";
  if (one_in(6)) return "($f := " + lambda + "; " + over + ".$f($))";
  return pick({"$map", "$filter", "$map", "$single"}) + "(" + over + ", " + (one_in(9) ? "$string" : lambda) + ")";
}

std::string Generator::block(int depth) {
  std::string bound = pick({"$x", "$y", "$z"});
  std::string first = bound + " := " + any(depth - 1);
  variables_.push_back(bound);
  std::string out = "(" + first + "; " + (one_in(4) ? bound + " := " + any(depth - 1) + "; " : "") + any(depth - 1) + ")";
  variables_.pop_back();
  return out;
}

// The kinds of loop that the plan looks for.
std::string Generator::loop(int depth) {
  std::string over = list();
  switch (below(5)) {
    case 0: return over + ".{\"k\": " + path(depth - 1) + ", \"s\": " + number(depth - 1) + "}";
    case 1: {
      variables_.emplace_back("$x");
      std::string out = over + ".($x := " + pick({"id", "$", "a", "b"}) + "; " + list() + predicate(depth - 1) +
                        pick({"", ".a", ".b"}) + (one_in(3) ? "; " + any(depth - 1) : "") + ")";
      variables_.pop_back();
      return out;
    }
    case 2: {
      variables_.emplace_back("$l");
      std::string out = pick({"items", "$$.items", "c"}) + "@$l." + pick({"items", "$$.items", "$$.c", "c"}) + "@$r[" +
                        pick({"$l.id = $r.id", "$r.id = $l.id", "$l.b = $r.b and $l.a > 1", "id = 1"}) + "]" +
                        (one_in(3) ? "#$i" : "") + ".{\"k\": $l.a, \"m\": $r.a, \"n\": " + any(depth - 1) + "}";
      variables_.pop_back();
      return out;
    }
    case 3:
      return over + "." + pick({"%.id", "$sum($$.items.a) + id", "$count($$.items[id = 1]) + a", "(id & $join($$.items.b))"});
    default: return over + "^(" + pick({"id", ">id", "b, >a", "$string(id)"}) + ")" + (one_in(2) ? "." + step(depth - 1) : "");
  }
}

std::string Generator::expression() {
  variables_.clear();
  return any(3 + static_cast<int>(below(2)));
}

}  // namespace busway::jsonata::test
