#pragma once

#include <string>

#include "bus/field.hpp"
#include "bus/message_trail.hpp"
#include "transforms/inference/schema_view.hpp"

namespace busway::inference {

// What a check knows of a message that a mapping made, or that a schema was held against. Findings are reported where the mapping
// stands; docs/checking.md tells what is followed and what is not. One thread, during a check.

// The message becomes what the mapping makes of it. Names that it reads and the input's schema does not have are findings.
void follow_map(const ExpressionRef& mapping, MessageTrail& trail);

// The message fits the schema from here on. What a mapping made before, and cannot fit, is a finding.
void follow_schema(const NamedPlan& schema, MessageTrail& trail);

// The message fits the XML Schema from here on: a document whose one member is a global element.
void follow_xsd(const ContractPtr& contract, MessageTrail& trail);

// What holds contracts of services and callers against mappings.
std::shared_ptr<const MessageInference> message_inference();

// What a mapping that compiles gives for documents of a shape; for tests.
Shape shape_of_result(const std::string& mapping, const Shape& input);

}  // namespace busway::inference
