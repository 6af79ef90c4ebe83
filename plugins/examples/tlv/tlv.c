/* A format for records of tags, lengths and values, as terminals and payment codes have them: "5303978" is tag 53, length 03,
 * value "978". A body is a list of { "tag": "53", "value": "978" }, in their order, so that what stands twice stands twice.
 *
 *   format: { tlv: { tag: 2, length: 2 } }
 */
#include <stdlib.h>
#include <string.h>

#include "busway_plugin.h"

static const busway_host* host;

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* What one use in a route file has been set to. */
typedef struct tlv {
  size_t tag;    /* characters of a tag */
  size_t length; /* digits of a length */
} tlv;

static int32_t fail(busway_failure* failure, const char* text, const char* field) {
  busway_reason reason = {sizeof reason, BUSWAY_FAIL_FORMAT, {0, 0}, {0, 0}, {0, 0}};
  reason.text.data = text;
  reason.text.size = strlen(text);
  reason.field.data = field;
  reason.field.size = strlen(field);
  return host->fail(failure, &reason);
}

static int32_t make(const busway_make* call, void** instance) {
  tlv* made = malloc(sizeof *made);
  if (made == NULL) return fail(call->failure, "there is no memory", "");
  made->tag = (size_t)call->settings[0].number;
  made->length = (size_t)call->settings[1].number;
  *instance = made;
  return 0;
}

static void destroy(void* instance) {
  free(instance);
}

/* The number in `digits`, or -1. */
static long number_in(const char* digits, size_t size) {
  long value = 0;
  size_t i;
  for (i = 0; i < size; ++i) {
    if (digits[i] < '0' || digits[i] > '9') return -1;
    value = value * 10 + (digits[i] - '0');
  }
  return value;
}

static int32_t read_body(void* instance, const busway_read* call) {
  static const busway_text tag_key = TEXT("tag");
  static const busway_text value_key = TEXT("value");
  const tlv* self = instance;
  const busway_builder_functions* build = host->builder;
  size_t head = self->tag + self->length;
  size_t at = 0;
  build->begin_array(call->builder);
  while (at < call->bytes.size) {
    const char* record = call->bytes.data + at;
    size_t left = call->bytes.size - at;
    busway_text tag = {0, 0};
    busway_text value = {0, 0};
    long size = left < head ? -1 : number_in(record + self->tag, self->length);
    if (left < head) return fail(call->failure, "reading TLV: the body ends within a tag and its length", "");
    if (size < 0) return fail(call->failure, "reading TLV: a length is no number", "");
    if ((size_t)size > left - head) return fail(call->failure, "reading TLV: a length leads beyond the body", "");
    tag.data = record;
    tag.size = self->tag;
    value.data = record + head;
    value.size = (size_t)size;
    build->begin_object(call->builder); /* both texts lie in the body: the document borrows them */
    build->key(call->builder, tag_key);
    build->string(call->builder, tag);
    build->key(call->builder, value_key);
    build->string(call->builder, value);
    build->end(call->builder);
    at += head + (size_t)size;
    host->pause(2);
  }
  build->end(call->builder);
  return 0;
}

static int32_t write_body(void* instance, const busway_write* call) {
  static const busway_text tag_key = TEXT("tag");
  static const busway_text value_key = TEXT("value");
  const tlv* self = instance;
  const busway_document_functions* look = host->document;
  size_t count = look->size(call->document);
  size_t i;
  if (look->kind(call->document) != BUSWAY_ARRAY) return fail(call->failure, "writing TLV: the document is no list of tags", "");
  for (i = 0; i < count; ++i) {
    busway_node item = look->item(call->document, i);
    busway_node value_node = look->member(item, value_key);
    char buffer[32];
    char length[16];
    busway_text tag;
    busway_text value;
    busway_text digits = {0, 0};
    size_t rest;
    size_t digit;
    if (look->kind(look->member(item, tag_key)) != BUSWAY_STRING)
      return fail(call->failure, "writing TLV: an item has no text as its 'tag'", "");
    if (look->kind(value_node) != BUSWAY_STRING && look->kind(value_node) != BUSWAY_NUMBER)
      return fail(call->failure, "writing TLV: an item has no text or number as its 'value'", "");
    tag = look->text(look->member(item, tag_key), NULL);
    value = look->text(value_node, buffer);
    if (tag.size != self->tag) return fail(call->failure, "writing TLV: a tag is of another length than the format's", "");
    rest = value.size;
    for (digit = self->length; digit > 0; --digit, rest /= 10) length[digit - 1] = (char)('0' + rest % 10);
    if (rest != 0) return fail(call->failure, "writing TLV: a value is too long for the digits of its length", "");
    digits.data = length;
    digits.size = self->length;
    host->append(call->sink, tag);
    host->append(call->sink, digits);
    host->append(call->sink, value);
    host->pause(2);
  }
  return 0;
}

/* ---- the declaration ---- */

static const busway_field fields[] = {
    {sizeof(busway_field), BUSWAY_FIELD_INTEGER, 0, 0, TEXT("tag"), TEXT("Characters of a tag."), TEXT("2"), TEXT("1"), TEXT("8"),
     NULL},
    {sizeof(busway_field), BUSWAY_FIELD_INTEGER, 0, 0, TEXT("length"), TEXT("Digits of a length."), TEXT("2"), TEXT("1"),
     TEXT("6"), NULL},
};

static const busway_example examples[] = {
    {sizeof(busway_example), 0, TEXT("As payment codes have it"), TEXT("tlv")},
    {sizeof(busway_example), 0, TEXT("A terminal with tags of three letters"), TEXT("tlv: { tag: 3, length: 4 }")},
};

static const busway_text content_types[] = {TEXT("text/x-tlv")};

static const busway_format format = {sizeof format, 0, TEXT("text/x-tlv"), content_types, 1, read_body, write_body};

static const busway_component component = {
    sizeof component,
    BUSWAY_KIND_FORMAT,
    TEXT("tlv"),
    TEXT("Records of tag, length and value."),
    TEXT("A list of `{ \"tag\": ..., \"value\": ... }` in the order of the body. Lengths count bytes."),
    fields,
    sizeof fields / sizeof fields[0],
    examples,
    sizeof examples / sizeof examples[0],
    make,
    destroy,
    &format,
    NULL};

static const busway_component* const components[] = {&component};

static const busway_plugin plugin = {sizeof plugin, BUSWAY_ABI_VERSION, TEXT("tlv"), TEXT("1.0.0"), components, 1};

const busway_plugin* busway_plugin_entry(const busway_host* given) {
  if (BUSWAY_HOST_FITS(given)) host = given;
  return &plugin;
}
