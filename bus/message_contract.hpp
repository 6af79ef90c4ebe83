#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace busway {

// What a contract that a bundle names (a WSDL, an XML Schema) says of a message, as data: adapters and steps make it, checks
// hold mappings against it (MessageInference). It speaks of documents that stand for elements by the plain rules: leaves are
// texts, one of a name is a value and several are a list, an attribute is `@name`, text beside members is `#text`, nil is null.
// Immutable once made.
struct MessageContract;

// What the text of a leaf or an attribute may be.
struct ContractText {
  enum class Kind : std::uint8_t { any, boolean, whole, decimal, floating, date, time, date_time };
  Kind kind = Kind::any;
  std::string name;                 // "xs:int", "Status"
  bool keeps_space = false;         // else white space around it does not count
  bool counts_characters = false;   // lengths are told in code points; else they are among what is not told
  std::vector<std::string> values;  // when there are some, it is one of these
  std::optional<double> least;      // of numbers; both are among them
  std::optional<double> greatest;
  std::uint64_t min_length = 0;
  std::uint64_t max_length = std::numeric_limits<std::uint64_t>::max();
  bool says_more = false;  // there are rules that are not told here: what keeps to these may be wrong all the same
};

struct ContractElement;

struct ContractMember {
  std::string name;
  const ContractElement* type = nullptr;  // null: nothing is known of its value
  std::uint64_t fewest = 1;
  std::uint64_t most = 1;  // max(): any number
  bool nillable = false;
  // Each count between those does turn up. Else they are bounds that hold.
  bool counts_happen = true;
  // Members of different ranks stand in the order of their ranks; 0: anywhere.
  std::uint32_t rank = 0;
};

// What one element holds.
struct ContractElement {
  std::string name;                  // of the type: "xs:int", "Line"; may be empty
  std::optional<ContractText> text;  // a leaf, or an element of text and attributes
  bool mixed = false;                // text stands between its members
  std::vector<ContractMember> members;
  bool open = false;             // it has further members, of which nothing is known
  bool open_attributes = false;  // ... whose names begin with '@'
  // Other types may stand in its place where a message says so (xsi:type): of what comes in nothing is known.
  bool replaceable = false;
  bool abstract = false;  // only others stand in its place
  // Of each of these lists of names exactly one is there.
  std::vector<std::vector<std::string>> choices;

  const ContractMember* find(std::string_view member) const {
    for (const ContractMember& one : members) {
      if (one.name == member) return &one;
    }
    return nullptr;
  }
};

struct MessageContract {
  std::string name;  // of the file, as people know it: "erp.wsdl"
  std::string path;  // of the root in it: "/PlaceOrder"; may be empty
  const ContractElement* root = nullptr;
  bool nillable = false;
  std::shared_ptr<const std::deque<ContractElement>> elements;  // what `root` and the members point into
};

using ContractPtr = std::shared_ptr<const MessageContract>;

// The two messages of one exchange; either may be null.
struct ExchangeContract {
  ContractPtr request;
  ContractPtr answer;
};

}  // namespace busway
