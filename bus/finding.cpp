#include "bus/finding.hpp"

#include <algorithm>
#include <tuple>

namespace busway {

std::string Position::text() const {
  std::string out = file ? *file : std::string("-");
  if (line > 0) out += ":" + std::to_string(line);
  if (line > 0 && column > 0) out += ":" + std::to_string(column);
  return out;
}

void Findings::error(std::string id, Position at, std::string text) {
  findings_.push_back({Finding::Severity::error, std::move(id), std::move(at), std::move(text)});
  ++errors_;
}

void Findings::warning(std::string id, Position at, std::string text) {
  findings_.push_back({Finding::Severity::warning, std::move(id), std::move(at), std::move(text)});
}

void Findings::sort() {
  // By index where places are equal: a stable sort of libstdc++ 12 uses what clang calls deprecated.
  std::vector<std::size_t> order(findings_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  auto place = [this](std::size_t i) {
    const Position& at = findings_[i].at;
    return std::tuple(at.file ? std::string_view(*at.file) : std::string_view(), at.line, at.column, i);
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
  std::vector<Finding> sorted;
  sorted.reserve(findings_.size());
  for (std::size_t i : order) sorted.push_back(std::move(findings_[i]));
  findings_ = std::move(sorted);
}

std::string to_text(const Finding& finding) {
  return finding.at.text() + (finding.severity == Finding::Severity::error ? ": error " : ": warning ") + finding.id + ": " +
         finding.text;
}

namespace {

// Damerau-Levenshtein (adjacent swaps count once), on bytes: keys of the language are ASCII.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names) {
  std::string_view best;
  if (name.size() > 64) return best;
  std::size_t bound = std::max<std::size_t>(name.size() < 4 ? 1 : 2, name.size() / 3) + 1;
  for (std::string_view candidate : names) {
    if (candidate.size() > 64) continue;
    std::size_t distance = edits(name, candidate);
    if (distance < bound) {
      bound = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& names) {
  if (std::string_view near = nearest(name, names); !near.empty()) return "; did you mean '" + std::string(near) + "'?";
  if (names.empty()) return "";
  std::string out = "; expected one of: ";
  std::size_t shown = 0;
  for (std::string_view candidate : names) {
    if (shown == 12) {
      out += ", ...";
      break;
    }
    if (shown++ != 0) out += ", ";
    out += candidate;
  }
  return out;
}

}  // namespace busway
