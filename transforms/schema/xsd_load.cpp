#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemastypes.h>

#include <map>
#include <mutex>

#include "transforms/formats/xml_schema_types.hpp"
#include "transforms/schema/placed_json.hpp"
#include "transforms/schema/uri.hpp"
#include "transforms/schema/xsd_library.hpp"

namespace busway::schema {

namespace {

constexpr std::string_view scheme = "bundle:";
constexpr std::size_t most_files = 1000;

// The files of one load, and what the library has to say of them. The library's loader is one for the process, so the load that a
// thread is in is the thread's.
class XsdFiles {
 public:
  XsdFiles(const ConfigNode& main, CheckContext& check) : main_(main), check_(check) {}

  // The text of a file by its URL, scanned; null when it may not be had.
  const std::string* open(const std::string& url) {
    if (auto known = files_.find(url); known != files_.end()) return &known->second.text;
    if (files_.size() >= most_files) return nullptr;
    std::string path;
    Position from;  // paths after our scheme are the bundle's own
    if (url.starts_with(scheme)) {
      path = percent_decoded(std::string_view(url).substr(scheme.size()));
      path.erase(0, std::min(path.find_first_not_of('/'), path.size()));
    } else {
      path = percent_decoded(split_uri(url).path);
      path.erase(0, path.rfind('/') + 1);
      from.file = std::make_shared<const std::string>(check_.files.name_of(main_.text, main_.at));
    }
    if (path.empty()) return nullptr;
    auto text = check_.files.read(path, from);
    if (!text) return nullptr;
    auto name = std::make_shared<const std::string>(check_.files.name_of(path, from));
    Arena arena;
    if (auto scanned = parse_xml(*text, arena); !scanned) {
      check_.findings.error("BW4101", place_at(*text, scanned.error().position, name),
                            "the schema cannot be read: " + without_place(scanned.error().text));
      return nullptr;
    }
    return &files_.emplace(url, File{std::move(*text), std::move(name)}).first->second.text;
  }

  void take(const xmlError& error) {
    // An import that is not there is a warning to the library; to us nothing may be left out.
    std::string text = in_plain_words(error.message);
    bool not_there = text.find("Failed to parse the XML resource '") != std::string::npos ||
                     text.find("Failed to locate a schema at location '") != std::string::npos;
    if (error.level < XML_ERR_ERROR && !not_there) return;
    auto file = files_.find(error.file == nullptr ? std::string() : error.file);
    Position at = main_.at;
    if (file != files_.end()) at = {file->second.name, error.line, first_column(file->second.text, error.line)};
    std::size_t last = text.rfind('\'');
    std::size_t first = last == std::string::npos || last == 0 ? std::string::npos : text.rfind('\'', last - 1);
    if (not_there && first != std::string::npos) {
      std::string named = text.substr(first + 1, last - first - 1);
      if (named.starts_with(scheme)) named.erase(0, std::min(named.find_first_not_of('/', scheme.size()), named.size()));
      text = "'" + named + "' is no schema of the bundle; nothing is fetched from a network";
    }
    check_.findings.error("BW4107", std::move(at), std::move(text));
  }

 private:
  // The library knows lines; what it speaks of begins them.
  static int first_column(std::string_view text, int line) {
    for (int i = 1; i < line && !text.empty(); ++i) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    std::size_t column = std::min(text.find_first_not_of(" \t"), text.find('\n'));
    return column == std::string_view::npos ? 1 : static_cast<int>(column) + 1;
  }

  struct File {
    std::string text;
    std::shared_ptr<const std::string> name;
  };
  const ConfigNode& main_;
  CheckContext& check_;
  std::map<std::string, File> files_;  // by URL
};

thread_local XsdFiles* current_files = nullptr;

// The library asks here for every external file. Only files of the load that this thread is in exist.
xmlParserInputPtr load_from_bundle(const char* url, const char*, xmlParserCtxtPtr parser) {
  const std::string* text = current_files == nullptr || url == nullptr ? nullptr : current_files->open(url);
  if (text == nullptr) return nullptr;
  xmlParserInputBufferPtr buffer =
      xmlParserInputBufferCreateMem(text->data(), static_cast<int>(text->size()), XML_CHAR_ENCODING_NONE);
  if (buffer == nullptr) return nullptr;
  xmlParserInputPtr input = xmlNewIOInputStream(parser, buffer, XML_CHAR_ENCODING_NONE);
  if (input == nullptr) {
    xmlFreeParserInputBuffer(buffer);
    return nullptr;
  }
  input->filename = reinterpret_cast<char*>(xmlStrdup(reinterpret_cast<const xmlChar*>(url)));
  return input;
}

void take_error(void* files, xmlErrorPtr error) {
  if (files != nullptr && error != nullptr) static_cast<XsdFiles*>(files)->take(*error);
}

void say_nothing(void*, const char*, ...) {}

struct FreeParser {
  void operator()(xmlSchemaParserCtxt* parser) const { xmlSchemaFreeParserCtxt(parser); }
};
}  // namespace

void prepare_xml_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    xmlInitParser();
    xmlSchemaInitTypes();
    xmlSetExternalEntityLoader(load_from_bundle);
  });
}

std::string in_plain_words(const char* message) {
  std::string text = message == nullptr ? "the schema is not understood" : message;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  constexpr std::string_view name_space = "{http://www.w3.org/2001/XMLSchema}";
  for (std::size_t at = text.find(name_space); at != std::string::npos; at = text.find(name_space)) {
    text.replace(at, name_space.size(), "xs:");
  }
  constexpr std::size_t longest = 400;
  if (text.size() > longest) text = text.substr(0, longest) + "...";
  return text;
}

XsdSchema::XsdSchema(std::unique_ptr<Library> library, ContractPtr contract, std::string target_namespace, bool qualified)
    : library_(std::move(library)),
      contract_(std::move(contract)),
      target_namespace_(std::move(target_namespace)),
      qualified_(qualified) {}
XsdSchema::~XsdSchema() = default;

std::shared_ptr<const XsdSchema> XsdSchema::load(const ConfigNode& file, CheckContext& check) {
  prepare_xml_library();
  std::size_t before = check.findings.errors();
  if (auto content = check.files.read(file.text, file.at); !content) {
    check.findings.error(content.error().code.empty() ? "BW1008" : content.error().code, file.at, content.error().text);
    return nullptr;
  }
  std::string url = std::string(scheme) + "///" + check.files.name_of(file.text, file.at);
  XsdFiles files(file, check);
  const std::string* text = files.open(url);
  if (text == nullptr) {
    if (check.findings.errors() == before) check.findings.error("BW1008", file.at, "'" + file.text + "' cannot be read");
    return nullptr;
  }
  Arena arena;
  const XmlElement& root = *parse_xml(*text, arena)->root;
  auto attribute = [&](std::string_view name) {
    const XmlAttribute* found = root.attribute("", name);
    return found == nullptr ? std::string() : std::string(found->value());
  };

  current_files = &files;
  xmlSetGenericErrorFunc(nullptr, say_nothing);
  xmlSetStructuredErrorFunc(&files, take_error);
  xmlSchemaPtr schema = nullptr;
  std::unique_ptr<xmlSchemaParserCtxt, FreeParser> parser(xmlSchemaNewParserCtxt(url.c_str()));
  if (parser != nullptr) {
    xmlSchemaSetParserStructuredErrors(parser.get(), take_error, &files);
    schema = xmlSchemaParse(parser.get());
    parser.reset();
  }
  xmlSetStructuredErrorFunc(nullptr, nullptr);
  current_files = nullptr;
  auto library = std::make_unique<Library>(schema);
  if (check.findings.errors() != before) return nullptr;
  if (schema == nullptr) {
    check.findings.error("BW4107", file.at, "'" + file.text + "' is not understood as an XML Schema");
    return nullptr;
  }
  // For what a check says of mappings the same files are read once more, by a reader that tells us what is in them.
  std::string name = check.files.name_of(file.text, file.at);
  XmlSchemaTypes types([&](std::string_view location, const std::string& from) -> std::optional<XmlSchemaTypes::File> {
    std::string target(location);
    if (target.find("://") != std::string::npos) target.erase(0, target.rfind('/') + 1);
    Position at;
    at.file = std::make_shared<const std::string>(from);
    auto content = check.files.read(target, at);
    if (!content) return std::nullopt;
    return XmlSchemaTypes::File{std::move(*content), check.files.name_of(target, at)};
  });
  types.add_file({*text, name});
  ContractPtr contract = types.root_of(attribute("targetNamespace"), file.text);
  return std::shared_ptr<const XsdSchema>(new XsdSchema(std::move(library), std::move(contract), attribute("targetNamespace"),
                                                        attribute("elementFormDefault") == "qualified"));
}

}  // namespace busway::schema
