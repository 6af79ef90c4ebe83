#include "routes/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <map>
#include <streambuf>
#include <unordered_map>

#include "routes/scalar_places.hpp"
#include "routes/source_text.hpp"

namespace busway::routes {

namespace {

// Builds the tree from the library's events. After the first finding that makes the rest meaningless it takes no more: the
// library goes on to the end of the file, which its size bounds.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceText& source, std::shared_ptr<const std::string> file, Findings& findings, const YamlLimits& limits)
      : source_(source), raw_(source.text()), file_(std::move(file)), findings_(findings), limits_(limits) {}

  bool failed() const { return failed_; }
  std::vector<ConfigNode>& documents() { return documents_; }

  void OnDocumentStart(const YAML::Mark&) override { anchors_.clear(); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (failed_) return;
    std::size_t start = content_start(mark);
    ConfigNode node;
    node.at = position(start);
    std::string_view word = raw_.substr(start, raw_.substr(start).find_first_not_of("~nulNUL"));
    bool written = !word.empty() && plain_scalar_kind(word) == ConfigNode::Kind::null;
    if (written) {
      node.text = word;
    } else if (!frames_.empty() && frames_.back().key) {
      node.at = frames_.back().key->at;  // left out: the library marks whatever comes next
    }
    add(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, const std::string& value) override {
    if (failed_) return;
    std::size_t start = content_start(mark);
    ConfigNode node;
    node.at = position(start);
    node.text = value;
    node.style = style_at(start);
    node.kind = node.style == ConfigNode::Style::plain ? plain_scalar_kind(value) : ConfigNode::Kind::string;
    place(node, start);
    if (failed_) return;
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (failed_) return;
    auto at = anchors_.find(anchor);
    if (at == anchors_.end()) return refuse("BW1003", start_of(mark), "an alias must not stand inside what it names");
    const Anchored& anchored = at->second;
    if (frames_.size() + anchored.depth > limits_.depth) return too_deep(start_of(mark));
    if (!count(anchored.nodes, anchored.text, start_of(mark))) return;
    add_counted(ConfigNode(anchored.node), anchored.nodes, anchored.text, anchored.depth);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, ConfigNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, ConfigNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  // A collection that is not complete yet.
  struct Frame {
    ConfigNode node;
    std::optional<ConfigNode> key;
    std::unordered_map<std::string, int> keys;  // with their lines
    bool drop = false;                          // the key stands here twice: its value is read and dropped
    YAML::anchor_t anchor = 0;
    std::size_t nodes = 1;
    std::size_t text = 0;
    std::size_t depth = 1;
  };
  struct Anchored {
    ConfigNode node;
    std::size_t nodes = 0;
    std::size_t text = 0;
    std::size_t depth = 0;
  };

  std::size_t start_of(const YAML::Mark& mark) const {
    return mark.pos < 0 ? raw_.size() : std::min(static_cast<std::size_t>(mark.pos), raw_.size());
  }

  Position position(std::size_t offset) const {
    auto [line, column] = source_.place(offset);
    return {file_, line, column};
  }

  // The library marks a node where its anchor or tag begins. Tags are refused here.
  std::size_t content_start(const YAML::Mark& mark) {
    std::size_t at = start_of(mark);
    bool properties = false;
    while (at < raw_.size()) {
      char c = raw_[at];
      if (c == '!') refuse("BW1003", at, "tags are not used here: quote the value to make it a string");
      if (c == '&' || c == '!') {
        properties = true;
        while (at < raw_.size() && raw_[at] != ' ' && raw_[at] != '\t' && raw_[at] != '\n') ++at;
      } else if (properties && (c == ' ' || c == '\t' || c == '\n')) {
        ++at;
      } else if (properties && c == '#') {
        at = std::min(raw_.find('\n', at), raw_.size());
      } else {
        break;
      }
    }
    return at;
  }

  ConfigNode::Style style_at(std::size_t start) const {
    switch (start < raw_.size() ? raw_[start] : '\0') {
      case '\'': return ConfigNode::Style::single_quoted;
      case '"': return ConfigNode::Style::double_quoted;
      case '|': return ConfigNode::Style::literal_block;
      case '>': return ConfigNode::Style::folded_block;
      default: return ConfigNode::Style::plain;
    }
  }

  // The library takes the end of the file for a closing quote.
  bool never_closed(std::size_t start, ConfigNode::Style style) const {
    if (style != ConfigNode::Style::single_quoted && style != ConfigNode::Style::double_quoted) return false;
    for (std::size_t at = start + 1; at < raw_.size(); ++at) {
      if (raw_[at] == '\\' && style == ConfigNode::Style::double_quoted) {
        ++at;
      } else if (raw_[at] == raw_[start]) {
        if (style == ConfigNode::Style::double_quoted || at + 1 >= raw_.size() || raw_[at + 1] != '\'') return false;
        ++at;
      }
    }
    return true;
  }

  void place(ConfigNode& node, std::size_t start) {
    auto found = find_places(raw_, start, node.text, node.style);
    if (!found) {
      if (never_closed(start, node.style)) refuse("BW1001", start, "the quote is never closed");
      return;
    }
    if (node.style == ConfigNode::Style::plain) {
      std::size_t behind = raw_.find_first_not_of(" \t", found->end);
      node.comment_follows = behind != std::string_view::npos && behind > found->end && raw_[behind] == '#';
      if (found->end - start == node.text.size() && node.text.find('\n') == std::string::npos &&
          source_.place(found->end).first == node.at.line) {
        return;
      }
    }
    auto places = std::make_shared<std::vector<std::pair<int, int>>>();
    places->reserve(found->offsets.size());
    for (std::size_t offset : found->offsets) places->push_back(source_.place(offset));
    node.places = std::move(places);
  }

  void refuse(std::string_view id, std::size_t offset, std::string text) {
    if (!failed_) findings_.error(std::string(id), position(offset), std::move(text));
    failed_ = true;
  }

  void too_deep(std::size_t offset) {
    refuse("BW1003", offset, "nested deeper than " + std::to_string(limits_.depth) + " levels");
  }

  bool count(std::size_t nodes, std::size_t text, std::size_t offset) {
    nodes_ += nodes;
    text_ += text;
    if (nodes_ <= limits_.nodes && text_ <= limits_.text) return true;
    refuse("BW1003", offset,
           "the file expands to more than " + std::to_string(limits_.nodes) + " values or " +
               std::to_string(limits_.text / 1024 / 1024) + "MiB of text");
    return false;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, ConfigNode::Kind kind) {
    if (failed_) return;
    std::size_t start = content_start(mark);
    if (failed_) return;
    if (!tag.empty() && tag != "?") return refuse("BW1003", start, "tags are not used here");
    if (frames_.size() >= limits_.depth) return too_deep(start);
    if (!frames_.empty() && frames_.back().node.is_map() && !frames_.back().key) {
      return refuse("BW1003", start, "a key must be a plain word or a quoted text");
    }
    if (!count(1, 0, start)) return;
    Frame frame;
    frame.node.kind = kind;
    frame.node.at = position(start);
    frame.anchor = anchor;
    frames_.push_back(std::move(frame));
  }

  void close() {
    if (failed_) return;
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.anchor != 0) remember(frame.anchor, {frame.node, frame.nodes, frame.text, frame.depth}, frame.node.at);
    add_counted(std::move(frame.node), frame.nodes, frame.text, frame.depth);
  }

  // What an anchor holds is a copy and counts as one.
  void remember(YAML::anchor_t anchor, Anchored anchored, const Position& at) {
    nodes_ += anchored.nodes;
    text_ += anchored.text;
    if (nodes_ > limits_.nodes || text_ > limits_.text) {
      findings_.error("BW1003", at, "too many anchors");
      failed_ = true;
      return;
    }
    anchors_.insert_or_assign(anchor, std::move(anchored));
  }

  void add(ConfigNode node, YAML::anchor_t anchor) {
    if (failed_) return;
    std::size_t text = node.text.size();
    nodes_ += 1;
    text_ += text;
    if (nodes_ > limits_.nodes || text_ > limits_.text) {
      findings_.error("BW1003", node.at, "the file holds more than " + std::to_string(limits_.nodes) + " values");
      failed_ = true;
      return;
    }
    if (anchor != 0) remember(anchor, {node, 1, text, 0}, node.at);
    add_counted(std::move(node), 1, text, 0);
  }

  void add_counted(ConfigNode node, std::size_t nodes, std::size_t text, std::size_t depth) {
    if (failed_) return;
    if (frames_.empty()) {
      documents_.push_back(std::move(node));
      return;
    }
    Frame& frame = frames_.back();
    frame.nodes += nodes;
    frame.text += text;
    frame.depth = std::max(frame.depth, depth + 1);
    if (frame.node.is_list()) {
      frame.node.items.push_back(std::move(node));
    } else if (frame.key) {
      if (!frame.drop) frame.node.entries.push_back({std::move(*frame.key), std::move(node)});
      frame.key.reset();
      frame.drop = false;
    } else {
      take_key(frame, std::move(node));
    }
  }

  void take_key(Frame& frame, ConfigNode key) {
    if (!key.is_scalar()) {
      findings_.error("BW1003", key.at, "a key must be a plain word or a quoted text");
      failed_ = true;
    } else if (key.text == "<<" && key.style == ConfigNode::Style::plain) {
      findings_.error("BW1003", key.at, "merge keys are not used here: write the keys out");
      failed_ = true;
    } else if (auto [first, added] = frame.keys.emplace(key.text, key.at.line); !added) {
      findings_.error(
          "BW1002", key.at,
          "'" + key.text.substr(0, 80) + "' stands here twice; the first is in line " + std::to_string(first->second));
      frame.drop = true;
    }
    frame.key = std::move(key);
  }

  const SourceText& source_;
  std::string_view raw_;
  std::shared_ptr<const std::string> file_;
  Findings& findings_;
  const YamlLimits& limits_;
  std::vector<ConfigNode> documents_;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::size_t nodes_ = 0;
  std::size_t text_ = 0;
  bool failed_ = false;
};

// The library's message in words that say what to do.
std::string in_our_words(std::string_view message) {
  static const std::map<std::string_view, std::string_view> words = {
      {"end of map not found", "this line does not go on the mapping above: check its indentation and quotes"},
      {"end of map flow not found", "expected ',' or '}' here"},
      {"end of sequence not found", "expected '-' here: the list above goes on with something else"},
      {"end of sequence flow not found", "expected ',' or ']' here"},
      {"illegal map value", "': ' cannot stand here"},
      {"illegal block entry", "'- ' cannot stand here"},
      {"illegal flow end", "a bracket closes that was not opened"},
      {"illegal EOF in scalar", "the quote is never closed"},
      {"illegal document indicator in scalar", "the quote is never closed"},
      {"unknown token", "a value cannot begin with this character"},
      {"bad file", "nested too deeply"},
      {"the referenced anchor is not defined", "the alias names no anchor"},
      {"unknown escape character: ", "unknown escape in a double-quoted text"},
  };
  if (auto at = words.find(message); at != words.end()) return std::string(at->second);
  return std::string(message.substr(0, 200));
}

// Whether the value on this line looks like an expression that YAML has taken apart.
bool looks_like_expression(std::string_view line) {
  std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return false;
  std::size_t start = line.find_first_not_of(' ', colon + 1);
  if (start == std::string_view::npos) return false;
  std::string_view value = line.substr(start);
  if (value[0] == '\'' || value[0] == '"' || value[0] == '|' || value[0] == '>') return false;
  return value.find_first_of("{}[]$*&!%@`\"'") != std::string_view::npos || value.find(": ") != std::string_view::npos ||
         value.find(" #") != std::string_view::npos;
}

void report_syntax(const SourceText& source, std::shared_ptr<const std::string> file, std::size_t offset,
                   std::string_view message, Findings& findings) {
  auto [line, column] = source.place(offset);
  std::string text = in_our_words(message);
  if (looks_like_expression(source.line_at(offset))) {
    text +=
        "; a value with braces, brackets, ': ' or ' #', or one that begins with one of YAML's signs, needs quotes or a block "
        "scalar (|)";
  }
  findings.error("BW1001", {std::move(file), line, column}, std::move(text));
}

// Reads from memory without a copy.
class MemoryBuffer final : public std::streambuf {
 public:
  explicit MemoryBuffer(const std::string& text) {
    char* begin = const_cast<char*>(text.data());  // only read: no put area is set
    setg(begin, begin, begin + text.size());
  }
};

// The library recurses on nesting, within a bound of its own; unbalanced brackets beyond ours are refused before it sees them.
bool nests_too_deeply(std::string_view text, std::size_t limit, std::size_t& at) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[' || text[i] == '{') ++depth;
    if ((text[i] == ']' || text[i] == '}') && depth > 0) --depth;
    if (depth <= limit) continue;
    at = i;
    return true;
  }
  return false;
}

}  // namespace

std::optional<std::vector<ConfigNode>> read_yaml_documents(std::string_view bytes, std::shared_ptr<const std::string> file,
                                                           Findings& findings, const YamlLimits& limits) {
  auto source = SourceText::read(bytes, file, findings);
  if (!source) return std::nullopt;
  std::size_t deep = 0;
  if (nests_too_deeply(source->text(), 16 * limits.depth, deep)) {
    report_syntax(*source, file, deep, "bad file", findings);
    return std::nullopt;
  }
  TreeBuilder builder(*source, file, findings, limits);
  MemoryBuffer buffer(source->text());
  std::istream in(&buffer);
  try {
    YAML::Parser parser(in);
    while (!builder.failed() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    if (!builder.failed()) {
      std::size_t at = error.mark.pos < 0 ? source->text().size() : static_cast<std::size_t>(error.mark.pos);
      report_syntax(*source, file, at, error.msg, findings);
    }
    return std::nullopt;
  } catch (const std::exception& error) {
    if (!builder.failed()) findings.error("BW1001", {file, 1, 1}, std::string("cannot be read as YAML: ") + error.what());
    return std::nullopt;
  }
  if (builder.failed()) return std::nullopt;
  if (builder.documents().empty()) {
    ConfigNode none;
    none.at = {file, 1, 1};
    builder.documents().push_back(std::move(none));
  }
  return std::move(builder.documents());
}

std::optional<ConfigNode> read_yaml(std::string_view bytes, std::shared_ptr<const std::string> file, Findings& findings,
                                    const YamlLimits& limits) {
  auto documents = read_yaml_documents(bytes, std::move(file), findings, limits);
  if (!documents) return std::nullopt;
  if (documents->size() > 1) {
    findings.error("BW1003", (*documents)[1].at, "a second document: this file may hold only one");
    return std::nullopt;
  }
  return std::move(documents->front());
}

}  // namespace busway::routes
