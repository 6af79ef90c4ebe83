#include <cstddef>
#include <cstdint>

#include "bus/registry.hpp"
#include "tests/fuzz/round_trip.hpp"
#include "transforms/formats/bytes.hpp"
#include "transforms/formats/form.hpp"
#include "transforms/formats/text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace busway;
  static const Registry registry = [] {
    Registry out;
    out.add(bytes_format());
    out.add(form_format());
    out.add(text_format());
    return out;
  }();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  for (std::string_view name : {"bytes", "form", "text"}) check_round_trip(*registry.plain_format(name), text);
  std::string out;
  (void)registry.plain_format("bytes")->write(Node::string(text), out);
  return 0;
}
