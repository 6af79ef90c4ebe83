#pragma once

#include <memory>
#include <vector>

#include "bus/finding.hpp"

namespace busway {

struct ExpressionRef;

// What a check knows of a message between two steps. The bus only hands it on: transforms/inference makes it of schemas and
// mappings, and holds the one against the other.
class MessageKnowledge {
 public:
  virtual ~MessageKnowledge() = default;
  // An expression reads the message: what it asks for and cannot find is a finding.
  virtual void read_by(const ExpressionRef& expression, Findings& findings) const = 0;
};
using KnownMessage = std::shared_ptr<const MessageKnowledge>;

// Follows a message through a list of steps while a bundle is checked. One thread.
struct MessageTrail {
  Findings& findings;
  // The ways the message may have come here; null is a message of which nothing is known. Never empty.
  std::vector<KnownMessage> known{nullptr};
  // A condition may have kept some messages from coming here: what the schema of the input allows need not turn up.
  bool guarded = false;

  // An expression of a step reads the message as it stands.
  void read_by(const ExpressionRef& expression) const {
    for (const KnownMessage& way : known) {
      if (way != nullptr) way->read_by(expression, findings);
    }
  }
  // Another message from outside: a service's answer, or what a step made that nobody follows.
  void forget() {
    known.assign(1, nullptr);
    guarded = false;
  }
  // One more way, or after too many of them none.
  void add(const std::vector<KnownMessage>& ways) {
    constexpr std::size_t most_ways = 16;
    for (const KnownMessage& way : ways) {
      bool there = false;
      for (const KnownMessage& one : known) there = there || one == way;
      if (!there) known.push_back(way);
    }
    if (known.size() > most_ways) known.assign(1, nullptr);
  }
};

}  // namespace busway
