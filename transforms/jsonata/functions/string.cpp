#include <algorithm>
#include <cmath>
#include <string>

#include "bus/pause.hpp"
#include "transforms/jsonata/functions/functions.hpp"
#include "transforms/jsonata/list.hpp"
#include "transforms/jsonata/text.hpp"

namespace busway::jsonata::functions {

namespace {

constexpr std::size_t bytes_a_step = 64;

// A text of which another of much the same size is made, and copied into the arena.
bool may_rewrite(Evaluation& evaluation, const Node& text) {
  return text.is_string() && evaluation.spend_for(text.size(), bytes_a_step) && evaluation.room(4 * std::size_t{text.size()});
}

// An index as JavaScript's slice takes it: cut to an integer, from the end when negative, within 0..size.
std::size_t slice_index(double index, std::size_t size) {
  index = std::isnan(index) ? 0 : std::trunc(index);
  auto count = static_cast<double>(size);
  if (index < 0) index = std::max(0.0, index + count);
  return static_cast<std::size_t>(std::min(index, count));
}

}  // namespace

Node string(Evaluation& evaluation, Arguments arguments, const Node&) {
  return evaluation.text_of(arguments[0], arguments[1].is_boolean() && arguments[1].as_boolean());
}

Node length(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_string() || !evaluation.spend_for(arguments[0].size(), bytes_a_step)) return {};
  return Node::number(static_cast<double>(count_code_points(arguments[0].text())));
}

Node substring(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_string() || !evaluation.spend_for(arguments[0].size(), bytes_a_step)) return {};
  std::string_view text = arguments[0].text();
  double start = arguments[1].is_number() ? arguments[1].as_double() : 0;
  std::size_t size = count_code_points(text);
  auto count = static_cast<double>(size);
  if (count + start < 0) start = 0;
  double end = count;
  if (arguments[2].is_number()) {
    double wanted = arguments[2].as_double();
    if (wanted <= 0) return Node::string("");
    end = start >= 0 ? start + wanted : count + start + wanted;
  }
  std::size_t from = slice_index(start, size);
  std::size_t to = slice_index(end, size);
  if (to <= from) return Node::string("");
  std::size_t first = offset_of(text, from);
  return Node::string(text.substr(first, offset_of(text.substr(first), to - from)));
}

Node substring_before(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_string() || !arguments[1].is_string()) return arguments[0];
  if (!evaluation.spend_for(arguments[0].size(), bytes_a_step)) return {};
  std::string_view text = arguments[0].text();
  return Node::string(text.substr(0, text.find(arguments[1].text())));
}

Node substring_after(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_string() || !arguments[1].is_string()) return arguments[0];
  if (!evaluation.spend_for(arguments[0].size(), bytes_a_step)) return {};
  std::string_view text = arguments[0].text();
  std::size_t at = text.find(arguments[1].text());
  return at == std::string_view::npos ? arguments[0] : Node::string(text.substr(at + arguments[1].size()));
}

Node lowercase(Evaluation& evaluation, Arguments arguments, const Node&) {
  return may_rewrite(evaluation, arguments[0]) ? evaluation.make_string(to_lower(arguments[0].text())) : Node();
}

Node uppercase(Evaluation& evaluation, Arguments arguments, const Node&) {
  return may_rewrite(evaluation, arguments[0]) ? evaluation.make_string(to_upper(arguments[0].text())) : Node();
}

Node trim(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!may_rewrite(evaluation, arguments[0])) return {};
  std::string out;
  bool space = false;
  PauseByBytes pause;
  std::size_t at = 0;
  for (char c : arguments[0].text()) {
    pause.at(at++);
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      space = true;
      continue;
    }
    if (space && !out.empty()) out += ' ';
    space = false;
    out += c;
  }
  return evaluation.make_string(out);
}

Node pad(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_string()) return {};
  std::string_view text = arguments[0].text();
  double width = arguments[1].is_number() ? std::trunc(arguments[1].as_double()) : 0;
  std::string_view fill = arguments[2].is_string() && arguments[2].size() > 0 ? arguments[2].text() : std::string_view(" ");
  double wanted = std::fabs(width) - static_cast<double>(count_code_points(text));
  if (!(wanted > 0)) return arguments[0];
  if (wanted > 1e8) return evaluation.fail("U1001", "the padding is too long");
  auto missing = static_cast<std::size_t>(wanted);
  if (!evaluation.spend(missing / 8 + fill.size() / bytes_a_step)) return {};
  std::size_t fill_size = count_code_points(fill);
  TextDraft padded(evaluation);
  if (!padded.reserve(text.size() + missing / fill_size * fill.size() + (missing % fill_size == 0 ? 0 : fill.size()))) return {};
  if (width > 0) padded += text;
  PauseByBytes pause;
  for (std::size_t done = 0; done < missing; done += fill_size) {
    pause.at(done);
    padded += missing - done >= fill_size ? fill : fill.substr(0, offset_of(fill, missing - done));
  }
  if (width <= 0) padded += text;
  return padded.finish();
}

Node join(Evaluation& evaluation, Arguments arguments, const Node&) {
  if (!arguments[0].is_array()) return {};
  std::string_view separator = arguments[1].is_string() ? arguments[1].text() : std::string_view{};
  std::size_t size = 0;
  for (const Node& item : arguments[0].items()) size += item.size() + separator.size();
  TextDraft out(evaluation);
  if (!evaluation.spend(size / 16 + arguments[0].size() / 8) || !out.reserve(size)) return {};
  bool first = true;
  for (const Node& item : arguments[0].items()) {
    pause_if_due();
    if (!first) out += separator;
    first = false;
    out += item.text();
  }
  return out.finish();
}

}  // namespace busway::jsonata::functions
