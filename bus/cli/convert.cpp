#include <filesystem>
#include <iostream>

#include "bus/cli/files.hpp"
#include "bus/cli/plugin_registry.hpp"
#include "bus/cli/report.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/field.hpp"
#include "routes/bundle_files.hpp"
#include "routes/secrets.hpp"
#include "routes/yaml.hpp"
#include "transforms/jsonata/jsonata.hpp"

namespace busway::cli {

namespace {

struct ConvertOptions {
  std::string from;
  std::string to;
  std::string layout;
  std::string record;
  std::string file = "-";
  PluginChoice plugins;
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

// What stands behind `option`, as it would stand behind `format:` in a route file, with the layout and record where the format
// has such options and does not name them itself. Null when there are findings.
std::shared_ptr<const Format> make_format(const char* option, const std::string& text, const ConvertOptions& options,
                                          CheckContext& check) {
  auto node = routes::read_yaml(text, std::make_shared<const std::string>(option), check.findings);
  if (!node || check.findings.has_errors()) return nullptr;
  if (node->kind == ConfigNode::Kind::string) {
    ConfigNode named;
    named.kind = ConfigNode::Kind::map;
    named.at = node->at;
    ConfigNode nothing;
    nothing.kind = ConfigNode::Kind::map;
    nothing.at = node->at;
    named.entries.push_back({*node, nothing});
    *node = std::move(named);
  }
  if (node->is_map() && node->entries.size() == 1) {
    const FormatType* type = check.registry.format(node->entries[0].key.text);
    ConfigNode& given = node->entries[0].value;
    auto set = [&](const std::string& key, const std::string& value) {
      if (type == nullptr || value.empty() || !given.is_map() || given.find(key) != nullptr) return;
      for (const FieldInfo& field : type->format.fields) {
        if (field.name == key) given.entries.push_back({text_node(key), text_node(value)});
      }
    };
    set("layout", std::filesystem::path(options.layout).filename().string());
    set("record", options.record);
  }
  FormatRef made;
  if (!read_value(*node, {}, check, made)) return nullptr;
  return made.format;
}

int convert(const ConvertOptions& options) {
  Findings findings;
  // The layout's directory plays the bundle: files it names lie beside it.
  auto files =
      routes::BundleDirectory::open(options.layout.empty() ? "." : options.layout, routes::BundleDirectory::Listing::none);
  if (!files) return refuse(files.error().text);
  routes::SecretReferences secrets(routes::SecretReferences::Reading::opaque);
  auto known = known_components(options.plugins, plugins::Purpose::used, findings);
  CheckContext check{findings, *known.registry, **files, secrets, jsonata::language()};
  auto from = make_format("--from", options.from, options, check);
  auto to = make_format("--to", options.to, options, check);
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
    if (!read) return refuse(read.error().text);
    document = *read;
  }
  std::string out;
  if (!document.is_nothing()) {
    if (auto written = to->write(document, out); !written) return refuse(written.error().text);
  }
  std::cout << out << std::flush;
  return good;
}

}  // namespace

void add_convert(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* verb = app.add_subcommand("convert", "Convert one body from a format to another.");
  verb->add_option("--from", options->from,
                   "The format that is read, with its options as in a route file: 'csv: { delimiter: ; }'")
      ->required();
  verb->add_option("--to", options->to, "The format that is written, likewise")->required();
  verb->add_option("--layout", options->layout, "The layout file of a 'fixed' format");
  verb->add_option("--record", options->record, "The record of the layout; its selector decides when it is left out");
  verb->add_option("FILE", options->file, "The body; standard input when it is left out");
  add_plugin_options(*verb, options->plugins, true);
  verb->footer(
      "'busway list formats' shows what there is, 'busway help format NAME' the options of one. Exits 1 when the body does not "
      "fit its format.");
  verb->callback([options, &exit_code] { exit_code = convert(*options); });
}

}  // namespace busway::cli
