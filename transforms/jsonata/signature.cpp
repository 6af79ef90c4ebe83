#include "transforms/jsonata/signature.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "transforms/jsonata/errors.hpp"

namespace busway::jsonata {

namespace {

constexpr std::string_view letters = "asnblfom";
constexpr std::uint8_t missing = 1U << 7;

std::uint8_t bit_of(char letter) {
  auto at = letters.find(letter);
  return at == std::string_view::npos ? std::uint8_t{0} : static_cast<std::uint8_t>(1U << at);
}

std::uint8_t bits_of(std::string_view text) {
  unsigned bits = 0;
  for (char c : text) bits |= bit_of(c);
  return static_cast<std::uint8_t>(bits);
}

char letter_of(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::nothing: return 'm';
    case Node::Kind::null: return 'l';
    case Node::Kind::boolean: return 'b';
    case Node::Kind::number: return 'n';
    case Node::Kind::string: return 's';
    case Node::Kind::array: return 'a';
    case Node::Kind::object: return 'o';
    case Node::Kind::function: return 'f';
  }
  return 'm';
}

// By Node::Kind: nothing, null, boolean, number, string, array, object, function.
constexpr std::uint8_t kind_bits[] = {1U << 7, 1U << 4, 1U << 3, 1U << 2, 1U << 1, 1U << 0, 1U << 6, 1U << 5};

std::string_view items_name(std::string_view type) {
  switch (type.empty() ? ' ' : type.front()) {
    case 's': return "strings";
    case 'n': return "numbers";
    case 'b': return "booleans";
    case 'a': return "arrays";
    case 'o': return "objects";
    case 'f': return "functions";
    default: return "values of one type";
  }
}

std::size_t closing(std::string_view text, std::size_t start, char open, char close) {
  int depth = 1;
  std::size_t at = start + 1;
  for (; at < text.size(); ++at) {
    if (text[at] == close && --depth == 0) break;
    if (text[at] == open) ++depth;
  }
  return at;
}

}  // namespace

Result<const Signature*> Signature::parse(std::string_view source, Arena& arena) {
  std::string_view text = arena.copy(source);
  auto* signature = new (arena.allocate(sizeof(Signature), alignof(Signature))) Signature{};
  Items<Parameter>& parameters = signature->parameters_;
  for (std::size_t at = 1; at < text.size() && text[at] != ':'; ++at) {
    char c = text[at];
    if (parameters.size >= most_parameters) {
      return std::unexpected(text_error("BW3001", static_cast<std::int64_t>(at), {}, "the signature has too many parameters"));
    }
    Parameter parameter;
    switch (c) {
      case 's':
      case 'n':
      case 'b':
      case 'l':
      case 'o':
        parameter.kinds = static_cast<std::uint8_t>(bit_of(c) | missing);
        parameters.push(parameter, arena);
        break;
      case 'a':
        parameter.kinds = 0xFF;
        parameter.array = true;
        parameters.push(parameter, arena);
        break;
      case 'f':
        parameter.kinds = bit_of('f');
        parameter.function = true;
        parameters.push(parameter, arena);
        break;
      case 'j':
        parameter.kinds = bits_of("asnblom");
        parameters.push(parameter, arena);
        break;
      case 'x':
        parameter.kinds = 0xFF;
        parameters.push(parameter, arena);
        break;
      case '-':
        if (parameters.empty()) break;
        parameters.back().from_context = true;
        parameters.back().optional = true;
        signature->uses_context_ = true;
        break;
      case '?':
        if (!parameters.empty()) parameters.back().optional = true;
        break;
      case '+':
        if (!parameters.empty()) parameters.back().repeated = true;
        break;
      case '(': {
        std::size_t end = closing(text, at, '(', ')');
        std::string_view choice = text.substr(at + 1, end - at - 1);
        if (choice.find('<') != std::string_view::npos) {
          return std::unexpected(text_error("S0402", static_cast<std::int64_t>(at), choice));
        }
        parameter.kinds = static_cast<std::uint8_t>(bits_of(choice) | missing);
        parameters.push(parameter, arena);
        at = end;
        break;
      }
      case '<': {
        if (parameters.empty() || (!parameters.back().array && !parameters.back().function)) {
          return std::unexpected(text_error("S0401", static_cast<std::int64_t>(at), text.substr(at, 1)));
        }
        std::size_t end = closing(text, at, '<', '>');
        // `a<>` is an array of no type at all: none but an empty one fits.
        parameters.back().item = end == at + 1 ? std::string_view(" ") : text.substr(at + 1, end - at - 1);
        at = end;
        break;
      }
      default: break;
    }
  }
  signature->plain_ = parameters.size <= most_plain;
  for (const Parameter& parameter : parameters) signature->plain_ = signature->plain_ && !parameter.repeated;
  return signature;
}

bool Signature::fit_plain(Node* arguments, std::size_t count, Arena& arena) const {
  if (count > parameters_.size) return false;
  for (std::size_t p = 0; p < parameters_.size; ++p) {
    const Parameter& parameter = parameters_.data[p];
    if (p >= count) {
      if (!parameter.optional || parameter.from_context) return false;
      arguments[p] = Node();
      continue;
    }
    Node& argument = arguments[p];
    if ((kind_bits[static_cast<std::size_t>(argument.kind())] & parameter.kinds) == 0) return false;
    if (!parameter.array || argument.is_nothing()) continue;
    std::uint8_t wanted = parameter.item.size() == 1 ? bit_of(parameter.item.front()) : std::uint8_t{0};
    if (!parameter.item.empty() && wanted == 0) return false;
    if (argument.is_array()) {
      if (wanted == 0) continue;
      for (const Node& item : argument.items()) {
        if (kind_bits[static_cast<std::size_t>(item.kind())] != wanted) return false;
      }
      continue;
    }
    if (wanted != 0 && kind_bits[static_cast<std::size_t>(argument.kind())] != wanted) return false;
    Node* single = arena.array<Node>(1);
    single[0] = argument;
    argument = Node::array({single, 1});
  }
  return true;
}

Signature Signature::copy(Arena& arena) const {
  Signature copied;
  copied.uses_context_ = uses_context_;
  copied.plain_ = plain_;
  for (Parameter parameter : parameters_) {
    parameter.item = arena.copy(parameter.item);
    copied.parameters_.push(parameter, arena);
  }
  return copied;
}

bool Signature::place(std::span<const std::uint8_t> kinds, std::span<std::uint8_t> counts) const {
  // can[p] has bit `a` set when parameters from p on can take exactly the arguments from a on.
  std::array<std::uint64_t, most_parameters + 1> can{};
  std::size_t arguments = kinds.size();
  can[parameters_.size] = 1ULL << arguments;
  for (std::size_t p = parameters_.size; p-- > 0;) {
    const Parameter& parameter = parameters_[p];
    std::uint64_t bits = parameter.optional ? can[p + 1] : 0;
    for (std::size_t a = arguments; a-- > 0;) {
      if ((kinds[a] & parameter.kinds) == 0) continue;
      bool rest = (can[p + 1] >> (a + 1) & 1U) != 0;
      // A repeated one goes on taking.
      bool more = parameter.repeated && (bits >> (a + 1) & 1U) != 0;
      if (rest || more) bits |= 1ULL << a;
    }
    can[p] = bits;
  }
  if ((can[0] & 1U) == 0) return false;
  std::size_t a = 0;
  for (std::size_t p = 0; p < parameters_.size; ++p) {
    const Parameter& parameter = parameters_[p];
    std::uint8_t taken = 0;
    // Greedy, as a regular expression is: as many as still leave the rest a way to match.
    while (a < arguments && (kinds[a] & parameter.kinds) != 0 && (parameter.repeated || taken == 0)) {
      bool rest = (can[p + 1] >> (a + 1) & 1U) != 0;
      bool more = parameter.repeated && (can[p] >> (a + 1) & 1U) != 0;
      if (!rest && !more) break;
      ++taken;
      ++a;
    }
    counts[p] = taken;
  }
  return a == arguments;
}

std::size_t Signature::first_mismatch(std::span<const std::uint8_t> kinds) const {
  std::size_t a = 0;
  for (const Parameter& parameter : parameters_) {
    if (a < kinds.size() && (kinds[a] & parameter.kinds) != 0) {
      ++a;
      while (parameter.repeated && a < kinds.size() && (kinds[a] & parameter.kinds) != 0) ++a;
    } else if (!parameter.optional) {
      return a;
    }
  }
  return a;
}

bool Signature::fit(std::span<const Node> given, const Node& context, Arena& arena, std::span<const Node>& out,
                    Mismatch& mismatch) const {
  std::array<std::uint8_t, most_parameters> kinds{};
  std::array<std::uint8_t, most_parameters> counts{};
  if (given.size() > most_parameters) {
    mismatch = {.code = "T0410", .argument = most_parameters + 1, .type = {}};
    return false;
  }
  for (std::size_t i = 0; i < given.size(); ++i) kinds[i] = bit_of(letter_of(given[i]));
  std::span<const std::uint8_t> present(kinds.data(), given.size());
  if (!place(present, std::span(counts.data(), parameters_.size))) {
    mismatch = {.code = "T0410", .argument = first_mismatch(present) + 1, .type = {}};
    return false;
  }
  std::size_t most = parameters_.size + given.size();
  Node* fitted = arena.array<Node>(most);
  std::size_t count = 0;
  std::size_t a = 0;
  for (std::size_t p = 0; p < parameters_.size; ++p) {
    const Parameter& parameter = parameters_[p];
    if (counts[p] == 0) {
      if (!parameter.from_context) {
        // As jsonata-js does: an optional parameter that took nothing still passes on what stands here.
        fitted[count++] = a < given.size() ? given[a++] : Node();
        continue;
      }
      // The class of the parameter, without the missing value unless the class has it.
      if ((bit_of(letter_of(context)) & parameter.kinds) == 0) {
        mismatch = {.code = "T0411", .argument = a + 1, .type = {}};
        return false;
      }
      fitted[count++] = context;
      continue;
    }
    for (std::uint8_t taken = 0; taken < counts[p]; ++taken, ++a) {
      Node argument = a < given.size() ? given[a] : Node();
      if (parameter.array && !argument.is_nothing()) {
        char letter = letter_of(argument);
        if (!parameter.item.empty()) {
          bool good = true;
          if (letter != 'a') {
            good = parameter.item.size() == 1 && parameter.item.front() == letter;
          } else if (argument.size() > 0) {
            char wanted = parameter.item.front();
            good = std::all_of(argument.items().begin(), argument.items().end(),
                               [wanted](const Node& item) { return letter_of(item) == wanted; });
          }
          if (!good) {
            mismatch = {.code = "T0412", .argument = a + 1, .type = items_name(parameter.item)};
            return false;
          }
        }
        if (letter != 'a') {
          Node* single = arena.array<Node>(1);
          single[0] = argument;
          argument = Node::array({single, 1});
        }
      }
      fitted[count++] = argument;
    }
  }
  out = {fitted, count};
  return true;
}

}  // namespace busway::jsonata
