#include "transforms/schema/pattern.hpp"

#include <re2/re2.h>

#include "transforms/schema/regex_dialect.hpp"

namespace busway::schema {

namespace {

constexpr std::int64_t most_memory = 16 * 1024 * 1024;

}  // namespace

Pattern::Pattern(std::string source, std::unique_ptr<re2::RE2> compiled)
    : source_(std::move(source)), compiled_(std::move(compiled)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::compile(std::string_view source) {
  auto translated = translate_regex(source);
  if (!translated) return std::unexpected(translated.error());
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(most_memory);
  auto compiled = std::make_unique<re2::RE2>(*translated, options);
  if (!compiled->ok()) {
    return fail(ErrorKind::config, "the regular expressions here cannot do this: " + compiled->error(), "unsupported", 0);
  }
  return Pattern(std::string(source), std::move(compiled));
}

bool Pattern::matches(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

}  // namespace busway::schema
