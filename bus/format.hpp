#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "bus/document.hpp"
#include "bus/error.hpp"

namespace busway {

// Turns bytes into a document and back. Immutable, shared by all workers, safe from any thread.
class Format {
 public:
  virtual ~Format() = default;
  // "json", "fixed", ...: the registered name.
  virtual std::string_view name() const = 0;
  // What a body written by this format is labelled with; empty when it has no label of its own (bytes).
  virtual std::string_view content_type() const = 0;
  // The document borrows from `bytes` and `arena`; both outlive it. An empty body is `nothing` before a format is asked.
  // Errors: kind `format`, naming the line, offset or field at fault.
  virtual Result<Node> read(std::string_view bytes, Arena& arena) const = 0;
  // Appends to `out`. What the format cannot represent is an error of kind `format` that names the field, never a truncation;
  // `out` may then hold a partial text.
  virtual Result<void> write(const Node& document, std::string& out) const = 0;
  // The same format seen from the calling side, where requests are written and replies read; null when there is no difference.
  // As it stands it is the accepting side's: requests are read and replies written.
  virtual std::shared_ptr<const Format> for_service() const { return nullptr; }
};

using FormatPtr = std::shared_ptr<const Format>;

}  // namespace busway
