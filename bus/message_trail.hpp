#pragma once

#include <memory>
#include <vector>

#include "bus/finding.hpp"
#include "bus/message_contract.hpp"

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

struct MessageTrail;

// What knows how contracts and mappings hold each other. One thread, during a check.
class MessageInference {
 public:
  virtual ~MessageInference() = default;
  // A message from outside that keeps to the contract: as a SOAP body, or as a document.
  virtual KnownMessage body_of(const ContractPtr& contract) const = 0;
  virtual KnownMessage document_of(const ContractPtr& contract) const = 0;
  // The message as it stands is written by the contract: what a mapping made of it, and cannot fit, is a finding.
  virtual void hold_message(const ContractPtr& contract, const MessageTrail& trail) const = 0;
  // ... and so is what the mapping makes of it.
  virtual void hold_result(const ExpressionRef& mapping, const ContractPtr& contract, const MessageTrail& trail) const = 0;
};

// Follows a message through a list of steps while a bundle is checked. One thread.
struct MessageTrail {
  Findings& findings;
  // The ways the message may have come here; null is a message of which nothing is known. Never empty.
  std::vector<KnownMessage> known{nullptr};
  // A condition may have kept some messages from coming here: what the schema of the input allows need not turn up.
  bool guarded = false;
  // Whose work it is; null: contracts are not looked at.
  const MessageInference* inference = nullptr;
  // What the caller is answered with.
  ContractPtr reply{};
  // The message came from outside, in a format that is plain XML whatever it says of itself.
  bool plain_xml = false;

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
    plain_xml = false;
  }
  // A SOAP body from outside.
  void receive(const ContractPtr& contract) {
    forget();
    if (contract != nullptr && inference != nullptr) known.assign(1, inference->body_of(contract));
  }
  // The message as it stands, or what the mapping makes of it, goes out.
  void send(const ExpressionRef& mapping, const ContractPtr& contract) const;
  // For steps that may not run: what they leave is no word on what was before.
  MessageTrail branch() const {
    MessageTrail out = *this;
    out.guarded = true;
    return out;
  }
  // For steps that begin with any message.
  MessageTrail anew() const { return {.findings = findings, .inference = inference, .reply = reply}; }
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
