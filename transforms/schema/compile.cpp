#include "transforms/schema/compile.hpp"

#include <deque>
#include <set>
#include <unordered_map>

#include "transforms/schema/keyword_reader.hpp"
#include "transforms/schema/uri.hpp"

namespace busway::schema {

namespace {

// Enough for any contract, and a bound for what a schema of a few kilobytes may refer to.
constexpr std::size_t most_schemas = 200'000;

class Compiler final : public KeywordReader::Subschemas {
 public:
  Compiler(const CompileOptions& options, SchemaDocuments& documents, Findings& findings)
      : options_(options),
        findings_(findings),
        index_(documents, Dialect{.draft = options.draft}, findings),
        plan_(std::make_shared<Plan>()) {}

  std::shared_ptr<const Plan> compile(SchemaDocuments::Document document) {
    std::size_t before = findings_.errors();
    const ConfigNode* root = index_.add(std::move(document));
    if (root == nullptr) return nullptr;
    plan_->root = need(*root);
    do {
      read_all();
    } while (need_dynamic_targets());
    if (findings_.errors() == before) find_circles();
    if (findings_.errors() != before) return nullptr;
    fill_dynamic_anchors();
    return plan_;
  }

  Schema* need(const ConfigNode& node) override {
    auto [known, added] = schemas_.emplace(&node, nullptr);
    if (!added) return known->second;
    Schema& schema = plan_->schemas.emplace_back();
    schema.number = static_cast<std::uint32_t>(nodes_.size());
    schema.where = index_.knows(&node) ? index_.place(&node).where : "#";
    known->second = &schema;
    nodes_.push_back(&node);
    return &schema;
  }

  Schema* refer(const std::string& reference, const Position& at) override {
    const ConfigNode* node = index_.find(reference, *current_, at);
    if (node == nullptr) return nullptr;
    Schema* schema = need(*node);
    if (++references_[schema] > 1) schema->shared = true;
    return schema;
  }

  std::optional<Reference> refer_dynamically(const std::string& reference, std::string_view keyword,
                                             const Position& at) override {
    Schema* target = refer(reference, at);
    if (target == nullptr) return std::nullopt;
    Reference out{.target = target, .anchor = -1, .keyword = keyword};
    // Dynamic only when what it leads to at first is a dynamic anchor of that name (2020-12, 8.2.3.2).
    const ConfigNode* node = nodes_[target->number];
    const Resource& resource = *index_.place(node).resource;
    std::string name = percent_decoded(split_uri(reference).fragment);
    if (keyword == "$recursiveRef") name.clear();
    auto anchor = resource.dynamic_anchors.find(name);
    if (anchor == resource.dynamic_anchors.end() || anchor->second != node) return out;
    target->shared = true;
    out.anchor = anchors_.emplace(name, static_cast<int>(anchors_.size())).first->second;
    return out;
  }

 private:
  void read_all() {
    for (; read_ < nodes_.size(); ++read_) {
      const ConfigNode& node = *nodes_[read_];
      if (nodes_.size() > most_schemas) {
        findings_.error("BW4102", node.at, "the schema and what it refers to has more than 200000 parts");
        return;
      }
      current_ = index_.place(&node).resource;
      KeywordReader(node, current_->dialect, options_.assert_formats, plan_->schemas[read_], plan_->values, *this, findings_)
          .read();
    }
  }

  // Whatever a dynamic reference may land on is part of the plan.
  bool need_dynamic_targets() {
    std::size_t before = nodes_.size();
    for (Resource& resource : index_.resources()) {
      for (const auto& [name, node] : resource.dynamic_anchors) {
        if (anchors_.contains(name)) need(*node)->shared = true;
      }
    }
    return nodes_.size() != before;
  }

  void fill_dynamic_anchors() {
    if (anchors_.empty()) return;
    std::unordered_map<const Resource*, int> numbers;
    for (Resource& resource : index_.resources()) {
      std::map<int, const Schema*> targets;
      for (const auto& [name, node] : resource.dynamic_anchors) {
        if (auto anchor = anchors_.find(name); anchor != anchors_.end()) targets.emplace(anchor->second, schemas_.at(node));
      }
      if (targets.empty()) continue;
      numbers.emplace(&resource, static_cast<int>(plan_->dynamic_anchors.size()));
      plan_->dynamic_anchors.push_back(std::move(targets));
    }
    for (Schema& schema : plan_->schemas) {
      auto number = numbers.find(index_.place(nodes_[schema.number]).resource);
      if (number != numbers.end()) schema.resource = number->second;
    }
  }

  // Schemas that look at the same value as `schema` does.
  static std::vector<const Schema*> in_place(const Schema& schema) {
    std::vector<const Schema*> out;
    if (const Combinations* combined = schema.combined.get()) {
      for (const Reference& reference : combined->references) out.push_back(reference.target);
      for (const auto* list : {&combined->all_of, &combined->any_of, &combined->one_of}) {
        out.insert(out.end(), list->begin(), list->end());
      }
      for (const Schema* one : {combined->no, combined->condition, combined->then, combined->otherwise}) out.push_back(one);
    }
    if (schema.objects != nullptr) {
      for (const ObjectChecks::Dependent& dependent : schema.objects->dependents) out.push_back(dependent.schema);
    }
    std::erase(out, nullptr);
    return out;
  }

  // A schema that comes back to itself without reading on would never end.
  void find_circles() {
    enum class State : std::uint8_t { unseen, open, done };
    std::vector<State> states(nodes_.size(), State::unseen);
    struct Frame {
      const Schema* schema;
      std::vector<const Schema*> next;
    };
    for (const Schema& start : plan_->schemas) {
      if (states[start.number] != State::unseen) continue;
      std::vector<Frame> frames;
      states[start.number] = State::open;
      frames.push_back({&start, in_place(start)});
      while (!frames.empty()) {
        Frame& frame = frames.back();
        if (frame.next.empty()) {
          states[frame.schema->number] = State::done;
          frames.pop_back();
          continue;
        }
        const Schema* next = frame.next.back();
        frame.next.pop_back();
        if (states[next->number] == State::open) {
          report_circle(*frame.schema, *next);
          return;
        }
        if (states[next->number] == State::unseen) {
          states[next->number] = State::open;
          frames.push_back({next, in_place(*next)});
        }
      }
    }
  }

  void report_circle(const Schema& from, const Schema& to) {
    const ConfigNode& node = *nodes_[from.number];
    const ConfigNode::Entry* reference = node.find("$ref");
    if (reference == nullptr) reference = node.find("$dynamicRef");
    findings_.error(
        "BW4106", reference == nullptr ? node.at : reference->value.at,
        "this leads back to '" + to.where + "', which leads here, and nothing on the way reads further into the document");
  }

  CompileOptions options_;
  Findings& findings_;
  SchemaIndex index_;
  std::shared_ptr<Plan> plan_;
  std::unordered_map<const ConfigNode*, Schema*> schemas_;
  std::vector<const ConfigNode*> nodes_;  // by number of the schema
  std::size_t read_ = 0;
  const Resource* current_ = nullptr;
  std::unordered_map<const Schema*, int> references_;
  std::map<std::string, int> anchors_;
};

}  // namespace

std::shared_ptr<const Plan> compile(SchemaDocuments::Document root, const CompileOptions& options, SchemaDocuments& documents,
                                    Findings& findings) {
  return Compiler(options, documents, findings).compile(std::move(root));
}

}  // namespace busway::schema
