#include "transforms/formats/layout_declaration.hpp"

namespace busway {

const Fields<LayoutFieldDeclaration>& layout_field_fields() {
  using Declared = LayoutFieldDeclaration;
  static const Fields<Declared> fields = {
      {"name", &Declared::name, "The member it becomes; without one the bytes are filler."},
      {"doc", &Declared::doc, "What it means, for readers."},
      {"at", &Declared::at, "Offset from the start of its group, from 0; a gap before it is filler.", at_least(0),
       at_most(longest_layout_record)},
      {"length", &Declared::length, "Bytes.", at_least(1), at_most(longest_layout_field)},
      {"type", &Declared::type, "How its bytes are written.",
       one_of<Declared::Kind>({{"text", Declared::Kind::text},
                               {"number", Declared::Kind::number},
                               {"decimal", Declared::Kind::decimal},
                               {"zoned", Declared::Kind::zoned},
                               {"packed", Declared::Kind::packed},
                               {"binary", Declared::Kind::binary},
                               {"date", Declared::Kind::date},
                               {"bytes", Declared::Kind::bytes},
                               {"filler", Declared::Kind::filler}})},
      {"pad", &Declared::pad, "The character that fills it up: a blank, for numbers 0."},
      {"align", &Declared::align, "Where the value stands: texts left, numbers right.",
       one_of<Declared::Side>({{"left", Declared::Side::left}, {"right", Declared::Side::right}})},
      {"decimals", &Declared::decimals, "Digits behind the decimal point, which is not written (it is in `decimal`).",
       at_least(0), at_most(30)},
      {"digits", &Declared::digits, "The most digits a packed or binary number has; gives `packed` its length.", at_least(1),
       at_most(62)},
      {"signed", &Declared::is_signed, "Whether a number may be negative."},
      {"sign", &Declared::sign, "Where the sign stands: leading or trailing."},
      {"order", &Declared::order, "Byte order of a binary number.",
       one_of<Declared::Order>({{"big", Declared::Order::big}, {"little", Declared::Order::little}})},
      {"format", &Declared::format, "How a date or time is written: YYYYMMDD, YYDDD, hhmmss, ..."},
      {"value", &Declared::value, "What it always holds."},
      {"default", &Declared::fallback, "What is written when the document has no such member."},
      {"blank", &Declared::blank, "What a field full of its pad character means.",
       one_of<LayoutField::Blank>(
           {{"keep", LayoutField::Blank::keep}, {"null", LayoutField::Blank::null}, {"missing", LayoutField::Blank::missing}})},
      {"occurs", &Declared::occurs, "A number, or { by: FIELD, min, max }, or { max } for all that is left."},
      {"fields", &Declared::fields, "The fields of a group."}};
  return fields;
}

const Fields<LayoutOccursDeclaration>& layout_occurs_fields() {
  static const Fields<LayoutOccursDeclaration> fields = {
      {"by", &LayoutOccursDeclaration::by, "The field before it that says how often it stands."},
      {"min", &LayoutOccursDeclaration::min, "The least.", at_least(0), at_most(most_layout_occurrences)},
      {"max", &LayoutOccursDeclaration::max, "The most.", required(), at_least(1), at_most(most_layout_occurrences)}};
  return fields;
}

const Fields<LayoutRecordDeclaration>& layout_record_fields() {
  static const Fields<LayoutRecordDeclaration> fields = {
      {"length", &LayoutRecordDeclaration::length, "Bytes of the whole record; what no field covers is filler.", at_least(1),
       at_most(longest_layout_record)},
      {"doc", &LayoutRecordDeclaration::doc, "What it is for, for readers."},
      {"fields", &LayoutRecordDeclaration::fields, "Its fields in their order.", required()}};
  return fields;
}

const Fields<LayoutDeclaration>& layout_fields() {
  using Order = LayoutFieldDeclaration::Order;
  static const Fields<LayoutDeclaration> fields = {
      {"charset", &LayoutDeclaration::charset,
       "ascii, iso-8859-1, -2 or -15, windows-1250 to -1252, utf-8, cp037, cp500 or cp1047."},
      {"order", &LayoutDeclaration::order, "Byte order of binary numbers.",
       one_of<Order>({{"big", Order::big}, {"little", Order::little}})},
      {"doc", &LayoutDeclaration::doc, "What the records are, for readers."},
      {"records", &LayoutDeclaration::records, "The records by name.", required()},
      {"selector", &LayoutDeclaration::selector, "How bytes tell which record they are.",
       Fields<LayoutSelectorDeclaration>{
           {"field", &LayoutSelectorDeclaration::field, "The field to look at, at the same place in all of them."},
           {"at", &LayoutSelectorDeclaration::at, "Or its offset.", at_least(0), at_most(longest_layout_record)},
           {"length", &LayoutSelectorDeclaration::length, "And its length.", at_least(1), at_most(longest_layout_field)},
           {"values", &LayoutSelectorDeclaration::values, "The record for each text found there.", required()}}}};
  return fields;
}

}  // namespace busway
