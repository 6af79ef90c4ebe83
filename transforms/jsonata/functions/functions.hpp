#pragma once

#include <span>

#include "transforms/jsonata/evaluation.hpp"

// What the built-in functions do, one declaration each; the table in builtins.cpp names them and their signatures. Arguments
// fit the signature, so only what it cannot say is checked again; missing ones are `nothing`.
namespace busway::jsonata::functions {

using Arguments = std::span<const Node>;

// string.cpp
Node string(Evaluation&, Arguments, const Node&);
Node length(Evaluation&, Arguments, const Node&);
Node substring(Evaluation&, Arguments, const Node&);
Node substring_before(Evaluation&, Arguments, const Node&);
Node substring_after(Evaluation&, Arguments, const Node&);
Node lowercase(Evaluation&, Arguments, const Node&);
Node uppercase(Evaluation&, Arguments, const Node&);
Node trim(Evaluation&, Arguments, const Node&);
Node pad(Evaluation&, Arguments, const Node&);
Node join(Evaluation&, Arguments, const Node&);
// matching.cpp
Node contains(Evaluation&, Arguments, const Node&);
Node match(Evaluation&, Arguments, const Node&);
Node replace(Evaluation&, Arguments, const Node&);
Node split(Evaluation&, Arguments, const Node&);
// encoding.cpp
Node base64_encode(Evaluation&, Arguments, const Node&);
Node base64_decode(Evaluation&, Arguments, const Node&);
Node encode_url(Evaluation&, Arguments, const Node&);
Node encode_url_component(Evaluation&, Arguments, const Node&);
Node decode_url(Evaluation&, Arguments, const Node&);
Node decode_url_component(Evaluation&, Arguments, const Node&);
// numeric.cpp
Node number(Evaluation&, Arguments, const Node&);
Node abs(Evaluation&, Arguments, const Node&);
Node floor(Evaluation&, Arguments, const Node&);
Node ceil(Evaluation&, Arguments, const Node&);
Node round(Evaluation&, Arguments, const Node&);
Node power(Evaluation&, Arguments, const Node&);
Node sqrt(Evaluation&, Arguments, const Node&);
Node random(Evaluation&, Arguments, const Node&);
Node sum(Evaluation&, Arguments, const Node&);
Node max(Evaluation&, Arguments, const Node&);
Node min(Evaluation&, Arguments, const Node&);
Node average(Evaluation&, Arguments, const Node&);
Node format_base(Evaluation&, Arguments, const Node&);
// To so many places behind the point, of the number's shortest digits; what has no places left is its own result.
double round_half_even(double value, int places);
// `value` times ten to the power of `places`, exact in decimal.
double shift(double value, int places);
// format_number.cpp
Node format_number(Evaluation&, Arguments, const Node&);
// integer.cpp
Node format_integer(Evaluation&, Arguments, const Node&);
Node parse_integer(Evaluation&, Arguments, const Node&);
// boolean.cpp
Node boolean(Evaluation&, Arguments, const Node&);
Node not_(Evaluation&, Arguments, const Node&);
Node exists(Evaluation&, Arguments, const Node&);
Node type(Evaluation&, Arguments, const Node&);
Node error(Evaluation&, Arguments, const Node&);
Node assert_(Evaluation&, Arguments, const Node&);
Node eval(Evaluation&, Arguments, const Node&);
// array.cpp
Node count(Evaluation&, Arguments, const Node&);
Node append(Evaluation&, Arguments, const Node&);
Node sort(Evaluation&, Arguments, const Node&);
Node reverse(Evaluation&, Arguments, const Node&);
Node shuffle(Evaluation&, Arguments, const Node&);
Node distinct(Evaluation&, Arguments, const Node&);
Node zip(Evaluation&, Arguments, const Node&);
// higher_order.cpp
Node map(Evaluation&, Arguments, const Node&);
Node filter(Evaluation&, Arguments, const Node&);
Node single(Evaluation&, Arguments, const Node&);
Node reduce(Evaluation&, Arguments, const Node&);
Node sift(Evaluation&, Arguments, const Node&);
Node each(Evaluation&, Arguments, const Node&);
// object.cpp
Node keys(Evaluation&, Arguments, const Node&);
Node lookup(Evaluation&, Arguments, const Node&);
Node spread(Evaluation&, Arguments, const Node&);
Node merge(Evaluation&, Arguments, const Node&);
Node clone(Evaluation&, Arguments, const Node&);
// decimal.cpp
Node decimal(Evaluation&, Arguments, const Node&);
Node decimal_add(Evaluation&, Arguments, const Node&);
Node decimal_subtract(Evaluation&, Arguments, const Node&);
Node decimal_multiply(Evaluation&, Arguments, const Node&);
Node decimal_divide(Evaluation&, Arguments, const Node&);
Node decimal_round(Evaluation&, Arguments, const Node&);
Node decimal_compare(Evaluation&, Arguments, const Node&);
Node decimal_sum(Evaluation&, Arguments, const Node&);
// bundle.cpp
Node table(Evaluation&, Arguments, const Node&);
Node uuid(Evaluation&, Arguments, const Node&);
// time.cpp
Node now(Evaluation&, Arguments, const Node&);
Node millis(Evaluation&, Arguments, const Node&);
Node from_millis(Evaluation&, Arguments, const Node&);
Node to_millis(Evaluation&, Arguments, const Node&);

}  // namespace busway::jsonata::functions
