#include <filesystem>
#include <iostream>

#include "bus/cli/builtin_registry.hpp"
#include "bus/cli/files.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"
#include "routes/bundle_files.hpp"
#include "routes/secrets.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::cli {

namespace {

struct ConvertOptions {
  std::string from;
  std::string to;
  std::string layout;
  std::string record;
  std::string file = "-";
};

int refuse(const std::string& text, int code = found) {
  std::cerr << "busway convert: " << text << '\n';
  return code;
}

ConfigNode text_node(const std::string& text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::string;
  node.text = text;
  return node;
}

// The format of that name, with the layout and record where it has such options.
std::shared_ptr<const Format> make_format(const std::string& name, const ConvertOptions& options, CheckContext& check) {
  const FormatType* type = check.registry.format(name);
  if (type == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& [known, unused] : check.registry.formats()) names.push_back(known);
    check.findings.error("BW4001", {}, "unknown format '" + name + "'" + did_you_mean(name, names));
    return nullptr;
  }
  ConfigNode node;
  node.kind = ConfigNode::Kind::map;
  auto set = [&](const std::string& key, const std::string& value) {
    for (const FieldInfo& field : type->format.fields) {
      if (field.name == key && !value.empty()) node.entries.push_back({text_node(key), text_node(value)});
    }
  };
  set("layout", std::filesystem::path(options.layout).filename().string());
  set("record", options.record);
  return type->format.make(node, check, FormatContext{});
}

int convert(const ConvertOptions& options) {
  Findings findings;
  // The layout's directory plays the bundle: files it names lie beside it.
  auto files =
      routes::BundleDirectory::open(options.layout.empty() ? "." : options.layout, routes::BundleDirectory::Listing::none);
  if (!files) return refuse(files.error().text);
  routes::SecretReferences secrets(routes::SecretReferences::Reading::opaque);
  CheckContext check{findings, builtin_registry(), **files, secrets, jsonata::language()};
  auto from = make_format(options.from, options, check);
  auto to = make_format(options.to, options, check);
  if (from == nullptr || to == nullptr) {
    write_text(findings, std::cerr);
    return found;
  }
  auto bytes = read_file(options.file);
  if (!bytes) return refuse(bytes.error().text);
  Arena arena;
  Node document;
  if (!bytes->empty()) {
    auto read = from->read(*bytes, arena);
    if (!read) return refuse("reading " + options.from + ": " + read.error().text);
    document = *read;
  }
  std::string out;
  if (!document.is_nothing()) {
    if (auto written = to->write(document, out); !written) return refuse("writing " + options.to + ": " + written.error().text);
  }
  std::cout << out << std::flush;
  return good;
}

}  // namespace

void add_convert(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* verb = app.add_subcommand("convert", "Convert one body from a format to another.");
  verb->add_option("--from", options->from, "The format that is read")->required();
  verb->add_option("--to", options->to, "The format that is written")->required();
  verb->add_option("--layout", options->layout, "The layout file of a 'fixed' format");
  verb->add_option("--record", options->record, "The record of the layout; its selector decides when it is left out");
  verb->add_option("FILE", options->file, "The body; standard input when it is left out");
  verb->footer("'busway list formats' shows what there is. Exits 1 when the body does not fit its format.");
  verb->callback([options, &exit_code] { exit_code = convert(*options); });
}

}  // namespace busway::cli
