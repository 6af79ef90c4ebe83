// A step that looks at the check digits of account numbers, cards and articles before anybody is asked about them.
//
//   - check_digit: { member: iban, scheme: iban }
#include <algorithm>

#include "busway_plugin.hpp"

namespace {

enum class Scheme { iban, luhn, ean };

struct CheckDigitConfig {
  std::string member;
  Scheme scheme = Scheme::iban;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// ISO 13616: the first four characters behind the others, letters as 10 to 35, modulo 97.
bool good_iban(std::string_view text) {
  if (text.size() < 15 || text.size() > 34) return false;
  unsigned rest = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[(i + 4) % text.size()];
    if (is_digit(c)) {
      rest = (rest * 10 + static_cast<unsigned>(c - '0')) % 97;
    } else if (c >= 'A' && c <= 'Z') {
      rest = (rest * 100 + static_cast<unsigned>(c - 'A' + 10)) % 97;
    } else {
      return false;
    }
  }
  return rest == 1;
}

// ISO/IEC 7812-1, annex B, and GS1's: a weighted sum from the right, modulo 10.
bool good_sum(std::string_view text, bool luhn) {
  if (text.size() < 2 || !std::all_of(text.begin(), text.end(), is_digit)) return false;
  unsigned sum = 0;
  bool second = false;
  for (auto at = text.rbegin(); at != text.rend(); ++at, second = !second) {
    auto digit = static_cast<unsigned>(*at - '0');
    if (second) digit = luhn ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : 3 * digit;
    sum += digit;
  }
  return sum % 10 == 0;
}

class CheckDigit {
 public:
  explicit CheckDigit(CheckDigitConfig config) : config_(std::move(config)) {
    if (config_.member.empty()) throw busway::Refused("member", "an empty name is no member");
  }

  busway::Flow run(busway::Message& message) const {
    auto body = message.document();
    if (!body) return busway::Flow::failed;
    std::string text = (*body)[config_.member].text();
    text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
    if (text.empty())
      return message.fail(busway::Failure::invalid, "checking '" + config_.member + "': it is not there", "missing");
    bool good = config_.scheme == Scheme::iban ? good_iban(text) : good_sum(text, config_.scheme == Scheme::luhn);
    if (good) return busway::Flow::next;
    return message.fail(busway::Failure::invalid, "checking '" + config_.member + "': the check digits are wrong", "check_digit");
  }

 private:
  CheckDigitConfig config_;
};

busway::StepType check_digit_step() {
  busway::StepType type;
  type.name = "check_digit";
  type.summary = "Fails messages with a number whose check digits are wrong.";
  type.doc = "Blanks between the digits do not count. A number that is missing or wrong fails the step (kind `invalid`, 422).";
  type.step = busway::step<CheckDigitConfig, CheckDigit>(
      {{"member", &CheckDigitConfig::member, "The member of the body that holds the number.", busway::required(),
        busway::shorthand()},
       {"scheme", &CheckDigitConfig::scheme,
        "How its digits are checked: bank accounts, cards, or articles (EAN-8, EAN-13, GTIN).",
        busway::one_of<Scheme>({{"iban", Scheme::iban}, {"luhn", Scheme::luhn}, {"ean", Scheme::ean}})}});
  type.examples = {{"A bank account", "check_digit: iban"}, {"A card", "check_digit: { member: card, scheme: luhn }"}};
  return type;
}

}  // namespace

BUSWAY_PLUGIN("check-digit", "1.0.0", plugin) {
  plugin.add(check_digit_step());
}
