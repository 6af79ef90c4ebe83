#pragma once

#include <string>
#include <string_view>

namespace busway::jsonata {

// "One Thousand, Two Hundred and Thirty-Four", "... Thirty-Fourth".
std::string number_to_words(double value, bool ordinal);
// The same backwards, from lower case; not a number for unknown words.
double words_to_number(std::string_view text);

std::string number_to_roman(double value);  // lower case
double roman_to_number(std::string_view text);
std::string number_to_letters(double value, char first);
double letters_to_number(std::string_view text, char first);

}  // namespace busway::jsonata
