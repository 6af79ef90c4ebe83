#include "transforms/jsonata/errors.hpp"

#include <algorithm>
#include <iterator>

namespace busway::jsonata {

namespace {

struct Meaning {
  std::string_view code;
  std::string_view text;
};

// In the order of their codes.
constexpr Meaning meanings[] = {
    {"BW3001", "the expression is nested too deeply"},
    {"BW3002", "this part of JSONata is not in this version"},
    {"BW3003", "unknown variable"},
    {"BW3005", "the bundle has no such table"},
    {"BW3006", "this cannot be a shared definition"},
    {"D1001", "a number is out of range"},
    {"D1002", "only a number can be negated"},
    {"D1004", "the regular expression matches the empty string, so it never gets further"},
    {"D1009", "two keys of the object come out the same"},
    {"D2014", "the range has more than ten million items"},
    {"D3001", "infinity and not-a-number have no text"},
    {"D3010", "the second argument of $replace must not be an empty string"},
    {"D3011", "the fourth argument of $replace must not be negative"},
    {"D3012", "the replacement of a match must be a string"},
    {"D3020", "the third argument of $split must not be negative"},
    {"D3030", "the value cannot be read as a number"},
    {"D3040", "the third argument of $match must not be negative"},
    {"D3050", "the function given to $reduce must take at least two arguments"},
    {"D3060", "a negative number has no square root"},
    {"D3061", "the power is not a finite number"},
    {"D3070", "without a comparing function $sort takes only numbers or only strings"},
    {"D3080", "the picture has more than two sub-pictures"},
    {"D3081", "the sub-picture has more than one decimal separator"},
    {"D3082", "the sub-picture has more than one percent sign"},
    {"D3083", "the sub-picture has more than one per-mille sign"},
    {"D3084", "the sub-picture has both a percent and a per-mille sign"},
    {"D3085", "the mantissa of the sub-picture needs at least one digit"},
    {"D3086", "the sub-picture has other characters between its active ones"},
    {"D3087", "a grouping separator stands beside the decimal separator"},
    {"D3088", "a grouping separator ends the integer part"},
    {"D3089", "two grouping separators stand side by side"},
    {"D3090", "in the integer part an optional digit follows a mandatory one"},
    {"D3091", "in the fractional part a mandatory digit follows an optional one"},
    {"D3092", "percent or per-mille and an exponent exclude each other"},
    {"D3093", "the exponent must consist of digits only"},
    {"D3100", "the radix must be from 2 to 36"},
    {"D3110", "the text is no ISO 8601 time"},
    {"D3120", "the expression given to $eval cannot be parsed"},
    {"D3121", "the expression given to $eval failed"},
    {"D3130", "integers cannot be written or read as such a sequence"},
    {"D3131", "all digits of the picture must come from one decimal group"},
    {"D3132", "the date/time picture has an unknown component"},
    {"D3133", "only months and days have names in a date/time picture"},
    {"D3134", "a time zone has at most four digits in a picture"},
    {"D3135", "the date/time picture has a bracket without its partner"},
    {"D3136", "the date/time picture lacks components that the timestamp needs"},
    {"D3137", "$error was called"},
    {"D3138", "$single found more than one match"},
    {"D3139", "$single found no match"},
    {"D3140", "the text is not a well-formed URL"},
    {"D3141", "an assertion failed"},
    {"D3150", "the number of places must be a whole number from -300 to 300"},
    {"D3151", "the rounding must be half-even, half-up, half-down, up, down, ceiling or floor"},
    {"S0101", "a string has no closing quote"},
    {"S0102", "the number is out of range"},
    {"S0103", "unknown escape sequence"},
    {"S0104", "\\u needs four hexadecimal digits"},
    {"S0105", "a quoted name has no closing backquote"},
    {"S0106", "a comment has no end"},
    {"S0201", "this cannot stand here"},
    {"S0202", "something else is expected here"},
    {"S0203", "the expression ends too early"},
    {"S0204", "unknown operator"},
    {"S0205", "unexpected token"},
    {"S0206", "unknown kind of expression"},
    {"S0207", "the expression ends where a value is expected"},
    {"S0208", "a parameter of a function must be a variable"},
    {"S0209", "a predicate cannot follow a grouping"},
    {"S0210", "a step can have only one grouping"},
    {"S0211", "this operator needs a left side"},
    {"S0212", "the left side of := must be a variable"},
    {"S0213", "this literal cannot be a step of a path"},
    {"S0214", "the right side of this operator must be a variable"},
    {"S0215", "@ must stand before the predicates of its step"},
    {"S0216", "@ must stand before the order-by of its step"},
    {"S0217", "the parent cannot be derived here"},
    {"S0301", "a regular expression must not be empty"},
    {"S0302", "a regular expression has no closing slash"},
    {"S0303", "the regular expression is not valid"},
    {"S0401", "only arrays and functions have type parameters"},
    {"S0402", "a choice of types cannot hold type parameters"},
    {"T0410", "an argument does not fit the function's signature"},
    {"T0411", "the context value does not fit the function's signature"},
    {"T0412", "an argument must be an array of one type"},
    {"T1003", "a key of an object must be a string"},
    {"T1005", "this is not a function; is the $ in front missing?"},
    {"T1006", "this is not a function"},
    {"T1007", "this is not a function and cannot be applied partially; is the $ in front missing?"},
    {"T1008", "this is not a function and cannot be applied partially"},
    {"T1010", "a matching function must give an object with match, start, end, groups and next"},
    {"T2001", "the left side must be a number"},
    {"T2002", "the right side must be a number"},
    {"T2003", "the start of a range must be an integer"},
    {"T2004", "the end of a range must be an integer"},
    {"T2006", "the right side of ~> must be a function"},
    {"T2007", "values of different types cannot be ordered"},
    {"T2008", "only numbers and strings can be ordered"},
    {"T2009", "both sides must be of the same type"},
    {"T2010", "only numbers and strings can be compared"},
    {"T2011", "the update of a transform must be an object"},
    {"T2012", "the deletions of a transform must be strings"},
    {"T2013", "$clone is not a function here, and a transform needs it"},
    {"U1001", "the evaluation was stopped at a limit: endless recursion, or too much work"},
};

}  // namespace

std::string_view meaning_of(std::string_view code) {
  const auto* at = std::lower_bound(std::begin(meanings), std::end(meanings), code,
                                    [](const Meaning& row, std::string_view key) { return row.code < key; });
  return at != std::end(meanings) && at->code == code ? at->text : std::string_view{};
}

std::string describe(std::string_view code, std::string_view token, std::string_view detail) {
  std::string text(meaning_of(code));
  if (!detail.empty()) text.append(text.empty() ? "" : ": ").append(detail);
  if (!token.empty()) text.append(" (at '").append(token).append("')");
  return text;
}

Error text_error(std::string_view code, std::int64_t position, std::string_view token, std::string_view detail) {
  return Error{.kind = ErrorKind::config,
               .text = describe(code, token, detail),
               .code = std::string(code),
               .position = position,
               .token = std::string(token)};
}

}  // namespace busway::jsonata
