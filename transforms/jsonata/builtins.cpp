#include "transforms/jsonata/builtins.hpp"

#include <algorithm>
#include <vector>

#include "bus/assert.hpp"
#include "transforms/jsonata/functions/functions.hpp"
#include "transforms/jsonata/signature.hpp"

namespace busway::jsonata {

namespace {

namespace f = functions;

// In the order of their names. The arity is how many arguments jsonata-js's own function declares: a higher-order function
// passes no more than that.
constexpr Builtin rows[] = {
    {"abs", "<n-:n>", 1, f::abs},
    {"append", "<xx:a>", 2, f::append},
    {"assert", "<bs?:x>", 2, f::assert_},
    {"average", "<a<n>:n>", 1, f::average},
    {"base64decode", "<s-:s>", 1, f::base64_decode},
    {"base64encode", "<s-:s>", 1, f::base64_encode},
    {"boolean", "<x-:b>", 1, f::boolean},
    {"ceil", "<n-:n>", 1, f::ceil},
    {"clone", "<(oa)-:o>", 1, f::clone},
    {"contains", "<s-(sf):b>", 2, f::contains},
    {"count", "<a:n>", 1, f::count},
    {"decimal", "<(ns)-:n>", 1, f::decimal},
    {"decimalAdd", "<(ns)(ns):n>", 2, f::decimal_add},
    {"decimalCompare", "<(ns)(ns):n>", 2, f::decimal_compare},
    {"decimalDivide", "<(ns)(ns)ns?:n>", 4, f::decimal_divide},
    {"decimalMultiply", "<(ns)(ns):n>", 2, f::decimal_multiply},
    {"decimalRound", "<(ns)ns?:n>", 3, f::decimal_round},
    {"decimalSubtract", "<(ns)(ns):n>", 2, f::decimal_subtract},
    {"decimalSum", "<a:n>", 1, f::decimal_sum},
    {"decodeUrl", "<s-:s>", 1, f::decode_url},
    {"decodeUrlComponent", "<s-:s>", 1, f::decode_url_component},
    {"distinct", "<x:x>", 1, f::distinct},
    {"each", "<o-f:a>", 2, f::each},
    {"encodeUrl", "<s-:s>", 1, f::encode_url},
    {"encodeUrlComponent", "<s-:s>", 1, f::encode_url_component},
    {"error", "<s?:x>", 1, f::error},
    {"eval", "<sx?:x>", 2, f::eval},
    {"exists", "<x:b>", 1, f::exists},
    {"filter", "<af>", 2, f::filter},
    {"floor", "<n-:n>", 1, f::floor},
    {"formatBase", "<n-n?:s>", 2, f::format_base},
    {"formatInteger", "<n-s:s>", 2, f::format_integer},
    {"formatNumber", "<n-so?:s>", 3, f::format_number},
    {"fromMillis", "<n-s?s?:s>", 3, f::from_millis},
    {"join", "<a<s>s?:s>", 2, f::join},
    {"keys", "<x-:a<s>>", 1, f::keys},
    {"length", "<s-:n>", 1, f::length},
    {"lookup", "<x-s:x>", 2, f::lookup},
    {"lowercase", "<s-:s>", 1, f::lowercase},
    {"map", "<af>", 2, f::map},
    {"match", "<s-f<s:o>n?:a<o>>", 3, f::match},
    {"max", "<a<n>:n>", 1, f::max},
    {"merge", "<a<o>:o>", 1, f::merge},
    {"millis", "<:n>", 0, f::millis},
    {"min", "<a<n>:n>", 1, f::min},
    {"not", "<x-:b>", 1, f::not_},
    {"now", "<s?s?:s>", 2, f::now},
    {"number", "<(nsb)-:n>", 1, f::number},
    {"pad", "<s-ns?:s>", 3, f::pad},
    {"parseInteger", "<s-s:n>", 2, f::parse_integer},
    {"power", "<n-n:n>", 2, f::power},
    {"random", "<:n>", 0, f::random},
    {"reduce", "<afj?:j>", 3, f::reduce},
    {"replace", "<s-(sf)(sf)n?:s>", 4, f::replace},
    {"reverse", "<a:a>", 1, f::reverse},
    {"round", "<n-n?:n>", 2, f::round},
    {"shuffle", "<a:a>", 1, f::shuffle},
    {"sift", "<o-f?:o>", 2, f::sift},
    {"single", "<af?>", 2, f::single},
    {"sort", "<af?:a>", 2, f::sort},
    {"split", "<s-(sf)n?:a<s>>", 3, f::split},
    {"spread", "<x-:a<o>>", 1, f::spread},
    {"sqrt", "<n-:n>", 1, f::sqrt},
    {"string", "<x-b?:s>", 1, f::string},
    {"substring", "<s-nn?:s>", 3, f::substring},
    {"substringAfter", "<s-s:s>", 2, f::substring_after},
    {"substringBefore", "<s-s:s>", 2, f::substring_before},
    {"sum", "<a<n>:n>", 1, f::sum},
    {"table", "<sx:o>", 2, f::table},
    {"toMillis", "<s-s?:n>", 2, f::to_millis},
    {"trim", "<s-:s>", 1, f::trim},
    {"type", "<x:s>", 1, f::type},
    {"uppercase", "<s-:s>", 1, f::uppercase},
    {"uuid", "<:s>", 0, f::uuid},
    {"zip", "<a+>", 0, f::zip},
};

// The rows with what is made of them once.
class Table {
 public:
  Table() : builtins_(std::begin(rows), std::end(rows)), closures_(builtins_.size()) {
    for (std::size_t i = 0; i < builtins_.size(); ++i) {
      auto signature = Signature::parse(builtins_[i].signature_text, arena_);
      BUSWAY_ASSERT(signature.has_value());
      builtins_[i].signature = *signature;
      builtins_[i].closure = &closures_[i];
      closures_[i].kind = Closure::Kind::builtin;
      closures_[i].builtin = &builtins_[i];
    }
  }
  const Builtin* find(std::string_view name) const {
    auto at = std::lower_bound(builtins_.begin(), builtins_.end(), name,
                               [](const Builtin& row, std::string_view key) { return row.name < key; });
    return at != builtins_.end() && at->name == name ? &*at : nullptr;
  }

 private:
  Arena arena_;
  std::vector<Builtin> builtins_;
  std::vector<Closure> closures_;
};

}  // namespace

const Builtin* find_builtin(std::string_view name) {
  static const Table table;
  return table.find(name);
}

}  // namespace busway::jsonata
