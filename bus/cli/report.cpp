#include "bus/cli/report.hpp"

#include "bus/document.hpp"
#include "bus/json_text.hpp"

namespace busway::cli {

void write_text(const Findings& findings, std::ostream& out) {
  for (const Finding& finding : findings.all()) out << to_text(finding) << '\n';
}

void write_json(const Findings& findings, std::ostream& out) {
  out << "{\"errors\":" << findings.errors() << ",\"warnings\":" << findings.all().size() - findings.errors()
      << ",\"findings\":[";
  bool first = true;
  for (const Finding& finding : findings.all()) {
    out << (first ? "\n" : ",\n")
        << "{\"severity\":" << (finding.severity == Finding::Severity::error ? "\"error\"" : "\"warning\"")
        << ",\"id\":" << json_string(finding.id) << ",\"file\":" << (finding.at.file ? json_string(*finding.at.file) : "null")
        << ",\"line\":" << finding.at.line << ",\"column\":" << finding.at.column << ",\"text\":" << json_string(finding.text)
        << '}';
    first = false;
  }
  out << (first ? "]}\n" : "\n]}\n");
}

std::string summary(const Findings& findings) {
  auto counted = [](std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
  };
  return counted(findings.errors(), "error") + ", " + counted(findings.all().size() - findings.errors(), "warning");
}

}  // namespace busway::cli
