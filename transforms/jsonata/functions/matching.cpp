#include <re2/re2.h>

#include <cmath>
#include <string>
#include <vector>

#include "bus/pause.hpp"
#include "transforms/jsonata/functions/functions.hpp"
#include "transforms/jsonata/list.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata {

namespace {

constexpr int most_groups = 100;

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

// The first match at or behind `from`; groups that took no part have no data.
bool find_match(const re2::RE2& regex, std::string_view text, std::size_t from, std::vector<re2::StringPiece>& groups) {
  groups.resize(static_cast<std::size_t>(std::min(regex.NumberOfCapturingGroups(), most_groups)) + 1);
  return regex.Match(piece(text), from, text.size(), re2::RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()));
}

std::size_t offset_in(std::string_view text, re2::StringPiece part) {
  return static_cast<std::size_t>(part.data() - text.data());
}

Node group_array(Evaluation& evaluation, const std::vector<re2::StringPiece>& groups) {
  Node* items = evaluation.arena().array<Node>(groups.size());
  std::size_t count = 0;
  for (std::size_t i = 1; i < groups.size(); ++i) {
    bool took_part = groups[i].data() != nullptr;
    items[count++] = took_part ? Node::string(std::string_view(groups[i].data(), groups[i].size())) : Node::null();
  }
  return Node::array({items, count});
}

}  // namespace

Node Evaluation::make_match(const Closure& closure, const Node& text, std::size_t from, std::size_t from_points) {
  std::string_view subject = text.text();
  bool going_on = from > 0 || from_points > 0;
  if (going_on && from >= subject.size()) return {};
  std::vector<re2::StringPiece> groups;
  if (!spend(1 + subject.size() / 64) || !find_match(*closure.op->regex, subject, from, groups)) return {};
  std::size_t start = offset_in(subject, groups[0]);
  if (going_on && groups[0].empty()) return fail("D1004", {}, closure.op->position, closure.op->text);
  std::size_t start_points = from_points + count_code_points(subject.substr(from, start - from));
  std::string_view matched = subject.substr(start, groups[0].size());
  std::size_t end_points = start_points + count_code_points(matched);
  Member* members = arena_.array<Member>(5);
  members[0] = {Node::string("match"), Node::string(matched)};
  members[1] = {Node::string("start"), Node::number(static_cast<double>(start_points))};
  members[2] = {Node::string("end"), Node::number(static_cast<double>(end_points))};
  members[3] = {Node::string("groups"), group_array(*this, groups)};
  members[4] = {Node::string("next"), make_function({.kind = Closure::Kind::next_match,
                                                     .input = text,
                                                     .from = start + matched.size(),
                                                     .from_points = end_points,
                                                     .regex = &closure})};
  return Node::object({members, 5});
}

}  // namespace busway::jsonata

namespace busway::jsonata::functions {

namespace {

// Goes from match to match, by a regular expression or by a function that behaves like one.
class Matches {
 public:
  Matches(Evaluation& evaluation, const Node& function, const Node& text)
      : evaluation_(evaluation), function_(function), text_(text), regex_(closure_of(function).kind == Closure::Kind::regex) {}

  bool next() { return regex_ ? next_by_regex() : next_by_function(); }
  std::string_view match() const { return match_; }
  std::size_t start() const { return start_; }
  std::size_t start_points() const { return start_points_; }
  const Node& groups() const { return groups_; }
  // The match as the object a function gets.
  Node object() {
    if (!regex_) return object_;
    return evaluation_.make_match(closure_of(function_), text_, start_, start_points_);
  }

 private:
  bool next_by_regex() {
    std::string_view text = text_.text();
    if (begun_ && at_ >= text.size()) return false;
    if (!evaluation_.spend(2)) return false;
    const Op& op = *closure_of(function_).op;
    if (!find_match(*op.regex, text, at_, found_)) return false;
    std::size_t start = offset_in(text, found_[0]);
    if (begun_ && found_[0].empty()) {
      evaluation_.fail("D1004", {}, op.position, op.text);
      return false;
    }
    start_points_ = end_points_ + count_code_points(text.substr(at_, start - at_));
    begun_ = true;
    start_ = start;
    match_ = text.substr(start, found_[0].size());
    end_points_ = start_points_ + count_code_points(match_);
    groups_ = group_array(evaluation_, found_);
    at_ = start + match_.size();
    return true;
  }

  bool next_by_function() {
    Node result = begun_ ? Node() : evaluation_.apply(function_, {&text_, 1}, Node::null());
    if (begun_) {
      Node more = object_.member("next");
      if (more.is_function()) result = evaluation_.apply(more, {}, Node::null());
    }
    begun_ = true;
    if (evaluation_.failed() || result.is_nothing()) return false;
    object_ = result;
    Node start = result.member("start");
    Node match = result.member("match");
    groups_ = result.member("groups");
    if (!start.is_number() && !result.member("end").is_number() && !groups_.is_array() && !result.member("next").is_function()) {
      evaluation_.fail("T1010");
      return false;
    }
    if (!start.is_number() || !(start.as_double() >= 0) || !match.is_string()) {
      evaluation_.fail("T1010");
      return false;
    }
    if (!groups_.is_array()) groups_ = Node::array({});
    match_ = match.text();
    start_points_ = static_cast<std::size_t>(std::min(start.as_double(), 4e9));
    start_ = offset_of(text_.text(), start_points_);
    return true;
  }

  Evaluation& evaluation_;
  Node function_;
  Node text_;
  bool regex_;
  bool begun_ = false;
  std::size_t at_ = 0;
  std::size_t end_points_ = 0;
  std::vector<re2::StringPiece> found_{};
  std::string_view match_{};
  std::size_t start_ = 0;
  std::size_t start_points_ = 0;
  Node groups_{};
  Node object_{};
};

// A limit as a count; no limit is SIZE_MAX. Negative limits are refused by the caller.
std::size_t limit_of(const Node& limit) {
  if (!limit.is_number()) return SIZE_MAX;
  double value = std::ceil(limit.as_double());
  return value >= 1e15 ? SIZE_MAX : static_cast<std::size_t>(value);
}

bool is_negative(const Node& limit) {
  return limit.is_number() && limit.as_double() < 0;
}

// Replaces `$1`, `$0`, `$$` in a replacement text.
void expand(TextDraft& out, std::string_view replacement, std::string_view match, const Node& groups) {
  std::size_t count = groups.size();
  std::size_t most_digits = std::to_string(count).size();
  for (std::size_t at = 0; at < replacement.size();) {
    std::size_t dollar = replacement.find('$', at);
    out += replacement.substr(at, dollar == std::string_view::npos ? dollar : dollar - at);
    if (dollar == std::string_view::npos) return;
    at = dollar + 1;
    char c = at < replacement.size() ? replacement[at] : '\0';
    if (c == '$') {
      out += '$';
      ++at;
    } else if (c == '0') {
      out += match;
      ++at;
    } else if (c >= '1' && c <= '9') {
      std::size_t digits = 0;
      std::size_t index = 0;
      while (digits < most_digits && at + digits < replacement.size() && replacement[at + digits] >= '0' &&
             replacement[at + digits] <= '9') {
        index = index * 10 + static_cast<std::size_t>(replacement[at + digits++] - '0');
      }
      if (digits > 1 && index > count) {
        --digits;
        index /= 10;
      }
      if (index >= 1 && index <= count && groups.items()[index - 1].is_string()) out += groups.items()[index - 1].text();
      at += digits;
    } else {
      out += '$';
    }
  }
}

}  // namespace

Node contains(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_string()) return {};
  if (!evaluation.spend_for(arguments[0].size(), 64)) return {};
  if (arguments[1].is_string()) return Node::boolean(arguments[0].text().find(arguments[1].text()) != std::string_view::npos);
  if (!arguments[1].is_function()) return {};
  return Node::boolean(Matches(evaluation, arguments[1], arguments[0]).next());
}

Node match(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_string()) return {};
  if (is_negative(arguments[2])) return evaluation.fail("D3040");
  std::size_t limit = limit_of(arguments[2]);
  List<Node> found(evaluation);
  Matches matches(evaluation, arguments[1], arguments[0]);
  while (!evaluation.failed() && found.size() < limit && matches.next()) {
    Member* members = evaluation.arena().array<Member>(3);
    members[0] = {Node::string("match"), Node::string(matches.match())};
    members[1] = {Node::string("index"), Node::number(static_cast<double>(matches.start_points()))};
    members[2] = {Node::string("groups"), matches.groups()};
    found.push(Node::object({members, 3}));
  }
  if (limit > 0 && found.size() == limit) matches.next();  // jsonata-js looks before it counts: D1004 comes out
  return evaluation.failed() ? Node() : make_sequence(found.items());
}

Node replace(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_string()) return {};
  std::string_view text = arguments[0].text();
  const Node& pattern = arguments[1];
  const Node& replacement = arguments[2];
  if (pattern.is_string() && pattern.size() == 0) return evaluation.fail("D3010");
  if (is_negative(arguments[3])) return evaluation.fail("D3011");
  std::size_t limit = limit_of(arguments[3]);
  TextDraft out(evaluation);
  std::size_t done = 0;
  if (!evaluation.spend(text.size() / 64)) return {};
  if (pattern.is_string()) {
    if (!replacement.is_string()) return evaluation.fail("D3012");
    for (std::size_t count = 0; count < limit; ++count) {
      std::size_t at = text.find(pattern.text(), done);
      if (at == std::string_view::npos) break;
      out.append(text.substr(done, at - done)).append(replacement.text());
      if (!evaluation.spend(1 + replacement.size() / 64)) return {};
      done = at + pattern.size();
    }
  } else if (pattern.is_function()) {
    Matches matches(evaluation, pattern, arguments[0]);
    std::size_t count = 0;
    for (; count < limit && matches.next(); ++count) {
      if (matches.start() < done) break;  // a function that goes back
      out.append(text.substr(done, matches.start() - done));
      done = matches.start() + matches.match().size();
      if (replacement.is_string()) {
        expand(out, replacement.text(), matches.match(), matches.groups());
        if (!evaluation.spend(1 + replacement.size() / 64)) return {};
        continue;
      }
      Node match = matches.object();
      Node made = evaluation.apply(replacement, {&match, 1}, Node::null());
      if (evaluation.failed()) return {};
      if (!made.is_string()) return evaluation.fail("D3012");
      out += made.text();
    }
    if (limit > 0 && count == limit) matches.next();
  }
  if (evaluation.failed()) return {};
  if (done < text.size()) out.append(text.substr(done));
  return out.finish();
}

Node split(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_string()) return {};
  std::string_view text = arguments[0].text();
  const Node& separator = arguments[1];
  if (is_negative(arguments[2])) return evaluation.fail("D3020");
  double limit_value = arguments[2].is_number() ? std::floor(arguments[2].as_double()) : 1e15;
  std::size_t limit = limit_value >= 1e15 ? SIZE_MAX : static_cast<std::size_t>(limit_value);
  List<Node> parts(evaluation);
  if (!evaluation.spend(text.size() / 32)) return {};
  if (separator.is_function()) {
    std::size_t done = 0;
    Matches matches(evaluation, separator, arguments[0]);
    std::size_t count = 0;
    limit = limit_of(arguments[2]);
    bool ended = false;
    while (count < limit) {
      if (!matches.next()) {
        ended = true;
        break;
      }
      std::size_t start = std::max(matches.start(), done);
      parts.push(Node::string(text.substr(done, start - done)));
      if (evaluation.failed()) return {};
      done = std::min(text.size(), start + matches.match().size());
      ++count;
    }
    if (!ended && limit > 0) matches.next();
    if (evaluation.failed()) return {};
    if (ended && count < limit) parts.push(Node::string(text.substr(done)));
  } else if (!separator.is_string()) {
    if (limit > 0) parts.push(arguments[0]);
  } else if (separator.size() == 0) {
    for (std::size_t at = 0; at < text.size() && parts.size() < limit;) {
      std::size_t start = at;
      if (!evaluation.count()) return {};
      next_code_point(text, at);
      parts.push(Node::string(text.substr(start, at - start)));
    }
  } else {
    for (std::size_t at = 0; parts.size() < limit;) {
      if (!evaluation.count()) return {};
      std::size_t next = text.find(separator.text(), at);
      parts.push(Node::string(text.substr(at, next == std::string_view::npos ? next : next - at)));
      if (next == std::string_view::npos) break;
      at = next + separator.size();
    }
  }
  return Node::array(parts.items());
}

}  // namespace busway::jsonata::functions
