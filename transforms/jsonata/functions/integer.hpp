#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace busway::jsonata {

// How an integer is written or read: the pictures of XPath's format-integer, as far as JSONata has them.
struct IntegerPicture {
  enum class Form { decimal, letters, roman, words, sequence };
  enum class Case { lower, upper, title };
  struct Separator {
    std::size_t position = 0;  // digits to its right
    char32_t character = 0;
  };

  Form form = Form::decimal;
  Case letter_case = Case::lower;
  bool ordinal = false;
  char32_t zero = U'0';
  std::size_t mandatory = 0;  // digits
  std::size_t optional = 0;
  bool regular = false;  // one separator, every `every` digits
  std::size_t every = 0;
  std::vector<Separator> separators{};  // from the right
  std::size_t width = 0;                // digits to read, 0 for as many as there are

  // False with the code of the error.
  static bool parse(std::string_view picture, IntegerPicture& into, std::string_view& code);
};

// Empty `code` on success.
std::string format_integer(double value, const IntegerPicture& picture, std::string_view& code);
// The integer the whole text stands for. Not a number when it is none.
double parse_integer(std::string_view text, const IntegerPicture& picture, std::string_view& code);

}  // namespace busway::jsonata
