#pragma once

#include "bus/registry.hpp"

namespace busway {

// The `xml` format: a document whose only member is the root element.
FormatType xml_format();

}  // namespace busway
