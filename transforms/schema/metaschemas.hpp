#pragma once

#include <string_view>

namespace busway::schema {

// The text of a published metaschema (drafts 04, 06, 07, 2019-09 and 2020-12 with their vocabularies) by its URI without a
// fragment; empty when there is none. What refers to them needs no network.
std::string_view find_metaschema(std::string_view uri);

}  // namespace busway::schema
